"""Opening a database that is not asked: by its own file where it is SQLite, else by the catalogue that was kept of it.

What answers is decided by the stage: rows of tables, or statements one by one.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, Executable, Select, TextClause, make_url
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.exc import ArgumentError

from resolvers.documents import DescriptionError
from resolvers.errors import SourceRejected
from resolvers.pinned import Pinned
from resolvers.problem import Problem
from resolvers.source import Call, Context
from resolvers.sql.catalogue import Catalogue, kept_catalogue, reflect
from resolvers.sql.client import SqlSource
from resolvers.sql.dialects import DIALECTS, Address, Database, Dialect, KeyedText, Plain, address
from resolvers.sql.offering import Offering
from resolvers.sql.opening import as_stated, catalogue_in, room_of
from resolvers.sql.played.tables import PlayedDialect, write
from resolvers.sql.recorded import Fetched, Parameters, told, without_replicas
from resolvers.sql.routines import Routines
from resolvers.sql.settings import DatabaseSettings, RowsSettings, TableSettings
from resolvers.sql.writing import offers
from resolvers.stage import Fixture, Stage, Statements

T = TypeVar("T")
_NOWHERE = "it is not played: there is no database"


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a database that is not asked. ``known``: as its own dialect reads it."""

    known: Catalogue
    routines: Routines
    dialect: Dialect
    where: Address


async def open_played(
    name: str,
    settings: DatabaseSettings,
    base: Path,
    pinned: Mapping[str, str] | None = None,
    keep: Path | None = None,
    *,
    stage: Stage,
    described: Pinned | None = None,
) -> SqlSource:
    """The source by what is known of its catalogue; nothing is connected to but files of this machine.

    ``described``: the catalogue as it was pulled.

    Raises:
        DescriptionError: nothing is known of it. ConfigurationError: what is stated of tables, or the rows that stand
            for theirs, do not fit them.
    """
    settings = without_replicas(settings)
    found = await _known(name, settings, base, pinned, keep, described)
    unasked = found.dialect.open(found.where, concurrency=1, timeout_s=1.0)
    return await played(name, settings, settings.tables, unasked, found.known, found.routines, pinned, stage=stage)


async def played(
    name: str,
    settings: RowsSettings,
    stated: Mapping[str, TableSettings],
    unasked: Database,
    known: Catalogue,
    routines: Routines,
    pinned: Mapping[str, str] | None,
    *,
    stage: Stage,
) -> SqlSource:
    """A source of a known catalogue, answered by rows of its tables or statement by statement. ``stated``: of tables;
    ``unasked``: the database that is not asked, whose way of writing statements is taken.

    Raises:
        ConfigurationError: as ``open_played``.
    """
    fixture = stage.tables(name)
    if fixture is None:
        changes = offers(known) if settings.writes else None
        return SqlSource(known, settings, PlayedDatabase(unasked, stage, name), changes, None, routines)
    try:
        spoken = PlayedDatabase(unasked, stage, name)
        return await _by_tables(name, settings, stated, known, routines, pinned, spoken, fixture)
    except BaseException:
        await unasked.close()
        raise


async def _by_tables(
    name: str,
    settings: RowsSettings,
    stated: Mapping[str, TableSettings],
    known: Catalogue,
    routines: Routines,
    pinned: Mapping[str, str] | None,
    spoken: PlayedDatabase,
    fixture: Fixture,
) -> SqlSource:
    """``spoken``: answers statements that are not ours, as their own database spells them."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="isthmus-scene-"))
    database: Database | None = None
    try:
        path = folder / "tables.sqlite"
        await asyncio.to_thread(write, path, known, fixture, name)
        dialect = PlayedDialect()
        where = dialect.address(URL.create("sqlite", database=str(path)), folder)
        database = dialect.open(
            where, concurrency=settings.concurrency, timeout_s=settings.timeout_s, writes=bool(settings.writes)
        )
        reflected = await database.run(partial(reflect, schemas=(), dialect=dialect))
        # A key that is stated is the key of the file's table.
        unsearched = {key: each.model_copy(update={"search": None, "key": None}) for key, each in stated.items()}
        as_played = as_stated(name, reflected, unsearched, dialect, pinned)
        changes = offers(as_played) if settings.writes else None
        both = _Both(database, spoken)
        return _Temporary(as_played, settings, both, changes, None, routines, folder=folder)
    except BaseException:
        if database is not None:
            await database.close()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        raise


async def _known(
    name: str,
    settings: DatabaseSettings,
    base: Path,
    pinned: Mapping[str, str] | None,
    keep: Path | None,
    described: Pinned | None,
) -> _Known:
    dialect, where, there = _address(settings.database.get_secret_value(), base)
    reflected = None if described is None else catalogue_in(described, settings, dialect).reflected
    if there and reflected is None:
        opened = dialect.open(where, concurrency=1, timeout_s=settings.timeout_s)
        try:
            reflected = await opened.run(partial(reflect, schemas=settings.schemas, dialect=dialect))
        finally:
            await opened.close()
    room = room_of(name, settings, where, keep)
    if reflected is None and room is not None:
        reflected = await asyncio.to_thread(kept_catalogue(room, dialect.types).load, anyhow=True)
    if reflected is None:
        what = "the database is not asked here, and no catalogue of it is kept"
        mend = f"run isthmus pull {name} once where it can be reached, or isthmus check, which keeps it in .isthmus"
        raise DescriptionError(Problem(what, ("database",), mend))
    known = as_stated(name, reflected, settings.tables, dialect, pinned)
    model = offers(known).model if settings.writes else known.model
    spoken = dialect.open(where, concurrency=1, timeout_s=1.0)
    try:
        offering = Offering(settings, dialect, room)
        if described is None:
            routines = await offering.kept(spoken, known, model)
        else:
            routines = offering.pinned(described, spoken, known, model)
    finally:
        await spoken.close()
    return _Known(known, routines, dialect, where)


def _address(text: str, base: Path) -> tuple[Dialect, Address, bool]:
    """The dialect and the address of a URL, and whether a file lies there that can be looked at.

    Raises:
        DescriptionError: it is not the URL of a database that is supported.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    local = next((each for each in DIALECTS if not each.replicated), None)
    if url is not None and local is not None and url.drivername in local.drivers:
        try:
            return local, local.address(url, base), True
        except DescriptionError:
            return local, Address(url), False  # the file need not be here: its catalogue may be kept
    dialect, where = address(text, base)
    return dialect, where, False


