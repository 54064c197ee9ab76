"""What a column of MariaDB and MySQL is served as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Column, types
from sqlalchemy.dialects import mysql

from resolvers.model import Comparison, Scalar
from resolvers.sql.column import Spelling, SqlColumn, SqlType
from resolvers.sql.dialects.mariadb.types import Geometry
from resolvers.sql.dialects.scalars import scalar_of

_BITS: tuple[tuple[type[SqlType], int], ...] = (
    (mysql.TINYINT, 8),
    (mysql.SMALLINT, 16),
    (mysql.MEDIUMINT, 24),
    (mysql.BIGINT, 64),
    (mysql.INTEGER, 32),
)


def served_column(column: Column[Any], spelling: Spelling) -> SqlColumn:
    """Every column is served: one whose type has no counterpart as text, with the reason."""
    reflected: Any = column.type
    generated = column.computed is not None
    plain = SqlColumn(column, spelling, Scalar.STRING, types.NullType(), generated=generated)
    if isinstance(reflected, mysql.ENUM):
        return replace(plain, enum=types.Enum(*reflected.enums))
    if isinstance(reflected, mysql.SET):
        return replace(plain, enum=types.Enum(*reflected.values), array=True)
    if isinstance(reflected, mysql.BIT | mysql.YEAR) or any(isinstance(reflected, kind) for kind, _ in _BITS):
        return _number(plain, reflected)
    known = scalar_of(reflected)
    if known is None:
        what = "as well-known text (WKT)" if isinstance(reflected, Geometry) else "as text"
        return replace(plain, degraded=f"the column's type has no counterpart; its values are served {what}")
    padded = isinstance(reflected, types.CHAR)
    return replace(plain, scalar=known, bound_as=_bound_as(reflected), padded=padded, compare=_compare(reflected))


def _number(plain: SqlColumn, reflected: Any) -> SqlColumn:
    """A whole number; that of one bit, and of one digit as ``BOOLEAN`` declares it, is a truth value."""
    if isinstance(reflected, mysql.YEAR):
        return replace(plain, scalar=Scalar.INT, bits=16, unsigned=True)
    if isinstance(reflected, mysql.BIT):
        bits, unsigned = reflected.length or 1, True
    else:
        bits, unsigned = next(bits for kind, bits in _BITS if isinstance(reflected, kind)), bool(reflected.unsigned)
    if bits == 1 or (isinstance(reflected, mysql.TINYINT) and reflected.display_width == 1 and not unsigned):
        return replace(plain, scalar=Scalar.BOOLEAN)
    fits = bits < 32 or (bits == 32 and not unsigned)
    return replace(plain, scalar=Scalar.INT if fits else Scalar.BIG_INT, bits=bits, unsigned=unsigned)


def _bound_as(reflected: SqlType) -> SqlType:
    """No type, so that values go as they are; those that ``values.coerce`` looks at say zone and single precision."""
    if isinstance(reflected, mysql.TIMESTAMP):
        return types.DateTime(timezone=True)
    return types.REAL() if isinstance(reflected, mysql.FLOAT) else types.NullType()


def _compare(reflected: SqlType) -> frozenset[Comparison]:
    """How a text's collation compares, as its name says it: ``utf8mb4_general_ci`` heeds neither case nor padding."""
    collation = getattr(reflected, "collation", None) or ""
    if not collation:
        return frozenset()
    pads = "nopad" not in collation and "_0900_" not in collation and collation != "binary"
    ignores_case = collation.endswith("_ci")
    found: set[Comparison] = set()
    if pads:
        found.add("padded")
    if ignores_case:
        found.add("casefold")
    return frozenset(found)
