"""Links that were suggested, tried with some rows: of how many keys something is found on the other side.

Rows are asked for through the graph and read nothing but keys; nothing of them is kept but how many there were.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from graphql import GraphQLField, GraphQLList, GraphQLNonNull, get_named_type, is_required_argument

from gateway.file.config import Configuration
from gateway.snapshot import load
from resolvers import Context
from schema import ANONYMOUS, Graph, GraphQLRequest, Offer

ROWS = 100
"""Rows that are asked for; more would tell little more."""
WAIT_S = 15.0
"""Longest time for one link, in seconds."""
LEAST = 5
"""Distinct keys below which a share tells nothing."""
ENOUGH = 0.9
"""The share from which a link is likely meant."""


@dataclass(frozen=True, slots=True)
class Sample:
    """``keys``: distinct ones; ``found``: of how many of them something was there. ``untold``: why nothing is known."""

    keys: int = 0
    found: int = 0
    untold: str = ""

    @property
    def words(self) -> str:
        """What is told of it."""
        if self.untold:
            return f"not sampled: {self.untold}"
        return f"sampled: of {self.keys} keys {self.found} are found there"

    @property
    def convincing(self) -> bool:
        """Whether it speaks for the link."""
        return not self.untold and self.keys >= LEAST and self.found >= ENOUGH * self.keys


async def sampled(chosen: Configuration, offers: Sequence[Offer]) -> dict[str, Sample]:
    """Coordinate → what was found, of each link.

    Raises:
        ConfigurationError: a source that could be read before cannot be read now.
    """
    links = {offer.coordinate: offer.settings for offer in offers}
    current = await load(replace(chosen, settings=chosen.settings.model_copy(update={"links": links})))
    try:
        return {offer.coordinate: await _one(current.graph, offer) for offer in offers}
    finally:
        await current.close()


async def _one(graph: Graph, offer: Offer) -> Sample:
    owner, _, name = offer.coordinate.partition(".")
    root = next(_lists(graph, owner), None)
    if root is None:
        return Sample(untold=f"no list of {owner} can be asked for without arguments")
    query = f"{{ rows: {root} {{ {' '.join(offer.settings.match)} link: {name} {{ __typename }} }} }}"
    context = Context(asyncio.get_running_loop().time() + WAIT_S, "sample", ANONYMOUS.identity)
    answer = await graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=True)
    errors, data = answer.body.get("errors"), answer.body.get("data")
    if isinstance(errors, list) and errors:
        return Sample(untold=f"{errors[0]['extensions']['code']} when {root.partition('(')[0]} was asked")
    rows = data.get("rows") if isinstance(data, dict) else None
    return _counted(rows if isinstance(rows, list) else [], list(offer.settings.match))


def _counted(rows: Sequence[object], fields: Sequence[str]) -> Sample:
    seen: dict[str, bool] = {}
    for row in rows[:ROWS]:
        key = [row.get(field) for field in fields] if isinstance(row, dict) else []
        if key and all(part is not None and part != [] for part in key):
            seen[json.dumps(key, default=str)] = bool(row["link"])  # type: ignore[index]  # a row with keys is a map
    return Sample(len(seen), sum(seen.values())) if seen else Sample(untold="no row has a key")


def _lists(graph: Graph, owner: str) -> Iterator[str]:
    """Fields of ``Query`` that give a list of a type, as they are asked for some rows."""
    query = graph.schema.query_type
    for name, field in query.fields.items() if query is not None else ():
        needs = any(is_required_argument(argument) for argument in field.args.values())
        if get_named_type(field.type).name == owner and _is_list(field) and not needs:
            yield f"{name}(limit: {ROWS})" if "limit" in field.args else name


def _is_list(field: GraphQLField) -> bool:
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return isinstance(kind, GraphQLList)
