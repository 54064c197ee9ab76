"""What a column of PostgreSQL is served as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Column, types
from sqlalchemy.dialects import postgresql

from resolvers.model import Comparison, Scalar
from resolvers.sql.column import Reader, Spelling, SqlColumn, SqlType
from resolvers.sql.dialects.postgresql.types import Structured
from resolvers.sql.dialects.scalars import scalar_of, shortest_single
from resolvers.sql.values import unpadded

_AS_TEXT = "the column's type has no counterpart; its values are served as text"
_PADDED: frozenset[Comparison] = frozenset({"padded"})
_CASELESS: frozenset[Comparison] = frozenset({"casefold"})


def plain_type(reflected: SqlType) -> SqlType:
    """The type under a domain."""
    while isinstance(reflected, postgresql.DOMAIN):
        reflected = reflected.data_type
    return reflected


def served_column(column: Column[Any], spelling: Spelling) -> SqlColumn:
    """Every column is served: what has parts of its own as JSON, what has no counterpart as text, with the reason."""
    reflected = plain_type(column.type)
    generated = column.computed is not None or (column.identity is not None and bool(column.identity.always))
    plain = SqlColumn(column, spelling, Scalar.STRING, types.Text(), generated=generated)
    array = isinstance(reflected, postgresql.ARRAY | types.ARRAY)
    item = plain_type(reflected.item_type) if isinstance(reflected, types.ARRAY) else reflected
    if isinstance(item, types.Enum):
        return replace(plain, bound_as=item, enum=item, array=array)
    known = scalar_of(item)
    if isinstance(item, Structured | postgresql.HSTORE) or (array and known is Scalar.JSON):
        what = item.fields if isinstance(item, Structured) else "list of JSON" if array else "set of keys and values"
        return replace(plain, scalar=Scalar.JSON, degraded=f"the column is a {what}; its values are served as JSON")
    if known is None:
        return replace(plain, degraded=_AS_TEXT)
    bits = 16 if isinstance(item, types.SmallInteger) else 32 if known is Scalar.INT else 64
    padded = isinstance(item, types.CHAR)  # CHAR(n): trailing spaces are no part of the value
    return replace(
        plain,
        scalar=known,
        bound_as=_bound_as(known, item, bits),
        array=array,
        bits=bits,
        padded=padded,
        compare=_PADDED if padded else _CASELESS if isinstance(item, postgresql.CITEXT) else frozenset(),
    )


def is_structured(column: SqlColumn) -> bool:
    """True where PostgreSQL itself makes JSON of the values."""
    return bool(column.degraded) and column.scalar is Scalar.JSON


def reader(column: SqlColumn) -> Reader | None:
    """What turns a driver's value into that of the neutral form (``Spelling.reader``)."""
    if column.degraded:
        return None
    change: Callable[[object], object] | None = None
    if isinstance(column.bound_as, types.REAL):
        change = shortest_single
    elif column.padded:
        change = unpadded
    if change is None or not column.array:
        return change
    each = change
    return lambda value: [each(item) for item in value] if isinstance(value, list) else value


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
