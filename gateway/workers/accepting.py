"""``Acceptor``: takes connections from a listening socket that several processes share, one in each turn of the loop.

uvloop's own server takes all that wait at once: of a hundred connections one process would get ninety, and keep them as
long as its callers do. Who takes them one by one takes as many as it has turns to spare, so the busy take fewer.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl as tls
from collections.abc import Callable
from contextlib import suppress

from gateway.telemetry import log

REST_S = 0.25


class Acceptor:
    """As much of an ``asyncio.Server`` as uvicorn asks for. What waits when it is closed waits for the others."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        made: Callable[[], asyncio.BaseProtocol],
        listening: socket.socket,
        ssl: tls.SSLContext | None,
        handshake_s: float,
    ) -> None:
        self.sockets = (listening,)
        self._loop, self._made, self._ssl, self._handshake_s = loop, made, ssl, handshake_s
        self._opening: set[asyncio.Task[object]] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._closed = False
        listening.setblocking(False)
        loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Takes no more."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self.sockets[0])
            if self._resting is not None:
                self._resting.cancel()

    async def wait_closed(self) -> None:
        """Waits for the connections that were being opened."""
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _accept(self) -> None:
        try:
            connection, _ = self.sockets[0].accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process took it, or its caller gave up
        except OSError as error:
            # No files, mostly. It would be called again at once, and again: those that wait can wait a little longer.
            log("cannot_accept", level="error", reason=errno.errorcode.get(error.errno or 0))
            self._loop.remove_reader(self.sockets[0])
            self._resting = self._loop.call_later(REST_S, self._resume)
            return
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def _resume(self) -> None:
        if not self._closed:
            self._loop.add_reader(self.sockets[0], self._accept)

    async def _open(self, connection: socket.socket) -> None:
        handshake = None if self._ssl is None else self._handshake_s
        try:
            await self._loop.connect_accepted_socket(
                self._made, connection, ssl=self._ssl, ssl_handshake_timeout=handshake
            )
        except (OSError, tls.SSLError, TimeoutError):
            connection.close()  # it left, or did not shake hands
