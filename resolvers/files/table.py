"""One table: which files it has now, whether they still have its columns, and the SQL that reads them.

What is known of files holds as long as their marks do; another content is looked at before it is read.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolvers.errors import SourceBadResponse
from resolvers.files.copies import Copies
from resolvers.files.finding import Folder, Found
from resolvers.files.scan import Column, Group, Rejects, Scan, name
from resolvers.files.shape import Shape, csv_shape, declared_shape, head

_log = logging.getLogger("isthmus.sources")
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Now:
    """The files of a table at one moment, and a SELECT that reads them."""

    files: tuple[Found, ...]
    select: str


@dataclass(frozen=True, slots=True)
class Broken:
    """Lines of a CSV file that cannot be read: how many, and where the first is, without what stands there."""

    count: int
    first: str

    def __str__(self) -> str:
        return f"{self.count} broken line{'s' if self.count > 1 else ''}, the first: {self.first}"


class FileTable:
    """``columns`` stay as they were when the table was opened. ``required``: those that every file had then."""

    def __init__(
        self,
        source: str,
        name: str,
        folder: Folder,
        pattern: str,
        scan: Scan,
        copies: Copies,
        columns: tuple[Column, ...] = (),
        required: frozenset[str] = frozenset(),
    ) -> None:
        self.name = name
        self.pattern = pattern
        self.scan = scan
        self.columns = columns
        self.required = required
        self._source = source
        self._folder = folder
        self._copies = copies
        self._shapes: dict[Path, tuple[Found, Shape]] = {}
        self._now: Now | None = None
        self._lock = threading.Lock()

    def files(self) -> tuple[Found, ...]:
        """The files there are now.

        Raises:
            SourceUnavailable: there is none, or one leads out of the folder.
        """
        return self._folder.find(self.pattern)

    def now(self, cursor: Any) -> Now:
        """The files and the SELECT that reads them; whatever changed since is looked at.

        Raises:
            SourceUnavailable: a file is not there. SourceBadResponse: one has not the columns of the table.
        """
        files = self.files()
        with self._lock:
            if self._now is None or self._now.files != files:
                self._now = Now(files, self._select(files, cursor))
            return self._now

    def shapes(self, files: Sequence[Found], cursor: Any) -> list[tuple[Found, Path, Shape]]:
        """Of each file that has any content, where it is read, and its columns.

        Raises:
            SourceBadResponse: none has, or one cannot be read as what it is.
        """
        found = []
        for file in files:
            if file.empty:
                continue
            path = self._copies.path(file)
            known = self._shapes.get(file.path)
            shape = known[1] if known is not None and known[0].mark == file.mark else self._shape(file, path, cursor)
            self._shapes[file.path] = (file, shape)
            found.append((file, path, shape))
        if not found:
            raise SourceBadResponse("there is nothing in its files" if len(files) > 1 else "the file is empty")
        return found

    def _shape(self, file: Found, path: Path, cursor: Any) -> Shape:
        if self.scan.format == "csv":
            settings = self.scan.settings
            return csv_shape(head(file, path, settings, self.scan.delimiter), settings, header=self.scan.header)
        return declared_shape(self.scan, cursor, [path], whole=False)

    def _select(self, files: tuple[Found, ...], cursor: Any) -> str:
        again = bool(self._shapes)
        before = {path: found.mark for path, (found, _) in self._shapes.items()}
        shapes = self.shapes(files, cursor)
        known = {column.name for column in self.columns}
        for file, path, shape in shapes:
            missing = sorted(self.required - set(shape.names))
            if missing:
                raise SourceBadResponse(f'{file.shown} has no column "{missing[0]}" any more')
            if again and before.get(file.path) != file.mark:
                self._look(file, path, shape, known, cursor)
        self._shapes = {file.path: (file, shape) for file, _, shape in shapes}
        self._copies.keep(files)
        return self.select(shapes)

    def _look(self, file: Found, path: Path, shape: Shape, known: set[str], cursor: Any) -> None:
        """Tells in the log what of another content is not served."""
        further = [each for each in shape.names if each not in known]
        if further:
            words = "source %s: %s has columns that are not served until the next start: %s"
            _log.warning(words, self._source, file.shown, ", ".join(further))
        if self.scan.format == "csv" and self.scan.settings.broken_lines == "skip":
            broken = self.broken([(file, path, shape)], cursor)
            if broken is not None:
                _log.warning("source %s: table %s: %s; they are left out", self._source, self.name, broken)

    def select(self, shapes: Sequence[tuple[Found, Path, Shape]], *, lenient: bool = False) -> str:
        """The SELECT that reads these files; files with the same columns are read together. ``lenient``: without the
        lines that are broken, whatever is said of them.
        """
        return (self.scan.lenient() if lenient else self.scan).select(self._groups(shapes), self.columns)

    def _groups(self, shapes: Sequence[tuple[Found, Path, Shape]]) -> list[Group]:
        together: dict[tuple[object, ...], list[tuple[Path, Shape]]] = {}
        for _, path, shape in shapes:
            # JSON has its columns by name in every line; how one file is sniffed is nothing to another.
            alike = (shape.names, *shape.types.values()) if self.scan.format != "json" else ()
            together.setdefault(alike, []).append((path, shape))
        groups = []
        for members in together.values():
            shape = members[0][1]
            if self.scan.format == "json":
                shape = Shape(
                    tuple(each.name for each in self.columns), {each.name: each.read for each in self.columns}
                )
            groups.append(shape.group([path for path, _ in members]))
        return groups

    def broken(self, shapes: Sequence[tuple[Found, Path, Shape]], cursor: Any) -> Broken | None:
        """The lines of CSV files that cannot be read: all values of all lines are looked at once."""
        found = [each for group in self._groups(shapes) if (each := self._broken(group, cursor)) is not None]
        if not found:
            return None
        path, line, reason = min(each[1] for each in found)
        shown = {str(path): file.shown for file, path, _ in shapes}.get(path, self.name)
        return Broken(sum(count for count, _ in found), f"{shown} line {line} ({reason.lower()})")

    def _broken(self, group: Group, cursor: Any) -> tuple[int, tuple[str, int, str]] | None:
        number = next(_numbers)
        rejects = Rejects(f"isthmus_rejects_{number}", f"isthmus_scans_{number}")
        # Every column is asked for, or DuckDB would not look at its values.
        counts = ", ".join(f"count({name(column.name)})" for column in self.columns)
        asked = f"SELECT {counts} FROM ({self.scan.select([group], self.columns, rejects)})"  # noqa: S608
        cursor.execute(asked).fetchall()  # until then it has not been read
        told = f"FROM {rejects.table} JOIN {rejects.scans} USING (scan_id, file_id)"
        lines = f"SELECT file_path, line, any_value(error_type) {told} GROUP BY ALL ORDER BY ALL"
        (count,) = cursor.execute(f"SELECT count(*) FROM ({lines})").fetchone()  # noqa: S608  # our own names
        first = cursor.execute(f"{lines} LIMIT 1").fetchone()
        cursor.execute(f"DROP TABLE {rejects.table}")
        cursor.execute(f"DROP TABLE {rejects.scans}")
        return None if first is None else (count, first)
