"""The catalogue of MariaDB and MySQL by a few questions to ``information_schema``, whatever the number of tables.

It gives SQLAlchemy's tables with types of its own reading; what becomes of a column is decided in ``columns.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Connection,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from resolvers.sql.dialects.mariadb.types import declared_type

Row = Mapping[str, Any]

_TABLES = """
SELECT table_name AS t, table_comment AS comment, table_type AS kind FROM information_schema.tables
WHERE table_schema = :schema
"""
_COLUMNS = """
SELECT table_name AS t, column_name AS c, column_type AS declared, is_nullable AS nullable, column_comment AS comment,
       extra, column_default AS given, collation_name AS collation
FROM information_schema.columns WHERE table_schema = :schema ORDER BY table_name, ordinal_position
"""
_UNIQUE = """
SELECT table_name AS t, index_name AS k, column_name AS c, sub_part AS part FROM information_schema.statistics
WHERE table_schema = :schema AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index
"""
_FOREIGN = """
SELECT table_name AS t, constraint_name AS k, column_name AS c, referenced_table_schema AS rs,
       referenced_table_name AS rt, referenced_column_name AS rc
FROM information_schema.key_column_usage
WHERE table_schema = :schema AND referenced_table_name IS NOT NULL
ORDER BY table_name, constraint_name, ordinal_position
"""
_CHECKS = """
SELECT table_name AS t, constraint_name AS k, check_clause AS clause FROM information_schema.check_constraints
WHERE constraint_schema = :schema
"""


def reflect_schema(connection: Connection, metadata: MetaData, schema: str | None, listed: Iterable[str]) -> None:
    """Adds the tables and views ``listed`` that have columns to be read; ``schema``: none is the URL's database."""
    actual = schema or connection.dialect.default_schema_name
    wanted = set(listed)
    tables = {row["t"]: row for row in _ask(connection, _TABLES, actual) if row["t"] in wanted}
    columns = _by_table(_ask(connection, _COLUMNS, actual))
    unique = _by_table(_ask(connection, _UNIQUE, actual))
    foreign = _by_table(_ask(connection, _FOREIGN, actual))
    # MySQL has a type JSON; MariaDB has text that a constraint checks (and tells the table of it).
    checks = _by_table(_ask(connection, _CHECKS, actual)) if _is_mariadb(connection) else {}
    default = connection.dialect.default_schema_name
    for name, row in tables.items():
        if name not in columns:
            continue
        json = {_json_column(check["clause"]) for check in checks.get(name, ()) if _tells_json(check["clause"])}
        comment = row["comment"] if row["kind"] != "VIEW" else ""
        Table(
            name,
            metadata,
            *(_column(each, is_json=each["c"] in json) for each in columns[name]),
            *_keys(unique.get(name, ())),
            *_references(foreign.get(name, ()), default),
            *(CheckConstraint(check["clause"], name=check["k"]) for check in checks.get(name, ())),
            schema=schema,
            comment=comment or None,
        )


def _ask(connection: Connection, statement: str, schema: str | None) -> Sequence[Row]:
    return [dict(row) for row in connection.execute(text(statement), {"schema": schema}).mappings()]


def _is_mariadb(connection: Connection) -> bool:
    return bool(getattr(connection.dialect, "is_mariadb", False))


def _by_table(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["t"]].append(row)
    return found


def _tells_json(clause: str) -> bool:
    return clause.startswith("json_valid(")


def _json_column(clause: str) -> str:
    return clause.removeprefix("json_valid(").removesuffix(")").strip("`").replace("``", "`")


def _column(row: Row, *, is_json: bool) -> Column[Any]:
    generated = "GENERATED" in row["extra"].upper() and "DEFAULT_GENERATED" not in row["extra"].upper()
    counts = "AUTO_INCREMENT" in row["extra"].upper()
    type_ = declared_type(row["declared"], row["collation"], is_json=is_json)
    return Column(
        row["c"],
        type_,
        *([Computed("")] if generated else [Identity(always=False)] if counts else []),
        nullable=row["nullable"] == "YES",
        # What it is does not matter: a row may come without the value.
        server_default=text(str(row["given"])) if row["given"] is not None and not (generated or counts) else None,
        comment=row["comment"] or None,
    )


def _keys(rows: Iterable[Row]) -> list[PrimaryKeyConstraint | UniqueConstraint]:
    keys: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        keys[row["k"]].append(row)
    made: list[PrimaryKeyConstraint | UniqueConstraint] = []
    for name, parts in keys.items():
        names = [part["c"] for part in parts]
        # A key over the beginning of a text, or over an expression, is none of the whole values.
        if any(part["c"] is None or part["part"] is not None for part in parts):
            continue
        made.append(
            PrimaryKeyConstraint(*names, name=name) if name == "PRIMARY" else UniqueConstraint(*names, name=name)
        )
    return made


def _references(rows: Iterable[Row], default: str | None) -> list[ForeignKeyConstraint]:
    keys: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        keys[row["k"]].append(row)
    made: list[ForeignKeyConstraint] = []
    for name, parts in keys.items():
        target = parts[0]["rt"] if parts[0]["rs"] == default else f"{parts[0]['rs']}.{parts[0]['rt']}"
        referred = [f"{target}.{part['rc']}" for part in parts]
        made.append(ForeignKeyConstraint([part["c"] for part in parts], referred, name=name))
    return made
