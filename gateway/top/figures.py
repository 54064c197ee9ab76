"""Two scrapes of a gateway become what goes on now: rates, shares and quantiles. Pure: families in, figures out.

What they look like is ``table.py``'s.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from gateway.metrics.families import Family
from gateway.metrics.of_sources import WELL


@dataclass(frozen=True, slots=True)
class SourceNow:
    """``rate``: calls in a second; ``errors``: share of those that failed; ``p50_s``, ``p95_s``: upper bounds of the
    class of latency. ``None``: nothing was there to tell it by.
    """

    source: str
    calls: float
    rate: float
    errors: float | None
    p50_s: float | None
    p95_s: float | None
    under_way: float
    waiting: float
    retries: float
    breakers: Mapping[str, float]
    replicas: int
    ejected: int
    cache_hits: float | None
    pool_in_use: float | None
    pool_most: float | None


@dataclass(frozen=True, slots=True)
class OperationNow:
    operation: str
    requests: float
    rate: float
    errors: float
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True)
class Now:
    """``errors`` of an operation: errors in a second. ``since``: ``start`` where figures are of all that was."""

    since: str
    seconds: float
    workers: int
    rate: float
    under_way: float
    refused: float
    memory_bytes: float
    lag_p95_s: float | None
    degraded: float
    sources: Sequence[SourceNow]
    operations: Sequence[OperationNow]

    def plain(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


class Scrape:
    """One scrape; figures by name and labels."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = {family.name: family for family in families}

    def values(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The first figures of a family, summed over all labels but these."""
        found: Counter[tuple[str, ...]] = Counter()
        for key, figures in self._series(name, labels):
            found[key] += figures[0]  # type: ignore[assignment]  # a Counter adds whatever is a number
        return dict(found)

    def classes(self, name: str, *labels: str) -> dict[tuple[str, ...], list[float]]:
        """The counts of the classes of a histogram, likewise."""
        found: dict[tuple[str, ...], list[float]] = {}
        for key, figures in self._series(name, labels):
            known = found.setdefault(key, [0.0] * (len(figures) - 1))
            found[key] = [a + b for a, b in zip(known, figures[:-1], strict=True)]
        return found

    def labels(self, name: str) -> Sequence[str]:
        return self._families[name].labels if name in self._families else ()

    def bounds(self, name: str) -> Sequence[float]:
        return self._families[name].bounds if name in self._families else ()

    def _series(self, name: str, labels: Sequence[str]) -> Iterable[tuple[tuple[str, ...], list[float]]]:
        family = self._families.get(name)
        if family is None:
            return ()
        places = [family.labels.index(label) for label in labels]
        return ((tuple(key[place] for place in places), figures) for key, figures in family.samples)


def now(before: Scrape | None, after: Scrape, seconds: float) -> Now:
    """What went on between two scrapes; without the first one, since the gateway began."""
    since = "start" if before is None else "last"
    between = _Between(before, after, seconds if before is not None else _age(after))
    memory = after.values("process_resident_memory_bytes", "worker") if _has_workers(after) else None
    lag = between.quantile("isthmus_loop_lag_seconds", (), 0.95)
    return Now(
        since=since,
        seconds=between.seconds,
        workers=1 if memory is None else len(memory),
        rate=between.rate("isthmus_requests_total"),
        under_way=_one(after.values("isthmus_requests_under_way"), ()),
        refused=between.rate("isthmus_refused_total"),
        memory_bytes=_one(after.values("process_resident_memory_bytes"), ()),
        lag_p95_s=lag,
        degraded=max(after.values("isthmus_sources_degraded").values(), default=0.0),
        sources=[
            _source(between, after, name) for (name,) in sorted(after.values("isthmus_source_breakers", "source"))
        ],
        operations=_operations(between, after),
    )


class _Between:
    def __init__(self, before: Scrape | None, after: Scrape, seconds: float) -> None:
        self._before = before or Scrape(())
        self._after = after
        self.seconds = max(seconds, 1e-9)

    def more(self, name: str, labels: Sequence[str] = (), key: tuple[str, ...] = ()) -> float:
        """By how much a counter grew; a gateway that began anew counts from nothing."""
        earlier = _one(self._before.values(name, *labels), key)
        later = _one(self._after.values(name, *labels), key)
        return later - earlier if later >= earlier else later

    def rate(self, name: str, labels: Sequence[str] = (), key: tuple[str, ...] = ()) -> float:
        return self.more(name, labels, key) / self.seconds

    def counts(self, name: str, labels: Sequence[str], key: tuple[str, ...] = ()) -> list[float]:
        later = self._after.classes(name, *labels).get(key, [])
        earlier = self._before.classes(name, *labels).get(key, [0.0] * len(later))
        grown = [a - b for a, b in zip(later, earlier, strict=False)]
        return later if any(each < 0 for each in grown) else grown

    def quantile(self, name: str, labels: Sequence[str], share: float, key: tuple[str, ...] = ()) -> float | None:
        """The upper bound of the class in which so large a share of what was observed ended."""
        counts, bounds = self.counts(name, labels, key), self._after.bounds(name)
        whole, so_far = sum(counts), 0.0
        for bound, count in zip(bounds, counts, strict=False):
            so_far += count
            if whole and so_far >= share * whole:
                return bound
        return float("inf") if whole else None


def _source(between: _Between, after: Scrape, name: str) -> SourceNow:
    by, key = ("source",), (name,)
    calls = between.more("isthmus_source_calls_total", by, key)
    well = between.more("isthmus_source_calls_total", ("source", "code"), (name, WELL))
    hits = between.more("isthmus_source_cache_hits_total", by, key)
    misses = between.more("isthmus_source_cache_misses_total", by, key)
    states = after.values("isthmus_source_breakers", "source", "state")
    ejected = after.values("isthmus_replica_ejected", "source", "replica")
    pool = after.values("isthmus_source_pool_most", "source")
    in_use = after.values("isthmus_source_pool_in_use", "source")
    return SourceNow(
        source=name,
        calls=calls,
        rate=calls / between.seconds,
        errors=(calls - well) / calls if calls else None,
        p50_s=between.quantile("isthmus_source_call_seconds", by, 0.5, key),
        p95_s=between.quantile("isthmus_source_call_seconds", by, 0.95, key),
        under_way=_one(after.values("isthmus_source_calls_under_way", *by), key),
        waiting=_one(after.values("isthmus_source_calls_waiting", *by), key),
        retries=between.rate("isthmus_source_retries_total", by, key),
        breakers={state: count for (source, state), count in states.items() if source == name and count},
        replicas=sum(source == name for source, _ in ejected),
        ejected=sum(source == name and count > 0 for (source, _), count in ejected.items()),
        cache_hits=hits / (hits + misses) if hits + misses else None,
        pool_in_use=in_use.get(key),
        pool_most=pool.get(key),
    )


def _operations(between: _Between, after: Scrape) -> list[OperationNow]:
    name, by = "isthmus_operation_seconds", ("operation",)
    found = []
    for key in after.classes(name, *by):
        asked = sum(between.counts(name, by, key))
        found.append(OperationNow(
            operation=key[0],
            requests=asked,
            rate=asked / between.seconds,
            errors=between.rate("isthmus_operation_errors_total", by, key),
            p50_s=between.quantile(name, by, 0.5, key),
            p95_s=between.quantile(name, by, 0.95, key),
        ))  # fmt: skip
    return sorted(found, key=lambda each: (-each.rate, each.operation))


def _one(values: Mapping[tuple[str, ...], float], key: tuple[str, ...]) -> float:
    return values.get(key, 0.0)


def _age(after: Scrape) -> float:
    """Seconds since the first of the processes began: as old as the count of the oldest."""
    began = min(after.values("process_start_time_seconds", *(("worker",) if _has_workers(after) else ())).values(),
                default=0.0)  # fmt: skip
    return time.time() - began


def _has_workers(scrape: Scrape) -> bool:
    return "worker" in scrape.labels("process_start_time_seconds")
