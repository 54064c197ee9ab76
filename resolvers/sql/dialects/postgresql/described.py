"""PostgreSQL describes a statement when it prepares it: the types of its parameters and of its columns.

Types come as numbers; what they are is asked of ``pg_type``, with all that lies inside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import Connection, TextClause, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.util.concurrency import await_

from resolvers.sql.column import SqlType
from resolvers.sql.dialects.described import Described, NotTaken, TypeName
from resolvers.sql.dialects.postgresql.types import Structured

_TYPES = """
SELECT t.oid::bigint AS id, t.typname AS name, t.typtype::text AS kind, t.typelem::bigint AS item,
       t.typcategory::text AS category, t.typbasetype::bigint AS base, t.typndims AS dimensions,
       format_type(t.oid, NULL) AS written, CASE WHEN pg_type_is_visible(t.oid) THEN NULL ELSE n.nspname END AS schema,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = ANY($1::oid[])
"""
_ZONED: Mapping[str, SqlType] = {
    "timestamptz": postgresql.TIMESTAMP(timezone=True),
    "timestamp": postgresql.TIMESTAMP(),
    "timetz": postgresql.TIME(timezone=True),
    "time": postgresql.TIME(),
    "varchar": types.VARCHAR(),
    "bpchar": types.CHAR(),
    "float4": types.REAL(),
    "float8": types.DOUBLE_PRECISION(),
    "bytea": postgresql.BYTEA(),
    "name": types.VARCHAR(),
    "numeric": types.NUMERIC(),
    "bool": types.BOOLEAN(),
    "int2": types.SMALLINT(),
    "int4": types.INTEGER(),
    "int8": types.BIGINT(),
    "text": types.TEXT(),
    "uuid": types.UUID(),
    "json": postgresql.JSON(),
    "jsonb": postgresql.JSONB(),
    "date": types.DATE(),
    "citext": postgresql.CITEXT(),
    "hstore": postgresql.HSTORE(),
}
"""By the names of ``pg_type``. All others have no counterpart and are served as text where they are columns."""


def describe(connection: Connection, query: TextClause) -> Described:
    """What the server says of the statement when it prepares it.

    Raises:
        NotTaken: it does not.
    """
    raw = driver(connection)
    compiled = query.compile(dialect=connection.dialect)
    try:
        prepared = await_(raw.prepare(str(compiled)))
    except asyncpg.PostgresError as error:
        position = getattr(error, "position", None)
        line = str(compiled).count("\n", 0, int(position) - 1) + 1 if position else None
        raise NotTaken(_said(error), line) from error
    names = list(getattr(compiled, "positiontup", None) or ())
    given, columns = prepared.get_parameters(), prepared.get_attributes()
    found = types_of(connection, [each.oid for each in given] + [column.type.oid for column in columns])
    return Described(
        tuple((column.name, found[column.type.oid].type) for column in columns) if columns else None,
        sure=True,
        parameters={name: found[each.oid] for name, each in zip(names, given, strict=True)},
    )


def driver(connection: Connection) -> Any:
    """The driver's own connection, which begins no transaction that a refused statement would spoil."""
    return connection.connection.driver_connection


def _said(error: Any) -> str:
    hint = getattr(error, "hint", None)
    return f"{error.message if hasattr(error, 'message') else error}" + (f" ({hint})" if hint else "")


def types_of(connection: Connection, numbers: Iterable[int]) -> dict[int, TypeName]:
    """The types by their numbers (``pg_type.oid``)."""
    rows: dict[int, Any] = {}
    wanted = set(numbers)
    while wanted:
        found = await_(driver(connection).fetch(_TYPES, sorted(wanted)))
        rows |= {row["id"]: row for row in found}
        inside = {row[part] for row in found for part in ("item", "base") if row[part]}
        wanted = inside - rows.keys()
    return {number: TypeName(_type(number, rows), row["written"]) for number, row in rows.items()}


def _type(number: int, rows: Mapping[int, Any]) -> SqlType:
    row = rows[number]
    if row["kind"] == "e":
        return postgresql.ENUM(*row["labels"], name=row["name"], schema=row["schema"])
    if row["kind"] == "d":
        return postgresql.DOMAIN(row["name"], _type(row["base"], rows), schema=row["schema"])
    if row["category"] == "A" and row["item"]:
        item = _type(row["item"], rows)
        return item if isinstance(item, Structured) else postgresql.ARRAY(item)
    if row["kind"] == "c" or row["name"] in {"record", "_record"}:
        return Structured("composite type")
    return _ZONED.get(row["name"], types.NullType())
