"""``Pace``: how many requests a second may begin, learnt from how late the event loop runs.

Pure arithmetic over what it is told of each window of time: it reads no clock and knows no request.

What saturates here is one core. A limit on requests under way would be the wrong measure: those that wait for a slow
source cost no time of the loop, and counting them would starve requests to every other source. Latency would be wrong
too, for a slow source lengthens it. How late timers run measures the queue of the core and nothing else. As in CoDel
(RFC 8289) the least of a window counts: a single late turn is a burst or a collection of garbage, a queue that never
empties is overload.
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
_MOST_UP = 1.15
_MOST_DOWN = 0.1
_MEMORY_S = 0.3


@dataclass(frozen=True, slots=True)
class Window:
    """What happened in ``seconds``.

    ``lag_s``: the least lateness of the loop. ``busy``: share of the time that its thread ran or wanted to.
    ``begun``, ``ended``, ``refused``: requests. ``under_way``: at its end.
    """

    seconds: float
    lag_s: float
    busy: float
    begun: int
    ended: int
    refused: int
    under_way: int


class Pace:
    """``per_s``: how many requests may begin in a second; infinite while the loop keeps up.

    ``few``: whoever comes while fewer are under way is let in whatever ``per_s`` says.
    """

    def __init__(self, max_lag_s: float) -> None:
        self._max_lag_s = max_lag_s
        self._ended_per_s = 0.0
        self._begun_per_s = 0.0
        self._calm_s = 0.0
        self.few = FEW
        self.per_s = math.inf

    @property
    def overloaded(self) -> bool:
        return self.per_s != math.inf

    def look(self, window: Window) -> None:
        """Learns from one window."""
        weight = min(1.0, window.seconds / _MEMORY_S)
        self._ended_per_s += weight * (window.ended / window.seconds - self._ended_per_s)
        self._begun_per_s += weight * (window.begun / window.seconds - self._begun_per_s)
        late = window.lag_s > self._max_lag_s
        if not self.overloaded:
            far = window.lag_s > FAR * self._max_lag_s
            if not late or window.busy < BUSY or (window.begun + window.ended < MOVED and not far):
                return
            self.few = VERY_FEW if far else FEW
            if window.under_way < self.few:
                return
            # The first window tells best what can be done: the average still remembers quiet times.
            self._ended_per_s = max(self._ended_per_s, window.ended / window.seconds)
        self._calm_s = 0.0 if late or window.refused else self._calm_s + window.seconds
        if self._calm_s >= CALM_S:
            self.per_s = math.inf
            return
        # Where the loop keeps up, what began is what it can bear, though slow sources have not ended it yet.
        borne = self._ended_per_s if late else max(self._ended_per_s, self._begun_per_s)
        change = self._max_lag_s / window.lag_s if window.lag_s > 0 else _MOST_UP
        self.per_s = max(FLOOR_PER_S, borne * min(_MOST_UP, max(_MOST_DOWN, change)))
