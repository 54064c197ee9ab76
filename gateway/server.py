"""uvicorn as we run it: signals drain, nothing tells who we are, and there are files enough for every connection.

Routes and their meaning are ``app.py``'s; what of HTTP is taken is ``protocol.py``'s.
"""

from __future__ import annotations

import asyncio
import gc
import math
import resource
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette

from gateway.app import PATH
from gateway.edge.protocol import protocol
from gateway.loop import Loop
from gateway.overload.shedding import Shedding
from gateway.request.addresses import Networks
from gateway.server_settings import ServerSettings
from gateway.telemetry import configure
from gateway.tls import Tls
from gateway.watched import watching
from gateway.workers.accepting import Acceptor
from gateway.workers.link import LINGER_S, Link

KEPT_FILES = 512
"""Files that connections of callers may not take: sources, logs and databases need theirs while a flood lasts."""

COLLECT_AFTER = (50_000, 20, 20)
"""An answer of a thousand rows makes some thousand objects, none of them in cycles; each collection walks them all."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker was given: ``sockets`` that listen for all workers, and the ``link`` to the supervisor."""

    sockets: Sequence[socket.socket]
    link: Link


class Server(uvicorn.Server):
    """Turns readiness off at the first signal, then drains; ends with exit code 0."""

    started_at: Callable[[str], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started_at is not None and self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            scheme = "http" if self.tls is None else "https"
            self.started_at(f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}")
        if self.tls is not None:
            self._watching = asyncio.create_task(watching([self.tls]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        await super().shutdown(sockets)

    tls: Tls | None = None
    _watching: asyncio.Task[None] | None = None
    notice_s = 0.0
    _ends_at = math.inf
    _retires = False

    shedding: Shedding | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature is uvicorn's
        app = self.config.app
        again = isinstance(app, Starlette) and app.state.draining
        if isinstance(app, Starlette):
            app.state.draining = True
        self._leave()
        if sig == signal.SIGINT:
            self.force_exit = again  # Ctrl-C twice; a supervisor that repeats itself must not cut answers off
            self.should_exit = True
        elif not again:
            self._ends_at = time.monotonic() + self.notice_s

    def retire(self) -> None:
        """Takes no more connections, and ends when those there are have left; others serve on the same port."""
        if not self._retires:
            self._retires = True
            self._leave()
            for server in self.servers:
                server.close()
            self._ends_at = min(self._ends_at, time.monotonic() + LINGER_S)

    def _leave(self) -> None:
        if isinstance(self.config.app, Starlette):
            self.config.app.state.leaving = True
        if self.shedding is not None:
            self.shedding.ends = True

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._ends_at or (self._retires and not self.server_state.connections):
            self.should_exit = True
        return await super().on_tick(counter)


def _connections_possible() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 30 if files == resource.RLIM_INFINITY else max(1, files - min(KEPT_FILES, files // 2))


def _allow_files() -> None:
    """Takes as many files as the machine lets us: the 1024 that many shells begin with are for ``select`` alone."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def make_server(app: Starlette, settings: ServerSettings) -> Server:
    """A server that is not started yet.

    Raises:
        ConfigurationError: a file of its TLS cannot be used.
    """
    tls = Tls(settings.tls) if settings.tls is not None else None
    shedding = Shedding(app.state.admission, PATH)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="gateway.loop:Loop",
        http=protocol(
            settings.limits,
            _connections_possible(),
            Networks(settings.trusted_proxies),
            app.state.tally,
            shedding,
        ),
        ws="none",
        access_log=False,
        log_level="warning",
        log_config=None,  # one way to log: telemetry's
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(settings.drain_s)),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
    )
    server = Server(config)
    server.tls = tls
    server.shedding = shedding
    server.notice_s = settings.notice_s
    return server


def tidy() -> None:
    """Looks through all there is for what is in cycles, once; what is left lives long, and is not walked again."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def serve_app(
    app: Starlette, settings: ServerSettings, started: Callable[[str], None], place: Place | None = None
) -> None:
    """Serves until a signal comes and what was under way has ended. ``started`` is told the address once it answers.

    ``place``: that of a worker among others; absent: the process listens by itself.
    """
    configure(settings.log.level)
    _allow_files()
    gc.collect()
    gc.freeze()  # what start-up made lives for ever: later collections need not walk it
    gc.set_threshold(*COLLECT_AFTER)
    server = make_server(app, settings)
    server.started_at = started
    if place is None:
        await server.serve()
        return
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    loop.acceptor, loop.shared = Acceptor, frozenset(each.fileno() for each in place.sockets)
    place.link.start(server.retire, lambda: server.handle_exit(signal.SIGTERM, None))
    await server.serve(list(place.sockets))


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a command's coroutine on our loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work)
