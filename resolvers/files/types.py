"""Types of columns: what DuckDB calls them, how they are selected, and the SQLAlchemy types they are served by.

Whatever has no counterpart is served as JSON or as text, and why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from resolvers.files.settings import ColumnType
from resolvers.model import Scalar
from resolvers.sql.column import SqlType
from resolvers.sql.dialects.scalars import scalar_of

DECIMAL_DIGITS = 30
"""Of 38: some are left for values that decimals are compared with."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a column of a file is served. ``select``: its expression, where ``{}`` stands for the column."""

    type: SqlType
    select: str = "{}"
    degraded: str = ""


_FORMS: dict[str, Form] = {
    "BOOLEAN": Form(types.Boolean()),
    "TINYINT": Form(types.Integer()),
    "SMALLINT": Form(types.Integer()),
    "INTEGER": Form(types.Integer()),
    "BIGINT": Form(types.BigInteger()),
    "UTINYINT": Form(types.Integer()),
    "USMALLINT": Form(types.Integer()),
    "UINTEGER": Form(types.BigInteger()),
    "UBIGINT": Form(types.Numeric(20, 0), "CAST({} AS DECIMAL(20, 0))"),
    "HUGEINT": Form(types.Numeric(38, 0), "CAST({} AS DECIMAL(38, 0))"),
    "UHUGEINT": Form(types.Numeric(38, 0), "CAST({} AS DECIMAL(38, 0))"),
    "FLOAT": Form(types.REAL()),
    "DOUBLE": Form(types.Double()),
    "VARCHAR": Form(types.Text()),
    "DATE": Form(types.Date()),
    "TIME": Form(types.Time()),
    "TIMESTAMP": Form(types.DateTime()),
    "TIMESTAMP_S": Form(types.DateTime(), "CAST({} AS TIMESTAMP)"),
    "TIMESTAMP_MS": Form(types.DateTime(), "CAST({} AS TIMESTAMP)"),
    "TIMESTAMP WITH TIME ZONE": Form(types.DateTime(timezone=True)),
    "UUID": Form(types.Uuid()),
    "BLOB": Form(types.LargeBinary()),
    "JSON": Form(types.JSON()),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
_NESTED = re.compile(r"^(STRUCT|MAP|UNION|VARIANT)\b|\]$")
_AS_JSON = "the column has values inside its values ({}); they are served as JSON"
_AS_TEXT = "the column's type {} has no counterpart; its values are served as text"


def form_of(type_: str) -> Form:
    """How a column of a type of DuckDB is served."""
    known = _FORMS.get(type_)
    if known is not None:
        return known
    decimal = _DECIMAL.fullmatch(type_)
    if decimal is not None:
        return Form(types.Numeric(int(decimal[1]), int(decimal[2])))
    if type_.startswith("ENUM("):
        return Form(types.Text(), "CAST({} AS VARCHAR)")
    if type_.endswith("[]"):
        item = form_of(type_[:-2])
        if item.select == "{}" and not item.degraded and not isinstance(item.type, types.JSON | postgresql.ARRAY):
            return Form(postgresql.ARRAY(item.type))
    if _NESTED.search(type_):
        return Form(types.JSON(), "to_json({})", _AS_JSON.format(_head(type_)))
    return Form(types.Text(), "CAST({} AS VARCHAR)", _AS_TEXT.format(_head(type_)))


def word(type_: str) -> str:
    """What a type is called in the schema, and in the settings."""
    served = form_of(type_).type
    if isinstance(served, postgresql.ARRAY):
        return f"[{scalar_of(served.item_type) or Scalar.STRING}]"
    return scalar_of(served) or Scalar.STRING


def _head(type_: str) -> str:
    return "list" if type_.endswith("]") else type_.partition("(")[0]


_STATED: dict[ColumnType, str] = {
    "String": "VARCHAR",
    "Int": "INTEGER",
    "BigInt": "BIGINT",
    "Float": "DOUBLE",
    "Boolean": "BOOLEAN",
    "Date": "DATE",
    "DateTime": "TIMESTAMP",
    "Time": "TIME",
    "UUID": "UUID",
    "JSON": "JSON",
}


def stated_type(stated: ColumnType, scale: int) -> str:
    """What DuckDB calls a type that is stated, or that values look like. ``scale``: of a decimal."""
    return f"DECIMAL({DECIMAL_DIGITS}, {scale})" if stated == "Decimal" else _STATED[stated]


def read_as(type_: str) -> str:
    """The type in which the values of a CSV file are read: numbers as text, since DuckDB would round some."""
    return "VARCHAR" if type_.startswith("DECIMAL") or type_ in {"INTEGER", "BIGINT", "JSON"} else type_
