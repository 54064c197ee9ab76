"""Conditions on groups become HAVING: what a function of their rows comes to, compared with bound values.

What these functions are is said in ``aggregates.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, cast

from sqlalchemy import Column, and_, bindparam, false, not_, or_, true, types

from resolvers.errors import BadRequest
from resolvers.model import Scalar
from resolvers.predicate import Compare, In, IsNull, Not, Predicate
from resolvers.sql.column import Expression, SqlColumn
from resolvers.sql.dialects import Dialect
from resolvers.sql.reading.conditions import COMPARISONS, among, compare

_MOST = 1 << 63


class Value(Protocol):
    """What a function of the rows of a group comes to."""

    def is_null(self) -> Expression: ...

    def compared(self, operator: str, value: object) -> Expression:
        """Raises: BadRequest: a value or an operator that it cannot be compared with."""

    def among(self, values: tuple[object, ...]) -> Expression: ...


def holds(value: Value, condition: Predicate) -> Expression:
    """The condition on one value, as ``where`` has it: three-valued.

    Raises:
        BadRequest: it cannot be compared so.
    """
    match condition:
        case Compare(_, operator, other):
            return value.compared(operator, other)
        case IsNull():
            return value.is_null()
        case In(_, values):
            return value.among(tuple(other for (other,) in values))
        case Not(part):
            return not_(holds(value, part))
    raise BadRequest("groups are compared by plain conditions")


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows or different values there are."""

    expression: Expression

    def is_null(self) -> Expression:
        return false()

    def compared(self, operator: str, value: object) -> Expression:
        return _number(operator, value, self._with)

    def _with(self, operate: Callable[[Any, Any], Any], value: Decimal) -> Expression:
        whole = min(max(int(value), -_MOST), _MOST - 1)
        made: Expression = operate(self.expression, bindparam(None, whole, types.BigInteger(), unique=True))
        return made

    def among(self, values: tuple[object, ...]) -> Expression:
        return or_(false(), *(self.compared("eq", value) for value in values))


@dataclass(frozen=True, slots=True)
class Total:
    """A sum, or (``mean``) an arithmetic mean of the values of a column."""

    dialect: Dialect
    column: SqlColumn
    expression: Expression
    mean: bool

    def is_null(self) -> Expression:
        return self.expression.is_(None)

    def compared(self, operator: str, value: object) -> Expression:
        return _number(operator, value, self._with)

    def _with(self, operate: Callable[[Any, Any], Any], value: Decimal) -> Expression:
        if self.column.scalar is not Scalar.FLOAT:
            return self.dialect.compared_total(self.expression, operate, value)
        if self.mean:
            return self.dialect.compared_total(self.expression, operate, float(value))
        made: Expression = operate(self.expression, self.column.bound(float(value)))  # in the column's own precision
        return made

    def among(self, values: tuple[object, ...]) -> Expression:
        return or_(false(), *(self.compared("eq", value) for value in values))


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or the greatest value of a column: a value like others of that column."""

    dialect: Dialect
    column: SqlColumn

    @classmethod
    def of(cls, dialect: Dialect, column: SqlColumn, function: Callable[[Any], Any]) -> Extreme:
        """``function``: MIN or MAX."""
        return cls(dialect, replace(column, column=cast("Column[Any]", function(column.column))))

    def is_null(self) -> Expression:
        return self.column.column.is_(None)

    def compared(self, operator: str, value: object) -> Expression:
        return compare(self.dialect, self.column, operator, value)

    def among(self, values: tuple[object, ...]) -> Expression:
        return among(self.dialect, [self.column], [(value,) for value in values])


def _number(
    operator: str, value: object, compared: Callable[[Callable[[Any, Any], Any], Decimal], Expression]
) -> Expression:
    operate = COMPARISONS.get(operator)
    if operate is None:
        raise BadRequest("numbers are compared by eq, ne, gt, gte, lt, lte, in and nin")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise BadRequest("a condition on groups takes a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise BadRequest("a condition on groups takes a finite number")
    return and_(true(), compared(operate, number))
