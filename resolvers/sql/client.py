"""A database as a source: the one file of this room that does I/O. Statements are made in ``statement.py``.

Every call is one read-only transaction with a time limit that the database itself keeps.
"""

from __future__ import annotations

import asyncio
import math
import time
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, event, inspect, text
from sqlalchemy import types as sql_types
from sqlalchemy.dialects.sqlite import base as sqlite_base
from sqlalchemy.exc import DBAPIError, SAWarning, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from resolvers.documents import DescriptionError
from resolvers.errors import DeadlineExceeded, LimitExceeded, SourceTimeout, SourceUnavailable
from resolvers.model import SourceModel
from resolvers.problem import Problem
from resolvers.source import Call, Context
from resolvers.sql.address import Address, Dialect, address
from resolvers.sql.failure import source_error
from resolvers.sql.reflect import Catalogue, read_catalogue
from resolvers.sql.settings import DatabaseSettings
from resolvers.sql.statement import Statement, statement
from resolvers.sql.value import reader

_POOL_WAIT_S = 1
_MARGIN_S = 0.05
"""The database gives up this much earlier than we do, so that its own error is the one that is seen."""
_SQLITE_STEPS = 20_000
"""Virtual-machine steps between two looks at the clock: some tenth of a millisecond."""

_CLOCK = "isthmus.clock"

_TIMEOUTS = text(
    "SELECT set_config('statement_timeout', :all, true), set_config('lock_timeout', :lock, true),"
    " set_config('idle_in_transaction_session_timeout', :all, true)"
)

_SQLITE_TYPES: dict[str, type[sql_types.TypeEngine[Any]]] = {
    **dict.fromkeys(("UUID", "GUID", "UNIQUEIDENTIFIER"), sql_types.Uuid),
    **dict.fromkeys(("INT8", "UNSIGNED BIG INT", "BIG INT", "BIGSERIAL"), sql_types.BIGINT),
    **dict.fromkeys(("DATETIME2", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), sql_types.TIMESTAMP),
    **dict.fromkeys(("STRING", "CITEXT"), sql_types.TEXT),
    **dict.fromkeys(("BYTEA", "BINARY", "VARBINARY", "IMAGE"), sql_types.BLOB),
    "JSONB": sql_types.JSON,
}
"""Declared types that people write in SQLite, which knows them only by their affinity."""


class _Clock:
    """When what runs on a connection of SQLite must end, in seconds of the monotonic clock.

    SQLite runs in a thread that nobody can cancel: it looks here itself.
    """

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends = math.inf

    def has_ended(self) -> int:
        return time.monotonic() > self.ends


