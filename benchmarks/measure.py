"""The measuring: every competitor in turn, several rounds, alone on one connection and then over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles

from benchmarks.load import Amount
from benchmarks.queries import QUERIES, body
from benchmarks.stage import Player, Stage

WARM_UP_S = 0.5
MANY = 32


@dataclass(slots=True)
class Taken:
    """What requests of one query took, over the rounds."""

    cpu_ms: list[float] = field(default_factory=list)
    """CPU milliseconds per request, one figure for each round."""
    per_s: list[float] = field(default_factory=list)
    """Requests per second, one figure for each round."""
    latencies_ms: list[float] = field(default_factory=list)
    """Of every request of every round."""

    def latency(self, percent: int) -> float:
        """The latency in ms that this many per cent of the requests do not exceed."""
        if len(self.latencies_ms) == 1:
            return self.latencies_ms[0]
        return quantiles(self.latencies_ms, n=100, method="inclusive")[percent - 1]

    def rate(self) -> float:
        return median(self.per_s)


@dataclass(slots=True)
class Figures:
    """Of one competitor, by query; a query that it cannot answer is left out. ``many``: over ``MANY`` connections."""

    single: dict[str, Taken] = field(default_factory=dict)
    many: dict[str, Taken] = field(default_factory=dict)
    calls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    peak_mib: float = 0.0

    def best(self, query: str) -> float:
        """Least CPU ms per request of the rounds on one connection."""
        return min(self.single[query].cpu_ms)

    def middle(self, query: str) -> float:
        """Median of the same."""
        return median(self.single[query].cpu_ms)


def measure(
    stage: Stage, calls: Mapping[str, Mapping[str, Mapping[str, int]]], rounds: int, amount: Amount
) -> dict[str, Figures]:
    """Figures by the name of the competitor. The competitors take turns inside each round, so noise hits all alike.

    After the rounds on one connection comes one over ``MANY``: it is bounded by the machine that all share.
    """
    figures = {player.name: Figures(calls=calls[player.name]) for player in stage.players}
    for query in QUERIES:
        players = [player for player in stage.players if query in player.queries]
        stage.delay(query)
        for player in players:
            player.load(body(query), Amount(WARM_UP_S))
        for _ in range(rounds):
            for player in players:
                _round(player, query, amount, 1, figures[player.name].single.setdefault(query, Taken()))
        for player in players:
            _round(player, query, amount, MANY, figures[player.name].many.setdefault(query, Taken()))
    stage.delay("")
    for player in stage.players:
        figures[player.name].peak_mib = player.process.peak_mib()
    return figures


def _round(player: Player, query: str, amount: Amount, connections: int, taken: Taken) -> None:
    before = player.process.cpu_s()
    sent = player.load(body(query), amount, connections)
    spent = player.process.cpu_s() - before
    count = len(sent.latencies_ms)
    taken.cpu_ms.append(1000 * spent / count)
    taken.per_s.append(count / sent.took_s)
    taken.latencies_ms += sent.latencies_ms
