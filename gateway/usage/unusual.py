"""``Unusual``: what differs from a principal's own past: many more objects, a client it never used, many refusals.

The statistic is the median of the principal's own earlier hours and days in which it read at all, which a few odd ones
do not move. Nothing is compared with what others do, and without enough of a past nothing is told.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gateway.usage.bounded import Bounded
from gateway.usage.records import Record

TIMES = 5
"""So many times the own median is unusual,"""
LEAST_OBJECTS = 100
"""if it is more than so many objects,"""
LEAST_REFUSALS = 20
"""or more than so many refused operations in one hour."""
LEAST_PAST: dict[str, int] = {"day": 3, "hour": 6}
"""Earlier days or hours that a principal must have, or its median says nothing."""
MOST_PRINCIPALS = 20_000
MOST_WINDOWS = 500_000
"""Hours and days, of all principals together."""
MOST_CLIENTS = 50

Window = Literal["day", "hour"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``count`` against ``median``: objects of ``what``, or refused operations; of a new client both are 0."""

    kind: Literal["objects", "client", "refusals"]
    who: str
    what: str
    at: datetime
    window: Window
    count: int = 0
    median: float = 0.0

    @property
    def words(self) -> str:
        begun = self.at.strftime("%Y-%m-%d" if self.window == "day" else "%Y-%m-%d %H:%M")
        if self.kind == "client":
            return f"{begun}  {self.who}: a client that it did not use before: {self.what}"
        things = f"objects of {self.what}" if self.kind == "objects" else "refused operations"
        return f"{begun}  {self.who}: {self.count} {things} in one {self.window}, its median is {self.median:g}"


class Unusual:
    """All records are to be added, those before ``since`` too: they are the past."""

    def __init__(self) -> None:
        self._objects: Bounded[tuple[str, str, Window, datetime], Counter[str]] = Bounded(MOST_WINDOWS, Counter)
        self._hours: Bounded[tuple[str, datetime], Counter[str]] = Bounded(MOST_WINDOWS, Counter)
        self._clients: Bounded[str, dict[str, datetime]] = Bounded(MOST_PRINCIPALS, dict)

    @property
    def untold(self) -> int:
        """How often memory was full: then something unusual may not be told."""
        return self._objects.untold + self._hours.untold + self._clients.untold

    def add(self, record: Record) -> None:
        hour = record.time.replace(minute=0, second=0, microsecond=0)
        day = hour.replace(hour=0)
        for type_name, count in record.objects.items():
            windows: tuple[tuple[Window, datetime], ...] = (("day", day), ("hour", hour))
            for window, begun in windows:
                counted = self._objects.get((record.who, type_name, window, begun))
                if counted is not None:
                    counted["objects"] += count
        asked = self._hours.get((record.who, hour))
        if asked is not None and ("refused" in record.coordinates or record.status == 403):
            asked["refused"] += 1
        clients = self._clients.get(record.who)
        if clients is not None and (record.client in clients or len(clients) < MOST_CLIENTS):
            clients[record.client] = min(record.time, clients.get(record.client, record.time))

    def findings(self, since: datetime | None) -> list[Finding]:
        """What is unusual, the earliest first."""
        found = [*self._many(), *self._new_clients(), *self._spikes()]
        shown = [each for each in found if since is None or _end(each) > since]
        return sorted(shown, key=lambda each: (each.at, each.who, each.kind, each.what))

    def _many(self) -> Iterator[Finding]:
        series: dict[tuple[str, str, Window], list[tuple[datetime, int]]] = {}
        for (who, type_name, window, begun), counted in self._objects.held.items():
            series.setdefault((who, type_name, window), []).append((begun, counted["objects"]))
        for (who, type_name, window), windows in series.items():
            for at, count, median in _beyond(windows, LEAST_PAST[window], LEAST_OBJECTS):
                yield Finding("objects", who, type_name, at, window, count, median)

    def _spikes(self) -> Iterator[Finding]:
        series: dict[str, list[tuple[datetime, int]]] = {}
        for (who, hour), counted in self._hours.held.items():
            series.setdefault(who, []).append((hour, counted["refused"]))
        for who, windows in series.items():
            # Hours without a refusal count too; and who has no past is told of all the same: a probe has none.
            for at, count, median in _beyond(windows, 0, LEAST_REFUSALS):
                yield Finding("refusals", who, "", at, "hour", count, median)

    def _new_clients(self) -> Iterator[Finding]:
        for who, clients in self._clients.held.items():
            first = min(clients.values())
            for client, at in clients.items():
                if who != "anonymous" and at.date() > first.date():
                    yield Finding("client", who, client, at, "hour")


def _beyond(windows: list[tuple[datetime, int]], past: int, least: int) -> Iterator[tuple[datetime, int, float]]:
    """The windows that have far more than the median of those before them."""
    before: list[int] = []
    for at, count in sorted(windows):
        if count > least and len(before) >= past:
            median = statistics.median(before) if before else 0.0
            if count > TIMES * median:
                yield at, count, median
        before.append(count)


def _end(finding: Finding) -> datetime:
    if finding.kind == "client":
        return finding.at
    return finding.at + timedelta(days=1 if finding.window == "day" else 0, hours=1 if finding.window == "hour" else 0)
