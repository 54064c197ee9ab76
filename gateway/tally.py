"""``EdgeTally``: what the edge did, in numbers: requests, refusals, operations. Metrics read it, ``Endpoint`` writes.

No word of a caller becomes a key here, but for the names of operations, of which there are only so many.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from gateway.request.ended import Ended
from resolvers import Code, Latencies

OTHER = "(other)"
"""Of operations that found no place. No name of GraphQL holds a parenthesis, so none is mistaken for it."""
UNNAMED = "(unnamed)"
LONGEST_NAME = 80
"""Longer names are as if they were no known one: a name is a label, and a label is kept for weeks."""
IDLE_S = 3600.0
"""A place whose operation was not asked for so long is given to another, where all are taken."""
LOOK_S = 60.0
"""How often it is looked for such places: whoever makes up names must not make each of them cost a search."""


@dataclass(slots=True)
class OperationTally:
    """``latest``: when it was asked last, by the clock of ``OperationTallies``."""

    latencies: Latencies = field(default_factory=Latencies)
    errors: Counter[Code] = field(default_factory=Counter)
    latest: float = 0.0


class OperationTallies:
    """Operations by their names, ``most`` of them: those that were ``named`` ahead, then who comes first.

    ``closed``: nobody else is given a place. A name gets one only from an operation that was valid and ran.
    """

    def __init__(
        self,
        most: int,
        named: Iterable[str] = (),
        *,
        closed: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._clock = clock
        self._closed = closed
        self._known = {UNNAMED: OperationTally(), OTHER: OperationTally()}
        for name in list(dict.fromkeys(named))[:most]:
            self._known[name] = OperationTally()
        self._kept = frozenset(self._known)
        self._looked = -LOOK_S

    def __iter__(self) -> Iterator[tuple[str, OperationTally]]:
        """Those that were asked, by their names."""
        return ((name, each) for name, each in list(self._known.items()) if any(each.latencies.classes))

    def add(self, ended: Ended) -> None:
        """Counts an operation that was asked."""
        name = ended.operation or UNNAMED
        found = self._known.get(name)
        if found is None:
            found = self._place(name) if ended.executed else self._known[OTHER]
        found.latencies.add(ended.seconds)
        found.latest = self._clock()
        if ended.errors:
            found.errors.update(ended.errors)

    def _place(self, name: str) -> OperationTally:
        if self._closed or len(name) > LONGEST_NAME or not self._has_room():
            return self._known[OTHER]
        placed = self._known[name] = OperationTally()
        return placed

    def _has_room(self) -> bool:
        if len(self._known) < self._most + 2:
            return True
        now = self._clock()
        if now - self._looked < LOOK_S:
            return False
        self._looked = now
        for name, each in list(self._known.items()):
            if name not in self._kept and now - each.latest > IDLE_S:
                del self._known[name]
        return len(self._known) < self._most + 2


@dataclass(slots=True)
class EdgeTally:
    """Counters only grow. ``refused``: requests that no operation ran for, by a word of ours."""

    operations: OperationTallies
    requests: Counter[int] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)
    refused: Counter[str] = field(default_factory=Counter)
    received_bytes: int = 0
    sent_bytes: int = 0

    def ended(self, ended: Ended) -> None:
        """A request was answered, or its caller had left."""
        self.requests[ended.status] += 1
        self.latencies.add(ended.seconds)
        self.received_bytes += ended.asked.received
        self.sent_bytes += ended.size
        if ended.refused:
            self.refused[ended.refused] += 1
        if ended.asked.context is not None:
            self.operations.add(ended)

    def turned_away(self, reason: str) -> None:
        """What was sent never became a request."""
        self.refused[reason] += 1
