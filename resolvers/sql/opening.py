"""Opening a database: its catalogue is read, or taken from what was kept while the database is away.

How calls are answered is ``client.py``'s business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from resolvers.documents import DescriptionAway, DescriptionError
from resolvers.pinned import Pinned, Pulled
from resolvers.problem import ConfigurationError, Problem
from resolvers.sql.catalogue import (
    Catalogue,
    PinnedCatalogue,
    Reflected,
    declare,
    kept_catalogue,
    read_catalogue,
    read_written,
    reflect,
    searches,
    written_catalogue,
)
from resolvers.sql.client import SqlSource
from resolvers.sql.dialects import Address, Database, Dialect, Replica, Replicas, address, is_away, reason
from resolvers.sql.offering import Offering, unpinned
from resolvers.sql.reading import trial
from resolvers.sql.recorded import RecordedDatabase, without_replicas
from resolvers.sql.remembered import Remembered, Room
from resolvers.sql.routines import Routines
from resolvers.sql.settings import DatabaseSettings, TableSettings
from resolvers.sql.writing import Offers, no_offers, offers
from resolvers.stage import Stage
from resolvers.tally import ReplicaTally, Standing

_log = logging.getLogger("isthmus.sources")
CATALOGUE = "catalogue"
_CATALOGUE_S = 60.0
_REPLICA_S = 2.0
_AWAY = "the database cannot be reached; what was known of it is served"
_GIVES_NOTHING_BACK = "this server does not give back the rows that it inserts (INSERT … RETURNING): nothing is written"
_CHANGED = "the database has changed since its catalogue was kept: start again to serve it as it is"
_OUTGROWN = "the database no longer fits what is stated of it ({}); what was known of it is served"


async def open_database(
    name: str,
    settings: DatabaseSettings,
    base: Path,
    pinned: Mapping[str, str] | None = None,
    keep: Path | None = None,
    *,
    fresh: bool = False,
    standing: Standing | None = None,
    stage: Stage | None = None,
    described: Pinned | None = None,
    pulled: Pulled | None = None,
) -> SqlSource:
    """Connects, reads the catalogue once, and makes the source ready to be called.

    ``base``: the folder that relative SQLite paths start at. ``pinned``: a table, or a table and the columns of a key
    (``orders by id``) → the name that its operation keeps. ``keep``: the folder where the catalogue is kept; a database
    that cannot be reached is served by what lies there, and its calls fail until it is back. ``fresh``: not by that.
    ``stage``: writes down what the database answers; copies are not read then. ``described``: its catalogue as it was
    pulled, in whose place nothing is asked. ``pulled``: takes down what is read.

    Raises:
        DescriptionError: the URL is not one of a database that is supported, the database cannot be reached, or a
            schema is not there. DescriptionAway: it cannot be reached now. ConfigurationError: what is stated of tables
            does not fit them.
    """
    dialect, where = address(settings.database.get_secret_value(), base)
    writes = bool(settings.writes)
    database = dialect.open(where, concurrency=settings.concurrency, timeout_s=settings.timeout_s, writes=writes)
    if stage is not None:
        database, settings = RecordedDatabase(database, stage.statements(name)), without_replicas(settings)
    room = room_of(name, settings, where, keep)
    kept = None if room is None else kept_catalogue(room, dialect.types)
    offering = Offering(settings, dialect, room, pulled)
    replicas = _replicas(name, settings, dialect, database, base, standing or Standing())
    opening = _Opening(
        name,
        settings,
        dialect,
        database,
        kept,
        pinned,
        offering,
        replicas,
        fresh=fresh,
        password=where.url.password or "",
        pulled=pulled,
    )
    try:
        return await opening.source() if described is None else await asyncio.to_thread(opening.pinned, described)
    except BaseException:
        await database.close()
        if replicas is not None:
            await replicas.close()
        raise


def _replicas(
    name: str, settings: DatabaseSettings, dialect: Dialect, primary: Database, base: Path, standing: Standing
) -> Replicas | None:
    """The copies of the database, which count in ``standing`` by their numbers; none is connected to yet.

    Raises:
        ConfigurationError: a URL that is none of such a copy, or settings that cannot be obeyed.
    """
    problems: list[Problem] = []
    if settings.replicas and not dialect.replicated:
        problems.append(Problem("a file has no replicas", ("replicas",), "leave them out"))
    if settings.max_lag_s is not None and not (settings.replicas and dialect.lag):
        said = "how far a copy is behind is only known of replicas of PostgreSQL"
        problems.append(Problem(said, ("max_lag_s",), "leave it out"))
    found: list[Replica] = []
    for number, url in enumerate(settings.replicas if not problems else ()):
        try:
            kind, where = address(url.get_secret_value(), base)
        except DescriptionError as error:
            problems.append(replace(error.problem, where=("replicas", number)))
            continue
        if kind is not dialect:
            said = "a replica is of the same kind as its database"
            problems.append(Problem(said, ("replicas", number), f"write {dialect.form}"))
            continue
        # Others are there to answer: nobody waits long for one that is silent.
        waits = min(settings.timeout_s, _REPLICA_S)
        copy = dialect.open(where, concurrency=settings.concurrency, timeout_s=waits)
        counts = standing.replicas.setdefault(str(number + 1), ReplicaTally())
        found.append(Replica(f"source {name}: replica {number + 1}", copy, dialect, settings.max_lag_s, counts))
    if problems:
        raise ConfigurationError(problems)
    return Replicas(found, primary) if found else None


def room_of(name: str, settings: DatabaseSettings, where: Address, keep: Path | None) -> Room | None:
    """Where what a source says of itself is kept, if anywhere."""
    if keep is None:
        return None
    return Room(keep, name, where.url.set(password=None).render_as_string(), settings.schemas)


class _Opening:
    """The parts of one opening; where it ends in a kept catalogue, they watch for the database to come back."""

    def __init__(
        self,
        name: str,
        settings: DatabaseSettings,
        dialect: Dialect,
        database: Database,
        kept: Remembered[Reflected] | None,
        pinned: Mapping[str, str] | None,
        offering: Offering,
        replicas: Replicas | None,
        *,
        fresh: bool,
        password: str,
        pulled: Pulled | None = None,
    ) -> None:
        self._pulled = pulled
        self._fresh = fresh
        self._offering = offering
        self._replicas = replicas
        self._password = password
        self._name = name
        self._settings = settings
        self._dialect = dialect
        self._database = database
        self._kept = kept
        self._pinned = pinned
        self._looking: asyncio.Task[None] | None = None

    async def source(self) -> SqlSource:
        try:
            reflected = await self._reflect()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            kept = None if _is_no_database(error) else await self._load()
            if kept is None:
                kind = DescriptionAway if is_away(error, self._dialect.codes) else DescriptionError
                raise kind(_unreachable(error, self._password)) from error
            known = self._read(kept)
            _log.warning("source %s: %s", self._name, _AWAY)
            known = replace(known, model=replace(known.model, stale=_AWAY))
            changes = self._changes(known)
            routines = await self._offering.kept(self._database, known, (changes or known).model)
            return self._made(known, changes, routines, watch=self)
        if self._pulled is not None:
            gives_back = await self._database.run(_gives_back)
            found = PinnedCatalogue(reflected, self._settings.schemas, gives_back)
            self._pulled.put(CATALOGUE, written_catalogue(found))
        try:
            known = self._read(reflected)
        except ConfigurationError as error:
            return await self._as_it_was(error)
        await self._try_searches(known)
        if self._kept is not None:
            await asyncio.to_thread(self._kept.save, reflected)
        gives_back = not self._settings.writes or await self._database.run(_gives_back)
        changes = self._changes(known, gives_back=gives_back)
        return self._made(known, changes, await self._offering.asked(self._database, known, (changes or known).model))

    def pinned(self, described: Pinned) -> SqlSource:
        """The source by what was pulled of it; the database need not be there.

        Raises:
            ConfigurationError: what is stated does not fit that.
        """
        found = catalogue_in(described, self._settings, self._dialect)
        known = self._read(found.reflected)
        changes = self._changes(known, gives_back=found.gives_back)
        return self._made(
            known, changes, self._offering.pinned(described, self._database, known, (changes or known).model)
        )

    def _made(
        self, known: Catalogue, changes: Offers | None, routines: Routines, watch: _Opening | None = None
    ) -> SqlSource:
        return SqlSource(known, self._settings, self._database, changes, watch, routines, self._replicas)

    async def _as_it_was(self, error: ConfigurationError) -> SqlSource:
        """The source by its kept catalogue, where what is stated fits that one: the database changed, not the file.

        Raises:
            ConfigurationError: the same error, where it does not fit either.
        """
        kept = await self._load()
        if kept is None:
            raise error
        known = self._read(kept)
        stale = _OUTGROWN.format("; ".join(problem.what for problem in error.problems))
        _log.warning("source %s: %s", self._name, stale)
        known = replace(known, model=replace(known.model, stale=stale))
        gives_back = not self._settings.writes or await self._database.run(_gives_back)
        changes = self._changes(known, gives_back=gives_back)
        return self._made(known, changes, await self._offering.asked(self._database, known, (changes or known).model))

    async def _try_searches(self, known: Catalogue) -> None:
        """Raises: ConfigurationError: the database does not search a table as the settings say."""
        problems = []
        for served in {access.served.name: access.served for access in known.access.values()}.values():
            if served.search is None:
                continue
            try:
                await self._database.ask(trial(known, served), self._settings.timeout_s)
            except DBAPIError:
                where = ("tables", str(getattr(served.table, "fullname", served.name)), "search")
                what = f'the database does not search "{served.name}" by these columns'
                problems.append(Problem(what, where, self._dialect.search_fault(served.search)))
        if problems:
            raise ConfigurationError(problems)

    def _changes(self, known: Catalogue, *, gives_back: bool = True) -> Offers | None:
        if not self._settings.writes:
            return None
        return offers(known) if gives_back else no_offers(known, _GIVES_NOTHING_BACK)

    async def _reflect(self) -> Reflected:
        read = partial(reflect, schemas=self._settings.schemas, dialect=self._dialect)
        async with asyncio.timeout(self._settings.timeout_s):
            await self._database.run(lambda connection: connection.execute(text("SELECT 1")).all())
        # It is there; thousands of tables may take longer than one call of a request may.
        async with asyncio.timeout(max(_CATALOGUE_S, self._settings.timeout_s)):
            return await self._database.run(read)

    async def _load(self) -> Reflected | None:
        if self._kept is None or self._fresh:
            return None
        return await asyncio.to_thread(self._kept.load)

    def _read(self, reflected: Reflected) -> Catalogue:
        return as_stated(self._name, reflected, self._settings.tables, self._dialect, self._pinned)

    # As ``Watch``.

    def answered(self, source: SqlSource) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(source))

    async def _look(self, source: SqlSource) -> None:
        """Reads the catalogue anew, keeps it for the next start, and says so where it is another."""
        try:
            reflected = await self._reflect()
            known = await asyncio.to_thread(self._read, reflected)
            changed = known.model.digest != source.model.digest
        except ConfigurationError:
            changed = True
        except (SQLAlchemyError, OSError, TimeoutError, DescriptionError):
            self._looking = None  # it went away again; the next answer tells when it is back
            return
        else:
            if self._kept is not None:
                await asyncio.to_thread(self._kept.save, reflected)
        if changed:
            _log.warning("source %s: %s", self._name, _CHANGED)
        source.model = replace(source.model, stale=_CHANGED if changed else "")

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)


def as_stated(
    name: str,
    reflected: Reflected,
    tables: Mapping[str, TableSettings],
    dialect: Dialect,
    pinned: Mapping[str, str] | None = None,
) -> Catalogue:
    """What was reflected, with what is stated of its tables.

    Raises:
        ConfigurationError: what is stated does not fit.
    """
    metadata, problems = declare(reflected.metadata, tables)
    if problems:
        raise ConfigurationError(problems)
    searched, problems = searches(metadata, tables, dialect)
    if problems:
        raise ConfigurationError(problems)
    stated = frozenset(name for name, table in tables.items() if table.key is not None)
    return read_catalogue(name, replace(reflected, metadata=metadata), dialect, pinned, stated, searched)


def catalogue_in(described: Pinned, settings: DatabaseSettings, dialect: Dialect) -> PinnedCatalogue:
    """The catalogue as it was pulled.

    Raises:
        ConfigurationError: there is none, or one of other schemas.
    """
    found = unpinned(described, CATALOGUE, lambda content: read_written(content, dialect.types))
    if found.schemas != settings.schemas:
        raise described.outgrown("other schemas are named than when it was pulled")
    return found


def _gives_back(connection: Connection) -> bool:
    return bool(connection.dialect.insert_returning and connection.dialect.delete_returning)


def _is_no_database(error: Exception) -> bool:
    found = isinstance(error, DBAPIError) and type(error).__name__ == "DatabaseError"
    return found and not getattr(error, "connection_invalidated", False)


def _unreachable(error: Exception, password: str) -> Problem:
    if _is_no_database(error):
        return Problem("this is not a database that can be read", where=("database",), mend="name another file")
    mend = "check that it runs where the URL says, and that its user may connect"
    return Problem(f"the database cannot be reached: {reason(error, password)}", where=("database",), mend=mend)
