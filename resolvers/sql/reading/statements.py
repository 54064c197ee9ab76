"""A ``Call`` becomes one SELECT: the columns that are needed, conditions with bound values, order and page.

Pure: it makes SQLAlchemy Core expressions and runs none. Identifiers come from the reflected tables alone, values are
bound parameters alone, so nothing that a caller says becomes SQL text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal_column, select

from resolvers.errors import BadRequest
from resolvers.predicate import Page, Predicate
from resolvers.source import LEAF, Call, Selection
from resolvers.sql.catalogue import Access, Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.dialects import Plain
from resolvers.sql.reading.conditions import condition, fit, visible
from resolvers.sql.reading.distinct import firsts
from resolvers.sql.reading.orders import Ordering
from resolvers.sql.reading.pages import Window, keys_of, lateral, numbered

_MAX_OFFSET = 1 << 62


@dataclass(frozen=True, slots=True)
class Statement:
    """``columns``: what each place of a row holds. ``wire``: the journal's line, free of values.

    ``further``: how many values stand behind those of the columns.
    """

    query: Select[Any] | Plain
    columns: tuple[SqlColumn, ...]
    wire: str
    further: int = 0


def statement(catalogue: Catalogue, call: Call) -> Statement:
    """The statement that answers a call.

    Raises:
        BadRequest: an operation, field or argument that the catalogue does not have, or a value that its column
            cannot hold.
    """
    access = _access(catalogue, call.operation)
    if call.per:
        return _page_of_each(catalogue, access.served, call)
    filtered: dict[str, None] = dict.fromkeys(access.by)
    served, conditions = _rows(catalogue, access.served, call, filtered)
    conditions = [*_by_key(access, call), *conditions]
    columns = _selected(served, call.selection)
    query = select(*(column.selected() for column in columns)).where(*conditions)
    wire = _wire(served, filtered, call.distinct)
    if access.by:
        return Statement(query.select_from(served.table).limit(1), columns, wire)
    ordering = Ordering(catalogue, served, call.rules, call.predicate)
    # Without a last word on the order, two pages could show a row twice or never.
    parts = ordering.by(call.order, total=call.page.limit is not None or bool(call.page.offset))
    return Statement(_paged(query.select_from(ordering.source).order_by(*parts), call.page), columns, wire)


def _page_of_each(catalogue: Catalogue, served: Served, call: Call) -> Statement:
    filtered: dict[str, None] = dict.fromkeys(call.per)
    if call.distinct:
        return _distinct_of_each(catalogue, served, call, filtered)
    columns = _selected(served, call.selection)
    ordering = Ordering(catalogue, served, call.rules, call.predicate)
    parts = ordering.by(call.order, total=True)
    query: Select[Any] = select(*(column.selected() for column in columns)).select_from(ordering.source)
    window = _window(call.page)
    keys = keys_of(catalogue.dialect, served, call.per, call.predicate, ordering.terms)
    if keys is None:
        query = query.where(*_conditions(catalogue, served, call, call.predicate, filtered))
        query = numbered(query, [served.column(name).column for name in call.per], parts, window)
    else:
        table, joins, rest = keys
        query = query.where(*_conditions(catalogue, served, call, rest, filtered))
        query = lateral(query, table, joins, parts, window)
    return Statement(query, columns, f"{_wire(served, filtered)} (page of each)")


def _distinct_of_each(catalogue: Catalogue, served: Served, call: Call, filtered: dict[str, None]) -> Statement:
    served, conditions = _rows(catalogue, served, call, filtered)
    columns = _selected(served, call.selection)
    ordering = Ordering(catalogue, served, call.rules, call.predicate)
    parts = ordering.by(call.order, total=True)
    query: Select[Any] = (
        select(*(column.selected() for column in columns)).select_from(ordering.source).where(*conditions)
    )
    query = numbered(query, [served.column(name).column for name in call.per], parts, _window(call.page))
    return Statement(query, columns, f"{_wire(served, filtered, call.distinct)} (page of each)")


def _window(page: Page) -> Window:
    return Window(_count(page.offset), None if page.limit is None else _count(page.limit))


@dataclass(frozen=True, slots=True)
class Stretch:
    """At most ``limit`` rows of a list, from its end where ``backwards``; those between two places in its order."""

    limit: int
    backwards: bool = False
    after: Sequence[object] | None = None
    before: Sequence[object] | None = None


def part(catalogue: Catalogue, rows: str, call: Call, nodes: Selection, stretch: Stretch) -> Statement:
    """The statement of a part of the list ``rows``, in the order in which it is gone through; behind the columns of a
    row stands its place in the order.

    Raises:
        BadRequest: as ``statement``.
    """
    filtered: dict[str, None] = {}
    served, conditions = _rows(catalogue, _access(catalogue, rows).served, call, filtered, nodes)
    columns = _selected(served, nodes)
    ordering = Ordering(catalogue, served, call.rules, call.predicate)
    ordering.by(call.order, total=True)
    if stretch.after is not None:
        conditions.append(ordering.after(stretch.after))
    if stretch.before is not None:
        conditions.append(ordering.after(stretch.before, backwards=True))
    place = ordering.position()
    query = select(*(column.selected() for column in columns), *place).select_from(ordering.source)
    query = query.where(*conditions).order_by(*ordering.parts(backwards=stretch.backwards)).limit(stretch.limit)
    return Statement(query, columns, _wire(served, filtered, call.distinct), len(place))


def beyond(
    catalogue: Catalogue, rows: str, call: Call, position: Sequence[object], *, backwards: bool, itself: bool
) -> Statement:
    """The statement that gives a row where the list ``rows`` has any after a place, or before it where it is gone
    ``backwards``. ``itself``: a row at that place counts too.

    Raises:
        BadRequest: as ``statement``.
    """
    filtered: dict[str, None] = {}
    served, conditions = _rows(catalogue, _access(catalogue, rows).served, call, filtered, LEAF)
    ordering = Ordering(catalogue, served, call.rules, call.predicate)
    ordering.by(call.order, total=True)
    conditions.append(ordering.after(position, backwards=backwards, itself=itself))
    query: Select[Any] = select(literal_column("1")).select_from(ordering.source).where(*conditions).limit(1)
    return Statement(query, (), f"{_wire(served, filtered, call.distinct)} (any)", 1)


def counted(catalogue: Catalogue, rows: str, call: Call) -> Statement:
    """The statement that counts the rows of a list.

    Raises:
        BadRequest: as ``statement``.
    """
    filtered: dict[str, None] = {}
    served, conditions = _rows(catalogue, _access(catalogue, rows).served, call, filtered, LEAF)
    query = select(func.count()).select_from(served.table).where(*conditions)
    return Statement(query, (), f"{_wire(served, filtered, call.distinct)} (count)", 1)


def _access(catalogue: Catalogue, operation: str) -> Access:
    access = catalogue.access.get(operation)
    if access is None:
        raise BadRequest(f"{catalogue.model.name} has no operation {operation}")
    return access


def _conditions(
    catalogue: Catalogue, served: Served, call: Call, predicate: Predicate | None, filtered: dict[str, None]
) -> list[Expression]:
    """What is asked of the rows of a call, and what its rules ask of them."""
    asked = [] if predicate is None else [condition(catalogue, served, predicate, filtered, call.rules)]
    return [*asked, *visible(catalogue, served, call.rules, filtered)]


def _rows(
    catalogue: Catalogue, served: Served, call: Call, filtered: dict[str, None], shown: Selection | None = None
) -> tuple[Served, list[Expression]]:
    """What is read from, and the conditions beside: the table, or the first of its rows that are equal somewhere."""
    conditions = _conditions(catalogue, served, call, call.predicate, filtered)
    if not call.distinct:
        return served, conditions
    rows, is_first = firsts(catalogue, served, call, call.selection if shown is None else shown, conditions)
    return rows, [is_first]


def _wire(served: Served, filtered: Mapping[str, None], distinct: Sequence[str] = ()) -> str:
    made = f"SELECT {served.name}" + (f" DISTINCT {', '.join(distinct)}" if distinct else "")
    return made + (f" WHERE {', '.join(filtered)}" if filtered else "")


def _selected(served: Served, selection: Selection) -> tuple[SqlColumn, ...]:
    if selection.everything:
        return tuple(served.columns.values())
    names = list(selection.fields) or list(served.key) or [next(iter(served.columns))]
    return tuple(served.column(name) for name in names)


def _by_key(access: Access, call: Call) -> list[Expression]:
    if set(call.arguments) != set(access.by):
        raise BadRequest(f"{call.operation} takes exactly its declared arguments")
    columns = [access.served.column(name) for name in access.by]
    return [column.compared() == column.bound(fit(column, call.arguments[column.name])) for column in columns]


def _paged(query: Select[Any], page: Page) -> Select[Any]:
    if page.limit is not None:
        query = query.limit(_count(page.limit))
    return query.offset(_count(page.offset)) if page.offset else query


def _count(number: int) -> int:
    if not 0 <= number <= _MAX_OFFSET:
        raise BadRequest("limit and offset are whole numbers from 0")
    return number
