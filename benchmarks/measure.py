"""The measuring: every competitor in turn, several rounds, CPU milliseconds of its process for one request."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.queries import QUERIES
from benchmarks.stage import Player

WARM_UP_S = 0.5


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is asked in one round of one query: ``requests``, or as many as fit into ``seconds``."""

    seconds: float = 1.0
    requests: int | None = None


@dataclass(slots=True)
class Figures:
    """Of one competitor: CPU ms per request of each round, by query; peak resident MiB."""

    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    peak_mib: float = 0.0

    def best(self, query: str) -> float:
        return min(self.cpu_ms[query])

    def middle(self, query: str) -> float:
        return median(self.cpu_ms[query])


def measure(players: Sequence[Player], rounds: int, amount: Amount) -> dict[str, Figures]:
    """Figures by the name of the competitor. The competitors take turns inside each round, so noise hits all alike."""
    figures = {player.name: Figures() for player in players}
    for query in QUERIES:
        for player in players:
            _load(player, query, Amount(WARM_UP_S))
        for _ in range(rounds):
            for player in players:
                before = player.process.cpu_s()
                count = _load(player, query, amount)
                spent = player.process.cpu_s() - before
                figures[player.name].cpu_ms.setdefault(query, []).append(1000 * spent / count)
    for player in players:
        figures[player.name].peak_mib = player.process.memory_mib()
    return figures


def _load(player: Player, query: str, amount: Amount) -> int:
    end = time.monotonic() + amount.seconds
    count = 0
    while count < amount.requests if amount.requests else not count or time.monotonic() < end:
        player.ask(query)
        count += 1
    return count
