"""``Tally``: what a source did and how it stands, in numbers. Layers write into it, metrics and ``/readyz`` read it.

It holds numbers and short words of ours alone: no address, no argument, no text of a source. Writing costs an addition;
nothing here is computed before somebody reads. All of it happens on one loop, so nothing is locked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from resolvers.errors import Code

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the classes of latency, in seconds; one more class is for what took longer."""
State = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class Latencies:
    """How long calls took: ``classes`` counts them by ``BOUNDS_S``, each in the first class that holds it."""

    classes: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(BOUNDS_S, seconds)] += 1
        self.seconds += seconds


@dataclass(slots=True)
class ReplicaTally:
    """One address of a source, or a copy of a database. ``latency_s``: a moving average; 0 before the first answer."""

    state: State = "closed"
    ejected: bool = False
    under_way: int = 0
    latency_s: float = 0.0
    calls: int = 0
    failures: int = 0


@dataclass(slots=True)
class CacheTally:
    """``shared``: those who waited for another's call. ``stale``: answers past their time. ``bytes``: kept now."""

    hits: int = 0
    misses: int = 0
    stale: int = 0
    shared: int = 0
    evicted: int = 0
    failures: int = 0
    bytes: int = 0


@dataclass(slots=True)
class PoolTally:
    """Connections to a database: those that are used now, those that wait to be, and the most there may be."""

    in_use: int = 0
    idle: int = 0
    most: int = 0


@dataclass(slots=True)
class Standing:
    """How a source that was opened stands: its breaker, and its replicas by a number or a name that tells no address.

    Whatever is opened has its own. While a change is taken over there are two of one source, and one that is refused
    has never been asked: what it thinks of the source is nobody's business.
    """

    state: State = "closed"
    replicas: dict[str, ReplicaTally] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """Of one source. Counters only grow and outlive a reload; ``under_way`` and ``waiting`` are as of now.

    ``calls``: by how they ended, ``None`` for well. ``retries``: further sendings of a call that had failed.
    ``not_retried``: those that the retry budget refused. ``held_back``: calls that the source's own rate limit made
    wait or refused. ``refused_open``: calls that an open breaker refused. ``standing``: that of what is served now.
    """

    calls: Counter[Code | None] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)
    retries: int = 0
    not_retried: int = 0
    held_back: int = 0
    refused_open: int = 0
    under_way: int = 0
    waiting: int = 0
    standing: Standing = field(default_factory=Standing)
    cache: CacheTally = field(default_factory=CacheTally)
    pool: PoolTally | None = None

    @property
    def state(self) -> State:
        """That of the breaker."""
        return self.standing.state

    @property
    def replicas(self) -> Mapping[str, ReplicaTally]:
        """Its addresses, or the copies of a database."""
        return self.standing.replicas

    def take(self, standing: Standing) -> None:
        """What stands so is served from now on; what its replicas have counted before goes on."""
        if standing is self.standing:
            return
        for name, each in standing.replicas.items():
            before = self.standing.replicas.get(name)
            if before is not None:
                each.calls += before.calls
                each.failures += before.failures
        self.standing = standing

    def ended(self, seconds: float, code: Code | None) -> None:
        """A call ended after ``seconds``, well or with an error."""
        self.calls[code] += 1
        self.latencies.add(seconds)
