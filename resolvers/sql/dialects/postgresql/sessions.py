"""Connections of the driver for statements that only read: the one that was used last is used next.

Which statements may come here is decided in ``texts.py``. Sessions are read-only by themselves, and a statement that
has about as much time as its session says is a transaction of its own: one round trip.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from resolvers.errors import SourceBadResponse
from resolvers.sql.dialects.dialect import Plain

_PART_S = 2
_ENOUGH = 2
"""A session's limit is kept where it is at most so many times what is left: the driver cancels before it."""

_LOST = (
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)
"""What says that a connection is of no more use, which the driver may not have noticed: it was ended while idle."""
_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

Connect = Callable[[], Awaitable[Any]]


class Sessions:
    """At most ``most`` connections. ``usual_ms``: the limit that every session has for a statement."""

    def __init__(self, connect: Connect, *, most: int, usual_ms: int, wait_s: float) -> None:
        self._connect = connect
        self._usual_ms = usual_ms
        self._wait_s = wait_s
        self._idle: list[Any] = []
        self._free = asyncio.Semaphore(most)

    async def rows(self, query: Plain, milliseconds: int) -> Sequence[Any]:
        """The rows of a statement that the server ends by itself, after about so many milliseconds at most.

        Raises:
            DBAPIError: what the driver or the server says. PoolTimeout: no connection became free.
            SourceBadResponse: a value that the driver cannot read.
        """
        if self._free.locked():
            try:
                async with asyncio.timeout(self._wait_s):
                    await self._free.acquire()
            except TimeoutError as error:
                raise PoolTimeout from error
        else:
            await self._free.acquire()
        try:
            return await self._asked(query, milliseconds)
        finally:
            self._free.release()

    async def _asked(self, query: Plain, milliseconds: int) -> Sequence[Any]:
        connection = self._taken() or await self._connect()
        whole = False
        try:
            if milliseconds * _ENOUGH >= self._usual_ms:
                rows: Sequence[Any] | None = await connection.fetch(query.text, *query.values)
            else:
                rows = await _within(connection, query, milliseconds)
            if rows is None:  # what the driver gives where the server parted from it before it was asked
                raise asyncpg.ConnectionDoesNotExistError("the connection was ended")  # as if it said so
            whole = True
        except _FAILURES as error:
            lost = connection.is_closed() or isinstance(error, _LOST)
            whole = not lost and not connection.is_in_transaction()
            if lost:
                await self.close()  # whoever ended this one will have ended the others too
            raise DBAPIError(None, None, error, hide_parameters=True, connection_invalidated=lost) from error
        except (ValueError, OverflowError) as error:
            # A day before the year 1, say. The driver reads the whole answer or nothing of it.
            raise SourceBadResponse("there is a value that the driver cannot read") from error
        finally:
            if whole:
                self._idle.append(connection)
            else:
                await _parted(connection)
        return rows

    def _taken(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def close(self) -> None:
        """Parts from connections that nobody uses."""
        await asyncio.gather(*(_parted(connection) for connection in self._idle))
        self._idle.clear()


async def _within(connection: Any, query: Plain, milliseconds: int) -> Sequence[Any] | None:
    limits = f"SET LOCAL statement_timeout = {milliseconds:d}; SET LOCAL lock_timeout = {max(1, milliseconds // 2):d}"
    await connection.execute(f"BEGIN READ ONLY; {limits}")
    rows: Sequence[Any] | None = await connection.fetch(query.text, *query.values)
    await connection.execute("ROLLBACK")
    return rows


async def _parted(connection: Any) -> None:
    """Closes a connection, once what was cancelled on it has been cancelled at the server too."""
    try:
        async with asyncio.timeout(_PART_S):  # the driver's own limit does not count while it waits for a cancel
            await connection.close(timeout=_PART_S)
    except (*_FAILURES, TimeoutError):
        connection.terminate()
