"""Connections of sources that page by themselves, for a caller who does not see all rows: parts are filled up.

What there is to see after a part is found by going on, never told from what the source says of its own rows. A cursor
of the source counts rows; so that it tells nothing of hidden ones, it is sealed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from resolvers import LEAF, Call, Context, LimitExceeded, Operation, Sealed, Selection

_NODES, _PAGE_INFO, _TOTAL = "nodes", "pageInfo", "totalCount"
_HAS_NEXT, _HAS_PREVIOUS, _START, _END = "hasNextPage", "hasPreviousPage", "startCursor", "endCursor"
_INFO = Selection({_HAS_NEXT: LEAF, _END: LEAF})
_MOST_PARTS = 50
_MOST_AHEAD = 100
_SEALED = Sealed(None)

Ask = Callable[[Operation, Call, Context], Awaitable[object]]


class _Parts:
    """The parts of a connection from a place on; ``end``: where the next one begins, ``more``: whether there is one."""

    def __init__(self, ask: Ask, operation: Operation, call: Call, context: Context, end: object) -> None:
        self._ask = ask
        self._operation = operation
        self._call = call
        self._context = context
        self._count = 0
        self.end = end
        self.more = True

    async def next(self, size: int) -> list[object]:
        """The visible ones of the next ``size`` rows."""
        if self._count == _MOST_PARTS:
            raise LimitExceeded("too few of the rows can be seen to fill a part: ask for fewer")
        if self._count:
            self._context.spend(1)
        self._count += 1
        first, after = names_of(self._operation)
        given = {**self._call.arguments, first: size, after: self.end}
        value = await self._ask(self._operation, replace(self._call, arguments=given), self._context)
        found = value if isinstance(value, Mapping) else {}
        info = found.get(_PAGE_INFO) or {}
        self.end = info.get(_END)
        self.more = bool(info.get(_HAS_NEXT)) and self.end is not None
        return list(found.get(_NODES) or ())


async def connection(ask: Ask, operation: Operation, call: Call, context: Context) -> object:
    """One part with as many visible rows as were asked for, or all that follow. ``ask`` gives a part with hidden rows
    left out.

    Raises:
        LimitExceeded: there are so many hidden rows between that looking for the next visible one was given up.
    """
    wanted = call.selection
    if not wanted.everything and not wanted.fields.keys() & {_NODES, _PAGE_INFO}:
        return {_TOTAL: None}
    first_name, after_name = names_of(operation)
    first = call.arguments.get(first_name)
    if first is None:
        first = operation.arguments[first_name].default
    question = _question(operation, call, context)
    after = call.arguments.get(after_name)
    if after is not None:
        (after,) = _SEALED.open(question, str(after))
    if not isinstance(first, int) or first < 0:
        return await ask(operation, call, context)  # it says itself what is wrong with it
    selection = wanted if wanted.everything else wanted.merge(Selection({_NODES: LEAF, _PAGE_INFO: _INFO}))
    parts = _Parts(ask, operation, replace(call, selection=selection), context, after)
    rows: list[object] = []
    while parts.more and len(rows) < first:
        rows += await parts.next(first - len(rows))
    end, seen = parts.end, False
    while _PAGE_INFO in wanted.fields and parts.more and not seen:
        seen = bool(await parts.next(max(1, min(first, _MOST_AHEAD))))
    return {
        _NODES: rows,
        _PAGE_INFO: {
            _HAS_NEXT: seen,
            _HAS_PREVIOUS: after is not None,  # a cursor is given behind visible rows alone
            _START: None,
            _END: _SEALED.seal(question, [end]) if seen else None,
        },
        _TOTAL: None,
    }


def names_of(operation: Operation) -> tuple[str, str]:
    """The arguments that say how many rows, and after which one."""
    first, after = "firstRows", "afterCursor"
    return (first if first in operation.arguments else "first", after if after in operation.arguments else "after")


def _question(operation: Operation, call: Call, context: Context) -> str:
    """Who asks, and what: a cursor is good for that alone."""
    claims = context.caller.claims
    given = sorted((name, repr(value)) for name, value in call.arguments.items() if name not in names_of(operation))
    return repr((claims.get("iss"), claims.get("sub"), operation.name, given))
