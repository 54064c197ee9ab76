"""A ``Call`` becomes one SELECT: the columns that are needed, conditions with bound values, order and page.

Pure: it makes SQLAlchemy Core expressions and runs none. Identifiers come from the reflected tables alone, values are
bound parameters alone, so nothing that a caller says becomes SQL text.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, any_, bindparam, cast, false, func, not_, or_, select, true, tuple_, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ColumnElement, type_coerce

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.predicate import And, Compare, In, IsNull, Not, Operator, Or, Order, Page, Predicate
from resolvers.source import Call
from resolvers.sql.column import SqlColumn
from resolvers.sql.reflect import Access, Catalogue, Served
from resolvers.sql.value import Unfit, coerce

_ESCAPE = "\\"
_TEXT_OPERATORS = frozenset({"like", "ilike", "contains", "startsWith", "endsWith"})
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operators.eq,
    "ne": operators.ne,
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}
_SQLITE_VARIABLES = 30_000  # SQLite takes 32,766 in one statement; some are left for the other conditions.
_MAX_OFFSET = 1 << 62

Expression = ColumnElement[Any]


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
    query = select(*(column.selected() for column in columns)).select_from(served.table)
    filtered: dict[str, None] = dict.fromkeys(access.by)
    conditions = _by_key(access, call)
    if call.predicate is not None:
        conditions.append(_condition(served, call.predicate, filtered))
    if conditions:
        query = query.where(*conditions)
    wire = f"SELECT {served.name}" + (f" WHERE {', '.join(filtered)}" if filtered else "")
    if access.by:
        return Statement(query.limit(1), columns, wire)
    query = query.order_by(*_order(served, call.order, call.page))
    return Statement(_paged(query, call.page), columns, wire)


def _selected(served: Served, call: Call) -> tuple[SqlColumn, ...]:
    if call.selection.everything:
        return tuple(served.columns.values())
    names = list(call.selection.fields) or list(served.key) or [next(iter(served.columns))]
    return tuple(_column(served, name) for name in names)


def _column(served: Served, name: str) -> SqlColumn:
    column = served.columns.get(name)
    if column is None:
        raise BadRequest(f"{served.name} has no such column")
    return column


def _filterable(served: Served, name: str) -> SqlColumn:
    column = _column(served, name)
    if not column.filterable:
        raise BadRequest(f"{served.name}.{column.name} cannot be filtered")
    return column


def _by_key(access: Access, call: Call) -> list[Expression]:
    if set(call.arguments) != set(access.by):
        raise BadRequest(f"{call.operation} takes exactly its declared arguments")
    columns = [_column(access.served, name) for name in access.by]
    return [_side(column) == _bound(column, _fit(column, call.arguments[column.name])) for column in columns]


def _fit(column: SqlColumn, value: object) -> object:
    try:
        return coerce(column, value)
    except Unfit as error:
        raise BadRequest(f"{column.name} {error}") from None


def _condition(served: Served, predicate: Predicate, filtered: dict[str, None]) -> Expression:
    match predicate:
        case And(parts):
            return and_(true(), *(_condition(served, part, filtered) for part in parts))
        case Or(parts):
            return or_(false(), *(_condition(served, part, filtered) for part in parts))
        case Not(part):
            return not_(_condition(served, part, filtered))
        case IsNull(name):
            column = _filterable(served, name)
            filtered[name] = None
            return column.column.is_(None)
        case Compare(name, operator, value):
            column = _filterable(served, name)
            filtered[name] = None
            return _compare(column, operator, value)
        case In(names, values):
            columns = [_filterable(served, name) for name in names]
            filtered.update(dict.fromkeys(names))
            return _among(columns, values)


def _compare(column: SqlColumn, operator: Operator, value: object) -> Expression:
    fit = _fit(column, value)
    if operator in _TEXT_OPERATORS:
        if column.scalar is not Scalar.STRING or column.enum is not None or not isinstance(value, str):
            raise BadRequest(f"{column.name} is no text")
        return _like(column, operator, value)
    if operator not in {"eq", "ne"} and not column.orderable:
        raise BadRequest(f"{column.name} has no order")
    side, bound = _side(column), _bound(column, fit)
    made: Expression = _COMPARISONS[operator](side, bound)
    return made


def _like(column: SqlColumn, operator: Operator, value: str) -> Expression:
    text = type_coerce(column.column, types.Text())
    if operator in {"like", "ilike"}:
        pattern = value
        if (len(pattern) - len(pattern.rstrip(_ESCAPE))) % 2:
            raise BadRequest(f"a pattern for {column.name} ends with a lone escape character")
    else:
        plain = value
        for special in (_ESCAPE, "%", "_"):
            plain = plain.replace(special, _ESCAPE + special)
        before, after = operator != "startsWith", operator != "endsWith"
        pattern = "%" * before + plain + "%" * after
    bound = bindparam(None, pattern, type_=types.Text(), unique=True)
    if operator != "ilike":
        # SQLite's LIKE heeds case because the client says so at every connection.
        return text.like(bound, escape=_ESCAPE)
    if column.dialect == "postgresql":
        return text.ilike(bound, escape=_ESCAPE)
    return func.lower(text).like(func.lower(bound), escape=_ESCAPE)


def _among(columns: Sequence[SqlColumn], values: Iterable[tuple[object, ...]]) -> Expression:
    """``(a, b) IN (…)``. A value that a column cannot hold is equal to none of its values, so it is left out.

    Keys of a link come from other systems: one number too large among a thousand keys must not cost the others their
    rows. Text that no database takes is refused all the same.
    """
    rows: dict[tuple[object, ...], None] = {}
    given = tuple(values)
    for key in given:
        fit = _fit_key(columns, key)
        if fit is not None:
            rows[fit] = None
    if not rows:
        # Unequal to every value there is, and unknown for a null, as SQL has it; nothing at all is simply false.
        return and_(*(_side(column) != _side(column) for column in columns)) if given else false()
    if columns[0].dialect == "postgresql":
        return _among_arrays(columns, list(rows))
    if len(rows) * len(columns) > _SQLITE_VARIABLES:
        raise BadRequest(f"a condition may have at most {_SQLITE_VARIABLES} values")
    if len(columns) == 1:
        return _side(columns[0]).in_(
            [_bound(columns[0], key[0]) for key in rows] if _wrapped(columns[0]) else [key[0] for key in rows]
        )
    if any(_wrapped(column) for column in columns):
        return or_(*(and_(*(_side(c) == _bound(c, v) for c, v in zip(columns, key, strict=True))) for key in rows))
    return tuple_(*(_side(column) for column in columns)).in_(list(rows))


def _fit_key(columns: Sequence[SqlColumn], key: tuple[object, ...]) -> tuple[object, ...] | None:
    if len(key) != len(columns):
        raise BadRequest("a key has as many parts as its fields")
    try:
        if len(columns) == 1:
            return (coerce(columns[0], key[0]),)
        return tuple(coerce(column, value) for column, value in zip(columns, key, strict=True))
    except Unfit as error:
        if error.malformed:
            raise BadRequest(f"a key {error}") from None
        return None


def _among_arrays(columns: Sequence[SqlColumn], rows: list[tuple[object, ...]]) -> Expression:
    # An array is one parameter: the statement, and so its plan, is the same for any number of keys.
    arrays = [
        bindparam(None, [row[index] for row in rows], type_=postgresql.ARRAY(column.bound_as), unique=True)
        for index, column in enumerate(columns)
    ]
    if len(columns) == 1:
        return _side(columns[0]) == any_(arrays[0])
    names = [f"k{index}" for index in range(len(columns))]
    keys = func.unnest(*arrays).table_valued(*names).render_derived(name="keys")
    return tuple_(*(_side(column) for column in columns)).in_(select(*(keys.c[name] for name in names)))


_SQLITE_FORMATS = {
    Scalar.DATE_TIME: "%Y-%m-%d %H:%M:%f",
    Scalar.DATE: "%Y-%m-%d",
    Scalar.TIME: "%H:%M:%f",
}


def _wrapped(column: SqlColumn) -> bool:
    """SQLite has no such type: its values are brought to one spelling before they are compared."""
    wrapped = column.scalar in _SQLITE_FORMATS or column.scalar in {Scalar.UUID, Scalar.DECIMAL}
    return column.dialect == "sqlite" and wrapped


def _side(column: SqlColumn) -> Expression:
    if column.dialect == "postgresql":
        return type_coerce(column.column, column.bound_as)
    return _spelled(column, type_coerce(column.column, types.NullType()))


def _bound(column: SqlColumn, value: object) -> Expression:
    bound: Expression = bindparam(None, value, type_=column.bound_as, unique=True)
    if column.dialect == "sqlite" and column.scalar is Scalar.DECIMAL:
        return cast(bound, types.NUMERIC())
    if isinstance(column.bound_as, types.REAL):
        # Drivers bind every float in double precision, and 0.1 of that is not the 0.1 of a real.
        return cast(bound, types.REAL())
    return _spelled(column, bound) if column.dialect == "sqlite" else bound


def _spelled(column: SqlColumn, expression: Expression) -> Expression:
    spelling = _SQLITE_FORMATS.get(column.scalar)
    if spelling is not None:
        return func.strftime(spelling, expression)
    if column.scalar is Scalar.UUID:
        return func.lower(func.replace(expression, "-", ""))
    return expression


def _order(served: Served, order: Sequence[Order], page: Page) -> list[Expression]:
    made = []
    for part in order:
        column = _column(served, part.field)
        if not column.orderable:
            raise BadRequest(f"{served.name}.{column.name} cannot be ordered by")
        ordered: Expression = column.column.desc() if part.descending else column.column.asc()
        if part.nulls is not None:
            ordered = ordered.nulls_first() if part.nulls == "first" else ordered.nulls_last()
        made.append(ordered)
    if page.limit is not None or page.offset:
        # Without a last word on the order, two pages could show a row twice or never.
        ordered_by = {part.field for part in order}
        key = [served.columns[name] for name in served.key if name not in ordered_by]
        made += [column.column.asc() for column in key if column.orderable]
    return made


def _paged(query: Select[Any], page: Page) -> Select[Any]:
    if page.limit is not None:
        query = query.limit(_count(page.limit))
    return query.offset(_count(page.offset)) if page.offset else query


def _count(number: int) -> int:
    if not 0 <= number <= _MAX_OFFSET:
        raise BadRequest("limit and offset are whole numbers from 0")
    return number
