"""Looking at one table before it is served: its columns, their types, and what all of its rows say.

What is found out is told as signs for readers; what cannot be served is the caller's to leave out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolvers.errors import SourceBadResponse
from resolvers.files.copies import Copies
from resolvers.files.engine import Engine
from resolvers.files.failures import failure
from resolvers.files.finding import Folder, Found, format_of_all
from resolvers.files.profile import Profile, stated_scale
from resolvers.files.scan import Column, Scan, name
from resolvers.files.settings import FilesSettings, FileTableSettings
from resolvers.files.shape import Head, Shape, declared_shape, head, looks_like_a_row
from resolvers.files.table import FileTable
from resolvers.files.types import form_of, read_as, stated_type, word
from resolvers.problem import Problem, nearest

_log = logging.getLogger("isthmus.sources")
_LOOKS_LIKE_A_ROW = "its first line looks like a row: say header: true or header: false"


@dataclass(slots=True)
class Told:
    """One table, and what is to be told of it (``signs``)."""

    table: FileTable
    signs: list[str] = field(default_factory=list)


class Looking:
    """Looks at the tables of one source. ``problems``: of what is stated and does not fit the files."""

    def __init__(self, source: str, settings: FilesSettings, folder: Folder, engine: Engine) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._settings = settings
        self._folder = folder
        self._engine = engine

    def look(self, table: str, pattern: str, settings: FileTableSettings, cursor: Any) -> Told:
        """The table, and what is to be told of it.

        Raises:
            SourceError: its files cannot be read as what they are. Exception: of the library, likewise.
        """
        files = self._folder.find(pattern)
        format_ = format_of_all(files)
        if format_ != "csv":
            self._refuse_csv_words(table, settings, format_)
        copies = Copies(self._engine.spill, settings.encoding if format_ == "csv" else "utf-8")
        scan, signs = Scan(format_, settings), []
        if format_ == "csv":
            scan = self._csv(files, copies, settings)
            signs.append(f"fields are parted by {scan.delimiter!r}" + ("" if scan.header else "; there is no header"))
        made = FileTable(self._source, table, self._folder, pattern, scan, copies)
        shapes = made.shapes(files, cursor)
        made.columns = self._columns(made, shapes, settings, cursor)
        counts = Counter(each for _, _, shape in shapes for each in shape.names)
        made.required = frozenset(each for each, count in counts.items() if count == len(shapes) and format_ != "json")
        signs += [f"{file.shown}: {renamed}" for file, _, shape in shapes for renamed in shape.renamed]
        if format_ != "json":
            signs += [
                f"{column} is in {count} of {len(shapes)} files, and null elsewhere"
                for column, count in counts.items()
                if count < len(shapes)
            ]
        signs.append("columns: " + ", ".join(f"{column.name} {word(column.type)}" for column in made.columns))
        signs += [f"{file.shown} is empty" for file in files if file.empty]
        signs += self._verified(made, shapes, settings, cursor)
        return Told(made, [f"{len(files)} file{'s' if len(files) > 1 else ''} ({pattern})", *signs])

    def _refuse_csv_words(self, table: str, settings: FileTableSettings, format_: str) -> None:
        words = {"delimiter", "quote", "header", "columns", "skip", "encoding", "decimal", "nulls", "broken_lines"}
        for said in sorted(words & settings.model_fields_set):
            what = f"{said} is said of CSV files, and those of {table} are {format_}"
            self.problems.append(Problem(what, ("tables", table, said), "leave it out"))

    def _csv(self, files: Sequence[Found], copies: Copies, settings: FileTableSettings) -> Scan:
        first = next((file for file in files if not file.empty), files[0])
        found: Head = head(first, copies.path(first), settings, settings.delimiter)
        if settings.header is None and looks_like_a_row(found.fields):
            raise SourceBadResponse(_LOOKS_LIKE_A_ROW)
        return Scan("csv", settings, found.delimiter, header=settings.header is not False)

    def _columns(
        self,
        table: FileTable,
        shapes: Sequence[tuple[Found, Path, Shape]],
        settings: FileTableSettings,
        cursor: Any,
    ) -> tuple[Column, ...]:
        """The columns of all files, with their types by their values or as they are stated."""
        scan = table.scan
        names = list(dict.fromkeys(each for _, _, shape in shapes for each in shape.names))
        declared: Mapping[str, str] = {}
        if scan.format != "csv":
            declared = declared_shape(scan, cursor, [path for _, path, _ in shapes], whole=True).types
            names = list(declared)
        self._unknown(table.name, names, settings)
        table.columns = tuple(Column(each, "VARCHAR", "VARCHAR") for each in names)
        profile = Profile(cursor, table.select(shapes, lenient=True), settings, self._settings.sample_rows)
        stated = {
            each: stated_type(to, stated_scale(profile, each, to))
            for each, to in settings.types.items()
            if each in names
        }
        if scan.format == "csv":
            types = {**profile.told([each for each in names if each not in stated]), **stated}
            return tuple(Column(each, types[each], read_as(types[each]), each not in stated) for each in names)
        columns = []
        small = profile.small([each for each in names if scan.format == "json" and declared[each] == "BIGINT"])
        for each in names:
            type_ = stated.get(each, "INTEGER" if each in small else declared[each])
            if scan.format == "json" and each not in stated and form_of(type_).degraded:
                type_ = "JSON"  # all that is inside, and not only what was there when it was looked at
            read = "VARCHAR" if each in stated and type_ != "JSON" else "BIGINT" if each in small else type_
            columns.append(Column(each, type_, read))
        return tuple(columns)

    def _unknown(self, table: str, names: Sequence[str], settings: FileTableSettings) -> None:
        for column in settings.types:
            if column not in names:
                what = f'"{table}" has no column "{column}"'
                self.problems.append(Problem(what, ("tables", table, "types", column), nearest(column, names)))

    def _verified(
        self,
        table: FileTable,
        shapes: Sequence[tuple[Found, Path, Shape]],
        settings: FileTableSettings,
        cursor: Any,
    ) -> list[str]:
        """What all rows say: how many there are, which cannot be read, and whether a key tells them apart."""
        signs = []
        try:
            broken = table.broken(shapes, cursor) if table.scan.format == "csv" else None
            if broken is not None:
                end = "they are left out" if settings.broken_lines == "skip" else "a query that meets one fails"
                signs.append(self._warned(table, f"{broken}; {end}"))
            if broken is None or settings.broken_lines == "skip":
                signs += self._keyed(table, table.select(shapes), settings, cursor)
        except self._engine.duckdb.Error as error:
            reason = failure(self._engine.duckdb, error, [file for file, _, _ in shapes]).detail
            signs.append(self._warned(table, f"{reason}; a query that meets that fails"))
        return signs

    def _warned(self, table: FileTable, sign: str) -> str:
        _log.warning("source %s: table %s: %s", self._source, table.name, sign)
        return sign

    def _keyed(self, table: FileTable, select: str, settings: FileTableSettings, cursor: Any) -> list[str]:
        (rows,) = cursor.execute(f"SELECT count(*) FROM ({select})").fetchone()  # noqa: S608  # names are quoted
        signs = [f"{rows} row{'s' if rows != 1 else ''}"]
        known = {column.name for column in table.columns}
        if settings.key is not None and known.issuperset(settings.key):
            key = ", ".join(name(each) for each in settings.key)
            several = f"SELECT 1 FROM ({select}) GROUP BY {key} HAVING count(*) > 1"  # noqa: S608
            (count,) = cursor.execute(f"SELECT count(*) FROM ({several})").fetchone()  # noqa: S608
            if count:
                what = f"the key {', '.join(settings.key)} is not unique: {count} of its values have several rows"
                signs.append(self._warned(table, what))
        return signs
