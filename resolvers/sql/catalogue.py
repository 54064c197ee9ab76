"""Reading the catalogue of a connected database: which tables and views there are, as SQLAlchemy's ``MetaData``.

What becomes of them is decided in ``reflect.py``.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.exc import DBAPIError, SAWarning

from resolvers.documents import DescriptionError
from resolvers.model import SourceModel
from resolvers.problem import Problem
from resolvers.sql.address import Dialect
from resolvers.sql.reflect import Catalogue, read_catalogue


def catalogue(connection: Connection, name: str, schemas: tuple[str, ...], dialect: Dialect) -> Catalogue:
    """What the database offers as the source ``name``; ``schemas``: none means the default one.

    Raises:
        DescriptionError: a schema is not there. SQLAlchemyError: the database cannot be asked.
    """
    for message in ("Did not recognize type", "Skipping table", "Skipped unsupported reflection", "Could not"):
        # Each of them is reported in left_out, where the user looks.
        warnings.filterwarnings("ignore", message=message, category=SAWarning)
    inspector = inspect(connection)
    known = set(inspector.get_schema_names())
    default = inspector.default_schema_name
    metadata = MetaData()
    views: set[str] = set()
    unread: list[str] = []
    for wanted in dict.fromkeys(schemas or (default,)):
        if wanted is not None and wanted not in known:
            raise DescriptionError(
                Problem(f'the database has no schema "{wanted}"', where=("schemas",), mend="correct its name")
            )
        schema = None if wanted == default else wanted
        in_schema = [*inspector.get_view_names(schema), *_materialized(inspector, schema, dialect)]
        prefix = f"{schema}." if schema else ""
        views |= {prefix + view for view in in_schema}
        listed = [*inspector.get_table_names(schema), *in_schema]
        if dialect == "sqlite":
            for table in listed:
                _reflect_one(connection, metadata, schema, table)
        else:
            metadata.reflect(connection, schema=schema, views=True, resolve_fks=False)
        unread += [prefix + table for table in listed if prefix + table not in metadata.tables]
    found = read_catalogue(name, metadata, dialect, views=frozenset(views), unread=unread)
    return replace(found, model=replace(found.model, digest=_digest(metadata, found.model)))


def _digest(metadata: MetaData, model: SourceModel) -> str:
    """The hash of the tables, columns and keys as they were read, whatever the order they were listed in."""
    lines = [
        f"{table.key}\t{column.name}\t{column.type!r}\t{column.nullable}\t{column.primary_key}\t"
        + ",".join(sorted(key.target_fullname for key in column.foreign_keys))
        for table in metadata.tables.values()
        for column in table.columns
    ]
    lines += [f"{name}\t{sorted(operation.by.items())}" for name, operation in model.operations.items()]
    return f"sha256:{sha256(chr(10).join(sorted(lines)).encode()).hexdigest()}"


def _reflect_one(connection: Connection, metadata: MetaData, schema: str | None, table: str) -> None:
    # SQLite keeps views whose tables are gone, and fails the whole reflection when one is looked at.
    try:
        metadata.reflect(connection, schema=schema, views=True, only=[table], resolve_fks=False)
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR":
            raise


def _materialized(inspector: Any, schema: str | None, dialect: Dialect) -> list[str]:
    return list(inspector.get_materialized_view_names(schema)) if dialect == "postgresql" else []
