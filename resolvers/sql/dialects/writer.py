"""Changes over a pool of connections to a server: one transaction for each, committed whole or not at all, never twice.

What a server must be told at the beginning of a transaction that may write is said by each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.errors import OutcomeUnknown, SourceBusy, SourceTimeout, SourceUnavailable
from resolvers.sql.dialects.fate import Fate

T = TypeVar("T")
Ending: TypeAlias = "Callable[[], Awaitable[None]]"
"""Ends the statement that runs on a connection, where it runs: the driver alone would only stop to wait for it."""
Begin: TypeAlias = "Callable[[AsyncConnection, int], Awaitable[Ending | None]]"
"""Begins a transaction that may write, whose statements the server ends after so many milliseconds. Gives what ends
them earlier, where the driver does not see to that.
"""

_OUT_OF_TIME = "the change ran out of time"
_LOST_AT_COMMIT = "the connection was lost while the change was committed"


class Writer:
    """``undone``: whether an error that COMMIT ended in proves that nothing was kept; ``moved``: whether one says that
    the server can only be read.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        begin: Begin,
        *,
        margin_s: float,
        undone: Callable[[DBAPIError], bool],
        moved: Callable[[DBAPIError], bool],
    ) -> None:
        self._engine = engine
        self._begin = begin
        self._margin_s = margin_s
        self._undone = undone
        self._moved = moved
        self._under_way: set[asyncio.Task[Any]] = set()

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """As ``Database.change``."""
        fate = Fate()
        # What has been told to commit goes on whoever leaves, so it is a task of its own.
        task = asyncio.create_task(self._change(work, budget, fate))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task}, timeout=budget)
        except asyncio.CancelledError:
            if fate.give_up():
                task.cancel()
            raise
        if task.done():
            return task.result()
        if fate.give_up():
            task.cancel()
            raise SourceTimeout(_OUT_OF_TIME)
        raise OutcomeUnknown("the change was still being committed when its time ran out")

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # of one that was left behind nobody else would ask

    async def _change(self, work: Callable[[Connection], T], budget: float, fate: Fate) -> T:
        ends = asyncio.get_running_loop().time() + budget
        connection, result = await self._done(work, ends)
        try:
            if not fate.may_commit():
                raise SourceTimeout(_OUT_OF_TIME)
            await self._commit(connection)
        finally:
            await connection.close()  # which rolls back what was not committed
        return result

    async def _done(self, work: Callable[[Connection], T], ends: float) -> tuple[AsyncConnection, T]:
        """A connection whose transaction has done the work, and what that gave.

        A server that takes no changes any more was the primary when its connections were made: they are given up, and a
        new one may lead to the primary that there is now.
        """
        for last in (False, True):
            try:
                return await self._tried(work, ends)
            except PoolTimeout as error:
                raise SourceBusy("no connection became free in time", sends=0) from error
            except TimeoutError as error:
                raise SourceUnavailable("no connection came about in time", sends=0) from error
            except DBAPIError as error:
                if last or not self._moved(error):
                    raise
            await self._engine.dispose()
        raise AssertionError

    async def _tried(self, work: Callable[[Connection], T], ends: float) -> tuple[AsyncConnection, T]:
        connection, ending = await self._begun(ends)
        try:
            return connection, await self._worked(connection, work, ending)
        except BaseException as error:
            if isinstance(error, DBAPIError) and self._moved(error):
                await connection.invalidate()
            await connection.close()
            raise

    @staticmethod
    async def _worked(connection: AsyncConnection, work: Callable[[Connection], T], ending: Ending | None) -> T:
        try:
            return await connection.run_sync(work)
        except asyncio.CancelledError:
            if ending is not None:
                await ending()
            raise

    async def _begun(self, ends: float) -> tuple[AsyncConnection, Ending | None]:
        """A connection whose transaction has begun. One that was lost while it was idle is made anew: nothing was sent
        over it that changes anything.
        """
        for last in (False, True):
            connection = await self._engine.connect()
            left = ends - asyncio.get_running_loop().time() - self._margin_s
            try:
                ending = await self._begin(connection, max(1, int(left * 1000)))
            except DBAPIError as error:
                if self._moved(error):
                    await connection.invalidate()
                await connection.close()
                if last or not error.connection_invalidated:
                    raise
            except BaseException:
                await connection.close()
                raise
            else:
                return connection, ending
        raise AssertionError

    async def _commit(self, connection: AsyncConnection) -> None:
        try:
            await connection.commit()
        except DBAPIError as error:
            if not error.connection_invalidated and self._undone(error):
                raise
            raise OutcomeUnknown(_LOST_AT_COMMIT) from error
        except Exception as error:
            raise OutcomeUnknown(_LOST_AT_COMMIT) from error

    async def close(self) -> None:
        """Waits for what is still being committed."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
