"""A source whose pages are served as whole lists: connections for callers, every page for links.

It stands before any ``Source`` and knows no wire: where pages go on is worked out in ``walk.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from resolvers.collection import cursor
from resolvers.collection.connection import connected, own_arguments
from resolvers.collection.cursor import Spot
from resolvers.collection.paging import paging_positions
from resolvers.collection.walk import Walk, resized
from resolvers.errors import LimitExceeded
from resolvers.model import Operation, Paging, SourceModel
from resolvers.settings import PagesSettings
from resolvers.source import EVERYTHING, Call, Context, Selection, Source
from resolvers.views import (
    EDGES,
    END,
    HAS_NEXT,
    HAS_PREVIOUS,
    NODES,
    PAGE_INFO,
    START,
    TOTAL,
    first_rows,
    has_cursors,
    rows_selected,
    with_edges,
)

PAGE_SIZE = 100
"""Rows asked at once where the description names no greatest number: what nearly every API in the wild grants."""


class Paged:
    """The source with its connections; every other call goes through as it is."""

    def __init__(self, source: Source, settings: PagesSettings) -> None:
        self._source = source
        self._settings = settings
        self._model = connected(source.model, settings)

    @property
    def keeps(self) -> bool:
        """As the source: whether it tells of what it is asked for (``Context.parts``)."""
        return getattr(self._source, "keeps", False)

    @property
    def model(self) -> SourceModel:
        return self._model

    @property
    def concurrency(self) -> int:
        return self._source.concurrency

    async def execute(self, call: Call, context: Context) -> object:
        """As ``Source.execute``; what needs several exchanges spends them from the operation's allowance.

        Raises:
            LimitExceeded: a whole list was asked and has more pages or rows than are read.
        """
        asked = self._model.operations.get(call.operation)
        operation = self._source.model.operations.get(asked.connection_of) if asked is not None else None
        if operation is not None and operation.paging is not None:
            return await self._connection(operation, operation.paging, call, context)
        if call.whole and asked is not None and asked.paging is not None:
            paging = asked.paging
            if not paging_positions(asked) & call.arguments.keys():
                return await self._whole(asked, paging, call, context)
        return await self._source.execute(call, context)

    async def _connection(self, operation: Operation, paging: Paging, call: Call, context: Context) -> object:
        arguments = dict(call.arguments)
        named_first, named_after = own_arguments(operation, paging)
        first = first_rows(arguments.pop(named_first, None), self._settings)
        after = arguments.pop(named_after, None)
        asked = cursor.question(operation.name, arguments)
        wanted = call.selection.fields
        rows = rows_selected(call.selection)
        info = wanted.get(PAGE_INFO)
        peek = call.selection.everything or (info is not None and HAS_NEXT in info.fields)
        total = call.selection.everything or TOTAL in wanted
        walk = Walk(self._source, operation, paging, arguments, rows, total=total)
        greatest = paging.max_size or PAGE_SIZE
        spot = Spot(size=max(1, min(greatest, first)) if paging.size_argument else 0)
        if after is not None:
            found = cursor.read(asked, str(after), walk.allows, max(greatest, PAGE_SIZE))
            spot = resized(paging, found, spot.size)
        shown = call.selection.everything or info is not None or (first > 0 and bool(wanted.keys() & {NODES, EDGES}))
        if not shown:
            counted = await walk.total(context) if total and paging.total_at else None
            return _answer(with_edges(call.selection, [], []), counted, None, more=False, previous=False)
        return await self._rows(walk, asked, spot, call.selection, context, first=first, peek=peek)

    async def _rows(
        self, walk: Walk, asked: str, spot: Spot, selection: Selection, context: Context, *, first: int, peek: bool
    ) -> Mapping[str, object]:
        rows: list[object] = []
        cursors: list[str] = []
        previous = bool(spot.position or spot.skip or spot.before)
        total: int | None = None
        more: bool | None = True
        onward: Spot | None = spot
        pages = 0
        while onward is not None and pages < self._settings.max_pages:
            spot = onward
            if pages:
                context.spend(1)
            part = await walk.part(spot, context)
            pages += 1
            total = part.total if part.total is not None else total
            fresh = part.rows[spot.skip :]
            taken = fresh[: first - len(rows)]
            rows += taken
            if has_cursors(selection):
                behind = [replace(spot, skip=spot.skip + number) for number in range(1, len(taken) + 1)]
                if behind and len(taken) == len(fresh) and part.onward is not None:
                    behind[-1] = part.onward  # nothing is left of this page
                cursors += [cursor.write(asked, each) for each in behind]
            if len(taken) < len(fresh):
                more, onward = True, replace(spot, skip=spot.skip + len(taken))
                break
            more, onward = part.more, part.onward
            if len(rows) >= first and (more is not None or not peek):
                break
        end = cursor.write(asked, onward) if onward is not None else None
        more = onward is not None and more is not False
        return _answer(with_edges(selection, rows, cursors), total, end, more=more, previous=previous)

    async def _whole(self, operation: Operation, paging: Paging, call: Call, context: Context) -> object:
        """A reply like one page's, with the rows of all pages in it."""
        arguments = dict(call.arguments)
        size = 0
        if paging.size_argument:
            stated = arguments.pop(paging.size_argument, None)
            size = stated if isinstance(stated, int) else paging.max_size or PAGE_SIZE
        selection = call.selection
        for name in paging.items_at:
            selection = EVERYTHING if selection.everything else selection.fields.get(name, Selection())
        walk = Walk(self._source, operation, paging, arguments, selection, total=True)
        rows: list[object] = []
        onward: Spot | None = Spot(size=size)
        pages = 0
        while onward is not None:
            if pages >= self._settings.max_pages or len(rows) >= self._settings.max_rows:
                raise LimitExceeded(f"a link needs more pages of {operation.name} than are read at once")
            if pages:
                context.spend(1)
            part = await walk.part(onward, context)
            pages += 1
            rows += part.rows
            onward = part.onward
        found: object = rows
        for name in reversed(paging.items_at):
            found = {name: found}
        return found

    async def close(self) -> None:
        await self._source.close()


def _answer(
    rows: Mapping[str, object], total: int | None, end: str | None, *, more: bool, previous: bool
) -> Mapping[str, object]:
    info = {HAS_NEXT: more, HAS_PREVIOUS: previous, START: None, END: end}
    return {**rows, PAGE_INFO: info, TOTAL: total}
