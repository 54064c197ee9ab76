"""Which neutral type a SQL type has, where databases agree."""

from __future__ import annotations

from sqlalchemy import types

from resolvers.model import Scalar
from resolvers.sql.column import SqlType

_Family = type[SqlType] | tuple[type[SqlType], ...]
_SCALARS: tuple[tuple[_Family, Scalar], ...] = (
    # Sub-types come before what they are derived from.
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


def scalar_of(reflected: SqlType) -> Scalar | None:
    """The neutral type of a reflected one; ``None`` where there is none."""
    return next((scalar for family, scalar in _SCALARS if isinstance(reflected, family)), None)
