"""``python -m benchmarks.seeing``: CPU time of what shows what goes on, for one request, without the rest of it.

Time of the processor alone is counted, so a busy machine blurs it little; the whole is measured by ``--only isthmus
isthmus-seen`` on one that is quiet.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from gateway import telemetry
from gateway.edge.request_log import LogSettings, RequestLog
from gateway.request.asked import Asked
from gateway.request.ended import Ended
from gateway.tally import EdgeTally, OperationTallies
from gateway.tracing.finished import Finished, finished
from gateway.tracing.settings import TracingSettings
from gateway.tracing.spans import Spans
from gateway.tracing.tracer import open_tracer
from resolvers import Context, Tally, Trace, new_id

CALLS = 2
REQUESTS = 20_000
ROUNDS = 5


class _Nowhere:
    """A log that nobody reads."""

    def write(self, text: str) -> int:
        return len(text)


def _cpu_us(work: Callable[[], object], times: int = REQUESTS) -> float:
    """Microseconds of the processor for one turn, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - began) / times)
    return best * 1e6


def _asked(context: Context) -> Asked:
    scope: dict[str, Any] = {
        "method": "POST", "query_string": b"", "state": {"request_id": "0123456789abcdef"}, "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"authorization", b"Bearer x")],
    }  # fmt: skip
    asked = Asked(scope, _never)
    asked.context, asked.received = context, 200
    return asked


async def _never() -> Any:
    raise AssertionError("nothing is received")


async def _measured() -> dict[str, float]:
    loop = asyncio.get_running_loop()
    context = Context(loop.time() + 10, "0123456789abcdef")
    context.operation, context.kind = "Orders", "query"
    for number in range(CALLS):
        with context.journal.call("shop", "orders", "GET /orders") as record:
            record.size, record.span_id = 1000, f"{number + 1:016x}"
    ended = Ended(_asked(context), 200, 0.003, size=4000, executed=True)
    telemetry._Current.lines = _Nowhere()  # type: ignore[assignment]  # noqa: SLF001  # as a served process has it
    log, tally, source = RequestLog(LogSettings()), EdgeTally(OperationTallies(200)), Tally()
    settings = TracingSettings(endpoint="http://127.0.0.1:9", sample=0.0)
    tracer = open_tracer(settings)
    assert tracer is not None
    spans = Spans(settings, lambda _: None)
    trace = Trace(new_id(128), new_id(64), sampled=True, made=True, started=0.001, began=0.002)
    one = finished(ended, trace, loop.time())
    headers = {"accept": "application/json"}

    def sampled() -> Finished:
        return finished(ended, trace, loop.time())

    def sent() -> None:
        from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: PLC0415  # an extra

        encode_spans([span for _ in range(100) for span in spans.of(one)]).SerializeToString()

    return {
        "log line": _cpu_us(lambda: log.ended(ended)),
        "metrics, edge and operation": _cpu_us(lambda: tally.ended(ended)),
        f"metrics, {CALLS} calls": CALLS * _cpu_us(lambda: source.ended(0.002, None)),
        "trace, not sampled": _cpu_us(lambda: tracer.begin(ended.asked)),
        f"trace, told to {CALLS} calls": CALLS * _cpu_us(lambda: trace.on(headers, "")),
        "trace, sampled, in the way": _cpu_us(sampled),
        "trace, sampled, sent by the thread": _cpu_us(sent, 20) / 100,
    }


def main() -> None:
    """Prints microseconds for each part."""
    for name, figure in asyncio.run(_measured()).items():
        sys.stdout.write(f"{name:40} {figure:8.2f} µs\n")


if __name__ == "__main__":
    main()
