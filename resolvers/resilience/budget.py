"""``Budget``: how many retries a source gets. It counts calls and retries, and knows nothing of why either were made.

A retry is more load for a source that has trouble already. So retries are bounded by what is asked anyway: a share of
the calls of the last ten seconds, and for quiet sources so many for each of these seconds, whichever is more. Credit
that is older than that is gone: a good night pays for no storm in the morning.
"""

from __future__ import annotations

WINDOW_S = 10
"""For so many seconds a call is credit, and a retry is held against it."""


class Budget:
    """Of one source. ``share`` of the calls may be made again, or ``least`` retries in a second, whichever is more.

    Times are seconds of a clock that never goes back; one slot of the window is a second.
    """

    __slots__ = ("_calls", "_calls_in", "_floor", "_retries", "_retries_in", "_second", "_share")

    def __init__(self, share: float, least: float) -> None:
        self._share = share
        self._floor = least * WINDOW_S
        self._calls_in = [0] * WINDOW_S
        self._retries_in = [0] * WINDOW_S
        self._calls = self._retries = 0
        self._second = 0

    def call(self, now: float) -> None:
        """A call begins; retries are none."""
        second = int(now)
        if second != self._second:
            self._pass(second)
        self._calls_in[second % WINDOW_S] += 1
        self._calls += 1

    def take(self, now: float) -> bool:
        """Takes a retry, if there is one left."""
        second = int(now)
        if second != self._second:
            self._pass(second)
        if self._retries + 1 > max(self._share * self._calls, self._floor):
            return False
        self._retries_in[second % WINDOW_S] += 1
        self._retries += 1
        return True

    def _pass(self, second: int) -> None:
        """Forgets the seconds that have left the window."""
        for passed in range(self._second + 1, min(second, self._second + WINDOW_S) + 1):
            slot = passed % WINDOW_S
            self._calls -= self._calls_in[slot]
            self._retries -= self._retries_in[slot]
            self._calls_in[slot] = self._retries_in[slot] = 0
        self._second = max(self._second, second)
