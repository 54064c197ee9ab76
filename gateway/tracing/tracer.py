"""``Tracer``: which requests are traced, and what is told of them.

It decides before anything is made: a request that is not sampled costs little more than its ids.
"""

from __future__ import annotations

import asyncio
import importlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.request.asked import Asked
from gateway.request.ended import Ended
from gateway.tracing.finished import finished
from gateway.tracing.sending import Sending
from gateway.tracing.settings import TracingSettings
from gateway.tracing.w3c import told_by
from resolvers import PARENT, STATE, ConfigurationError, Problem, Trace, new_id


class Tracer:
    """Of one server. ``library``: what makes spans; ``None``: the caller's context is but passed on."""

    def __init__(self, settings: TracingSettings, library: Any) -> None:
        self._settings = settings
        self._library = library
        self._sending = Sending(settings.max_waiting)
        self._share = settings.sample if library is not None else 0.0

    def begin(self, asked: Asked) -> Trace | None:
        """The trace of a request; ``None`` where there is nothing to make and nothing to pass on."""
        settings = self._settings
        told = None
        if PARENT in asked.headers:
            told = told_by(asked.headers.getlist(PARENT), asked.headers.getlist(STATE))
        if self._library is None:
            if told is None:
                return None
            return Trace(told.trace_id, told.span_id, told.sampled, told.state, settings.pass_on)
        follows = told is not None and settings.parent == "follow"
        made = told.sampled if told is not None and follows else random.random() < self._share  # noqa: S311  # no secret
        now = time.perf_counter() if made else 0.0
        if told is None:
            return Trace(new_id(128), new_id(64), made, "", settings.pass_on, made=made, started=now)
        span_id = new_id(64) if made else told.span_id
        return Trace(told.trace_id, span_id, made, told.state, settings.pass_on, told.span_id, made, now)

    def run(self, trace: Trace) -> None:
        """The operation of a request begins."""
        if trace.made:
            trace.began = time.perf_counter()
            self._library.make_current(trace)

    def ended(self, ended: Ended) -> None:
        """A request was answered."""
        trace = ended.asked.trace
        if trace is not None and trace.made:
            self._sending.put(finished(ended, trace, asyncio.get_running_loop().time()))

    @property
    def counts(self) -> Counter[str]:
        """Spans by what became of them."""
        return self._sending.counts

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Spans are sent in this block, and at its end those that are left."""
        if self._library is None:
            yield
            return
        self._sending.start(self._library.Spans(self._settings, self._sending.put))
        try:
            yield
        finally:
            await self._sending.close()


def open_tracer(settings: TracingSettings | None) -> Tracer | None:
    """The tracer that the settings ask for.

    Raises:
        ConfigurationError: the library is not installed.
    """
    if settings is None:
        return None
    if settings.endpoint is None:
        return Tracer(settings, None)
    try:
        return Tracer(settings, importlib.import_module("gateway.tracing.spans"))
    except ModuleNotFoundError as error:
        what = f"server.tracing.endpoint needs OpenTelemetry, which is not installed ({error.name})"
        mend = "pip install 'isthmus[otel]'"
        raise ConfigurationError([Problem(what, ("server", "tracing", "endpoint"), mend)]) from error


@asynccontextmanager
async def sending(tracer: Tracer | None) -> AsyncIterator[None]:
    """Spans are sent in this block, where any are made."""
    if tracer is None:
        yield
        return
    async with tracer.sending():
        yield


def outcomes(tracer: Tracer | None) -> Mapping[str, int]:
    """Spans by what became of them."""
    return {} if tracer is None else tracer.counts
