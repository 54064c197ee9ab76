"""Buckets in memory: by GCRA, one number for each, which says when the bucket will be full again.

A bucket that is full is none: it need not be kept. What a bucket is for, and who has which, is decided elsewhere.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """``interval``: seconds in which one token comes back; ``burst``: tokens of a full bucket."""

    interval: float
    burst: int

    @property
    def window(self) -> float:
        """Seconds in which an empty bucket becomes full."""
        return self.interval * self.burst


@dataclass(frozen=True, slots=True)
class Take:
    """``tokens`` to be taken from the bucket of ``key``."""

    key: str
    rate: Rate
    tokens: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """``allowed``: whether all buckets had enough; if not, nothing was taken from any of them.

    ``left``: whole tokens of each bucket afterwards. ``wait``: seconds until each would have had enough, or 0.
    """

    allowed: bool
    left: tuple[int, ...]
    wait: tuple[float, ...]


def told(takes: Sequence[Take], full_in: Sequence[float]) -> Taken:
    """What comes of it; ``full_in``: seconds until each bucket was full, before anything was taken."""
    after = [max(0.0, full) + take.tokens * take.rate.interval for take, full in zip(takes, full_in, strict=True)]
    # A millionth of a token: sums of intervals are not exact.
    short = [end - take.rate.window - 1e-6 * take.rate.interval for take, end in zip(takes, after, strict=True)]
    allowed = all(missing <= 0 for missing in short)
    standing = after if allowed else [max(0.0, full) for full in full_in]
    return Taken(
        allowed,
        tuple(
            max(0, math.floor((take.rate.window - full) / take.rate.interval + 1e-6))
            for take, full in zip(takes, standing, strict=True)
        ),
        tuple(max(0.0, missing) for missing in short),
    )


class Buckets:
    """So many buckets at most; beyond, those go that were not used longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self.forgotten = 0
        """How many went while they were not full: their owners were given more than their due."""

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, takes: Sequence[Take], now: float) -> Taken:
        """Takes from all of them or from none."""
        full_in = [self._full_at.get(take.key, now) - now for take in takes]
        taken = told(takes, full_in)
        if taken.allowed:
            for take, full in zip(takes, full_in, strict=True):
                self._full_at[take.key] = now + max(0.0, full) + take.tokens * take.rate.interval
                self._full_at.move_to_end(take.key)
            self._forget(now)
        return taken

    def _forget(self, now: float) -> None:
        # Two at each step: what is full goes as fast as what is new comes, without a walk through all of them.
        for _ in range(2):
            if self._full_at and next(iter(self._full_at.values())) <= now:
                self._full_at.popitem(last=False)
        while len(self._full_at) > self._most:
            _, full_at = self._full_at.popitem(last=False)
            self.forgotten += full_at > now
