"""``Pace``: how many requests a second may begin, learnt from what they cost and from how late the event loop runs.

Pure arithmetic over what it is told of each window of time: it reads no clock and knows no request.

What saturates here is one core. A limit on requests under way would be the wrong measure: those that wait for a slow
source cost no time of the loop, and counting them would starve requests to every other source. Latency would be wrong
too, for a slow source lengthens it. How late timers run measures the queue of the core and nothing else. As in CoDel
(RFC 8289) the least of a window counts: a single late turn is a burst or a collection of garbage, a queue that never
empties is overload.

How late the loop runs says *that* too many are let in. How many would do follows from what each costs of the core: from
lateness alone it would be sought by trial, and half of a request's cost comes only when its sources have answered, so
that such a search swings to and fro.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FEW = 64
"""With fewer requests under way nobody is refused, unless the loop is later by far: so many take turns well enough, and
a machine that is busy with other things makes timers late too."""
MOVED = 8
"""Nor where fewer requests began or ended in a window: those under way wait for their sources, not for the loop."""
VERY_FEW = 16
FAR = 10
"""So many times ``max_lag_s`` is late by far: then ``VERY_FEW`` are enough, moving or not."""
BUSY = 0.85
"""Share of a window in which the loop's thread ran or waited for a core. Below, it slept: there is no queue."""
FLOOR_PER_S = 20.0
"""So many may begin in any case: from nothing nothing is learnt."""
CALM_S = 1.0
"""After so long without a refusal everybody is let in again."""
AIM = 0.95
"""So much of what the loop's thread gets of a core is given to requests: with the rest it works off what lies there."""
_LEAST_DRAIN = 0.5
_MEMORY_S = 1.0
"""What a request costs is learnt from so long: less would take the halves of requests, that wait, for whole ones."""


@dataclass(frozen=True, slots=True)
class Window:
    """What happened in ``seconds``.

    ``lag_s``: the least lateness of the loop. ``ran`` and ``wanted``: shares of the time in which its thread ran, and
    in which it ran or waited for a core. ``begun``, ``ended``: requests that were let in. ``refused``: others, which
    took ``refusing_s`` in all. ``under_way``: requests at its end.
    """

    seconds: float
    lag_s: float
    ran: float
    wanted: float
    begun: int
    ended: int
    refused: int
    refusing_s: float
    under_way: int


class Pace:
    """``per_s``: how many requests may begin in a second; infinite while the loop keeps up.

    ``few``: whoever comes while fewer are under way is let in whatever ``per_s`` says.
    """

    def __init__(self, max_lag_s: float) -> None:
        self._max_lag_s = max_lag_s
        self._ran = self._wanted = self._refusing = self._moved_per_s = 0.0
        self._calm_s = 0.0
        self.few = FEW
        self.per_s = math.inf

    @property
    def overloaded(self) -> bool:
        return self.per_s != math.inf

    def look(self, window: Window) -> None:
        """Learns from one window."""
        self._remember(window)
        late = window.lag_s > self._max_lag_s
        if not self.overloaded:
            far = window.lag_s > FAR * self._max_lag_s
            if not late or window.wanted < BUSY or (window.begun + window.ended < MOVED and not far):
                return
            self.few = VERY_FEW if far else FEW
            if window.under_way < self.few:
                return
        self._calm_s = 0.0 if late or window.refused else self._calm_s + window.seconds
        if self._calm_s >= CALM_S:
            self.per_s = math.inf
            return
        self.per_s = max(FLOOR_PER_S, self._bearable_per_s() * self._drain(window.lag_s))

    def _remember(self, window: Window) -> None:
        weight = min(1.0, window.seconds / _MEMORY_S)
        refusing = window.refusing_s / window.seconds
        # A request that waits for its sources is half done: it counts a half when it begins and a half when it ends.
        moved = (window.begun + window.ended) / 2 / window.seconds
        self._ran += weight * (max(0.0, window.ran - refusing) - self._ran)
        self._wanted += weight * (window.wanted - self._wanted)
        self._refusing += weight * (refusing - self._refusing)
        self._moved_per_s += weight * (moved - self._moved_per_s)

    def _bearable_per_s(self) -> float:
        """How many a second the core can bear, beside the refusals."""
        if self._ran <= 0 or self._moved_per_s <= 0:
            return 0.0
        cost_s = self._ran / self._moved_per_s
        given = min(1.0, (self._ran + self._refusing) / max(1e-9, self._wanted))
        return max(0.0, AIM * given - self._refusing) / cost_s

    def _drain(self, lag_s: float) -> float:
        """Less than one while a queue is to be worked off: gently, for what is let in now is heard of later."""
        return 1.0 if lag_s <= self._max_lag_s else max(_LEAST_DRAIN, math.sqrt(self._max_lag_s / lag_s))
