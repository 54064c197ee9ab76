"""Reading the catalogue of a connected database: which tables and views there are, as SQLAlchemy's ``MetaData``.

What becomes of them is decided in ``tables.py``.
"""

from __future__ import annotations

import warnings

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.exc import SAWarning

from resolvers.documents import DescriptionError
from resolvers.problem import Problem
from resolvers.sql.catalogue.reflected import Reflected
from resolvers.sql.dialects import Dialect

_UNREADABLE = "the database does not let it be read"


def reflect(connection: Connection, schemas: tuple[str, ...], dialect: Dialect) -> Reflected:
    """What the database says of its tables and views; ``schemas``: none means the default one.

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
    unread: dict[str, str] = {}
    for wanted in dict.fromkeys(schemas or (default,)):
        if wanted is not None and wanted not in known:
            raise DescriptionError(
                Problem(f'the database has no schema "{wanted}"', where=("schemas",), mend="correct its name")
            )
        schema = None if wanted == default else wanted
        prefix = f"{schema}." if schema else ""
        in_schema = [*inspector.get_view_names(schema), *dialect.materialized(inspector, schema)]
        views |= {prefix + view for view in in_schema}
        aside = dialect.aside(connection, wanted)
        listed = [name for name in (*inspector.get_table_names(schema), *in_schema) if name not in aside]
        dialect.reflect(connection, metadata, schema, listed)
        unread |= {prefix + name: reason for name, reason in aside.items()}
        unread |= {prefix + table: _UNREADABLE for table in listed if prefix + table not in metadata.tables}
    return Reflected(metadata, frozenset(views), unread)
