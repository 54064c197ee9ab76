"""PostgreSQL: read-only sessions, and time limits that the database itself keeps.

Statements that read tables go by the driver itself (``texts.py``, ``sessions.py``); changes, views, functions and the
catalogue go through SQLAlchemy, each in a transaction with limits of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import Executable, Select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.sql.dialects.dialect import MOST, Address, KeyedText, Plain
from resolvers.sql.dialects.pool import MARGIN_S, POOL_WAIT_S, Pooled
from resolvers.sql.dialects.postgresql.frames import guard_frames
from resolvers.sql.dialects.postgresql.refusals import sqlstate
from resolvers.sql.dialects.postgresql.sessions import Sessions
from resolvers.sql.dialects.postgresql.texts import Texts

_TIMEOUTS = text(
    "SELECT set_config('statement_timeout', :all, true), set_config('lock_timeout', :lock, true),"
    " set_config('idle_in_transaction_session_timeout', :all, true)"
)
_UNDONE = ("22", "23", "25", "40", "44", "P0", "57014", "55P03")


class PostgreSqlDatabase(Pooled):
    """One database; its sessions are read-only, but for the transactions of changes."""

    by_text = True
    keys_together = True

    def __init__(self, where: Address, *, concurrency: int, timeout_s: float) -> None:
        guard_frames()
        usual_ms = max(1, int(timeout_s * 1000))
        session = {
            "default_transaction_read_only": "on",
            "statement_timeout": str(usual_ms),
            "lock_timeout": str(max(1, usual_ms // 2)),
            "idle_in_transaction_session_timeout": str(usual_ms),
        }
        given = where.connect.get("server_settings")
        settings = {**session, **given} if isinstance(given, dict) else session
        options = {
            "connect_args": {"timeout": timeout_s, **where.connect, "server_settings": settings},
            "execution_options": {"postgresql_readonly": True},
        }
        super().__init__(where, concurrency=concurrency, options=options)
        self._texts = Texts(self._engine.dialect)
        self._sessions = Sessions(self._connected, most=concurrency, usual_ms=usual_ms, wait_s=POOL_WAIT_S)

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:
        """As ``Database.text``."""
        return self._texts.keyed(query, keys=keys)

    async def once(self, query: Executable | Plain, ends: float) -> Sequence[Any]:
        """As ``Pooled.once``."""
        asked = (query, ()) if isinstance(query, Plain) else self._texts.of(query)
        if asked is None:
            return await super().once(query, ends)
        plain, changes = asked
        left = ends - asyncio.get_running_loop().time() - MARGIN_S
        rows = await self._sessions.rows(plain, max(1, int(left * 1000)))
        if not changes:
            return list(map(tuple, rows))  # which are read twice as fast as the driver's own records
        found = [list(row) for row in rows]
        for place, change in changes:
            for row in found:
                row[place] = change(row[place])
        return found

    async def _connected(self) -> Any:
        """A connection of the driver, set up as SQLAlchemy sets up its own, that no pool knows of."""
        try:
            pooled = await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # which SQLAlchemy wraps everywhere else
            raise DBAPIError(None, None, error, hide_parameters=True) from error
        driver = pooled.driver_connection
        pooled.detach()
        return driver

    async def begin_change(self, connection: AsyncConnection, milliseconds: int) -> None:
        """As ``Pooled.begin_change``; the connection is read-only again when it goes back to the pool."""
        await connection.execution_options(postgresql_readonly=False)
        await connection.exec_driver_sql("SET TRANSACTION READ WRITE")
        await self.begin(connection, milliseconds)

    def undone(self, error: DBAPIError) -> bool:
        """As ``Pooled.undone``: a deferred constraint, a failed serialisation, time that ran out."""
        return sqlstate(error).startswith(_UNDONE)

    def moved(self, error: DBAPIError) -> bool:
        """As ``Pooled.moved``: READ WRITE is not supported (0A000) while a server follows another."""
        return sqlstate(error) in {"25006", "0A000"}

    async def fetched(self, connection: AsyncConnection, query: Executable) -> Sequence[Any]:
        """As ``Pooled.fetched``, by a portal that gives so many rows."""
        most = query.get_execution_options().get(MOST)
        if most is None:
            return (await connection.execute(query)).all()
        try:
            result = await connection.stream(query)
            rows = await result.fetchmany(most)
            await result.close()
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            # SQLAlchemy hands on as they are what the driver says while rows are fetched.
            lost = isinstance(error, asyncpg.PostgresConnectionError | asyncpg.InterfaceError)
            raise DBAPIError(None, None, error, hide_parameters=True, connection_invalidated=lost) from error
        return rows

    async def begin(self, connection: AsyncConnection, milliseconds: int) -> None:
        """As ``Pooled.begin``; SQLAlchemy begins the transaction, and the driver sends a request to cancel itself."""
        await connection.execute(_TIMEOUTS, {"all": str(milliseconds), "lock": str(max(1, milliseconds // 2))})

    async def close(self) -> None:
        """As ``Pooled.close``."""
        await super().close()
        await self._sessions.close()
