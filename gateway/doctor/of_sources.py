"""What is to be known of sources: what of them is not served, was guessed, or is not cared for.

All of it was found when they were opened; here it is gathered, counted and told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from gateway.doctor.finding import Finding
from gateway.file.config import Configuration
from gateway.snapshot import Snapshot
from resolvers import READ_BECAUSE, WRITES_ARE_OFF, Effect, Operation, SourceModel, SourceSettings

_SHOWN = 5


def of_sources(chosen: Configuration, current: Snapshot) -> Iterator[Finding]:
    """Everything, source by source in the order of the file."""
    for name, (_, settings) in chosen.sources.items():
        place = chosen.place("sources", name)
        problem = current.failed.get(name)
        if problem is not None:
            what = f"it is not served: {problem.what}"
            if name in current.away:
                yield Finding("warning", "away", name, what, problem.mend, place)
            else:
                yield Finding("error", "unreadable", name, what, problem.mend, place)
            continue
        model = current.sources[name].model
        if model.stale:
            yield Finding("warning", "stale", name, model.stale, "see that the source can be reached", place)
        yield from (Finding("warning", "open-credentials", name, each, place=place) for each in model.cautions)
        yield from _not_served(name, model)
        yield from _guessed(name, model, place)
        yield from _cared_for(chosen, name, settings, model)


def _not_served(name: str, model: SourceModel) -> Iterator[Finding]:
    dropped: dict[tuple[bool, str], list[str]] = defaultdict(list)
    for item in model.left_out:
        dropped[item.degraded, item.reason].append(item.operation)
    for (degraded, reason), things in dropped.items():
        if reason == WRITES_ARE_OFF:
            what = f"{_some(things)} {'is' if len(things) == 1 else 'are'} not served: {reason}"
            yield Finding("note", "writes-off", name, what, count=len(things))
        elif degraded:
            what = f"served as less than described: {_some(things)}: {reason}"
            yield Finding("note", "degraded", name, what, count=len(things))
        else:
            yield Finding("warning", "dropped", name, f"left out: {_some(things)}: {reason}", count=len(things))
    plain: dict[str, list[str]] = defaultdict(list)
    for item in model.fallbacks:
        plain[item.reason].append(item.operation)
    for reason, things in plain.items():
        yield Finding("note", "json", name, f"JSON without a type: {_some(things)}: {reason}", count=len(things))


def _guessed(name: str, model: SourceModel, place: str) -> Iterator[Finding]:
    reads, signs = [], []
    for operation in model.operations.values():
        if any(sign.startswith(READ_BECAUSE) for sign in operation.evidence):
            reads.append(operation.name)
        if any(not sign.startswith(READ_BECAUSE) for sign in operation.evidence):
            signs.append(operation.name)
    if reads:
        what = f"taken for reads by their names alone: {_some(reads)}"
        mend = f"state effect: read (or write) at sources.{name}.operations.{reads[0]}"
        yield Finding("warning", "effect-guessed", name, what, mend, place, len(reads))
    if signs:
        what = f"pages, envelopes or batches were recognised by signs: {_some(signs)}"
        mend = f"isthmus inspect says by which; state them where they matter, or recognise: false at sources.{name}"
        yield Finding("note", "recognised", name, what, mend, place, len(signs))


def _cared_for(chosen: Configuration, name: str, settings: SourceSettings, model: SourceModel) -> Iterator[Finding]:
    server = chosen.settings.server
    if settings.retries.max == 0:
        what = "reads that failed in passing are not made again"
        place = chosen.place("sources", name, "retries")
        yield Finding("note", "no-retries", name, what, "leave retries out for at most two more", place)
    if settings.timeout_s > server.limits.deadline_s:
        what = f"timeout_s is {settings.timeout_s:g}, and every request ends after {server.limits.deadline_s:g} s"
        place = chosen.place("sources", name, "timeout_s")
        yield Finding("warning", "timeout", name, what, "lower it, or raise server.limits.deadline_s", place)
    writes = [each.name for each in model.operations.values() if each.effect is Effect.WRITE]
    if writes and not model.has_tables and getattr(settings, "idempotency_key", None) is None:
        unsafe = [each for each in writes if not _keyed(settings, each)]
        if unsafe:
            what = f"a change whose answer is lost cannot be sent again (OUTCOME_UNKNOWN): {_some(unsafe)}"
            mend = f"state idempotency_key at sources.{name}, where the system knows such a header"
            yield Finding("note", "no-idempotency", name, what, mend, chosen.place("sources", name), len(unsafe))


def _keyed(settings: SourceSettings, operation: str) -> bool:
    stated = settings.operations.get(operation)
    return stated is not None and bool(stated.idempotency_key)


def single(operation: Operation | None, model: SourceModel) -> bool:
    """Whether an operation is called once for each key."""
    return operation is not None and not model.has_tables and operation.keys is None


def cached(chosen: Configuration, source: str, operation: str, coordinate: str) -> bool:
    """Whether answers of an operation are kept, by what is said at any place."""
    settings = chosen.sources[source][1]
    stated = settings.operations.get(operation)
    if coordinate in chosen.settings.cache:
        return True
    if stated is not None and stated.cache is not None:
        return stated.cache is not False
    return settings.cache is not None


def _some(things: list[str]) -> str:
    shown = ", ".join(things[:_SHOWN])
    return f"{shown} and {len(things) - _SHOWN} more" if len(things) > _SHOWN else shown
