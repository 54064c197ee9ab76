"""Rows taken together: counts, sums and so on, by group, in one SELECT that asks for no more than is selected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, distinct, func, select

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.predicate import Function, GroupCondition, GroupOrder
from resolvers.source import Call
from resolvers.sql.catalogue import Catalogue, Served
from resolvers.sql.column import Expression, Reader, SqlColumn
from resolvers.sql.dialects import Dialect, Plain
from resolvers.sql.reading import having as having_of
from resolvers.sql.reading.conditions import condition, visible
from resolvers.views import AVERAGE, COUNT, DISTINCT, GREATEST, KEY, LEAST, SUM

_WHOLE = frozenset({Scalar.INT, Scalar.BIG_INT})
_NUMBERS = _WHOLE | {Scalar.FLOAT, Scalar.DECIMAL}


@dataclass(frozen=True, slots=True)
class Value:
    """One place of a row: where it stands in the aggregate, and what makes the neutral form of it."""

    path: tuple[str, ...]
    expression: Expression
    reader: Reader | None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``wire``: the journal's line, free of values. ``objects``: members that are objects, whatever is in them."""

    query: Select[Any] | Plain
    values: tuple[Value, ...]
    objects: tuple[str, ...]
    wire: str


def aggregate(catalogue: Catalogue, rows: str, call: Call) -> Aggregate:
    """The statement of an aggregate over the list ``rows``.

    Raises:
        BadRequest: a field that is not there or that a function does not take, a value that a field cannot have.
    """
    return _Aggregates(catalogue, catalogue.access[rows].served, call).made()


class _Aggregates:
    def __init__(self, catalogue: Catalogue, served: Served, call: Call) -> None:
        self._catalogue = catalogue
        self._served = served
        self._call = call
        self._by = [self._grouped(name) for name in call.grouping.by]

    def made(self) -> Aggregate:
        """The whole statement."""
        call, grouping = self._call, self._call.grouping
        values = tuple(self._values()) or (Value((), func.count(), None),)
        filtered: dict[str, None] = {}
        query = select(*(value.expression for value in values)).select_from(self._served.table)
        if call.predicate is not None:
            query = query.where(condition(self._catalogue, self._served, call.predicate, filtered, call.rules))
        query = query.where(*visible(self._catalogue, self._served, call.rules, filtered))
        query = query.group_by(*(column.column for column in self._by))
        query = query.having(*(self._held(each) for each in grouping.having))
        if self._by:
            query = query.order_by(*(part for order in grouping.order for part in self._ordered(order)))
            ordered = {order.field for order in grouping.order if order.function == KEY}
            query = query.order_by(*(column.column for column in self._by if column.name not in ordered))
        if call.page.limit is not None:
            query = query.limit(call.page.limit)
        if call.page.offset:
            query = query.offset(call.page.offset)
        objects = tuple(name for name in call.selection.fields if name != COUNT and not (name == KEY and not self._by))
        wire = f"SELECT {self._served.name} (aggregate)"
        wire += f" WHERE {', '.join(filtered)}" if filtered else ""
        wire += f" GROUP BY {', '.join(grouping.by)}" if grouping.by else ""
        return Aggregate(query, values, objects, wire)

    def _values(self) -> Iterator[Value]:
        grouped = {column.name for column in self._by}
        for name, below in self._call.selection.fields.items():
            if name == COUNT:
                yield Value((COUNT,), func.count(), None)
                continue
            for field in below.fields:
                if name != KEY or field in grouped:
                    yield Value((name, field), *self._function(name, self._served.column(field)))

    def _function(self, name: str, column: SqlColumn) -> tuple[Expression, Reader | None]:
        dialect = self._catalogue.dialect
        if name == KEY:
            return column.selected(), column.reader()
        if name == DISTINCT and column.filterable:
            return func.count(distinct(column.column)), None
        if name in {LEAST, GREATEST} and column.orderable:
            made = func.min if name == LEAST else func.max
            return made(column.selected()), column.reader()
        if name in {SUM, AVERAGE} and column.scalar in _NUMBERS and column.orderable:
            if name == SUM:
                return dialect.summed(column), _number(dialect, whole=column.scalar in _WHOLE, column=column)
            return dialect.averaged(column), _number(dialect, whole=False, column=column)
        raise BadRequest(f"{self._served.name}.{column.name} has no {name}")

    def _held(self, having: GroupCondition) -> Expression:
        value: having_of.Value
        if having.function == COUNT:
            return having_of.holds(having_of.Count(func.count()), having.condition)
        column, dialect = self._served.column(having.field), self._catalogue.dialect
        expression, _ = self._function(having.function, column)
        if having.function == DISTINCT:
            value = having_of.Count(expression)
        elif having.function in {SUM, AVERAGE}:
            value = having_of.Total(dialect, column, expression, having.function == AVERAGE)
        elif having.function in {LEAST, GREATEST}:
            value = having_of.Extreme.of(dialect, column, func.min if having.function == LEAST else func.max)
        else:
            raise BadRequest("where is for conditions on what groups have in common")
        return having_of.holds(value, having.condition)

    def _compared(self, name: str, column: SqlColumn) -> Expression:
        """A function as groups are ordered by it: what is exact may be a text, which has another order."""
        expression, _ = self._function(name, column)
        return _NATIVE[name](column.selected()) if name in _NATIVE else expression

    def _grouped(self, name: str) -> SqlColumn:
        column = self._served.column(name)
        if not column.filterable:
            raise BadRequest(f"{self._served.name}.{name} cannot be grouped by")
        return column

    def _ordered(self, order: GroupOrder) -> Sequence[Expression]:
        function: Function = order.function
        if function == COUNT:
            expression: Expression = func.count()
        else:
            column = self._served.column(order.field)
            if function == KEY and column not in self._by:
                raise BadRequest(f"groups are not ordered by {column.name}, which is not among groupBy")
            if not column.orderable:
                raise BadRequest(f"{self._served.name}.{column.name} cannot be ordered by")
            expression = column.column if function == KEY else self._compared(function, column)
        return self._catalogue.dialect.ordered(expression, descending=order.descending, nulls=order.nulls)


_NATIVE: dict[str, Callable[[Expression], Expression]] = {SUM: func.sum, AVERAGE: func.avg}


def _number(dialect: Dialect, *, whole: bool, column: SqlColumn) -> Callable[[object], object] | None:
    """Databases give sums of whole numbers as decimals, and SQLite gives decimals as text."""
    if whole:
        return dialect.whole
    return None if column.scalar is Scalar.FLOAT else dialect.decimal


def read_groups(made: Aggregate, rows: Sequence[Any]) -> list[dict[str, object]]:
    """What the rows of the statement are in the neutral form."""
    found: list[dict[str, object]] = []
    for row in rows:
        group: dict[str, object] = {name: {} for name in made.objects}
        for value, given in zip(made.values, row, strict=True):
            read = given if given is None or value.reader is None else value.reader(given)
            if len(value.path) == 1:
                group[value.path[0]] = read
            elif value.path:
                inner = group[value.path[0]]
                assert isinstance(inner, dict)
                inner[value.path[1]] = read
        found.append(group)
    return found
