"""``Finished``: what is told of one request that was sampled: names of descriptions, numbers and codes, and no more."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.request.ended import Ended
from resolvers import CallRecord, Code, Context, Trace

MOST_CALLS = 200
"""An operation may cause 500 calls; a picture of more than these shows nobody anything."""


@dataclass(frozen=True, slots=True)
class Call:
    """Times are in seconds since 1970."""

    span_id: str
    source: str
    operation: str
    wire: str
    began: float
    seconds: float
    code: Code | None
    rows: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Finished:
    """``ran``: seconds after ``began`` when the operation was read and its work began; 0: it did not come so far."""

    trace: Trace
    request_id: str
    method: str
    status: int
    began: float
    seconds: float
    ran: float
    operation: str
    kind: str
    errors: tuple[Code, ...]
    calls: tuple[Call, ...]
    untold: int


def finished(ended: Ended, trace: Trace, now: float) -> Finished:
    """``now``: the loop's clock, by which calls were timed."""
    asked, context = ended.asked, ended.asked.context
    wall = time.time()
    began = wall - ended.seconds
    calls = () if context is None else _calls(context, wall - now)
    return Finished(
        trace,
        asked.request_id,
        asked.method,
        ended.status,
        began,
        ended.seconds,
        min(trace.began - trace.started, ended.seconds) if trace.began else 0.0,
        "" if context is None else context.operation[:80],
        "" if context is None else context.kind,
        tuple(ended.errors),
        calls,
        0 if context is None else max(0, len(context.journal.calls) - MOST_CALLS),
    )


def _calls(context: Context, offset: float) -> tuple[Call, ...]:
    return tuple(_call(record, offset) for record in context.journal.calls[:MOST_CALLS] if record.started)


def _call(record: CallRecord, offset: float) -> Call:
    return Call(
        record.span_id, record.source, record.operation, record.wire, record.started + offset, record.seconds,
        record.code, record.rows, record.size,
    )  # fmt: skip
