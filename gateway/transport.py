"""``GatheringTransport``: the head and the body of an answer leave in one system call instead of two.

uvicorn writes them apart, and a write is the dearest thing that a small answer does.
"""

from __future__ import annotations

import asyncio
from typing import Any


class GatheringTransport:
    """A transport that sends what was written in one turn of the event loop at once, at its end."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keeps the bytes until the end of the turn."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        """Sends what waits, then closes."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
