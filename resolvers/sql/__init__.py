"""SQL sources: tables and views of SQLite, PostgreSQL, MariaDB and MySQL, described by their own catalogues.

Import from here.
"""

from resolvers.sql.client import SqlSource
from resolvers.sql.opening import open_database
from resolvers.sql.played import open_played
from resolvers.sql.settings import DatabaseSettings, RowsSettings, TableSettings

__all__ = ["DatabaseSettings", "RowsSettings", "SqlSource", "TableSettings", "open_database", "open_played"]
