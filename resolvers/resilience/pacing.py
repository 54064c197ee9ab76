"""``Pacing``: when a call to a source may be sent, by the limit of its settings and by what the source asked for.

It waits where there is time, and says how long where there is not. What is counted stands in ``allowance.py``.
"""

from __future__ import annotations

import asyncio
import logging
import random

from resolvers.errors import RateLimited
from resolvers.guards import SourceRate
from resolvers.resilience.allowance import Allowance, AllowanceAway, Rate, SharedAllowance, Turn
from resolvers.resilience.throttle import Throttle
from resolvers.tally import Tally

_log = logging.getLogger("isthmus.sources")
_REST_S = 1.0
"""So long nobody says again that the processes cannot count together."""


class Pacing:
    """Of one source. ``shared``: where several processes count together, if they do."""

    def __init__(self, name: str, tally: Tally, rate: SourceRate | None, shared: SharedAllowance | None) -> None:
        self.throttle = Throttle()
        self._name = name
        self._tally = tally
        self._rate = None if rate is None else rate_of(rate)
        self.rated = rate is not None
        """Whether calls are counted; where they are not and the throttle holds nobody, there is nothing to look at."""
        self._local = None if self._rate is None else Allowance(self._rate)
        self._shared = shared if rate is not None and rate.store == "redis" else None
        self._told_at = float("-inf")

    async def admit(self, who: str, latest: float) -> Turn | None:
        """Waits until a call of ``who`` may be sent; what it gives can be given back.

        Raises:
            RateLimited: that is not before ``latest``, by the running loop's clock. Nothing was sent.
        """
        loop = asyncio.get_running_loop()
        held = False
        while True:
            now = loop.time()
            left = latest - now
            wait = self.throttle.wait(who, now) if self.throttle.held else 0.0
            turn = None
            if not wait:
                turn = await self._take(now, left)
                wait = 0.0 if turn is None else turn.wait
            if wait and not held:
                held = True
                self._tally.held_back += 1
            if wait >= left and wait:
                self.give_back(turn)
                raise RateLimited("a limit of calls to the source", sends=0, passing=False, retry_after=wait)
            if wait:
                await self._sleep(wait, turn)
            if turn is None and not wait:
                return None
            if turn is not None and turn.granted:
                if not (wait and self.throttle.held and self.throttle.wait(who, loop.time())):
                    return turn
                self.give_back(turn)  # while it waited for its turn the source said that it wants no calls

    async def _sleep(self, wait: float, turn: Turn | None) -> None:
        self._tally.waiting += 1
        try:
            # Those whom the source held off do not come back in one moment.
            await asyncio.sleep(wait if turn is not None else wait * random.uniform(1.0, 1.1))  # noqa: S311
        except asyncio.CancelledError:
            self.give_back(turn)
            raise
        finally:
            self._tally.waiting -= 1

    async def _take(self, now: float, most_wait: float) -> Turn | None:
        if self._rate is None or self._local is None:
            return None
        if self._shared is not None:
            try:
                return await self._shared.take(self._name, self._rate, most_wait)
            except AllowanceAway:
                if now >= self._told_at + _REST_S:
                    _log.warning("%s: this process alone counts its calls now", self._name)
                self._told_at = now
        return self._local.take(now, most_wait)

    async def close(self) -> None:
        """Gives back connections."""
        if self._shared is not None:
            await self._shared.close()

    def give_back(self, turn: Turn | None) -> None:
        """A call that had its turn is not sent. What is shared is not given back: it would cost another question."""
        if turn is not None and turn.granted and self._local is not None and turn.end:
            self._local.give_back(turn)


def rate_of(settings: SourceRate) -> Rate:
    """The numbers behind the settings."""
    if settings.per_second is None:
        return Rate(0.0, 1, settings.per_day)
    burst = settings.burst or max(1, int(settings.per_second))
    return Rate(1 / settings.per_second, burst, settings.per_day)
