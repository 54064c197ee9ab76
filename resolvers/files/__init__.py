"""Files as tables: CSV, Parquet and JSON lines of a folder, read by DuckDB and asked like a database.

Import from here.
"""

from resolvers.files.opening import open_files
from resolvers.files.settings import FilesSettings

__all__ = ["FilesSettings", "open_files"]
