"""Reading the catalogue of a connected database: which tables and views there are, as SQLAlchemy's ``MetaData``.

What becomes of them is decided in ``tables.py``.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.exc import SAWarning

from resolvers.documents import DescriptionError
from resolvers.model import SourceModel
from resolvers.problem import Problem
from resolvers.sql.catalogue.model import Catalogue
from resolvers.sql.catalogue.tables import read_catalogue
from resolvers.sql.dialects import Dialect


def reflect(
    connection: Connection,
    name: str,
    schemas: tuple[str, ...],
    dialect: Dialect,
    pinned: Mapping[str, str] | None = None,
) -> Catalogue:
    """What the database offers as the source ``name``; ``schemas``: none means the default one.

    ``pinned``: names that operations keep, as ``read_catalogue`` takes them.

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
        in_schema = [*inspector.get_view_names(schema), *dialect.materialized(inspector, schema)]
        prefix = f"{schema}." if schema else ""
        views |= {prefix + view for view in in_schema}
        listed = [*inspector.get_table_names(schema), *in_schema]
        dialect.reflect(connection, metadata, schema, listed)
        unread += [prefix + table for table in listed if prefix + table not in metadata.tables]
    found = read_catalogue(name, metadata, dialect, views=frozenset(views), unread=unread, pinned=pinned)
    return replace(found, model=replace(found.model, digest=_digest(metadata, found.model)))


def _digest(metadata: MetaData, model: SourceModel) -> str:
    """The hash of the tables, columns and keys as they were read, whatever the order they were listed in."""
    lines = [
        f"{table.key}\t{column.name}\t{column.type!r}\t{column.nullable}\t{column.primary_key}\t"
        + ",".join(sorted(key.target_fullname for key in column.foreign_keys))
        for table in metadata.tables.values()
        for column in table.columns
    ]
    # What operations are called is the lock's business: the catalogue is the same whatever that is.
    lines += [
        f"{operation.naming.place if operation.naming is not None else name}\t{sorted(operation.by.items())}"
        for name, operation in model.operations.items()
    ]
    return f"sha256:{sha256(chr(10).join(sorted(lines)).encode()).hexdigest()}"
