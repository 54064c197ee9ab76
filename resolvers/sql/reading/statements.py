"""A ``Call`` becomes one SELECT: the columns that are needed, conditions with bound values, order and page.

Pure: it makes SQLAlchemy Core expressions and runs none. Identifiers come from the reflected tables alone, values are
bound parameters alone, so nothing that a caller says becomes SQL text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from resolvers.errors import BadRequest
from resolvers.predicate import Page
from resolvers.source import Call
from resolvers.sql.catalogue import Access, Catalogue, Served
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.reading.conditions import condition, fit
from resolvers.sql.reading.orders import Ordering

_MAX_OFFSET = 1 << 62


@dataclass(frozen=True, slots=True)
class Statement:
    """``columns``: what each place of a row holds. ``wire``: the journal's line, free of values."""

    query: Select[Any]
    columns: tuple[SqlColumn, ...]
    wire: str


def statement(catalogue: Catalogue, call: Call) -> Statement:
    """The statement that answers a call.

    Raises:
        BadRequest: an operation, field or argument that the catalogue does not have, or a value that its column
            cannot hold.
    """
    access = catalogue.access.get(call.operation)
    if access is None:
        raise BadRequest(f"{catalogue.model.name} has no operation {call.operation}")
    served = access.served
    columns = _selected(served, call)
    query = select(*(column.selected() for column in columns))
    filtered: dict[str, None] = dict.fromkeys(access.by)
    conditions = _by_key(access, call)
    if call.predicate is not None:
        conditions.append(condition(catalogue, served, call.predicate, filtered))
    if conditions:
        query = query.where(*conditions)
    wire = f"SELECT {served.name}" + (f" WHERE {', '.join(filtered)}" if filtered else "")
    if access.by:
        return Statement(query.select_from(served.table).limit(1), columns, wire)
    ordering = Ordering(catalogue, served)
    # Without a last word on the order, two pages could show a row twice or never.
    parts = ordering.by(call.order, total=call.page.limit is not None or bool(call.page.offset))
    query = query.select_from(ordering.source).order_by(*parts)
    return Statement(_paged(query, call.page), columns, wire)


def _selected(served: Served, call: Call) -> tuple[SqlColumn, ...]:
    if call.selection.everything:
        return tuple(served.columns.values())
    names = list(call.selection.fields) or list(served.key) or [next(iter(served.columns))]
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
