"""Opening files: tables are found, their columns and types told, and the source made that answers calls.

A table whose files cannot be read is left out with its reason, and the others are served.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import MetaData, Table
from sqlalchemy.sql import quoted_name

from resolvers.errors import SourceError
from resolvers.files.copies import Copies
from resolvers.files.database import FilesDatabase
from resolvers.files.dialect import DEGRADED, DuckDb
from resolvers.files.engine import Engine
from resolvers.files.failures import failure
from resolvers.files.finding import Folder, Found, Wanted, discovered, folder_of, format_of_all, named
from resolvers.files.profile import Profile, stated_scale
from resolvers.files.scan import Column, Scan, name
from resolvers.files.settings import FilesSettings, FileTableSettings
from resolvers.files.shape import Head, Shape, declared_shape, head, looks_like_a_row
from resolvers.files.table import FileTable
from resolvers.files.types import form_of, read_as, stated_type
from resolvers.model import SourceModel
from resolvers.problem import ConfigurationError, Problem, nearest
from resolvers.sql import SqlSource
from resolvers.sql.catalogue import Catalogue, Reflected, declare, read_catalogue

_log = logging.getLogger("isthmus.sources")
_LOOKS_LIKE_A_ROW = "its first line looks like a row: say header: true or header: false"


async def open_files(
    source: str, settings: FilesSettings, base: Path, pinned: Mapping[str, str] | None = None
) -> SqlSource:
    """Finds the files, tells what they hold, and makes the source ready to be called.

    ``base``: the folder that a relative path starts at. ``pinned``: as of a database.

    Raises:
        DescriptionError: there is nothing at the path. ConfigurationError: what is stated does not fit the files, or
            the library is not installed.
    """
    folder = await asyncio.to_thread(folder_of, settings.files, base)
    engine = await asyncio.to_thread(Engine, folder, settings)
    try:
        opening = _Opening(source, settings, folder, engine)
        await asyncio.to_thread(opening.look)
        known = opening.catalogue(pinned)
    except BaseException:
        engine.close()
        raise
    tables = {each.table.name: each.table for each in opening.told}
    return SqlSource(known, settings, FilesDatabase(engine, tables, concurrency=settings.concurrency))


@dataclass(slots=True)
class _Told:
    """One table, and what is to be told of it (``signs``)."""

    table: FileTable
    signs: list[str] = field(default_factory=list)


class _Opening:
    def __init__(self, source: str, settings: FilesSettings, folder: Folder, engine: Engine) -> None:
        self._source = source
        self._settings = settings
        self._folder = folder
        self._engine = engine
        self.told: list[_Told] = []
        self._left_out: dict[str, str] = {}
        self._problems: list[Problem] = []

    def look(self) -> None:
        """Looks at all files.

        Raises:
            ConfigurationError: what is stated does not fit them.
        """
        wanted = self._wanted()
        self._left_out |= wanted.left_out
        cursor = self._engine.cursor()
        try:
            for table, pattern in wanted.patterns.items():
                settings = self._settings.tables.get(table, FileTableSettings())
                try:
                    self.told.append(self._look(table, pattern, settings, cursor))
                except SourceError as error:
                    self._leave_out(table, error)
                except self._engine.duckdb.Error as error:
                    self._leave_out(table, failure(self._engine.duckdb, error, ()))
        finally:
            cursor.close()
        if self._problems:
            raise ConfigurationError(self._problems)

    def _leave_out(self, table: str, error: SourceError) -> None:
        _log.warning("source %s: table %s is left out: %s", self._source, table, error.detail)
        self._left_out[table] = error.detail

    def _wanted(self) -> Wanted:
        if not self._settings.tables:
            return discovered(self._folder)
        wanted = Wanted()
        for table, settings in self._settings.tables.items():
            same = next((each for each in wanted.patterns if each.casefold() == table.casefold()), None)
            if same is not None:
                what = f'"{table}" differs from "{same}" in case alone'
                raise ConfigurationError([Problem(what, ("tables", table), "name it otherwise")])
            if settings.path is not None and self._folder.only is not None:
                what = "files names one file, which is the table"
                raise ConfigurationError([Problem(what, ("tables", table, "path"), "leave it out, or name the folder")])
            wanted.patterns[table] = settings.path or named(self._folder, table)
        return wanted

    def _look(self, table: str, pattern: str, settings: FileTableSettings, cursor: Any) -> _Told:
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
        signs.append("columns: " + ", ".join(f"{column.name} {column.type}" for column in made.columns))
        signs += [f"{file.shown} is empty" for file in files if file.empty]
        signs += self._verified(made, shapes, settings, cursor)
        return _Told(made, [f"{len(files)} file{'s' if len(files) > 1 else ''} ({pattern})", *signs])

    def _refuse_csv_words(self, table: str, settings: FileTableSettings, format_: str) -> None:
        words = {"delimiter", "quote", "header", "columns", "skip", "encoding", "decimal", "nulls", "broken_lines"}
        for word in sorted(words & settings.model_fields_set):
            what = f"{word} is said of CSV files, and those of {table} are {format_}"
            self._problems.append(Problem(what, ("tables", table, word), "leave it out"))

    def _csv(self, files: Sequence[Found], copies: Copies, settings: FileTableSettings) -> Scan:
        first = next((file for file in files if not file.empty), files[0])
        found: Head = head(first, copies.path(first), settings, settings.delimiter)
        if settings.header is None and looks_like_a_row(found.fields):
            raise SourceError(_LOOKS_LIKE_A_ROW)
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
            declared = declared_shape(scan, cursor, [path for _, path, _ in shapes]).types
            names = list(declared)
        self._unknown(table.name, names, settings)
        table.columns = tuple(Column(each, "VARCHAR", "VARCHAR") for each in names)
        text = table.select(shapes) if scan.format != "parquet" else ""
        profile = Profile(cursor, text or table.select(shapes), settings, self._settings.sample_rows)
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
                self._problems.append(Problem(what, ("tables", table, "types", column), nearest(column, names)))

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
                signs.append(f"{broken}; {end}")
            if broken is None or settings.broken_lines == "skip":
                signs += self._keyed(table, table.select(shapes), settings, cursor)
        except self._engine.duckdb.Error as error:
            signs.append(f"{failure(self._engine.duckdb, error, [file for file, _, _ in shapes]).detail}: queries fail")
        for sign in signs:
            if not sign.endswith("rows"):
                _log.warning("source %s: table %s: %s", self._source, table.name, sign)
        return signs

    def _keyed(self, table: FileTable, select: str, settings: FileTableSettings, cursor: Any) -> list[str]:
        (rows,) = cursor.execute(f"SELECT count(*) FROM ({select})").fetchone()  # noqa: S608  # names are quoted
        signs = [f"{rows} rows"]
        known = {column.name for column in table.columns}
        if settings.key is not None and known.issuperset(settings.key):
            key = ", ".join(name(each) for each in settings.key)
            several = f"SELECT 1 FROM ({select}) GROUP BY {key} HAVING count(*) > 1"  # noqa: S608
            (count,) = cursor.execute(f"SELECT count(*) FROM ({several})").fetchone()  # noqa: S608
            if count:
                signs.append(
                    f"the key {', '.join(settings.key)} is not unique: {count} of its values have several rows"
                )
        return signs

    def catalogue(self, pinned: Mapping[str, str] | None) -> Catalogue:
        """What was told, as the catalogue of a database.

        Raises:
            ConfigurationError: keys or references do not fit.
        """
        metadata = MetaData()
        for each in self.told:
            Table(quoted_name(each.table.name, quote=True), metadata, *(_column(c) for c in each.table.columns))
        stated = {table: self._settings.tables[table] for table in self._served() if table in self._settings.tables}
        unread = dict(self._left_out)
        for table, settings in stated.items():
            gone = [each for each in settings.references if each.table in self._left_out]
            if gone:
                unread[f"{table}.references"] = f'"{gone[0].table}" is left out'
                kept = tuple(each for each in settings.references if each not in gone)
                stated[table] = settings.model_copy(update={"references": kept})
        metadata, problems = declare(metadata, stated)
        if problems:
            raise ConfigurationError(problems)
        keyed = frozenset(table for table, settings in stated.items() if settings.key is not None)
        reflected = Reflected(metadata, frozenset(), unread)
        known = read_catalogue(self._source, reflected, DuckDb(), pinned, keyed, kind="files")
        return replace(known, model=self._signed(known.model))

    def _served(self) -> list[str]:
        return [each.table.name for each in self.told]

    def _signed(self, model: SourceModel) -> SourceModel:
        """The model whose lists say how their files are read."""
        signs = {each.table.name: tuple(each.signs) for each in self.told}
        operations = {
            key: replace(operation, evidence=signs[operation.naming.place])
            if operation.naming is not None and operation.naming.place in signs
            else operation
            for key, operation in model.operations.items()
        }
        return replace(model, operations=operations)


def _column(column: Column) -> SqlColumn[Any]:
    form = form_of(column.type)
    info = {DEGRADED: form.degraded} if form.degraded else {}
    return SqlColumn(quoted_name(column.name, quote=True), form.type, info=info)