class SqlSource:
    """Reads the tables and views of one database.

    ``model`` may be replaced by one with the user's statements applied; what an operation reads does not change by it.
    """

    def __init__(self, catalogue: Catalogue, settings: DatabaseSettings, engine: AsyncEngine) -> None:
        self.model: SourceModel = catalogue.model
        self._catalogue = catalogue
        self._settings = settings
        self._engine = engine
        self._under_way: set[asyncio.Task[list[dict[str, object]]]] = set()

    async def execute(self, call: Call, context: Context) -> object:
        """Gives a list of rows, or for an operation by key one row or ``None``.

        Raises:
            SourceError: by what went wrong; BadRequest: a field or a value that the table cannot have.
            LimitExceeded: there are more rows than ``max_rows``. DeadlineExceeded: no time was left to begin.
        """
        most = self._settings.max_rows
        if call.page.limit is not None and call.page.limit > most:
            raise LimitExceeded(f"at most {most} rows can be asked for at once")
        made = statement(self._catalogue, call)
        if call.page.limit is None:
            made = replace(made, query=made.query.limit(most + 1))  # one more tells that there are too many
        budget = min(self._settings.timeout_s, context.remaining())
        if budget <= 0:
            raise DeadlineExceeded
        with context.journal.call(self.model.name, call.operation, made.wire):
            rows = await self._run(made, budget)
        if len(rows) > most:
            raise LimitExceeded(f"there are more than {most} rows: ask for fewer with limit or where")
        if self._catalogue.access[call.operation].by:
            return rows[0] if rows else None
        return rows

    async def _run(self, made: Statement, budget: float) -> list[dict[str, object]]:
        """Runs a statement for ``budget`` seconds at most."""
        if self._catalogue.dialect != "postgresql":
            return await self._query(made, budget)
        # The driver takes up to two seconds to part from a server that says nothing: nobody waits for that.
        work = asyncio.create_task(self._query(made, budget))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        try:
            await asyncio.wait({work}, timeout=budget)
            if not work.done():
                raise SourceTimeout("the statement ran out of time")
        finally:
            work.cancel()
        return work.result()

    def _ended(self, work: asyncio.Task[list[dict[str, object]]]) -> None:
        self._under_way.discard(work)
        if not work.cancelled():
            work.exception()  # of one that was left behind nobody else would ask

    async def _query(self, made: Statement, budget: float) -> list[dict[str, object]]:
        try:
            async with asyncio.timeout(budget) as limit:
                async with self._engine.connect() as connection, self._limited(connection, budget):
                    result = await connection.execute(made.query)
                    return _rows(made, result.all())
        except PoolTimeout as error:
            raise SourceUnavailable(f"no connection became free within {_POOL_WAIT_S} s") from error
        except TimeoutError as error:
            if limit.expired():
                raise SourceTimeout("the statement ran out of time") from error
            raise SourceUnavailable("no connection came about in time") from error
        except (SQLAlchemyError, OSError) as error:
            raise source_error(error) from error

    @asynccontextmanager
    async def _limited(self, connection: AsyncConnection, budget: float) -> AsyncIterator[None]:
        if self._catalogue.dialect == "postgresql":
            milliseconds = max(1, int((budget - _MARGIN_S) * 1000))
            limits = {"all": str(milliseconds), "lock": str(max(1, milliseconds // 2))}
            await connection.execute(_TIMEOUTS, limits)
            yield
            return
        assert connection.sync_connection is not None
        clock: _Clock = connection.sync_connection.info[_CLOCK]
        clock.ends = time.monotonic() + max(0.001, budget - _MARGIN_S)
        try:
            yield
        except BaseException:
            clock.ends = (
                0  # SQLAlchemy gives up the connection of a call that was left, so no later call has this clock
            )
            raise

    async def close(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._engine.dispose()


def _rows(made: Statement, rows: Sequence[Any]) -> list[dict[str, object]]:
    names = [column.name for column in made.columns]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    for column in made.columns:
        read = reader(column)
        if read is not None:
            name = column.name
            for row in found:
                if row[name] is not None:
                    row[name] = read(row[name])
    return found


async def open_database(name: str, settings: DatabaseSettings, base: Path) -> SqlSource:
    """Connects, reads the catalogue once, and makes the source ready to be called.

    ``base``: the folder that relative SQLite paths start at.

    Raises:
        DescriptionError: the URL is not one of a database that is supported, the database cannot be reached, or a
            schema is not there.
    """
    where = address(settings.database.get_secret_value(), base)
    engine = _engine(where, settings)
    try:
        async with asyncio.timeout(settings.timeout_s), engine.connect() as connection:
            catalogue = await connection.run_sync(_reflect, name, settings.schemas, where)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        await engine.dispose()
        raise DescriptionError(_unreachable(error)) from error
    except BaseException:
        await engine.dispose()
        raise
    return SqlSource(catalogue, settings, engine)


_OPTIONS: dict[Dialect, dict[str, Any]] = {
    "postgresql": {"pool_pre_ping": True, "execution_options": {"postgresql_readonly": True}},
    # Each step in SQLite is a change of threads. A SELECT alone is its own transaction, there is nothing to roll back,
    # and a file needs no asking whether it is still there.
    "sqlite": {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True, "pool_reset_on_return": None},
}


def _engine(where: Address, settings: DatabaseSettings) -> AsyncEngine:
    connect = dict(where.connect)
    connect["timeout"] = settings.timeout_s
    engine = create_async_engine(
        where.url,
        connect_args=connect,
        hide_parameters=True,
        pool_size=settings.concurrency,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_S,
        **_OPTIONS[where.dialect],
    )
    if where.dialect == "sqlite":
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        dialect = engine.sync_engine.dialect
        assert isinstance(dialect, sqlite_base.SQLiteDialect)
        dialect.ischema_names = {**dialect.ischema_names, **_SQLITE_TYPES}
    return engine


def _prepare_sqlite(connection: Any, record: Any) -> None:
    clock = record.info[_CLOCK] = _Clock()
    connection.run_async(lambda raw: raw.set_progress_handler(clock.has_ended, _SQLITE_STEPS))
    connection.driver_connection.text_factory = _text_or_bytes
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA case_sensitive_like=ON")
    cursor.close()


def _text_or_bytes(stored: bytes) -> str | bytes:
    """Text that is not UTF-8 is handed on as bytes: one such value must not cost all rows."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _reflect(connection: Connection, name: str, schemas: tuple[str, ...], where: Address) -> Catalogue:
    for message in ("Did not recognize type", "Skipping table", "Skipped unsupported reflection", "Could not"):
        # Each of them is reported in left_out, where the user looks.
        warnings.filterwarnings("ignore", message=message, category=SAWarning)
    inspector = inspect(connection)
    known = set(inspector.get_schema_names())
    default = inspector.default_schema_name
    metadata = MetaData()
    views: set[str] = set()
    unread: list[str] = []
    for wanted in dict.fromkeys(schemas or (default,)):
        if wanted is not None and wanted not in known:
            raise DescriptionError(
                Problem(f'the database has no schema "{wanted}"', where=("schemas",), mend="correct its name")
            )
        schema = None if wanted == default else wanted
        in_schema = [*inspector.get_view_names(schema), *_materialized(inspector, schema, where)]
        prefix = f"{schema}." if schema else ""
        views |= {prefix + view for view in in_schema}
        listed = [*inspector.get_table_names(schema), *in_schema]
        if where.dialect == "sqlite":
            for table in listed:
                _reflect_one(connection, metadata, schema, table)
        else:
            metadata.reflect(connection, schema=schema, views=True, resolve_fks=False)
        unread += [prefix + table for table in listed if prefix + table not in metadata.tables]
    return read_catalogue(name, metadata, where.dialect, views=frozenset(views), unread=unread)


def _reflect_one(connection: Connection, metadata: MetaData, schema: str | None, table: str) -> None:
    # SQLite keeps views whose tables are gone, and fails the whole reflection when one is looked at.
    try:
        metadata.reflect(connection, schema=schema, views=True, only=[table], resolve_fks=False)
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_ERROR":
            raise


def _materialized(inspector: Any, schema: str | None, where: Address) -> list[str]:
    return list(inspector.get_materialized_view_names(schema)) if where.dialect == "postgresql" else []


def _unreachable(error: Exception) -> Problem:
    if isinstance(error, DBAPIError) and not error.connection_invalidated and type(error).__name__ == "DatabaseError":
        return Problem("this is not a database that can be read", where=("database",), mend="name another file")
    mend = "check that it runs where the URL says, and that its user may connect"
    return Problem("the database cannot be reached", where=("database",), mend=mend)
