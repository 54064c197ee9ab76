"""``Loop``: uvloop, whose servers bound the time of a TLS handshake as they bound that of headers.

uvicorn has no setting for it, and asyncio's minute would let whoever says nothing hold a connection for so long.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import uvloop


class Loop(uvloop.Loop):
    """An event loop; connections that have not shaken hands in time are dropped."""

    handshake_timeout_s = 5.0
    acceptor: Callable[..., Any] | None = None
    """What takes connections from the sockets that are ``shared`` with other processes; ``None``: uvloop does."""
    shared: frozenset[int] = frozenset()

    def close(self) -> None:
        """As uvloop's. A hangup that comes from now on, until the process has ended, asks for what nobody can do any
        more; it must not make an end out of it that looks like a crash.
        """
        if threading.current_thread() is not threading.main_thread():
            super().close()
            return
        heard = signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
        masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
        super().close()
        if heard:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """As asyncio's, whose stubs do not agree with uvloop's on what it gives."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", self.handshake_timeout_s)
        given = options.get("sock")
        if self.acceptor is not None and given is not None and given.fileno() in self.shared:
            made, *_ = arguments
            return self.acceptor(self, made, given, options.get("ssl"), self.handshake_timeout_s)
        return await super().create_server(*arguments, **options)
