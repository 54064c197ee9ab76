"""``Admission``: who may begin while the process is overloaded, who waits a moment, and who is refused.

How many may begin is ``pace.py``'s to know. A request that was let in is never turned out: writes least of all.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace

from gateway.overload.pace import Pace, Window
from gateway.overload.settings import OverloadSettings
from gateway.request.limits import Busy
from gateway.telemetry import log

WINDOW_S = 0.1
_BURST_S = 0.02
"""So much of a second's requests may begin at once: turns of the loop are not alike."""


@dataclass(slots=True)
class Counts:
    """Since the process started: ``begun`` and ``ended`` requests; ``refused`` at once, or ``expired`` in the queue.

    ``turned``: those of them that had been counted as begun.
    """

    begun: int = 0
    ended: int = 0
    refused: int = 0
    expired: int = 0
    turned: int = 0


class Admission:
    """``overloaded``: whether it counts at all. Nobody waits and nothing is looked at while it is false."""

    def __init__(self, settings: OverloadSettings) -> None:
        self._settings = settings
        self._pace = Pace(settings.max_lag_s)
        self._queue: deque[tuple[float, asyncio.Future[bool]]] = deque()
        self._credit = 0.0
        self._before = Counts()
        self._since = 0.0
        self._refused_then = 0
        self.counts = Counts()
        self.overloaded = False
        self.refusing_s = 0.0
        """Time spent on refusals since the last window: the core has so much less for requests."""

    @property
    def per_s(self) -> float:
        """How many requests may begin in a second; infinite while the process keeps up."""
        return self._pace.per_s

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def full(self) -> bool:
        """Whether a request would be refused at once. Asked for each while the process is overloaded."""
        if self.counts.begun - self.counts.ended < self._pace.few:
            return False
        waiting = len(self._queue)
        return (waiting > 0 or self._credit < 1) and waiting >= self._pace.per_s * self._settings.max_wait_s

    async def enter(self, now: float) -> None:
        """Waits for the request's turn, ``max_wait_s`` at most; called only while ``overloaded``.

        Raises:
            Busy: it did not come in time, or too many wait already.
        """
        if self.full:
            self.counts.refused += 1
            self.counts.turned += 1
            raise Busy
        # The request is itself counted as under way by now.
        if self.counts.begun - self.counts.ended <= self._pace.few:
            return
        if self._credit >= 1 and not self._queue:
            self._credit -= 1
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((now + self._settings.max_wait_s, turn))
        if not await turn:
            self.counts.turned += 1
            raise Busy

    def tick(self, now: float, seconds: float) -> None:
        """Lets in whose turn has come, and refuses who waited too long; ``seconds``: since the last tick."""
        per_s = self._pace.per_s
        if not self.overloaded:
            return
        self._credit = min(self._credit + per_s * seconds, max(1.0, per_s * _BURST_S))
        queue = self._queue
        while queue:
            until, turn = queue[0]
            if turn.done():  # its caller is gone
                queue.popleft()
            elif until < now:
                queue.popleft()
                self.counts.expired += 1
                turn.set_result(False)
            elif self._credit >= 1:
                queue.popleft()
                self._credit -= 1
                turn.set_result(True)
            else:
                return

    def look(self, now: float, seconds: float, lag_s: float, ran: float, wanted: float) -> None:
        """Learns from a window of ``seconds``, in which the loop was ``lag_s`` late at least.

        ``ran`` and ``wanted``: as in ``Window``.
        """
        counts, before = self.counts, self._before
        refused = counts.refused + counts.expired
        turned = counts.turned - before.turned
        window = Window(
            seconds,
            lag_s,
            ran,
            wanted,
            max(0, counts.begun - before.begun - turned),
            max(0, counts.ended - before.ended - turned),
            refused - before.refused - before.expired,
            self.refusing_s,
            counts.begun - counts.ended,
        )
        self._before = replace(counts)
        self.refusing_s = 0.0
        if not self._settings.shed:
            return
        self._pace.look(window)
        if self._pace.overloaded == self.overloaded:
            return
        self.overloaded = self._pace.overloaded
        if self.overloaded:
            self._since, self._refused_then = now, refused
            log("overloaded", level="warning", lag_s=round(lag_s, 4), per_s=round(self._pace.per_s))
        else:
            self._let_in()
            log("keeps_up_again", refused=refused - self._refused_then, seconds=round(now - self._since, 1))

    def _let_in(self) -> None:
        self._credit = 0.0
        while self._queue:
            _, turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(True)
