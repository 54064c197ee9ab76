"""``Loop``: uvloop, whose servers bound the time of a TLS handshake as they bound that of headers.

uvicorn has no setting for it, and asyncio's minute would let whoever says nothing hold a connection for so long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import uvloop


class Loop(uvloop.Loop):
    """An event loop; connections that have not shaken hands in time are dropped."""

    handshake_timeout_s = 5.0
    acceptor: Callable[..., Any] | None = None
    """What takes connections from the sockets that are ``shared`` with other processes; ``None``: uvloop does."""
    shared: frozenset[int] = frozenset()

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """As asyncio's, whose stubs do not agree with uvloop's on what it gives."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", self.handshake_timeout_s)
        given = options.get("sock")
        if self.acceptor is not None and given is not None and given.fileno() in self.shared:
            made, *_ = arguments
            return self.acceptor(self, made, given, options.get("ssl"), self.handshake_timeout_s)
        return await super().create_server(*arguments, **options)
