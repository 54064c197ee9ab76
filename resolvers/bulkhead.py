"""``Bulkhead``: so many calls to a source under way at once, and a short queue before them. It sends nothing.

A source that hangs then costs those who ask it their time, and nobody else anything: its calls cannot pile up.

A place that is given back goes to whoever waits longest, at once and by name: nobody who comes later can take it in
between. Who leaves while it is being handed over hands it on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque


class Full(Exception):  # nothing is wrong with anybody
    """Too many wait already."""


class Bulkhead:
    """``places`` calls at once; ``most_waiting`` wait at most."""

    __slots__ = ("_free", "_most_waiting", "_queue")

    def __init__(self, places: int, most_waiting: int) -> None:
        self._free = places
        self._most_waiting = most_waiting
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def free(self) -> int:
        """Places that nobody has."""
        return self._free

    @property
    def waiting(self) -> int:
        return sum(not each.done() for each in self._queue)

    def enter(self) -> bool:
        """Takes a place, if one is free; who waits has the first claim, and then none is."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Takes a place as soon as it is this one's turn. Whoever stops waiting, by whatever, has none.

        Raises:
            Full: too many wait already.
        """
        if len(self._queue) >= self._most_waiting and self.waiting >= self._most_waiting:
            raise Full
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(turn)
            else:
                self.leave()  # it was handed over in the very moment
            raise

    def leave(self) -> None:
        """Gives a place back: to the first who still waits, or to whoever comes."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _forget(self, turn: asyncio.Future[None]) -> None:
        with contextlib.suppress(ValueError):  # it was passed over already
            self._queue.remove(turn)
