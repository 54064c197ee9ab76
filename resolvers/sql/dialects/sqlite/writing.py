"""A SQLite file that may be changed: one thread writes, since SQLite has one writer, and the others read as before.

Foreign keys are enforced, which SQLite does only where it is told to.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from resolvers.errors import OutcomeUnknown, SourceTimeout
from resolvers.sql.dialects.dialect import Address
from resolvers.sql.dialects.fate import Fate
from resolvers.sql.dialects.sqlite.database import MARGIN_S, SqliteDatabase, Watch, text_or_bytes

T = TypeVar("T")

_OUT_OF_TIME = "the change ran out of time"
_UNDONE = ("SQLITE_CONSTRAINT", "SQLITE_BUSY", "SQLITE_FULL", "SQLITE_INTERRUPT")


class WritableSqlite(SqliteDatabase):
    """One file. What reads it goes through connections of its own, which can change nothing."""

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        super().__init__(where, concurrency=concurrency, timeout_s=timeout_s)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._watch = Watch()
        self._writing = create_engine(
            where.url.update_query_dict({"mode": "rw"}),
            connect_args={"timeout": timeout_s, "check_same_thread": False, **where.connect},
            hide_parameters=True,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",  # transactions begin and end here, in SQLite's own words
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
        )
        event.listen(self._writing, "connect", self._prepare)

    def _prepare(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(self._watch.has_ended, self._watch.STEPS)
        connection.text_factory = text_or_bytes
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA case_sensitive_like=ON")
        cursor.close()

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """As ``Database.change``."""
        fate = Fate()
        ends = time.monotonic() + max(0.001, budget - MARGIN_S)
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._change, work, ends, fate)
        try:
            async with asyncio.timeout(budget):
                return await asyncio.shield(done)
        except TimeoutError as error:
            if fate.give_up():
                raise SourceTimeout(_OUT_OF_TIME) from error
            raise OutcomeUnknown("the change was still being committed when its time ran out") from error
        except asyncio.CancelledError:
            fate.give_up()
            raise

    def _change(self, work: Callable[[Connection], T], ends: float, fate: Fate) -> T:
        left = ends - time.monotonic()
        if left <= 0:
            raise SourceTimeout(_OUT_OF_TIME)
        with self._writing.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={max(1, int(left * 1000)):d}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the lock that a change needs is taken before it reads
            try:
                with self._watch.until(ends):
                    result = work(connection)
                self._commit(connection, fate)
            except BaseException as error:
                self._roll_back(connection)
                if fate.committing and not _is_undone(error):
                    raise OutcomeUnknown("SQLite could not say whether it committed") from error
                raise
            return result

    @staticmethod
    def _commit(connection: Connection, fate: Fate) -> None:
        if not fate.may_commit():
            raise SourceTimeout(_OUT_OF_TIME)
        connection.exec_driver_sql("COMMIT")

    @staticmethod
    def _roll_back(connection: Connection) -> None:
        raw: Any = connection.connection.driver_connection
        if raw.in_transaction:  # some failures have rolled back already
            connection.exec_driver_sql("ROLLBACK")

    async def close(self) -> None:
        """Waits for the change that is under way."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        self._writing.dispose()
        await super().close()


def _is_undone(error: BaseException) -> bool:
    name = str(getattr(error.orig, "sqlite_errorname", "")) if isinstance(error, DBAPIError) else ""
    return name.startswith(_UNDONE)
