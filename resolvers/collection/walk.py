"""From one page to the next: a page is asked for, and what its reply says of the next one is worked out.

It decides where to go on and never how far; a reply that leads in a circle, or that promises more and gives none, is
an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resolvers.collection import links
from resolvers.collection.cursor import Position, Spot
from resolvers.collection.envelope import row_of
from resolvers.collection.paging import paging_positions
from resolvers.collection.words import IDENTITY, LAST, POSITIONS, plain
from resolvers.errors import SourceBadResponse
from resolvers.model import Argument, Operation, Paging, Scalar, ScalarRef, SourceModel
from resolvers.source import LEAF, Call, Context, Exchange, Selection, Source

_INTEGERS = frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.FLOAT})


@dataclass(frozen=True, slots=True)
class Part:
    """One page. ``more``: whether the source has more, ``None`` where it does not say; ``onward``: where that begins.

    ``total``: how many rows there are in all, ``None`` where the reply does not say.
    """

    rows: list[object]
    more: bool | None
    onward: Spot | None
    total: int | None


class Walk:
    """The pages of one operation for one question: its arguments and what is selected of its rows."""

    def __init__(
        self,
        source: Source,
        operation: Operation,
        paging: Paging,
        arguments: Mapping[str, object],
        rows: Selection,
        *,
        total: bool,
    ) -> None:
        self._source = source
        self._operation = operation
        self._paging = paging
        self._arguments = arguments
        self._names = paging_positions(operation)
        self._identity = _identity(source.model, paging)
        self._selection = self._selected(rows, total=total)
        self._visited: set[Position] = set()
        self._shown: list[object] = []

    def allows(self, name: str) -> bool:
        """Whether a parameter may say where to go on: the operation's own, or where only links lead on, any that is
        called as such parameters are.
        """
        if name in self._operation.arguments or self._paging.style != "link":
            return name in self._names
        return plain(name) in POSITIONS

    async def part(self, spot: Spot, context: Context) -> Part:
        """The page at ``spot``.

        Raises:
            SourceError: of the call; SourceBadResponse: the pages lead in a circle or promise what they do not hold.
        """
        if spot.position in self._visited:
            raise SourceBadResponse("the source leads to a page that was read already")
        self._visited.add(spot.position)
        exchange = Exchange()
        value = await self._ask(spot, self._selection, exchange, context)
        rows = _at(value, self._paging.items_at)
        if rows is None:
            rows = []
        if not isinstance(rows, list):
            raise SourceBadResponse("expected a list of rows")
        self._compare(rows)
        total = _number(_at(value, self._paging.total_at)) if self._paging.total_at else None
        more, address = links.next_of(exchange.link)
        following: object = address
        if more is None:
            following = _at(value, self._paging.next_at) if self._paging.next_at else None
            more = self._more(value, spot, rows, following, total)
        if more is False or (more is None and not rows):
            return Part(rows, more=False, onward=None, total=total)
        onward = self._onward(value, spot, rows, following, exchange.target)
        return Part(rows, more, Spot(onward, spot.size, 0, spot.before + len(rows)), total)

    async def total(self, context: Context) -> int | None:
        """How many rows there are in all, from the smallest page that can be asked, of which no row is read."""
        path = self._paging.total_at
        value = await self._ask(Spot(size=1), LEAF.under(path), None, context)
        return _number(_at(value, path))

    async def _ask(self, spot: Spot, selection: Selection, exchange: Exchange | None, context: Context) -> object:
        arguments = dict(self._arguments)
        if self._paging.size_argument and spot.size:
            size = self._operation.arguments[self._paging.size_argument]
            arguments[size.name] = _typed(size, spot.size)
        query = []
        for name, value in spot.position or self._start():
            declared = self._operation.arguments.get(name)
            if declared is None:
                query.append((name, str(value)))
            else:
                arguments[name] = _typed(declared, value)
        call = Call(self._operation.name, arguments, selection, query=tuple(query), exchange=exchange)
        return await self._source.execute(call, context)

    def _start(self) -> Position:
        """Said only where the operation cannot do without: where pages begin is best known to the source."""
        argument = self._operation.arguments.get(self._paging.position_argument)
        if argument is None or not argument.required:
            return ()
        return ((argument.name, 0 if self._paging.style == "offset" else self._paging.first),)

    def _selected(self, rows: Selection, *, total: bool) -> Selection:
        paging = self._paging
        extra = [name for name in (self._identity, paging.last_by) if name and not rows.everything]
        rows = rows.plain()  # they are looked into, and cursors are made of them
        row = rows.merge(Selection(dict.fromkeys(extra, LEAF))) if extra else rows
        selection = row.under(paging.items_at)
        if not paging.items_at:
            return selection
        silent = not (paging.next_at or paging.more_at or paging.pages_at)
        wanted = [paging.next_at, paging.more_at, paging.pages_at, paging.echo_at]
        for path in (*wanted, paging.total_at if total or silent else ()):
            if path:
                selection = selection.merge(LEAF.under(path))
        return selection

    def _compare(self, rows: list[object]) -> None:
        """Refuses a page whose rows are those of the page before: the source does not heed where to go on."""
        if not self._identity:
            return
        shown = [row.get(self._identity) if isinstance(row, Mapping) else None for row in rows]
        if shown and shown == self._shown and None not in shown:
            raise SourceBadResponse("the source gives one page twice")
        self._shown = shown

    def _more(self, value: object, spot: Spot, rows: list[object], following: object, total: int | None) -> bool | None:
        """Whether there is more after a page, as its reply says."""
        paging = self._paging
        said = _at(value, paging.more_at) if paging.more_at else None
        if isinstance(said, bool):
            return said is not (plain(paging.more_at[-1]) in LAST)
        if paging.next_at:
            return following not in (None, "", False) and (following != 0 or paging.style == "cursor")
        pages = _number(_at(value, paging.pages_at)) if paging.pages_at else None
        page = self._page(value, spot)
        if pages is not None and page is not None:
            return page + 1 - paging.first < pages
        if total is not None and total >= spot.before + len(rows):
            more = total > spot.before + len(rows)
            if more and not rows:
                raise SourceBadResponse("the source says that there is more and gives none of it")
            return more
        if paging.max_size is not None and 0 < spot.size <= paging.max_size and len(rows) < spot.size:
            return False
        return None

    def _page(self, value: object, spot: Spot) -> int | None:
        echo = _number(_at(value, self._paging.echo_at)) if self._paging.echo_at else None
        if echo is not None:
            return echo
        given = dict(spot.position).get(self._paging.position_argument, self._paging.first)
        return _number(given)

    def _onward(self, value: object, spot: Spot, rows: list[object], following: object, target: str) -> Position:
        """The parameters that lead to the page after this one."""
        paging = self._paging
        name = paging.position_argument
        if isinstance(following, str) and following and (links.is_address(following) or not name):
            return links.parameters(following, target, self.allows)
        if isinstance(following, str | int) and following and not isinstance(following, bool):
            return ((name, following),)
        match paging.style:
            case "page":
                page = self._page(value, spot)
                if page is not None:
                    return ((name, page + 1),)
            case "offset" if rows:
                return ((name, (_number(dict(spot.position).get(name, 0)) or 0) + len(rows)),)
            case "cursor" if paging.last_by and rows:
                last = rows[-1].get(paging.last_by) if isinstance(rows[-1], Mapping) else None
                if isinstance(last, str | int):
                    return ((name, last),)
        raise SourceBadResponse("the source says that there is more and does not say where")


def resized(paging: Paging, spot: Spot, size: int) -> Spot:
    """The same place, to be read with another page size where the positions of pages do not hang on it."""
    fixed = spot.skip or not paging.size_argument or (paging.style == "page" and spot.position)
    return spot if fixed else replace(spot, size=size)


def _identity(model: SourceModel, paging: Paging) -> str:
    row = row_of(model, paging.item)
    fields = row.fields if row is not None else {}
    return next((name for word in IDENTITY for name in fields if plain(name) == word and _leaf(fields[name].type)), "")


def _leaf(ref: object) -> bool:
    return isinstance(ref, ScalarRef) and ref.scalar is not Scalar.JSON


def _typed(argument: Argument, value: str | int) -> object:
    """A position as its argument takes it.

    Raises:
        SourceBadResponse: a text for an argument that takes numbers.
    """
    numeric = isinstance(argument.type, ScalarRef) and argument.type.scalar in _INTEGERS
    if not numeric:
        return str(value)
    number = _number(value)
    if number is None:
        raise SourceBadResponse(f"the next position is no number, as {argument.name} takes it")
    return number


def _at(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _number(value: object) -> int | None:
    """A whole number that is not negative, in whatever spelling."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(str(value).strip()) if not isinstance(value, float) else int(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 2**53 else None
