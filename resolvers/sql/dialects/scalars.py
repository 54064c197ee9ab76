"""Which neutral type a SQL type has, where databases agree."""

from __future__ import annotations

import math
import struct

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


def shortest_single(value: object) -> object:
    """A number of single precision by its shortest digits: 34.8, and not the 34.79999923706055 that a double shows."""
    if isinstance(value, float) and math.isfinite(value):
        bits = struct.pack("f", value)
        for digits in range(6, 9):
            short = float(f"{value:.{digits}g}")
            if struct.pack("f", short) == bits:
                return short
    return value
