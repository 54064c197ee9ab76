"""What SQLAlchemy's reflection does not tell of PostgreSQL: composite types, arrays of arrays, and partitions.

One question each for a whole schema.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, MetaData, text

from resolvers.sql.dialects.postgresql.types import Structured

_STRUCTURED = text("""
SELECT c.relname AS t, a.attname AS c, 'composite type' AS kind
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type item ON item.oid = t.typelem AND t.typcategory = 'A'
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND 'c' IN (t.typtype, item.typtype)
UNION ALL
SELECT c.relname, a.attname, 'list of lists'
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attndims > 1
""")
_PARTITIONS = text("""
SELECT c.relname AS part, whole.relname AS whole
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_inherits i ON i.inhrelid = c.oid
JOIN pg_class whole ON whole.oid = i.inhparent
WHERE n.nspname = :schema AND c.relkind IN ('r', 'p') AND c.relispartition
""")


def mark_structured(connection: Connection, metadata: MetaData, schema: str | None) -> None:
    """Gives columns whose values have parts of their own a type that says so."""
    prefix = f"{schema}." if schema else ""
    asked = {"schema": schema or connection.dialect.default_schema_name}
    for table_name, column_name, kind in connection.execute(_STRUCTURED, asked):
        table = metadata.tables.get(prefix + table_name)
        if table is not None and column_name in table.columns:
            table.columns[column_name].type = Structured(kind)


def partitions(connection: Connection, schema: str | None) -> Mapping[str, str]:
    """Tables that are a part of another one → why they are not served."""
    rows = connection.execute(_PARTITIONS, {"schema": schema})
    return {part: f'it is a partition of "{whole}", which has its rows' for part, whole in rows}
