"""SQLite: statements run in threads, one whole statement in each, since every change of threads costs more than it.

A file is opened read-only. SQLite cannot be cancelled from outside: it looks at the clock of its statement itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, QueuePool, Select, create_engine, event
from sqlalchemy import types as sql_types
from sqlalchemy.dialects.sqlite import base as sqlite_base
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.exc import DBAPIError

from resolvers.errors import SourceRejected, SourceTimeout
from resolvers.sql.dialects.dialect import MOST, Address, KeyedText, Plain
from resolvers.sql.dialects.sqlite.exact import Mean, Sum, order

T = TypeVar("T")

MARGIN_S = 0.05
"""SQLite gives up this much earlier than we do, so that its own error is the one that is seen."""
_CLOCK = "isthmus.clock"

_TYPES: dict[str, type[sql_types.TypeEngine[Any]]] = {
    **dict.fromkeys(("UUID", "GUID", "UNIQUEIDENTIFIER"), sql_types.Uuid),
    **dict.fromkeys(("INT8", "UNSIGNED BIG INT", "BIG INT", "BIGSERIAL"), sql_types.BIGINT),
    **dict.fromkeys(("DATETIME2", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"), sql_types.TIMESTAMP),
    **dict.fromkeys(("STRING", "CITEXT"), sql_types.TEXT),
    **dict.fromkeys(("BYTEA", "BINARY", "VARBINARY", "IMAGE"), sql_types.BLOB),
    "JSONB": sql_types.JSON,
}
"""Declared types that people write in SQLite, which knows them only by their affinity."""


class _Clock:
    """When one statement must end, in seconds of the monotonic clock."""

    __slots__ = ("ends",)

    def __init__(self, ends: float = math.inf) -> None:
        self.ends = ends


class Watch:
    """Of one connection: the clock of the statement that runs on it now."""

    __slots__ = ("clock",)
    STEPS = 20_000
    """Virtual-machine steps between two looks at the clock: some tenth of a millisecond."""

    def __init__(self) -> None:
        self.clock = _Clock()

    def has_ended(self) -> int:
        return time.monotonic() > self.clock.ends

    @contextlib.contextmanager
    def until(self, ends: float) -> Iterator[None]:
        """Statements of the block end by themselves at ``ends``."""
        self.clock = _Clock(ends)
        try:
            yield
        finally:
            self.clock = _Clock()


class SqliteDatabase:
    """One file, read by ``concurrency`` threads at most."""

    by_text = True
    keys_together = False

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="sqlite")
        self._engine = create_engine(
            where.url,
            connect_args={"timeout": timeout_s, "check_same_thread": False, **where.connect},
            hide_parameters=True,
            poolclass=QueuePool,
            pool_size=concurrency,
            max_overflow=0,
            # A SELECT alone is its own transaction: there is nothing to roll back.
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
        )
        event.listen(self._engine, "connect", _prepare)
        dialect = self._engine.dialect
        assert isinstance(dialect, sqlite_base.SQLiteDialect)
        dialect.ischema_names = {**dialect.ischema_names, **_TYPES}

    @property
    def spoken(self) -> SqlDialect:
        """As ``Database.spoken``."""
        return self._engine.dialect

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:
        """As ``Database.text``."""
        dialect = self._engine.dialect
        given = query.compile(dialect=dialect).params
        lists = [name for name, value in given.items() if isinstance(value, list | tuple)]
        written = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        names = written.positiontup or []
        places = [index for index, name in enumerate(names) if name not in given]
        values = [given.get(name) for name in names]
        if not keys:
            return None if lists or places else KeyedText(str(written), tuple(values), ())
        if len(lists) != 1 or not places or places[-1] - places[0] != len(places) - 1:
            return None
        return KeyedText(str(written), tuple(values[: places[0]]), tuple(values[places[-1] + 1 :]))

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``."""
        clock = _Clock(time.monotonic() + max(0.001, budget - MARGIN_S))

        def work(connection: Connection) -> Sequence[Any]:
            watch: Watch = connection.info[_CLOCK]
            watch.clock = clock
            try:
                return _told(connection, query) if isinstance(query, Plain) else _fetched(connection, query)
            finally:
                watch.clock = _Clock()

        try:
            async with asyncio.timeout(budget):
                return await self.run(work)
        except TimeoutError as error:
            raise SourceTimeout("the statement ran out of time") from error
        finally:
            clock.ends = 0  # of a call that was left nobody waits for the rows

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:  # noqa: ARG002
        """As ``Database.change``; a file that nobody said may be written is not."""
        raise SourceRejected("the file is open for reading alone")

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Does something with a connection, in a thread."""

        def connected() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, connected)

    async def close(self) -> None:
        """Waits for the threads, whose clocks have all ended."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._engine.dispose()


def _told(connection: Connection, query: Plain) -> Sequence[Any]:
    """The rows of a statement that SQLAlchemy need not look at: to do without it halves the cost of fifty rows."""
    driver: Any = connection.connection.driver_connection
    try:
        rows: Sequence[Any] = driver.execute(query.text, query.values).fetchall()
    except sqlite3.Error as error:
        raise DBAPIError(None, None, error, hide_parameters=True) from error
    return rows


def _fetched(connection: Connection, query: Executable) -> Sequence[Any]:
    most = query.get_execution_options().get(MOST)
    result = connection.execute(query)
    try:
        return result.all() if most is None else result.fetchmany(most)
    finally:
        result.close()


def _prepare(connection: Any, record: Any) -> None:
    watch = record.info[_CLOCK] = Watch()
    connection.set_progress_handler(watch.has_ended, watch.STEPS)
    connection.text_factory = text_or_bytes
    connection.create_aggregate("isthmus_sum", 1, Sum)
    connection.create_aggregate("isthmus_avg", 1, Mean)
    connection.create_function("isthmus_order", 2, order, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.execute("PRAGMA case_sensitive_like=ON")
    cursor.close()


def text_or_bytes(stored: bytes) -> str | bytes:
    """Text that is not UTF-8 is handed on as bytes: one such value must not cost all rows."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored
