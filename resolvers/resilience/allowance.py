"""``Allowance``: how many calls a source may get, by the second and by the day. It reserves times and never waits.

By the second it is a bucket that fills evenly, kept as one number: when it will be full again (GCRA). A call that must
wait has its time at once, so that those who wait go in the order they came, and nobody looks again and again. A day
begins at midnight UTC; when its calls are spent, nobody has a time before the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rate:
    """``interval``: seconds for one call, 0 where only days are counted; ``burst``: calls at once after a pause."""

    interval: float
    burst: int
    per_day: int | None

    @property
    def window(self) -> float:
        """Seconds in which a bucket that was emptied is full again."""
        return self.interval * self.burst


@dataclass(frozen=True, slots=True)
class Turn:
    """``wait``: seconds until the call may be sent. ``granted``: that time is its own; else nothing was taken. ``end``:
    the mark that it set, and ``day`` the one that it was counted for, by which it can be given back.
    """

    wait: float
    granted: bool
    end: float = 0.0
    day: int = 0


class AllowanceAway(Exception):  # none of the source's doing
    """Nobody can say what processes have used together; nothing, or one call, was taken."""


class SharedAllowance(Protocol):
    """An allowance that several processes have together."""

    async def take(self, name: str, rate: Rate, most_wait: float) -> Turn:
        """As ``Allowance.take``, of the source of that name.

        Raises:
            AllowanceAway: there was no answer.
        """

    async def close(self) -> None:
        """Called once, by the source that it was made for."""


class Allowance:
    """Of one source, in this process. ``wall``: seconds since 1970, which tell the day."""

    __slots__ = ("_day", "_full_at", "_rate", "_today", "_wall")

    def __init__(self, rate: Rate, wall: Callable[[], float] = time.time) -> None:
        self._rate = rate
        self._wall = wall
        self._full_at = float("-inf")
        self._day = self._today = 0

    def take(self, now: float, most_wait: float) -> Turn:
        """A call's turn, where it comes within ``most_wait`` seconds from ``now`` (by a clock that never goes back)."""
        rate = self._rate
        if rate.per_day is not None:
            wall = self._wall()
            day = int(wall // DAY_S)
            if day != self._day:
                self._day, self._today = day, 0
            if self._today >= rate.per_day:
                return Turn((day + 1) * DAY_S - wall, granted=False)
        full_at = max(self._full_at, now) + rate.interval
        wait = full_at - rate.window - now
        if wait > most_wait:
            return Turn(wait, granted=False)
        self._full_at = full_at
        self._today += 1
        return Turn(max(0.0, wait), granted=True, end=full_at, day=self._day)

    def give_back(self, turn: Turn) -> None:
        """A call that had its turn was not sent after all.

        Its time is free again where nobody stands behind it; those who do keep theirs, and two at one time would be
        more than the source may get.
        """
        if self._day == turn.day:
            self._today -= 1
        if self._full_at == turn.end:
            self._full_at -= self._rate.interval
