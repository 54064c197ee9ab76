"""SQLite: a file, read in threads."""

from resolvers.sql.dialects.sqlite.dialect import Sqlite

__all__ = ["Sqlite"]
