"""uvicorn as we run it: patience with slow senders is bounded, signals drain, nothing tells who we are.

Routes and their meaning are ``app.py``'s.
"""

from __future__ import annotations

import asyncio
import gc
import math
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.app import ServerSettings
from gateway.connection import Connection
from gateway.limits import LimitSettings
from gateway.loop import Loop
from gateway.telemetry import configure, log, request_id
from gateway.tls import Tls
from gateway.transport import GatheringTransport
from gateway.watched import watching
from gateway.whole import Whole

COLLECT_AFTER = (50_000, 20, 20)
"""An answer of a thousand rows makes some thousand objects, none of them in cycles; each collection walks them all."""

BAD = b"400 Bad Request"
LATE = b"408 Request Timeout"
TOO_LONG = b"414 URI Too Long"
TOO_LARGE = b"431 Request Header Fields Too Large"


def protocol(limits: LimitSettings) -> type[HttpToolsProtocol]:  # noqa: C901  # one class, made for its limits
    """Uvicorn's HTTP/1.1 protocol that also bounds headers, and the time to receive headers and body."""

    class BoundedProtocol(HttpToolsProtocol):
        _gathering: GatheringTransport
        _connection: Connection
        _timer: asyncio.TimerHandle | None = None
        _due: float | None = None
        _stalled: asyncio.TimerHandle | None = None
        _in_head = True
        _head_bytes = 0
        _url_bytes = 0

        def connection_made(self, transport: Any) -> None:
            self._gathering = GatheringTransport(transport)
            secured = transport.get_extra_info("ssl_object")
            self._connection = Connection(None if secured is None else secured.getpeercert(True))
            super().connection_made(cast("asyncio.Transport", self._gathering))
            self._arm(limits.header_timeout_s)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            super().connection_lost(exc)
            self._connection.close()

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                self._head_bytes += len(data)
                if self._due is None:
                    self._arm(limits.header_timeout_s)
            super().data_received(data)
            if self._in_head and self._head_bytes > limits.max_header_bytes:
                self._refuse(TOO_LONG if self._url_bytes > limits.max_url_bytes else TOO_LARGE)

        def on_message_begin(self) -> None:
            self._url_bytes = 0
            super().on_message_begin()
            self._connection.put_in(cast("Scope", self.scope))

        def on_url(self, url: bytes) -> None:
            self._url_bytes += len(url)
            super().on_url(url)

        def on_headers_complete(self) -> None:
            size, hosts = self._url_bytes, 0
            for name, value in self.headers:
                size += len(name) + len(value) + 4
                hosts += name == b"host"
            if self._url_bytes > limits.max_url_bytes:
                self._refuse(TOO_LONG)
            elif size > limits.max_header_bytes or len(self.headers) > limits.max_headers:
                self._refuse(TOO_LARGE)
            elif hosts > 1 or (hosts == 0 and self.parser.get_http_version() != "1.0"):
                self._refuse(BAD)  # RFC 9112 section 3.2
            else:
                self._in_head, self._head_bytes = False, 0
                self._arm(limits.body_timeout_s)
                super().on_headers_complete()
                Whole(self.cycle, self._gathering).put_in(cast("Scope", self.scope))  # its task has not begun

        def on_message_complete(self) -> None:
            self._in_head = True
            self._disarm()
            if not self.transport.is_closing():
                super().on_message_complete()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._wait_for_reader(self._gathering.get_write_buffer_size())

        def _wait_for_reader(self, unsent: int) -> None:
            """Drops a caller who takes nothing for ``send_timeout_s``; one who reads slowly may go on."""
            self._stalled = self.loop.call_later(limits.send_timeout_s, self._look_at_reader, unsent)

        def _look_at_reader(self, unsent: int) -> None:
            left = self._gathering.get_write_buffer_size()
            if left < unsent:
                self._wait_for_reader(left)
            else:
                self._gathering.abort()

        def resume_writing(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None
            super().resume_writing()

        def on_response_complete(self) -> None:
            self._gathering.flush()
            super().on_response_complete()

        def on_body(self, body: bytes) -> None:
            if not self.transport.is_closing():
                super().on_body(body)

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # the signature is uvicorn's
            self._refuse(BAD)

        def _arm(self, seconds: float) -> None:
            """What is being received must be there in so many seconds; what was armed before no longer counts.

            A timer that runs already is left to run and looks again when it ends: requests come and go faster.
            """
            self._due = self.loop.time() + seconds
            if self._timer is None:
                self._timer = self.loop.call_later(seconds, self._look)
            elif self._timer.when() > self._due:
                self._timer.cancel()
                self._timer = self.loop.call_later(seconds, self._look)

        def _disarm(self) -> None:
            self._due = None

        def _look(self) -> None:
            self._timer = None
            if self._due is None:
                return
            left = self._due - self.loop.time()
            if left > 0:
                self._timer = self.loop.call_later(left, self._look)
            else:
                self._refuse(LATE)

        @property
        def _answering(self) -> bool:
            """True while the answer to an earlier request, or the rest of this one's, is still to come."""
            if getattr(self.cycle, "response_complete", True):  # no cycle before the first request
                return False
            return self._in_head or bool(self.pipeline) or self.cycle.response_started

        def _refuse(self, status: bytes) -> None:
            if self.transport.is_closing():
                return
            given = request_id(())
            log("refused", request_id=given, level="warning", status=int(status[:3]))
            if not self._answering:  # or the caller would take it for the answer that it waits for
                end = b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                self.transport.write(b"HTTP/1.1 " + status + b"\r\nx-request-id: " + given.encode() + end)
            self.transport.close()

    return BoundedProtocol


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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature is uvicorn's
        app = self.config.app
        again = isinstance(app, Starlette) and app.state.draining
        if isinstance(app, Starlette):
            app.state.draining = True
        if sig == signal.SIGINT:
            self.force_exit = again  # Ctrl-C twice; a supervisor that repeats itself must not cut answers off
            self.should_exit = True
        elif not again:
            self._ends_at = time.monotonic() + self.notice_s

    async def on_tick(self, counter: int) -> bool:
        if time.monotonic() >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)


def make_server(app: Starlette, settings: ServerSettings) -> Server:
    """A server that is not started yet.

    Raises:
        ConfigurationError: a file of its TLS cannot be used.
    """
    tls = Tls(settings.tls) if settings.tls is not None else None
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="gateway.loop:Loop",
        http=protocol(settings.limits),
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
    server.notice_s = settings.notice_s
    return server


async def serve_app(app: Starlette, settings: ServerSettings, started: Callable[[str], None]) -> None:
    """Serves until a signal comes and what was under way has ended. ``started`` is told the address once it answers."""
    configure()
    gc.collect()
    gc.freeze()  # what start-up made lives for ever: later collections need not walk it
    gc.set_threshold(*COLLECT_AFTER)
    server = make_server(app, settings)
    server.started_at = started
    await server.serve()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a command's coroutine on our loop."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work)
