"""How DuckDB differs, whose tables are files: keys are one list, and nothing is ever written.

What is written in a ``SELECT`` of files stands in ``scan.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_05UP, Context, Decimal
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, TextClause, bindparam, func, select, tuple_, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.default import DefaultDialect

from resolvers.model import Scalar
from resolvers.sql.column import Expression, Reader, SqlColumn
from resolvers.sql.dialects import ESCAPE, Address, Database, Dialect
from resolvers.sql.dialects.scalars import scalar_of, shortest_single

_EXACT = Context(prec=2000)
DEGRADED = "degraded"
"""Where a column says why it is served as less than it is (``Column.info``)."""


class DuckDbSql(DefaultDialect):
    """How SQLAlchemy writes statements for DuckDB."""

    name = "duckdb"
    default_paramstyle = "qmark"
    supports_native_boolean = True
    supports_native_decimal = True
    supports_native_uuid = True
    supports_statement_cache = True


class DuckDb(Dialect):
    """Its tables are SELECTs of files that stand before each statement."""

    name = "duckdb"
    drivers = ()
    form = ""
    max_parameters = None

    def address(self, url: URL, base: Path) -> NoReturn:
        raise NotImplementedError  # files have no URL

    def open(self, where: Address, *, concurrency: int, timeout_s: float, writes: bool = False) -> Database:
        raise NotImplementedError  # ``resolvers.files`` opens it

    def describe(
        self, connection: Connection, query: TextClause, values: Mapping[str, object], *, reads: bool
    ) -> NoReturn:
        raise NotImplementedError  # files have no statements of the configuration

    def column(self, column: Any) -> SqlColumn:
        reflected = column.type
        array = isinstance(reflected, postgresql.ARRAY)
        item = reflected.item_type if array else reflected
        scalar = scalar_of(item) or Scalar.STRING
        bits = 32 if scalar is Scalar.INT else 64
        return SqlColumn(
            column, self, scalar, item, array=array, bits=bits, degraded=column.info.get(DEGRADED, "")
        )  # fmt: skip

    def nullable(self, column: SqlColumn, key: Sequence[str]) -> bool:  # noqa: ARG002  # files promise nothing
        return True

    def writable(self, column: SqlColumn) -> bool:  # noqa: ARG002
        return False

    def fit(self, column: SqlColumn, value: object) -> object:
        made = super().fit(column, value)
        return _within(made, column.bound_as) if isinstance(made, Decimal) else made

    def selected(self, column: SqlColumn) -> Expression:
        return column.column

    def reader(self, column: SqlColumn) -> Reader | None:
        if column.scalar is Scalar.JSON:
            return _json
        if not isinstance(column.bound_as, types.REAL):
            return None
        return _singles if column.array else shortest_single

    def place(self, column: SqlColumn, value: object) -> Expression:
        made: Expression = bindparam(None, value, type_=column.bound_as, unique=True)
        return made

    def among(self, columns: Sequence[SqlColumn], rows: Sequence[tuple[object, ...]]) -> Expression:
        # A list is one parameter, and DuckDB joins with it by a hash however long it is.
        lists = [
            func.unnest(bindparam(None, [row[place] for row in rows], type_=types.NullType(), unique=True)).label(
                f"k{place}"
            )
            for place in range(len(columns))
        ]
        if len(columns) == 1:
            return columns[0].compared().in_(select(*lists))
        return tuple_(*(column.compared() for column in columns)).in_(select(*lists))

    def like(self, column: SqlColumn, pattern: str, *, ignore_case: bool) -> Expression:
        bound: Expression = bindparam(None, pattern, type_=types.Text(), unique=True)
        if ignore_case:
            return func.lower(column.column).like(func.lower(bound), escape=ESCAPE)
        return column.column.like(bound, escape=ESCAPE)

    def decimal(self, value: object) -> object:
        return Decimal(repr(value)) if isinstance(value, float) else super().decimal(value)


def _within(value: Decimal, reflected: object) -> Decimal:
    """A decimal with as many digits as the comparison with a column needs: what lies between two neighbours in the
    column goes on lying between them.
    """
    scale = getattr(reflected, "scale", None) or 0
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent <= scale + 1:
        return value
    return value.quantize(Decimal(1).scaleb(-scale - 1), rounding=ROUND_05UP, context=_EXACT)


def _json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _singles(value: object) -> object:
    return [shortest_single(item) for item in value] if isinstance(value, list) else value
