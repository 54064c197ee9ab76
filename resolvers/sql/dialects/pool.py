"""Servers over an asynchronous driver: a pool of connections, each statement in a read-only transaction of its own.

What a server must be told so that it keeps the time itself is said by each of them.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from resolvers.errors import SourceTimeout, SourceUnavailable
from resolvers.sql.dialects.dialect import Address

T = TypeVar("T")

_POOL_WAIT_S = 1
_MARGIN_S = 0.05
"""The database gives up this much earlier than we do, so that its own error is the one that is seen."""


class Pooled(ABC):
    """One database with a pool of ``concurrency`` connections at most."""

    def __init__(self, where: Address, *, concurrency: int, options: Mapping[str, object]) -> None:
        self._engine = create_async_engine(
            where.url,
            hide_parameters=True,
            pool_size=concurrency,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_S,
            pool_pre_ping=True,
            **options,
        )
        self._under_way: set[asyncio.Task[Sequence[Any]]] = set()

    @abstractmethod
    async def begin(self, connection: AsyncConnection, milliseconds: int) -> None:
        """Begins a read-only transaction whose statement the server itself ends after ``milliseconds``."""

    async def ask(self, query: Executable, budget: float) -> Sequence[Any]:
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

    async def _ask(self, query: Executable, budget: float) -> Sequence[Any]:
        milliseconds = max(1, int((budget - _MARGIN_S) * 1000))
        try:
            async with asyncio.timeout(budget) as limit:
                async with self._engine.connect() as connection:
                    await self.begin(connection, milliseconds)
                    rows: Sequence[Any] = (await connection.execute(query)).all()
                    return rows
        except PoolTimeout as error:
            raise SourceUnavailable(f"no connection became free within {_POOL_WAIT_S} s") from error
        except TimeoutError as error:
            if limit.expired():
                raise SourceTimeout("the statement ran out of time") from error
            raise SourceUnavailable("no connection came about in time") from error

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Does something with a connection, as in a thread."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        """Waits for what was left behind."""
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._engine.dispose()
