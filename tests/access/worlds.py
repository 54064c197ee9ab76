"""Two laws of rules on rows, tried with policies, worlds and operations by chance.

*Two worlds*: where two worlds differ in nothing that a caller may see, every answer is the same, byte for byte.
*Differential*: an answer is that of a caller who sees everything, without what the policy hides.

``python -m tests.access.worlds CASES SEED`` tries as many as one likes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from gateway.assembly import graph_settings
from resolvers import Caller, Context, plain
from schema import AccessSettings, Executor, Graph, GraphQLRequest, OperationLimits, Principal, build
from tests.access import chances
from tests.access.oracle import KEYS, Oracle, Policy, rows_of
from tests.access.rows_house import RowsHouse, World, rows_house

EVERYONE = "access: { default: authenticated }\n"
PER_POLICY = 4


class Broken(AssertionError):
    """A law that did not hold, with all that is needed to see it again."""


@dataclass
class Trial:
    """One policy, one caller and one world, with the graph that serves them."""

    house: RowsHouse
    restricted: Graph
    whole: Graph
    oracle: Oracle

    async def ask(self, graph: Graph, query: str) -> str:
        """The body of an answer, where cursors are as good as each other."""
        claims = self.oracle.claims
        principal = Principal(claims["sub"], claims=claims)
        caller = Caller("", claims, {})
        context = Context(asyncio.get_running_loop().time() + 600, "same", "caller", caller=caller)
        answer = await graph.execute(GraphQLRequest(query), principal, context, read_only=False)
        return json.dumps(_without_cursors(plain(answer.body)))

    async def two_worlds(self, query: str, other: World) -> None:
        answers = []
        for world in (self.oracle.world, other):
            await self.house.put(world)
            answers.append(await self.ask(self.restricted, query))
        if answers[0] != answers[1]:
            raise Broken(self._told("two worlds", query, answers, other))

    async def differential(self, query: str) -> None:
        await self.house.put(self.oracle.world)
        given = json.loads(await self.ask(self.restricted, query))
        everything = json.loads(await self.ask(self.whole, query))
        if "errors" in given or "errors" in everything:
            refused = {error["extensions"]["code"] for error in given.get("errors", ())}
            if refused - {"FORBIDDEN"} or "errors" in everything:
                raise Broken(self._told("an error", query, [given, everything], None))
            return
        found, expected = given["data"], _pruned(self.oracle, everything["data"])
        if "orderBy" not in query:  # a rule may give a database another way to the same rows
            found, expected = _unordered(found), _unordered(expected)
        if found != expected:
            raise Broken(self._told("differential", query, [given["data"], expected, everything["data"]], None))

    def _told(self, law: str, query: str, answers: list[Any], other: World | None) -> str:
        told = [
            law,
            query,
            f"policy {self.oracle.policy}",
            f"claims {self.oracle.claims}",
            f"world {self.oracle.world}",
        ]
        return "\n".join([*told, f"other {other}", *map(str, answers)])


def _without_cursors(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: each and len(each) if name in ("endCursor", "cursor") else _without_cursors(each)
            for name, each in value.items()
        }
    return [_without_cursors(each) for each in value] if isinstance(value, list) else value


def _unordered(value: Any) -> Any:
    """The value with the rows of its lists in an order of their own: nobody asked for one."""
    if isinstance(value, dict):
        return {name: _unordered(each) for name, each in value.items()}
    return sorted(map(_unordered, value), key=repr) if isinstance(value, list) else value


def _pruned(oracle: Oracle, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of an answer without what is hidden. Roots are called ``r0_Order``."""
    return {name: _seen(oracle, name.partition("_")[2], value) for name, value in data.items()}


def _seen(oracle: Oracle, kind: str, value: Any) -> Any:
    """``None`` where a row is hidden; a list is without those."""
    if isinstance(value, list):
        return [kept for each in value if (kept := _seen(oracle, kind, each)) is not None]
    if value is None:
        return None
    if kind == "Party":
        kind = value["t"]
        key = value["p" if kind == "Person" else "f"]
    else:
        key = value.get("k")
    row = next(each for each in rows_of(oracle.world, kind) if each[KEYS[kind]] == key)
    if not oracle.sees(kind, row):
        return None
    made: dict[str, Any] = {}
    for name, each in value.items():
        field = name.removeprefix("x_")
        below = chances.BELOW.get(kind, {}).get(field)
        if field == "byRole":
            entries = [(entry["key"], _seen(oracle, "Agent", entry["value"])) for entry in each]
            made[name] = [{"key": role, "value": agent} for role, agent in entries if agent is not None]
        elif below is not None:
            made[name] = _seen(oracle, below, each)
        else:
            shown = field == "k" or each is None or oracle.shows(kind, "team" if field == "team2" else field, row)
            made[name] = each if shown else None
    return made


def _access(policy: Policy) -> AccessSettings:
    rules: dict[str, Any] = {kind: {"rows": condition} for kind, condition in policy.rows.items()}
    rules |= {f"{kind}.{name}": {"rows": condition} for (kind, name), condition in policy.fields.items()}
    return AccessSettings.model_validate({"default": "authenticated", "rules": rules})


async def tried(house: RowsHouse, cases: int, seed: int) -> int:
    """Tries the laws ``cases`` times; gives how many of the answers were not empty."""
    snapshot, filled = house.served.snapshot, 0
    assert house.configuration is not None
    # Questions by chance may be larger than a server allows: their size is not what is asked here.
    settings = replace(graph_settings(house.configuration, {}), limits=OperationLimits(max_aliases=1000))
    for number in range((cases + PER_POLICY - 1) // PER_POLICY):
        chance = Random(f"{seed} {number}")
        executor: Executor = "reference" if chance.random() < 0.3 else "columns"
        policy, claims, world = chances.policy(chance), chances.claims(chance), chances.world(chance)
        oracle = Oracle(world, policy, claims)
        restricted, whole = (
            build(snapshot.sources, replace(settings, access=access, executor=executor)).graph
            for access in (_access(policy), _access(Policy({})))
        )
        trial = Trial(house, restricted, whole, oracle)
        try:
            for _ in range(PER_POLICY // 2):
                await trial.two_worlds(chances.question(chance), chances.other_world(chance, oracle))
                await trial.differential(query := chances.tree(chance))
                filled += 'k"' in await trial.ask(restricted, query)
        except Exception as error:
            raise Broken(f"seed {seed}, policy number {number}: {error}") from error
    return filled


@contextlib.asynccontextmanager
async def a_house(folder: Path, kind: str = "sqlite") -> AsyncIterator[RowsHouse]:
    async with rows_house(kind, folder, EVERYONE) as house:
        if kind == "postgresql":  # rows by chance refer to rows that are not there
            await house.store.run("ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey")
        yield house


async def _main(cases: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with a_house(Path(folder)) as house:
            told = await tried(house, cases, seed)
    sys.stdout.write(f"{cases} cases hold; {told} answers had rows\n")


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2])))
