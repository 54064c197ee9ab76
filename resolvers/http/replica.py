"""``Replica``: one of several addresses of a source, as its answers show it: how fast, how busy, whether it fails.

It judges itself and is chosen by others; nothing is sent here.

How fast: a moving average over its good answers that forgets in seconds. What is not asked for a while looks faster
and faster, so that it is asked again and shows what it is now. A failure counts as a slow answer, or the quickest way
to answer, an error, would draw all calls to where nothing works.
"""

from __future__ import annotations

from math import exp

from resolvers.breaker import Breaker
from resolvers.http.exchange import Http
from resolvers.tally import ReplicaTally

_FORGETS_S = 5.0
"""What was measured so long ago counts a third: long enough to even out single answers, short enough to come back."""
_NEWEST = 0.3
"""Least share of the newest answer in the average, however soon it came after the last."""
_LEAST_S = 0.0005
"""What an answer counts at least, so that of two idle ones the less busy is asked."""
_FAILED_S, _FAILED_MOST_S = 0.05, 2.0
"""What the first failure in a row counts as, in seconds, twice as much each further one, and the most."""
_UNKNOWN_S = 1.0
"""What each call under way at one that has never answered counts as: it gets one, and more when that was answered."""
ROW = 5
"""So many failures in a row, and it is left alone."""
_LEFT_OUT_S, _LEFT_OUT_MOST_S = 30.0, 300.0


class Replica:
    """``url``: its address without a slash at the end. ``way``: how requests get there. ``tally``: where it counts."""

    __slots__ = ("_at", "_mean", "_times", "_until", "breaker", "in_a_row", "name", "tally", "under_way", "url", "way")

    def __init__(self, name: str, url: str, way: Http, tally: ReplicaTally, breaker: Breaker) -> None:
        self.name = name
        self.url = url
        self.way = way
        self.tally = tally
        self.breaker = breaker
        self.under_way = 0
        self.in_a_row = 0
        self._mean = 0.0
        self._at = 0.0
        self._until = 0.0
        self._times = 0
        tally.latency_s, tally.ejected = 0.0, False

    def is_left_out(self, now: float) -> bool:
        """Whether it is left alone now."""
        if not self.tally.ejected:
            return False
        if now < self._until:
            return True
        self.tally.ejected = False
        self.in_a_row = ROW - 1  # it is on trial: the next failure is enough
        return False

    def is_well(self, now: float) -> bool:
        """Whether nothing speaks against asking it."""
        return self.breaker.state == "closed" and not self.is_left_out(now)

    def leave_out(self, now: float) -> float:
        """Leaves it alone for a while, longer each time that follows soon on the last; gives the seconds."""
        if now - self._until > _LEFT_OUT_S * self._times:
            self._times = 0
        self._times += 1
        spell = min(_LEFT_OUT_MOST_S, _LEFT_OUT_S * self._times)
        self._until = now + spell
        self.tally.ejected = True
        return spell

    def pardon(self) -> None:
        """It is not left alone any longer."""
        self.tally.ejected = False
        self._until = self._times = 0

    def cost(self, now: float) -> float:
        """What one more call there costs: the seconds of those before it and its own."""
        if not self._at:
            return _UNKNOWN_S * self.under_way
        return (self._mean * exp((self._at - now) / _FORGETS_S) + _LEAST_S) * (self.under_way + 1)

    def begins(self) -> None:
        """A call goes there."""
        self.under_way += 1
        self.tally.under_way += 1
        self.tally.calls += 1

    def ends(self) -> None:
        """A call is over, however."""
        self.under_way -= 1
        self.tally.under_way -= 1

    def answered(self, now: float, seconds: float) -> None:
        """It answered well after ``seconds``."""
        self.in_a_row = 0
        self.tally.ejected = False
        self._learn(now, seconds)

    def refused(self) -> None:
        """It answered that it will not: so it is there, and how fast it says so means nothing."""
        self.in_a_row = 0
        self.tally.ejected = False

    def took(self, now: float, seconds: float) -> None:
        """It had not answered after ``seconds``, when nobody waited any longer."""
        if seconds > self._mean:
            self._learn(now, seconds)

    def was_busy(self, now: float, seconds: float) -> None:
        """It wants fewer calls, which is no failure; it gets them by looking slower."""
        self._learn(now, max(seconds, 2 * self._mean, _FAILED_S))

    def failed(self, now: float, seconds: float) -> None:
        """It failed after ``seconds``."""
        self.tally.failures += 1
        counts = min(_FAILED_MOST_S, _FAILED_S * 2.0 ** min(self.in_a_row, 10))
        self.in_a_row += 1
        self._mean = max(seconds, counts, self._mean)
        self._at = now
        self.tally.latency_s = self._mean

    def _learn(self, now: float, seconds: float) -> None:
        old = min(1 - _NEWEST, exp((self._at - now) / _FORGETS_S)) if self._at else 0.0
        self._mean = old * self._mean + (1 - old) * seconds
        self._at = now
        self.tally.latency_s = self._mean
