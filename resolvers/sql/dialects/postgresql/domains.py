"""What PostgreSQL's domains allow: lengths and scales, which SQLAlchemy does not read of the type under a domain."""

from __future__ import annotations

import re

from sqlalchemy import Connection, MetaData, text, types
from sqlalchemy.dialects import postgresql

from resolvers.sql.column import SqlType

_LIMITED = text("""
SELECT n.nspname AS schema, t.typname AS name, format_type(t.typbasetype, t.typtypmod) AS base
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND t.typtypmod <> -1
""")
_FORM = re.compile(r"(numeric|character varying|character)\((\d+)(?:,(-?\d+))?\)")


def limit_domains(connection: Connection, metadata: MetaData) -> None:
    """Gives the types under domains the length, or the precision and the scale, that they have there."""
    columns = [column for table in metadata.tables.values() for column in table.columns]
    domains = [column.type for column in columns if isinstance(column.type, postgresql.DOMAIN)]
    if not domains:
        return
    default = connection.dialect.default_schema_name
    limited = {(row.schema, row.name): limited_type(row.base) for row in connection.execute(_LIMITED)}
    for domain in domains:
        found = limited.get((domain.schema or default, domain.name))
        if found is not None:
            domain.data_type = found


def limited_type(base: str) -> SqlType | None:
    """The type of a name such as ``numeric(12,2)``; ``None`` for one whose limits change no value."""
    found = _FORM.fullmatch(base)
    if found is None:
        return None
    size = int(found[2])
    if found[1] == "numeric":
        return types.NUMERIC(size, int(found[3] or 0))
    return types.VARCHAR(size) if found[1] == "character varying" else types.CHAR(size)
