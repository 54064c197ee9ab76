"""What a column of PostgreSQL is served as."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, types
from sqlalchemy.dialects import postgresql

from resolvers.model import Scalar
from resolvers.sql.column import Spelling, SqlColumn, SqlType
from resolvers.sql.dialects.scalars import scalar_of


def plain_type(reflected: SqlType) -> SqlType:
    """The type under a domain."""
    while isinstance(reflected, postgresql.DOMAIN):
        reflected = reflected.data_type
    return reflected


def served_column(column: Column[Any], spelling: Spelling) -> SqlColumn:
    """Every column is served: one whose type has no counterpart as text, with the reason."""
    reflected = plain_type(column.type)
    array = isinstance(reflected, postgresql.ARRAY | types.ARRAY)
    item = plain_type(reflected.item_type) if isinstance(reflected, types.ARRAY) else reflected
    if isinstance(item, types.Enum):
        return SqlColumn(column, spelling, Scalar.STRING, item, enum=item, array=array)
    known = scalar_of(item)
    if known is None or (array and known is Scalar.JSON):
        reason = "the column's type has no counterpart; its values are served as text"
        return SqlColumn(column, spelling, Scalar.STRING, types.Text(), degraded=reason)
    bits = 16 if isinstance(item, types.SmallInteger) else 32 if known is Scalar.INT else 64
    padded = isinstance(reflected, types.CHAR)  # CHAR(n): trailing spaces are no part of the value
    bound_as = _bound_as(known, item, bits)
    return SqlColumn(column, spelling, known, bound_as, array=array, bits=bits, padded=padded)


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
