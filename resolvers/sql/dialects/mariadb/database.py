"""MariaDB and MySQL: time limits that the server itself keeps, and statements that are ended where they run.

A server of this kind does not notice that nobody waits any more: a statement that is left behind is killed over a
connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Executable, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from resolvers.sql.dialects.dialect import MOST, Address
from resolvers.sql.dialects.mariadb.refusals import error_number
from resolvers.sql.dialects.pool import Pooled
from resolvers.sql.dialects.writer import Ending

_SESSION = (
    "SET time_zone = '+00:00', sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION READ ONLY",
)
"""What a session begins with: values are read and escaped by one mode, whatever the server's is."""
_WARNINGS = logging.getLogger("asyncmy")
"""The driver logs what the server warns of, in which there are values of rows."""
_STATEMENTS = 64
"""Statements that a connection keeps prepared: their values travel apart from the text."""
_KILL_S = 2


class MariaDbDatabase(Pooled):
    """One database; its transactions are read-only."""

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        _WARNINGS.setLevel(logging.ERROR)
        arguments = {
            "charset": "utf8mb4",
            "connect_timeout": timeout_s,
            "stmt_cache_size": _STATEMENTS,
            **where.connect,
        }
        super().__init__(where, concurrency=concurrency, options={"connect_args": arguments})
        event.listen(self._engine.sync_engine, "connect", _begin_session)
        self._side = create_async_engine(where.url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)

    async def begin_change(self, connection: AsyncConnection, milliseconds: int) -> Ending:
        """As ``Pooled.begin_change``."""
        ending = await self.begin(connection, milliseconds)
        await connection.exec_driver_sql("START TRANSACTION READ WRITE")
        return ending

    def undone(self, error: DBAPIError) -> bool:
        """As ``Pooled.undone``: a deadlock, a lock or a statement that took too long."""
        return error_number(error) in {1020, 1205, 1213, 1969}

    def moved(self, error: DBAPIError) -> bool:
        """As ``Pooled.moved``: the server runs with read_only."""
        return error_number(error) in {1290, 1836}

    async def begin(self, connection: AsyncConnection, milliseconds: int) -> Ending:
        """As ``Pooled.begin``; the transaction begins with the first statement that reads."""
        seconds = milliseconds / 1000
        waits = max(1, milliseconds // 2000)
        common = f"lock_wait_timeout = {waits}, innodb_lock_wait_timeout = {waits}, sql_select_limit = DEFAULT"
        if getattr(connection.dialect, "is_mariadb", False):
            limits = f"max_statement_time = {seconds:.3f}, idle_transaction_timeout = {max(1, round(seconds))}"
        else:
            limits = f"max_execution_time = {milliseconds}"
        await connection.exec_driver_sql(f"SET {limits}, {common}")
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        return partial(self._kill, int(raw.driver_connection.thread_id()))

    async def fetched(self, connection: AsyncConnection, query: Executable) -> Sequence[Any]:
        """As ``Pooled.fetched``. The driver would write values into the text of a statement whose rows it takes one by
        one, so the server is told the limit; a LIMIT of the statement's own goes before it.
        """
        most = query.get_execution_options().get(MOST)
        if most is not None:
            await connection.exec_driver_sql(f"SET sql_select_limit = {most:d}")
        return (await connection.execute(query)).all()

    async def _kill(self, thread: int) -> None:
        """Ends a connection and its statement at the server; its user may, since both are its own."""
        with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(_KILL_S), self._side.connect() as connection:
                await connection.exec_driver_sql(f"KILL {thread:d}")

    async def close(self) -> None:
        await super().close()
        await self._side.dispose()


def _begin_session(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for statement in _SESSION:
        cursor.execute(statement)
    cursor.close()
