"""Every figure of this process at the moment of a scrape, read from where each is counted. Nothing is counted here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from gateway.edge.graphql import Holder
from gateway.identity import Authenticator
from gateway.metrics.families import Family, counter, gauge, histogram
from gateway.metrics.of_sources import response_families, source_families
from gateway.metrics.process import Process
from gateway.overload.lag import Stalls
from gateway.rates.limiter import Rates
from gateway.tally import EdgeTally
from gateway.tracing.tracer import Tracer, outcomes
from resolvers import Latencies, Tally

ALONE: tuple[str, ...] = ()


class UnderWay(Protocol):
    @property
    def under_way(self) -> int:
        """Requests that hold a place now."""


class Front(Protocol):
    """What answers requests now; another may in a moment."""

    @property
    def endpoint(self) -> UnderWay: ...

    @property
    def authenticator(self) -> Authenticator: ...

    @property
    def rates(self) -> Rates | None: ...

    @property
    def tracer(self) -> Tracer | None: ...


@dataclass(frozen=True, slots=True)
class Gathered:
    """Where the figures of one process are."""

    holder: Holder
    tally: EdgeTally | None
    front: Callable[[], Front]
    stalls: Stalls = field(default_factory=Stalls)
    process: Process = field(default_factory=Process)

    def families(self) -> list[Family]:
        """As of now."""
        current = self.holder.current
        tallies: Mapping[str, Tally] = getattr(current, "tallies", {})
        return [
            *(() if self.tally is None else self._edge(self.tally)),
            *source_families(tallies),
            *_responses(current),
            *self._changes(),
            *self._snapshot(current),
            *_documents(current.graph),
            *self._identity(),
            *self._limits(),
            *self._spans(),
            *self._loop(),
            *self.process.families(),
        ]

    def _edge(self, tally: EdgeTally) -> Iterator[Family]:
        yield gauge("isthmus_info", "The version.", {(version("isthmus"),): 1.0}, "version", each=True)
        statuses = {(str(status),): float(n) for status, n in tally.requests.items()}
        yield counter("isthmus_requests_total", "Requests by the status of their answers.", statuses, "status")
        yield histogram("isthmus_request_seconds", "How long requests took.", {ALONE: tally.latencies})
        yield gauge("isthmus_requests_under_way", "Requests that run.", {ALONE: float(self.front().endpoint.under_way)})
        refused = {(reason,): float(n) for reason, n in tally.refused.items()}
        yield counter("isthmus_refused_total", "Requests for which no operation ran.", refused, "reason")
        yield counter("isthmus_received_bytes_total", "Bytes of bodies.", {ALONE: float(tally.received_bytes)})
        yield counter("isthmus_sent_bytes_total", "Bytes of answers.", {ALONE: float(tally.sent_bytes)})
        asked = dict(tally.operations)
        taken: dict[tuple[str, ...], Latencies] = {(name,): each.latencies for name, each in asked.items()}
        yield histogram("isthmus_operation_seconds", "How long operations took, by their names.", taken, "operation")
        errors = {(name, code): float(n) for name, each in asked.items() for code, n in each.errors.items()}
        told = "Errors in the answers to operations."
        yield counter("isthmus_operation_errors_total", told, errors, "operation", "code")

    def _changes(self) -> Iterator[Family]:
        reloads = getattr(self.holder, "reloads", None)
        if reloads is None:
            return
        outcomes = {("ok",): reloads.ok, ("unchanged",): reloads.unchanged, ("failed",): reloads.failed}
        told = "Changes of files and descriptions, by what became of them."
        yield counter("isthmus_reloads_total", told, {key: float(n) for key, n in outcomes.items()}, "outcome")
        told = "Times that missing sources were asked for."
        yield counter("isthmus_missing_asked_total", told, {ALONE: float(reloads.retries)})
        told = "Whether what was changed last is in force."
        yield gauge("isthmus_reload_failing", told, {ALONE: float(reloads.failing)}, each=True)
        for name, at in (("", reloads.last_ok_at), ("_failed", reloads.last_failed_at)):
            if at:
                told = "When a change was last taken over, or refused, in seconds since 1970."
                yield gauge(f"isthmus_reload{name or 'ed'}_timestamp_seconds", told, {ALONE: at}, each=True)

    def _snapshot(self, current: Any) -> Iterator[Family]:
        told = "Sources that are not served, or by what was known of them."
        yield gauge("isthmus_sources_degraded", told, {ALONE: float(len(current.degraded))}, each=True)

    def _identity(self) -> Iterator[Family]:
        sets = self.front().authenticator.key_sets
        told = "Whether tokens of an issuer can be verified."
        yield gauge(
            "isthmus_key_set_usable", told, {(name,): float(keys.usable) for name, keys in sets.items()}, "issuer",
            each=True,
        )  # fmt: skip
        ages = {(name,): age for name, keys in sets.items() if (age := keys.age_s) is not None}
        told = "How old the key set of an issuer is."
        yield gauge("isthmus_key_set_age_seconds", told, ages, "issuer", each=True)
        failures = {(name,): float(keys.failures) for name, keys in sets.items()}
        told = "Fetches of a key set that failed."
        yield counter("isthmus_key_set_failures_total", told, failures, "issuer")

    def _limits(self) -> Iterator[Family]:
        rates = self.front().rates
        if rates is None:
            return
        over = {(rule,): float(n) for rule, n in rates.refused.items()}
        yield counter("isthmus_rate_limited_total", "Requests over a limit, by the rule.", over, "rule")
        told = "Buckets in memory."
        yield gauge("isthmus_rate_limit_buckets", told, {ALONE: float(len(rates.buckets))})

    def _loop(self) -> Iterator[Family]:
        told = "How often the event loop stood still for longer than server.overload.stall_s."
        yield counter("isthmus_loop_stalls_total", told, {ALONE: float(self.stalls.count)})
        told = "How long it stood still then, in all."
        yield counter("isthmus_loop_stalled_seconds_total", told, {ALONE: self.stalls.seconds})

    def _spans(self) -> Iterator[Family]:
        found = {(outcome,): float(n) for outcome, n in outcomes(self.front().tracer).items()}
        told = "Spans that were sent, or not taken, and requests whose spans found no room."
        yield counter("isthmus_spans_total", told, found, "outcome")


def _responses(current: Any) -> Iterator[Family]:
    """Only where the file asks for whole answers to be kept."""
    graph = current.graph
    if getattr(graph, "keeps_responses", False):
        yield from response_families(current.responses)


def _documents(graph: Any) -> Iterator[Family]:
    """Of a graph and its views; other graphs than ours keep no documents."""
    if graph is None or not hasattr(graph, "documents"):
        return
    every = [graph.documents, *(view.documents for view in graph.views.values())]
    counts = (
        ("isthmus_documents_asked_total", "Operations that were asked for.", "asked"),
        ("isthmus_documents_parsed_total", "Those whose text had to be parsed.", "parsed"),
        ("isthmus_plans_made_total", "Plans that had to be made; the others were kept.", "planned"),
    )
    for name, told, attribute in counts:
        yield counter(name, told, {ALONE: float(sum(getattr(each, attribute) for each in every))})
    yield gauge("isthmus_documents_kept", "Documents that are kept.", {ALONE: float(sum(map(len, every)))})
    held = float(sum(each.bytes_held for each in every))
    yield gauge("isthmus_documents_kept_bytes", "Memory that they and their plans hold, estimated.", {ALONE: held})
