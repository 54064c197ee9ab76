"""``Tally``: which protected coordinates are used, by which clients, operations and callers, and which never are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.usage.bounded import Bounded
from gateway.usage.records import Record

MOST_COORDINATES = 50_000
MOST_USERS = 1_000
"""Callers, and pairs of client and operation, that are told apart for one coordinate."""


@dataclass(slots=True)
class Use:
    """Of one coordinate. ``by``: (client, operation) → how often. ``callers``: principal → how often refused."""

    outcomes: Counter[str] = field(default_factory=Counter)
    by: Bounded[tuple[str, str], Counter[str]] = field(default_factory=lambda: Bounded(MOST_USERS, Counter))
    callers: Bounded[str, Counter[str]] = field(default_factory=lambda: Bounded(MOST_USERS, Counter))

    @property
    def caller_count(self) -> str:
        return f"{len(self.callers.held)}{'+' if self.callers.untold else ''}"


class Tally:
    def __init__(self) -> None:
        self.uses: Bounded[str, Use] = Bounded(MOST_COORDINATES, Use)
        self.operations = 0

    def add(self, record: Record) -> None:
        self.operations += 1
        for outcome, coordinates in record.coordinates.items():
            for coordinate in coordinates:
                use = self.uses.get(coordinate)
                if use is None:
                    continue
                use.outcomes[outcome] += 1
                for counted in (use.by.get((record.client, record.operation)), use.callers.get(record.who)):
                    if counted is not None:
                        counted[outcome] += 1

    def never(self, listed: dict[str, None]) -> list[str]:
        """Those of the recorded coordinates that nobody asked for."""
        return [coordinate for coordinate in listed if coordinate not in self.uses.held]

    def refused(self) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        """Coordinate → who was refused it, and how often, most often first."""
        for coordinate, use in sorted(self.uses.held.items()):
            refused = [(who, counted["refused"]) for who, counted in use.callers.held.items() if counted["refused"]]
            if refused:
                yield coordinate, sorted(refused, key=lambda each: (-each[1], each[0]))
