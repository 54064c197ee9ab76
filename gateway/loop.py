"""``Loop``: uvloop, whose servers bound the time of a TLS handshake as they bound that of headers.

uvicorn has no setting for it, and asyncio's minute would let whoever says nothing hold a connection for so long.
"""

from __future__ import annotations

from typing import Any

import uvloop


class Loop(uvloop.Loop):
    """An event loop; connections that have not shaken hands in time are dropped."""

    handshake_timeout_s = 5.0

    async def create_server(self, *arguments: Any, **options: Any) -> Any:
        """As asyncio's, whose stubs do not agree with uvloop's on what it gives."""
        if options.get("ssl") is not None:
            options.setdefault("ssl_handshake_timeout", self.handshake_timeout_s)
        return await super().create_server(*arguments, **options)
