"""Finished requests as spans of OpenTelemetry, by its semantic conventions, and the exporter that sends them.

Only this module knows the library, which is an extra; it is imported where an endpoint is configured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version

import requests
from opentelemetry import context as contexts
from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace.status import Status, StatusCode

from gateway.tracing.finished import Call, Finished
from gateway.tracing.settings import TracingSettings
from resolvers import Code, Trace

_NS = 1_000_000_000
_OURS = frozenset({
    Code.TIMEOUT, Code.SOURCE_UNAVAILABLE, Code.SOURCE_TIMEOUT, Code.SOURCE_REJECTED, Code.SOURCE_FAULT,
    Code.SOURCE_BAD_RESPONSE, Code.OUTCOME_UNKNOWN, Code.LINK_AMBIGUOUS, Code.INTERNAL,
})  # fmt: skip
"""Codes that are no fault of the caller's: a span with one of them is an error."""
_SAMPLED = api.TraceFlags(api.TraceFlags.SAMPLED)
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class Spans:
    """Makes spans, and sends them. A hand-written resolver that makes spans of its own finds ours as their parent."""

    def __init__(self, settings: TracingSettings, take: Callable[[ReadableSpan], None]) -> None:
        """``take`` is given the spans that hand-written resolvers make."""
        assert settings.endpoint is not None, "without one no spans are made"
        session = requests.Session()
        session.trust_env = False  # a proxy or a password of the environment is nobody's statement
        session.max_redirects = 0
        self._resource = Resource.create({"service.name": settings.service, "service.version": version("isthmus")})
        self._scope = InstrumentationScope("isthmus", version("isthmus"))
        self._exporter = OTLPSpanExporter(
            endpoint=settings.endpoint,
            headers={name: value.get_secret_value() for name, value in settings.headers.items()},
            timeout=settings.timeout_s,
            session=session,
        )
        provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF), resource=self._resource, shutdown_on_exit=False)
        provider.add_span_processor(_Taking(take))
        api.set_tracer_provider(provider)

    def send(self, spans: Sequence[ReadableSpan]) -> bool:
        """Whether the collector took them; it is waited for no longer than the settings say."""
        return self._exporter.export(spans) is SpanExportResult.SUCCESS

    def close(self) -> None:
        """Ends a sending that is being repeated."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # theirs says nothing

    def of(self, each: Finished) -> Iterator[ReadableSpan]:
        """The span of a request, that of its operation, and those of its calls."""
        trace = each.trace
        operation_id = f"{int(trace.span_id, 16) ^ 1:016x}" if each.ran else trace.span_id
        attributes: dict[str, str | int | Sequence[str]] = {
            "http.request.method": each.method if each.method in _METHODS else "_OTHER",
            "http.route": "/graphql",
            "http.response.status_code": each.status,
            "isthmus.request_id": each.request_id,
        }
        said: dict[str, str | int | Sequence[str]] = {}
        if each.kind:
            said["graphql.operation.type"] = each.kind
        if each.operation:
            said["graphql.operation.name"] = each.operation
        if each.errors:
            said["isthmus.errors"] = [str(code) for code in each.errors]
        if each.untold:
            said["isthmus.calls_not_shown"] = each.untold
        failed = [code for code in each.errors if code in _OURS]
        name = f"{attributes['http.request.method']} /graphql"
        yield self._span(
            trace, trace.span_id, trace.parent_id, name, api.SpanKind.SERVER, each.began, each.seconds,
            {**attributes, **said}, failed[0] if failed or each.status >= 500 else None, remote=True,
        )  # fmt: skip
        if each.ran:
            yield self._span(
                trace, operation_id, trace.span_id, each.kind or "operation", api.SpanKind.INTERNAL,
                each.began + each.ran, each.seconds - each.ran, said, failed[0] if failed else None,
            )  # fmt: skip
        for call in each.calls:
            yield self._call(trace, operation_id, call)

    def _call(self, trace: Trace, parent: str, call: Call) -> ReadableSpan:
        attributes: dict[str, str | int | Sequence[str]] = {
            "isthmus.source": call.source, "isthmus.operation": call.operation,
        }  # fmt: skip
        first, _, rest = call.wire.partition(" ")
        if first in _METHODS and rest.startswith("/"):
            attributes |= {"http.request.method": first, "url.template": rest}
        elif first == "SOAP":
            attributes |= {"http.request.method": "POST", "rpc.system": "soap", "rpc.method": rest}
        else:
            attributes["db.query.summary"] = call.wire[:255]
            if call.rows is not None:
                attributes["db.response.returned_rows"] = call.rows
        if call.size is not None:
            attributes["http.response.body.size"] = call.size
        return self._span(
            trace, call.span_id, parent, call.wire[:255], api.SpanKind.CLIENT, call.began, call.seconds, attributes,
            call.code,
        )  # fmt: skip

    def _span(
        self, trace: Trace, span_id: str, parent: str, name: str, kind: api.SpanKind, began: float, seconds: float,
        attributes: dict[str, str | int | Sequence[str]], code: Code | None, *, remote: bool = False,
    ) -> ReadableSpan:  # fmt: skip
        status = Status(StatusCode.UNSET)
        if code is not None:
            attributes["error.type"] = str(code)
            status = Status(StatusCode.ERROR)
        return ReadableSpan(
            name=name,
            context=_context(trace, span_id),
            parent=_context(trace, parent, remote=remote) if parent else None,
            resource=self._resource,
            attributes=attributes,
            kind=kind,
            status=status,
            start_time=int(began * _NS),
            end_time=int((began + max(0.0, seconds)) * _NS),
            instrumentation_scope=self._scope,
        )


def _context(trace: Trace, span_id: str, *, remote: bool = False) -> api.SpanContext:
    state = api.TraceState.from_header([trace.state]) if trace.state else None
    return api.SpanContext(int(trace.trace_id, 16), int(span_id, 16), remote, _SAMPLED, state)


def make_current(trace: Trace) -> None:
    """What a hand-written resolver of this request finds as the current span; for the rest of its task."""
    contexts.attach(api.set_span_in_context(api.NonRecordingSpan(_context(trace, trace.span_id))))


class _Taking(SpanProcessor):
    def __init__(self, take: Callable[[ReadableSpan], None]) -> None:
        self._take = take

    def on_end(self, span: ReadableSpan) -> None:
        self._take(span)