class PlayedDatabase:
    """Answers every statement by what the stage has. ``spoken`` alone is taken from a database; it is never asked."""

    by_text = False
    keys_together = False

    def __init__(self, unasked: Database, stage: Stage, source: str) -> None:
        self._unasked = unasked
        self._statements: Statements = stage.statements(source)

    @property
    def spoken(self) -> SqlDialect:
        """As ``Database.spoken``."""
        return self._unasked.spoken

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:  # noqa: ARG002  # the protocol's
        """As ``Database.text``."""
        return None

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:  # noqa: ARG002  # the protocol's
        """As ``Database.ask``.

        Raises:
            SourceRejected: the stage has no answer.
        """
        text, values = told(query, self.spoken)
        return self._statements.answer(text, [value for _, value in values]).rows

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:  # noqa: ARG002  # the protocol's
        """As ``Database.change``; its statements are answered one by one.

        Raises:
            SourceRejected: the stage has no answer.
        """
        return work(cast("Connection", self.unasked))

    @property
    def unasked(self) -> _Unasked:
        """The connection of a change, whose statements are answered one by one."""
        return _Unasked(self._statements, self.spoken)

    async def run(self, work: Callable[[Connection], T]) -> T:  # noqa: ARG002  # the protocol's
        """As ``Database.run``."""
        raise SourceRejected(_NOWHERE)

    async def close(self) -> None:
        """As ``Database.close``."""
        await self._unasked.close()


class _Unasked:
    """A connection of a change, whose statements the stage answers."""

    def __init__(self, statements: Statements, dialect: SqlDialect) -> None:
        self._statements = statements
        self.dialect = dialect

    def execute(self, query: Executable, parameters: Parameters = None) -> Fetched:
        text, values = told(query, self.dialect, parameters)
        return Fetched(self._statements.answer(text, [value for _, value in values]))


class _Split:
    """A connection of a change of tables, in which a text that is not ours is answered by the stage."""

    def __init__(self, connection: Connection, unasked: _Unasked) -> None:
        self._connection = connection
        self._unasked = unasked
        self.dialect = connection.dialect

    def execute(self, query: Executable, parameters: Parameters = None) -> Any:
        if isinstance(query, TextClause):
            return self._unasked.execute(query, parameters)
        return self._connection.execute(query, parameters)


class _Both:
    """Tables are asked in a database of their own; a text that is not ours is answered by the stage."""

    def __init__(self, database: Database, played: PlayedDatabase) -> None:
        self._database = database
        self._played = played
        self.by_text = database.by_text
        self.keys_together = database.keys_together

    @property
    def spoken(self) -> SqlDialect:
        return self._database.spoken

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:
        return self._database.text(query, keys=keys)

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        asked: Database = self._played if isinstance(query, TextClause) else self._database
        return await asked.ask(query, budget)

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        def both(connection: Connection) -> T:
            return work(cast("Connection", _Split(connection, self._played.unasked)))

        return await self._database.change(both, budget)

    async def run(self, work: Callable[[Connection], T]) -> T:
        return await self._database.run(work)

    async def close(self) -> None:
        await self._database.close()
        await self._played.close()


class _Temporary(SqlSource):
    """A source whose database is gone when it is closed. Its model is that of the database that it stands for."""

    def __init__(self, *parts: Any, folder: Path) -> None:
        super().__init__(*parts)
        self._folder = folder
        self._answerable = self._ways.keys() | self._catalogue.access.keys()

    async def execute(self, call: Call, context: Context) -> object:
        """As ``SqlSource.execute``.

        Raises:
            SourceRejected: besides: the operation is none that rows of tables answer.
        """
        operation = self.model.operations.get(call.operation)
        reads = call.operation if operation is None else operation.connection_of or operation.aggregate_of
        if call.operation not in self._answerable and reads not in self._answerable:
            raise SourceRejected(f"{call.operation} cannot be played by rows of tables")
        return await super().execute(call, context)

    async def close(self) -> None:
        """As ``SqlSource.close``."""
        await super().close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
