"""A reflected column and what it is served as: its neutral type, and how it is selected and bound in SQL.

Values themselves are brought to a column's type in ``value.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Column, cast, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ColumnElement, type_coerce

from resolvers.model import ListRef, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.sql.address import Dialect

SqlType: TypeAlias = "types.TypeEngine[Any]"
_NEVER_FILTERED = frozenset({Scalar.JSON})
_ENUM_FAMILY = (types.Enum,)


@dataclass(frozen=True, slots=True)
class SqlColumn:
    """One served column.

    ``scalar``: its type, or that of the items of an array. ``enum``: the values it may have, where it is of an
    enumerated type. ``bits``: the width of an integer. ``degraded``: why it is served as less than it is, or empty.
    """

    column: Column[Any]
    dialect: Dialect
    scalar: Scalar
    bound_as: SqlType
    enum: types.Enum | None = None
    array: bool = False
    bits: int = 64
    degraded: str = ""

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def filterable(self) -> bool:
        return not self.array and not self.degraded and self.scalar not in _NEVER_FILTERED

    @property
    def orderable(self) -> bool:
        return self.filterable and self.scalar is not Scalar.BASE64

    @property
    def has_zone(self) -> bool:
        return bool(getattr(self.bound_as, "timezone", False))

    @property
    def is_padded(self) -> bool:
        """``CHAR(n)`` of PostgreSQL: trailing spaces are no part of the value."""
        return self.dialect == "postgresql" and isinstance(_plain_type(self.column.type), types.CHAR)

    def type_ref(self, enum_name: str, *, nullable: bool) -> TypeRef:
        if self.array:
            item: TypeRef = NamedRef(enum_name, True) if self.enum is not None else ScalarRef(self.scalar, True)
            return ListRef(item, nullable)
        return NamedRef(enum_name, nullable) if self.enum is not None else ScalarRef(self.scalar, nullable)

    def selected(self) -> ColumnElement[Any]:
        """The column in a select list. SQLite's values are taken as they are: any column may hold any type there."""
        if self.dialect == "sqlite":
            return type_coerce(self.column, types.NullType())
        if self.degraded:
            return cast(self.column, types.Text())
        return type_coerce(self.column, _plain_type(self.column.type))


def sql_column(column: Column[Any], dialect: Dialect) -> SqlColumn:
    """What a reflected column is served as. Every column is: the least is text (PostgreSQL) or JSON (SQLite)."""
    return _sqlite(column) if dialect == "sqlite" else _postgresql(column)


def _plain_type(reflected: SqlType) -> SqlType:
    while isinstance(reflected, postgresql.DOMAIN):
        reflected = reflected.data_type
    return reflected


def _sqlite(column: Column[Any]) -> SqlColumn:
    known = _scalar(column.type)
    if known is None:
        reason = "the column has no declared type that is known; its values are served as JSON"
        return SqlColumn(column, "sqlite", Scalar.JSON, types.NullType(), degraded=reason)
    return SqlColumn(column, "sqlite", known, types.NullType())


def _postgresql(column: Column[Any]) -> SqlColumn:
    reflected = _plain_type(column.type)
    array = isinstance(reflected, postgresql.ARRAY | types.ARRAY)
    item = _plain_type(reflected.item_type) if isinstance(reflected, types.ARRAY) else reflected
    if isinstance(item, _ENUM_FAMILY):
        return SqlColumn(column, "postgresql", Scalar.STRING, item, enum=item, array=array)
    known = _scalar(item)
    if known is None or (array and known is Scalar.JSON):
        reason = "the column's type has no counterpart; its values are served as text"
        return SqlColumn(column, "postgresql", Scalar.STRING, types.Text(), degraded=reason)
    bits = 16 if isinstance(item, types.SmallInteger) else 32 if known is Scalar.INT else 64
    return SqlColumn(column, "postgresql", known, _bound_as(known, item, bits), array=array, bits=bits)


def _scalar(reflected: SqlType) -> Scalar | None:
    # Sub-types come before what they are derived from.
    known: tuple[tuple[type[SqlType] | tuple[type[SqlType], ...], Scalar], ...] = (
        (types.BigInteger, Scalar.BIG_INT),
        (types.Integer, Scalar.INT),
        (types.Float, Scalar.FLOAT),
        (types.Numeric, Scalar.DECIMAL),
        (types.Boolean, Scalar.BOOLEAN),
        (types.DateTime, Scalar.DATE_TIME),
        (types.Date, Scalar.DATE),
        (types.Time, Scalar.TIME),
        (types.Uuid, Scalar.UUID),
        (types.JSON, Scalar.JSON),
        ((types.LargeBinary, types.BINARY, types.VARBINARY), Scalar.BASE64),
        (types.String, Scalar.STRING),
    )
    return next((scalar for family, scalar in known if isinstance(reflected, family)), None)


def _bound_as(scalar: Scalar, reflected: SqlType, bits: int) -> SqlType:
    """The type of a bound value: never with a length or a scale, since a cast to it would shorten or round."""
    if isinstance(reflected, postgresql.CITEXT | types.DateTime | types.Time):
        return reflected
    made: dict[Scalar, SqlType] = {
        Scalar.INT: types.SmallInteger() if bits == 16 else types.Integer(),
        Scalar.BIG_INT: types.BigInteger(),
        Scalar.FLOAT: types.REAL() if isinstance(reflected, types.REAL) else types.DOUBLE_PRECISION(),
        Scalar.DECIMAL: types.Numeric(),
        Scalar.BOOLEAN: types.Boolean(),
        Scalar.DATE: types.Date(),
        Scalar.UUID: types.Uuid(),
        Scalar.BASE64: types.LargeBinary(),
    }
    return made.get(scalar, types.Text())
