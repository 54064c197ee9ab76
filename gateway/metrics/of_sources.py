"""What sources did and how they stand, as families: read from their tallies, and from nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import get_args

from gateway.metrics.families import Family, counter, gauge, histogram
from resolvers import CacheTally, PoolTally, ReplicaTally, State, Tally

WELL = "OK"
"""The ``code`` of what went well; no code of an error is this word."""
_STATES: tuple[State, ...] = get_args(State)
_CACHE: tuple[tuple[str, str], ...] = (
    ("hits", "Answers that were kept."),
    ("misses", "Questions to which no answer was kept."),
    ("stale", "Kept answers that were given past their time."),
    ("shared", "Questions that waited for the answer to another's."),
    ("evicted", "Kept answers that made room for others."),
    ("failures", "Times when what is kept could not be had."),
)


def source_families(tallies: Mapping[str, Tally]) -> Iterator[Family]:
    """As of now, by the names of the sources."""

    def counted(name: str, told: str, of: Callable[[Tally], float]) -> Family:
        return counter(name, told, {(source,): of(tally) for source, tally in tallies.items()}, "source")

    def now(name: str, told: str, of: Callable[[Tally], float]) -> Family:
        return gauge(name, told, {(source,): of(tally) for source, tally in tallies.items()}, "source")

    yield counter(
        "isthmus_source_calls_total", "Calls by how they ended.",
        {(source, code or WELL): float(n) for source, tally in tallies.items() for code, n in tally.calls.items()},
        "source", "code",
    )  # fmt: skip
    yield histogram(
        "isthmus_source_call_seconds", "How long calls took, the wait for a place and retries included.",
        {(source,): tally.latencies for source, tally in tallies.items()}, "source",
    )  # fmt: skip
    yield counted("isthmus_source_retries_total", "Further sendings of calls that had failed.", lambda t: t.retries)
    yield counted("isthmus_source_retries_refused_total", "Retries that the budget refused.", lambda t: t.not_retried)
    yield counted(
        "isthmus_source_held_back_total", "Calls that the source's own rate limit made wait or refused.",
        lambda t: t.held_back,
    )  # fmt: skip
    yield counted("isthmus_source_refused_open_total", "Calls that an open breaker refused.", lambda t: t.refused_open)
    yield now("isthmus_source_calls_under_way", "Calls that are under way.", lambda t: t.under_way)
    yield now("isthmus_source_calls_waiting", "Calls that wait for a place.", lambda t: t.waiting)
    yield gauge(
        "isthmus_source_breakers", "Breakers of the source in each state; every worker has one.",
        {(source, state): float(tally.state == state) for source, tally in tallies.items() for state in _STATES},
        "source", "state",
    )  # fmt: skip
    yield from _replicas(tallies)
    yield from _caches({name: tally.cache for name, tally in tallies.items()})
    yield from _pools({name: tally.pool for name, tally in tallies.items() if tally.pool is not None})


def _replicas(tallies: Mapping[str, Tally]) -> Iterator[Family]:
    every = [(source, name, each) for source, tally in tallies.items() for name, each in tally.replicas.items()]

    def of(value: Callable[[ReplicaTally], float]) -> dict[tuple[str, ...], float]:
        return {(source, name): value(each) for source, name, each in every}

    labels = ("source", "replica")
    yield counter("isthmus_replica_calls_total", "Calls to one address.", of(lambda r: r.calls), *labels)
    yield counter("isthmus_replica_failures_total", "Those that failed.", of(lambda r: r.failures), *labels)
    yield gauge("isthmus_replica_calls_under_way", "Calls to it under way.", of(lambda r: r.under_way), *labels)
    yield gauge("isthmus_replica_ejected", "Workers that do not ask it now.", of(lambda r: float(r.ejected)), *labels)
    yield gauge(
        "isthmus_replica_latency_seconds", "Moving average of its latency.", of(lambda r: r.latency_s), *labels,
        each=True,
    )  # fmt: skip
    yield gauge(
        "isthmus_replica_breakers", "Its breakers in each state; every worker has one.",
        {(source, name, state): float(each.state == state) for source, name, each in every for state in _STATES},
        *labels, "state",
    )  # fmt: skip


def response_families(tally: CacheTally) -> Iterator[Family]:
    """Of whole answers to registered operations, which are of no source."""
    for name in ("hits", "misses", "evicted", "failures"):
        told = f"{dict(_CACHE)[name].rstrip('.')}: whole answers to registered operations."
        yield counter(f"isthmus_response_cache_{name}_total", told, {(): float(getattr(tally, name))})
    yield gauge("isthmus_response_cache_bytes", "Bytes of whole answers that are kept now.", {(): float(tally.bytes)})


def _caches(caches: Mapping[str, CacheTally]) -> Iterator[Family]:
    for name, told in _CACHE:
        samples = {(source,): float(getattr(cache, name)) for source, cache in caches.items()}
        yield counter(f"isthmus_source_cache_{name}_total", told, samples, "source")
    held = {(source,): float(cache.bytes) for source, cache in caches.items()}
    yield gauge("isthmus_source_cache_bytes", "Bytes of answers that are kept now.", held, "source")


def _pools(pools: Mapping[str, PoolTally]) -> Iterator[Family]:
    told = (("in_use", "Connections that are used now."), ("idle", "Connections that wait."), ("most", "The most."))
    for name, text in told:
        samples = {(source,): float(getattr(pool, name)) for source, pool in pools.items()}
        yield gauge(f"isthmus_source_pool_{name}", text, samples, "source")
