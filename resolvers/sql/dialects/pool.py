"""Servers over an asynchronous driver: a pool of connections, each statement in a read-only transaction of its own.

What a server must be told so that it keeps the time itself is said by each of them.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Select
from sqlalchemy.engine.interfaces import Dialect as SqlDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from resolvers.errors import SourceBadResponse, SourceBusy, SourceTimeout, SourceUnavailable
from resolvers.sql.dialects.dialect import Address, KeyedText, Plain
from resolvers.sql.dialects.writer import Ending, Writer

T = TypeVar("T")
POOL_WAIT_S = 1
MARGIN_S = 0.05
"""The database gives up this much earlier than we do, so that its own error is the one that is seen."""


class Pooled(ABC):
    """One database with a pool of ``concurrency`` connections at most.

    A connection is not asked whether it still lives before each statement: the limits that ``begin`` sets find that
    out on their way, and what is lost is asked again over a new one.
    """

    by_text = False
    keys_together = False

    def __init__(self, where: Address, *, concurrency: int, options: Mapping[str, object]) -> None:
        self._engine = create_async_engine(
            where.url,
            hide_parameters=True,
            pool_size=concurrency,
            max_overflow=0,
            pool_timeout=POOL_WAIT_S,
            **options,
        )
        self._under_way: set[asyncio.Task[Sequence[Any]]] = set()
        self._writer = Writer(self._engine, self.begin_change, margin_s=MARGIN_S, undone=self.undone, moved=self.moved)

    @abstractmethod
    async def begin_change(self, connection: AsyncConnection, milliseconds: int) -> Ending | None:
        """As ``begin``, but the transaction may write."""

    @abstractmethod
    def undone(self, error: DBAPIError) -> bool:
        """Whether an error that COMMIT ended in is the server's word that nothing was kept."""

    @abstractmethod
    def moved(self, error: DBAPIError) -> bool:
        """Whether an error of a change says that the server can only be read: it is no primary (any more)."""

    async def change(self, work: Callable[[Connection], T], budget: float) -> T:
        """As ``Database.change``."""
        return await self._writer.change(work, budget)

    @abstractmethod
    async def begin(self, connection: AsyncConnection, milliseconds: int) -> Ending | None:
        """Begins a read-only transaction whose statement the server itself ends after ``milliseconds``.

        Gives what ends it earlier when nobody waits any more; ``None`` where the driver sees to that.
        """

    @property
    def spoken(self) -> SqlDialect:
        """As ``Database.spoken``."""
        return self._engine.dialect

    def text(self, query: Select[Any], *, keys: bool) -> KeyedText | None:  # noqa: ARG002  # the protocol's
        """As ``Database.text``: SQLAlchemy fits values to these drivers."""
        return None

    async def ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        """As ``Database.ask``."""
        # The driver takes up to two seconds to part from a server that says nothing: nobody waits for that.
        work = asyncio.create_task(self._ask(query, budget))
        self._under_way.add(work)
        work.add_done_callback(self._ended)
        try:
            await asyncio.wait({work}, timeout=budget)
            if not work.done():
                raise SourceTimeout("the statement ran out of time")
        finally:
            work.cancel()
        return work.result()

    def _ended(self, work: asyncio.Task[Sequence[Any]]) -> None:
        self._under_way.discard(work)
        if not work.cancelled():
            work.exception()  # of one that was left behind nobody else would ask

    async def _ask(self, query: Executable | Plain, budget: float) -> Sequence[Any]:
        ends = asyncio.get_running_loop().time() + budget
        try:
            async with asyncio.timeout(budget) as limit:
                try:
                    return await self.once(query, ends)
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                # The server restarted, or something between cut what was idle: a read may be asked again, once.
                return await self.once(query, ends)
        except PoolTimeout as error:
            raise SourceBusy(f"no connection became free within {POOL_WAIT_S} s", sends=0) from error
        except TimeoutError as error:
            if limit.expired():
                raise SourceTimeout("the statement ran out of time") from error
            raise SourceUnavailable("no connection came about in time") from error

    async def once(self, query: Executable | Plain, ends: float) -> Sequence[Any]:
        """The rows of a statement, asked once, in a transaction that is rolled back."""
        assert not isinstance(query, Plain), "no statement of this database has a text"
        async with self._engine.connect() as connection:
            left = ends - asyncio.get_running_loop().time() - MARGIN_S
            ending = await self.begin(connection, max(1, int(left * 1000)))
            try:
                rows = await self.fetched(connection, query)
            except asyncio.CancelledError:
                if ending is not None:
                    await ending()
                raise
            except (ValueError, OverflowError) as error:
                # A day before the year 1, say. The driver reads the whole answer or nothing of it.
                raise SourceBadResponse("there is a value that the driver cannot read") from error
            return rows

    @abstractmethod
    async def fetched(self, connection: AsyncConnection, query: Executable) -> Sequence[Any]:
        """The rows, no more of them than the option ``MOST`` of the statement says."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Does something with a connection, as in a thread."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Waits for what was left behind."""
        await self._writer.close()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._engine.dispose()
