"""Opening files: tables are found, their columns and types told, and the source made that answers calls.

A table whose files cannot be read is left out with its reason, and the others are served.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
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
from resolvers.files.finding import Folder, Wanted, discovered, folder_of, named
from resolvers.files.kept import KeptTable, KeptTables, read_tables, written_tables
from resolvers.files.looking import Looking, Told
from resolvers.files.scan import Column
from resolvers.files.settings import FilesSettings, FileTableSettings
from resolvers.files.table import FileTable
from resolvers.files.types import form_of
from resolvers.model import SourceModel
from resolvers.pinned import Pinned, Pulled
from resolvers.problem import ConfigurationError, Problem
from resolvers.sql import SqlSource
from resolvers.sql.catalogue import Catalogue, Reflected, declare, read_catalogue
from resolvers.sql.dialects import Database
from resolvers.sql.played import played
from resolvers.sql.recorded import RecordedDatabase
from resolvers.sql.routines import Routines
from resolvers.stage import Stage

TABLES = "tables"
_LEFT_OUT = "it could not be served when it was pulled"
_log = logging.getLogger("isthmus.sources")


async def open_files(
    source: str,
    settings: FilesSettings,
    base: Path,
    pinned: Mapping[str, str] | None = None,
    keep: Path | None = None,
    *,
    stage: Stage | None = None,
    described: Pinned | None = None,
    pulled: Pulled | None = None,
) -> SqlSource:
    """Finds the files, tells what they hold, and makes the source ready to be called.

    ``base``: the folder that a relative path starts at. ``pinned``: as of a database. ``keep``: the folder where what
    is known of tables is kept; one whose files are away is served by that, and its calls fail until they are back.
    ``stage``: writes down what the files answer, or answers in their place.
    ``described``: what was pulled of the tables, in whose place nothing is looked at. ``pulled``: takes down what is
    found.

    Raises:
        DescriptionError: there is nothing at the path. ConfigurationError: what is stated does not fit the files, or
            the library is not installed.
    """
    folder = await asyncio.to_thread(folder_of, settings.files, base, there=described is None)
    engine = await asyncio.to_thread(Engine, folder, settings)
    try:
        opening = _Opening(source, settings, folder, engine, KeptTables(keep, source, folder, settings))
        if described is None:
            await asyncio.to_thread(opening.look)
        else:
            await asyncio.to_thread(opening.pinned, described)
        if pulled is not None:
            pulled.put(TABLES, opening.written())
        known = opening.catalogue(pinned)
    except BaseException:
        engine.close()
        raise
    tables = {each.table.name: each.table for each in opening.told}
    database: Database = FilesDatabase(engine, tables, concurrency=settings.concurrency)
    if stage is not None and stage.plays:
        routines = Routines(known.model, {})
        return await played(source, settings, settings.tables, database, known, routines, pinned, stage=stage)
    if stage is not None:
        database = RecordedDatabase(database, stage.statements(source))
    return SqlSource(known, settings, database)


class _Opening:
    def __init__(self, source: str, settings: FilesSettings, folder: Folder, engine: Engine, kept: KeptTables) -> None:
        self._kept = kept
        self._source = source
        self._settings = settings
        self._folder = folder
        self._engine = engine
        self.told: list[Told] = []
        self._left_out: dict[str, str] = {}

    def look(self) -> None:
        """Looks at all files.

        Raises:
            ConfigurationError: what is stated does not fit them.
        """
        wanted = self._wanted()
        self._left_out |= wanted.left_out
        looking = Looking(self._source, self._settings, self._folder, self._engine)
        kept = self._kept.load()
        cursor = self._engine.cursor()
        try:
            for table, pattern in wanted.patterns.items():
                settings = self._settings.tables.get(table, FileTableSettings())
                try:
                    self.told.append(looking.look(table, pattern, settings, cursor))
                except SourceError as error:
                    self._without(table, pattern, error, kept.get(table))
                except self._engine.duckdb.Error as error:
                    self._without(table, pattern, failure(self._engine.duckdb, error, ()), kept.get(table))
        finally:
            cursor.close()
        if looking.problems:
            raise ConfigurationError(looking.problems)
        self._kept.save(each.table for each in self.told)

    def written(self) -> bytes:
        """What was found, to be pulled."""
        return written_tables((each.table for each in self.told), self._settings.tables, self._left_out)

    def pinned(self, described: Pinned) -> None:
        """Takes all tables from what was pulled.

        Raises:
            ConfigurationError: something else is stated of them than then.
        """
        copy = described.catalogue(TABLES)
        try:
            found, left_out = read_tables(copy.content, self._settings.tables)
        except ValueError as error:
            raise described.outgrown(f"what was pulled as {copy.path.name} cannot be read") from error
        stated = self._settings.tables
        others = [name for name, each in found.items() if not each.alike or (stated and name not in stated)]
        others += [name for name in stated if name not in found and name not in left_out]
        self._left_out |= dict.fromkeys(left_out, _LEFT_OUT)
        if others:
            raise described.outgrown(f"something else is stated since it was pulled: of {', '.join(others)}")
        for name, each in found.items():
            self.told.append(Told(self._known(name, each.path, each.table)))

    def _known(self, table: str, pattern: str, kept: KeptTable) -> FileTable:
        settings = self._settings.tables.get(table, FileTableSettings())
        scan = kept.scan(settings)
        copies = Copies(self._engine.spill, settings.encoding if scan.format == "csv" else "utf-8")
        required = frozenset(kept.required)
        return FileTable(self._source, table, self._folder, pattern, scan, copies, kept.made(), required)

    def _without(self, table: str, pattern: str, error: SourceError, kept: KeptTable | None) -> None:
        """Serves a table that cannot be looked at by what was known of it; leaves it out where that is nothing."""
        if kept is not None:
            made = self._known(table, pattern, kept)
            sign = f"{error.detail}; what was known of it is served"
            _log.warning("source %s: table %s: %s", self._source, table, sign)
            self.told.append(Told(made, [sign]))
            return
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
            key: replace(operation, evidence=signs.get(operation.place.pointer, ()))
            if operation.rows is not None
            else operation
            for key, operation in model.operations.items()
        }
        return replace(model, operations=operations)


def _column(column: Column) -> SqlColumn[Any]:
    form = form_of(column.type)
    info = {DEGRADED: form.degraded} if form.degraded else {}
    return SqlColumn(quoted_name(column.name, quote=True), form.type, info=info)
