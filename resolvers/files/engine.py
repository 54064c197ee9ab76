"""DuckDB, shut in: it reads under the paths it was told, loads nothing, and nobody can tell it otherwise later.

What is asked of it is none of this file's business.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from resolvers.files.extra import library
from resolvers.files.finding import Folder
from resolvers.files.scan import text
from resolvers.files.settings import FilesSettings


class Engine:
    """One DuckDB in memory. ``spill``: the folder of its temporary files, removed with it."""

    def __init__(self, folder: Folder, settings: FilesSettings) -> None:
        self.duckdb = library()
        self.spill = Path(tempfile.mkdtemp(prefix="isthmus-files-")).resolve()
        try:
            self._connection = self.duckdb.connect(
                ":memory:",
                config={
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "allow_community_extensions": False,
                    "python_enable_replacements": False,
                    "memory_limit": f"{settings.memory_mb}MB",
                    "threads": settings.threads,
                    "max_temp_directory_size": f"{settings.temp_mb}MB",
                },
            )
            for statement in self._shut(folder):
                self._connection.execute(statement)
        except BaseException:
            shutil.rmtree(self.spill, ignore_errors=True)
            raise

    def _shut(self, folder: Folder) -> list[str]:
        folders = [self.spill] if folder.only is not None else [folder.root, self.spill]
        files = [folder.only.resolve()] if folder.only is not None else []
        return [
            f"SET temp_directory={text(str(self.spill))}",
            f"SET allowed_directories=[{', '.join(text(str(each)) for each in folders)}]",
            f"SET allowed_paths=[{', '.join(text(str(each)) for each in files)}]",
            "SET default_null_order='nulls_first_on_asc_last_on_desc'",
            "SET enable_external_file_cache=false",  # a file may be replaced at any time
            "SET TimeZone='UTC'",
            "SET enable_external_access=false",
            "SET lock_configuration=true",
        ]

    def cursor(self) -> Any:
        """A connection of its own for one thread: what is asked over it can be interrupted alone."""
        return self._connection.cursor()

    def close(self) -> None:
        """Ends it and removes its temporary files."""
        self._connection.close()
        shutil.rmtree(self.spill, ignore_errors=True)
