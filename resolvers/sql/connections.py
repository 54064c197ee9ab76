"""A list of a database part by part: where a part begins is the place of the last row of the part before (keyset).

A cursor is that place, sealed. Rows that come or go in other parts move nothing, and a far part costs what the first
one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from resolvers.errors import BadRequest, LinkAmbiguous
from resolvers.model import Operation
from resolvers.predicate import RELEVANCE
from resolvers.source import Call, Context
from resolvers.sql.asking import Asking, read_rows
from resolvers.sql.reading import CompiledStatements, Stretch, beyond, counted, part
from resolvers.views import (
    EDGES,
    END,
    HAS_NEXT,
    HAS_PREVIOUS,
    NODES,
    PAGE_INFO,
    START,
    TOTAL,
    Sealed,
    has_cursors,
    rows_selected,
    span,
    with_edges,
)


class Connections:
    """The connections of one source."""

    def __init__(self, asking: Asking, kept: CompiledStatements) -> None:
        self._asking = asking
        self._kept = kept
        key = asking.settings.cursor_key
        self._sealed = Sealed(key.get_secret_value() if key is not None else None)

    async def answer(self, operation: Operation, call: Call, context: Context) -> dict[str, object]:
        """One part of the list that ``operation`` is a connection of; no more is asked than is selected.

        Raises:
            SourceError: of a statement. BadRequest: arguments, conditions or a cursor that cannot be.
        """
        wanted = call.selection.fields
        everything = call.selection.everything
        found: dict[str, object] = {}
        if everything or wanted.keys() & {NODES, EDGES, PAGE_INFO}:
            found |= await self._part(operation, call, context)
        if everything or TOTAL in wanted:
            made = counted(self._asking.catalogue, operation.connection_of, call)
            ((found[TOTAL],),) = await self._asking.rows(made, call.operation, context)
        return found

    async def _part(self, operation: Operation, call: Call, context: Context) -> dict[str, object]:
        if any(each.field == RELEVANCE for each in call.order):
            raise BadRequest("a connection has no order by relevance: ask for the list, with limit and offset")
        asked = span(call.arguments, self._asking.settings.pages)
        question = self._question(call, context)
        after, before = (
            None if cursor is None else self._sealed.open(question, cursor) for cursor in (asked.after, asked.before)
        )
        stretch = Stretch(asked.count + 1, asked.backwards, after, before)
        nodes = rows_selected(call.selection)
        make = partial(part, self._asking.catalogue, operation.connection_of, call, nodes)
        made = self._kept.part(call, nodes, stretch, make)
        rows = await self._asking.rows(made, call.operation, context)
        places = [_place(row, made.further) for row in rows]
        if any(one == other for one, other in pairwise(places)):
            raise LinkAmbiguous("the key that is stated of the rows of a connection does not tell them apart")
        more = len(rows) > asked.count
        shown, places = rows[: asked.count], places[: asked.count]
        if asked.backwards:
            shown, places = shown[::-1], places[::-1]
        ends = _Ends(operation.connection_of, call, context, places)
        seal = partial(self._sealed.seal, question)
        cursors = [seal(place) for place in places] if has_cursors(call.selection) else []
        info: dict[str, object] = {}
        wanted = call.selection.fields.get(PAGE_INFO)
        for name in (HAS_NEXT, HAS_PREVIOUS, START, END):
            if not call.selection.everything and (wanted is None or name not in wanted.fields):
                continue
            if name == START:
                info[name] = asked.before if not places else cursors[0] if cursors else seal(places[0])
            elif name == END:
                info[name] = asked.after if not places else cursors[-1] if cursors else seal(places[-1])
            elif (name == HAS_PREVIOUS) is asked.backwards and more:
                info[name] = True
            else:
                info[name] = await self._has(
                    ends, after if name == HAS_PREVIOUS else before, previous=name == HAS_PREVIOUS
                )
        return {**with_edges(call.selection, read_rows(made, shown), cursors), PAGE_INFO: info}

    async def _has(self, ends: _Ends, cursor: Sequence[object] | None, *, previous: bool) -> bool:
        """Whether there are rows on one side of a part. Only behind the cursor of that side can be any that were not
        read.
        """
        if cursor is None:
            return False
        place = cursor if not ends.places else ends.places[0 if previous else -1]
        made = beyond(self._asking.catalogue, ends.rows, ends.call, place, backwards=previous, itself=not ends.places)
        return bool(await self._asking.rows(made, ends.call.operation, ends.context))

    def _question(self, call: Call, context: Context) -> str:
        """Who asks, and what: the caller, the field, the conditions, the order, and by which rules rows are hidden.

        What these rules say may hang on other systems, and hides rows on the next part as well as on this one.
        """
        claims = context.caller.claims
        where = call.question or call.predicate
        asked = (claims.get("iss"), claims.get("sub"), self._asking.name, call.operation, call.order, where)
        return repr((*asked, call.distinct, sorted(call.rules)))


@dataclass(frozen=True, slots=True)
class _Ends:
    """``rows``: the list that a part is of; ``places``: those of the rows that are shown, in its order."""

    rows: str
    call: Call
    context: Context
    places: Sequence[Sequence[object]]


def _place(row: Any, further: int) -> Sequence[object]:
    values: Sequence[object] = tuple(row)[-further:]
    return values
