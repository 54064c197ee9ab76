"""``Metrics``: where figures are told: /metrics on a listener of its own, and to other workers on a socket.

It answers while requests are refused for want of places: its connections are its own, and it asks no source.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.edge.protocol import protocol
from gateway.metrics.families import packed
from gateway.metrics.gathered import Gathered
from gateway.metrics.settings import NAME, MetricsSettings
from gateway.metrics.text import OPENMETRICS, PROMETHEUS, written
from gateway.metrics.workers import Workers, workers_of
from gateway.request.addresses import Networks
from gateway.request.limits import LimitSettings
from gateway.tally import EdgeTally, OperationTallies
from resolvers import ConfigurationError, Problem

PATH = "/metrics"
JSON = "application/json"
_MOST_CONNECTIONS = 50
_LIMITS = LimitSettings.model_validate({
    "max_connections": _MOST_CONNECTIONS, "max_connections_per_address": _MOST_CONNECTIONS, "max_header_bytes": 8192,
})  # fmt: skip
"""Whoever scrapes is a handful of programs; what they send is a line and a few headers."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are for the server of requests, which ends this one


class Metrics:
    """The listener of one process."""

    def __init__(self, settings: MetricsSettings, gathered: Gathered, workers: Workers | None) -> None:
        self._settings = settings
        self._gathered = gathered
        self._workers = workers
        self.address = ""
        """Where it is asked, once it listens."""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Answers in this block; the process is watched meanwhile.

        Raises:
            ConfigurationError: the address cannot be listened on.
        """
        listening = self._bound()
        host, port = listening.getsockname()[:2]
        self.address = f"http://[{host}]:{port}{PATH}" if ":" in host else f"http://{host}:{port}{PATH}"
        server = _Server(_configured(Starlette(routes=[Route(PATH, self._scraped)])))
        told = await self._told_to_workers()
        self._gathered.process.start()
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield
        finally:
            self._gathered.process.stop()
            server.should_exit = True
            await asyncio.gather(running, return_exceptions=True)
            listening.close()
            if told is not None and self._workers is not None:
                told.close()
                self._workers.end(self._gathered.families())

    def _bound(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, number, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            listening = socket.socket(family, kind, number)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._workers is not None:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # any of them may be scraped
            listening.bind(address)
        except OSError as error:
            what = f"metrics cannot be told on {host}:{port}: {(error.strerror or str(error)).lower()}"
            mend = "name another port, or leave server.metrics out"
            raise ConfigurationError([Problem(what, ("server", "metrics"), mend)]) from error
        listening.setblocking(False)
        return listening

    async def _told_to_workers(self) -> asyncio.AbstractServer | None:
        if self._workers is None:
            return None
        path = self._workers.socket
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._answer_worker, str(path))
        os.chmod(path, 0o600)  # noqa: PTH101  # a moment, at the start
        return server

    async def _answer_worker(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whoever connects is told everything; nothing is asked."""
        families = self._gathered.families()
        with contextlib.suppress(OSError):
            writer.write(packed(families))
            await writer.drain()
            writer.close()
        if self._workers is not None:
            await asyncio.to_thread(self._workers.leave, families)

    async def _scraped(self, request: Request) -> Response:
        families = self._gathered.families()
        if self._workers is not None:
            families = await self._workers.whole(families)
        accept = request.headers.get("accept", "")
        if accept.startswith(JSON):
            return Response(packed(families), media_type=JSON)
        media = OPENMETRICS if "application/openmetrics-text" in accept else PROMETHEUS
        text = await asyncio.to_thread(written, families, openmetrics=media is OPENMETRICS)
        return Response(text, headers={"content-type": media})


def _configured(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol(_LIMITS, _MOST_CONNECTIONS, Networks(())),
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )


def tally_of(settings: MetricsSettings | None, registered: Iterable[str]) -> EdgeTally | None:
    """Where the edge counts, if anywhere; ``registered``: operations of manifests, which have a place ahead."""
    if settings is None:
        return None
    named = settings.operations or [name for name in registered if NAME.fullmatch(name)]
    return EdgeTally(OperationTallies(settings.max_operations, named, closed=bool(settings.operations)))


def open_metrics(settings: MetricsSettings | None, gathered: Gathered) -> Metrics | None:
    """The listener that the settings ask for; it does not listen yet."""
    return None if settings is None else Metrics(settings, gathered, workers_of(os.environ))


@contextlib.asynccontextmanager
async def listening(metrics: Metrics | None) -> AsyncIterator[None]:
    """Figures are told in this block, where they are to be told at all.

    Raises:
        ConfigurationError: as ``Metrics.listening``.
    """
    if metrics is None:
        yield
        return
    async with metrics.listening():
        yield
