"""Connections of sources that page by themselves, for a caller who does not see all rows: parts are filled up.

What there is to see after a part is found by going on, never told from what the source says of its own rows. A cursor
of the source counts rows; so that it tells nothing of hidden ones, it is sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

from msgspec.structs import replace

from resolvers import (
    LEAF,
    Call,
    Context,
    LimitExceeded,
    Operation,
    Sealed,
    Selection,
    has_cursors,
    rows_selected,
    with_edges,
)

_NODES, _EDGES, _PAGE_INFO, _TOTAL = "nodes", "edges", "pageInfo", "totalCount"
_CURSOR, _NODE = "cursor", "node"
_HAS_NEXT, _HAS_PREVIOUS, _START, _END = "hasNextPage", "hasPreviousPage", "startCursor", "endCursor"
_INFO = Selection({_HAS_NEXT: LEAF, _END: LEAF})
_MOST_PARTS = 50
_MOST_AHEAD = 100
_SEALED = Sealed(None)
_WIDTH = 256
"""Cursors of a source are filled up to a multiple of it: how long they are hangs on how many rows they count."""


class Ask(Protocol):
    """Gives a part with hidden rows left out, and whether the source was asked for no others and gave none."""

    async def __call__(
        self, operation: Operation, call: Call, context: Context, *, exact: bool
    ) -> tuple[object, bool]: ...


class _Parts:
    """The parts of a connection from a place on; ``end``: where the next one begins, ``more``: whether there is one.

    ``whole``: no row was hidden so far, and none can be; then ``total`` is what the source says of the caller's rows.
    """

    def __init__(
        self, ask: Ask, operation: Operation, call: Call, context: Context, end: object, *, exact: bool
    ) -> None:
        self._ask = ask
        self._operation = operation
        self._call = call
        self._context = context
        self.count = 0
        self._exact = exact
        self.whole = exact
        self.total: object = None
        self.end = end
        self.more = True

    async def next(self, size: int) -> list[object]:
        """The visible ones of the next ``size`` rows, as edges where the call asks for these."""
        if self.count == _MOST_PARTS:
            raise LimitExceeded("too few of the rows can be seen to fill a part: ask for fewer")
        if self.count:
            self._context.spend(1)
        self.count += 1
        first, after = names_of(self._operation)
        given = {**self._call.arguments, first: size, after: self.end}
        call = replace(self._call, arguments=given)
        value, whole = await self._ask(self._operation, call, self._context, exact=self._exact)
        found = value if isinstance(value, Mapping) else {}
        self.whole = self.whole and whole
        self.total = found.get(_TOTAL) if self.whole else None
        info = found.get(_PAGE_INFO) or {}
        self.end = info.get(_END)
        self.more = bool(info.get(_HAS_NEXT)) and self.end is not None
        (at,) = rows_at(call.selection)
        return list(found.get(at) or ())


def nothing() -> Mapping[str, object]:
    """A connection without any row."""
    info = {_HAS_NEXT: False, _HAS_PREVIOUS: False, _START: None, _END: None}
    return {_NODES: [], _EDGES: [], _PAGE_INFO: info, _TOTAL: 0}


def rows_at(selection: Selection) -> tuple[str]:
    """Where in a connection its rows are, by what was selected of it."""
    return (_EDGES if _EDGES in selection.fields else _NODES,)


async def connection(ask: Ask, operation: Operation, call: Call, context: Context, *, exact: bool) -> object:
    """One part with as many visible rows as were asked for, or all that follow. ``exact``: the source is asked for the
    caller's rows alone; its total is shown where the rows that come with it bear that out.

    Raises:
        LimitExceeded: there are so many hidden rows between that looking for the next visible one was given up.
    """
    wanted = call.selection
    if not exact and not wanted.everything and not wanted.fields.keys() & {_NODES, _EDGES, _PAGE_INFO}:
        return {_TOTAL: None}
    first_name, after_name = names_of(operation)
    first = call.arguments.get(first_name)
    if first is None:
        first = operation.arguments[first_name].default
    question = _question(operation, call, context)
    after = call.arguments.get(after_name)
    if after is not None:
        after = str(_SEALED.open(question, str(after))[0]).rstrip()
    if not isinstance(first, int) or first < 0:
        return (await ask(operation, call, context, exact=False))[0]  # it says itself what is wrong with it
    marked, row = has_cursors(wanted), rows_selected(wanted)
    asked = {_EDGES: Selection({_CURSOR: LEAF, _NODE: row})} if marked else {_NODES: row}
    if wanted.everything or _TOTAL in wanted.fields:
        asked[_TOTAL] = LEAF
    selection = Selection({**asked, _PAGE_INFO: _INFO})
    parts = _Parts(ask, operation, replace(call, selection=selection), context, after, exact=exact)
    rows: list[object] = []
    while parts.more and len(rows) < first:
        rows += await parts.next(first - len(rows))
    end, seen = parts.end, parts.count > 0 and parts.whole and parts.more
    total = parts.total
    if exact and _TOTAL in wanted.fields and not parts.count:
        counted = _Parts(ask, operation, replace(call, selection=selection), context, after, exact=True)
        await counted.next(1)  # a total is believed with a row beside it
        total = counted.total
    while _PAGE_INFO in wanted.fields and parts.more and not seen:
        seen = bool(await parts.next(max(1, min(first, _MOST_AHEAD))))
    cursors: list[str] = []
    if marked:
        edges = cast("list[Mapping[str, object]]", rows)
        cursors, rows = [_seal(question, edge[_CURSOR]) for edge in edges], [edge[_NODE] for edge in edges]
    return {
        **with_edges(wanted, rows, cursors),
        _PAGE_INFO: {
            _HAS_NEXT: seen,
            _HAS_PREVIOUS: after is not None,  # a cursor is given behind visible rows alone
            _START: None,
            _END: (cursors[-1] if cursors else _seal(question, end)) if seen else None,
        },
        _TOTAL: total,
    }


def _seal(question: str, cursor: object) -> str:
    given = str(cursor)
    return _SEALED.seal(question, [given.ljust(-(-len(given) // _WIDTH) * _WIDTH)])


def names_of(operation: Operation) -> tuple[str, str]:
    """The arguments that say how many rows, and after which one."""
    first, after = "firstRows", "afterCursor"
    return (first if first in operation.arguments else "first", after if after in operation.arguments else "after")


def _question(operation: Operation, call: Call, context: Context) -> str:
    """Who asks, and what: a cursor is good for that alone."""
    claims = context.caller.claims
    given = sorted((name, repr(value)) for name, value in call.arguments.items() if name not in names_of(operation))
    return repr((claims.get("iss"), claims.get("sub"), operation.name, given))
