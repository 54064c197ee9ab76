"""A list of a database part by part: where a part begins is the place of the last row of the part before (keyset).

A cursor is that place, sealed. Rows that come or go in other parts move nothing, and a far part costs what the first
one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from resolvers.errors import LinkAmbiguous
from resolvers.model import Operation
from resolvers.source import EVERYTHING, Call, Context, Selection
from resolvers.sql.asking import Asking, read_rows
from resolvers.sql.reading import counted, part
from resolvers.views import AFTER, END, FIRST, HAS_NEXT, NODES, PAGE_INFO, TOTAL, Sealed, first_rows


class Connections:
    """The connections of one source."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
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
        if everything or wanted.keys() & {NODES, PAGE_INFO}:
            nodes = EVERYTHING if everything else wanted.get(NODES, Selection())
            found |= await self._part(operation, call, nodes, context)
        if everything or TOTAL in wanted:
            made = counted(self._asking.catalogue, operation.connection_of, call)
            ((found[TOTAL],),) = await self._asking.rows(made, call.operation, context)
        return found

    async def _part(self, operation: Operation, call: Call, nodes: Selection, context: Context) -> dict[str, object]:
        first = first_rows(call.arguments.get(FIRST), self._asking.settings.pages)
        after = call.arguments.get(AFTER)
        asked = self._question(call, context)
        position = None if after is None else self._sealed.open(asked, str(after))
        made = part(self._asking.catalogue, operation.connection_of, call, nodes, first + 1, position)
        rows = await self._asking.rows(made, call.operation, context)
        places = [_place(row, made.further) for row in rows]
        if any(one == other for one, other in pairwise(places)):
            raise LinkAmbiguous("the key that is stated of the rows of a connection does not tell them apart")
        shown = rows[:first]
        end = after
        info = call.selection.fields.get(PAGE_INFO)
        if shown and (call.selection.everything or (info is not None and END in info.fields)):
            end = self._sealed.seal(asked, places[len(shown) - 1])
        return {
            NODES: read_rows(made, shown),
            PAGE_INFO: {HAS_NEXT: len(rows) > first, END: end},
        }

    def _question(self, call: Call, context: Context) -> str:
        """Who asks, and what: the caller, the field, the conditions and the order."""
        claims = context.caller.claims
        return repr(
            (claims.get("iss"), claims.get("sub"), self._asking.name, call.operation, call.order, call.predicate)
            + ((call.distinct,) if call.distinct else ())
        )


def _place(row: Any, further: int) -> Sequence[object]:
    values: Sequence[object] = tuple(row)[-further:]
    return values
