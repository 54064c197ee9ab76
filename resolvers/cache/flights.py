"""``Flights``: who asks for what is being fetched already waits for that one call.

A flight runs in a task of its own, by the source's own time and not by that of who began it: a caller who leaves or
runs out of time takes nothing from the others. When nobody waits any more it is cancelled, as any call is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Generic, TypeVar

from resolvers.errors import SourceUnavailable, untraced
from resolvers.time_limits import TimeLimits, leaves

T = TypeVar("T")


class Flight(Generic[T]):
    """One call under way; ``wanted``: it goes on though nobody waits for it."""

    __slots__ = ("_waiting", "outcome", "task", "wanted")

    def __init__(self, outcome: asyncio.Future[T], *, wanted: bool) -> None:
        self.outcome = outcome
        self.wanted = wanted
        self.task: asyncio.Task[None] | None = None
        self._waiting = 0

    async def wait(self, limits: TimeLimits, deadline: float) -> T:
        """The outcome, for one of those who wait.

        Raises:
            TimeoutError: the deadline of who waits has come; the call goes on for the others.
            SourceUnavailable: the call was ended, since its source is closed.
        """
        self._waiting += 1
        try:
            if self.outcome.done():
                return self.outcome.result()
            with limits.until(deadline):
                return await asyncio.shield(self.outcome)
        except asyncio.CancelledError:
            if self.outcome.cancelled() and not leaves():
                raise SourceUnavailable("the source was closed") from None
            raise
        finally:
            self._waiting -= 1
            if not self._waiting and not self.wanted and not self.outcome.done() and self.task is not None:
                self.task.cancel()


class Flights(Generic[T]):
    """The calls of one source that are under way, by what they ask for."""

    def __init__(self) -> None:
        self._flying: dict[Hashable, Flight[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, key: Hashable) -> Flight[T] | None:
        """The flight that brings what ``key`` asks for, if one is under way."""
        flight = self._flying.get(key)
        if flight is None or flight.task is None or flight.task.cancelling():
            return None
        return flight

    def begin(
        self, keys: Iterable[Hashable], call: Callable[[asyncio.Future[T]], Awaitable[None]], *, wanted: bool = False
    ) -> Flight[T]:
        """Begins a call that brings what all of ``keys`` ask for. ``call`` sets the future, or raises."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        flight: Flight[T] = Flight(outcome, wanted=wanted)
        mine = list(keys)
        for key in mine:
            self._flying[key] = flight
        task = flight.task = asyncio.create_task(_run(call, outcome))
        self._tasks.add(task)

        def ended(_: object) -> None:
            self._tasks.discard(task)
            for key in mine:
                if self._flying.get(key) is flight:
                    del self._flying[key]

        task.add_done_callback(ended)
        return flight

    async def close(self) -> None:
        """Ends what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _run(call: Callable[[asyncio.Future[T]], Awaitable[None]], outcome: asyncio.Future[T]) -> None:
    try:
        await call(outcome)
    except asyncio.CancelledError:
        outcome.cancel()
        raise
    except Exception as error:  # noqa: BLE001  # it is the outcome, for everyone who waits
        if not outcome.done():
            outcome.set_exception(untraced(error))
            outcome.exception()  # looked at: nobody may be waiting for it any more
