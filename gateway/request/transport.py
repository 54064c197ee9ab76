"""``GatheringTransport``: the head and the body of an answer leave in one system call instead of two.

uvicorn writes them apart, and a write is the dearest thing that a small answer does.
"""

from __future__ import annotations

import asyncio
from typing import Any

_CONTINUE = b"HTTP/1.1 100"
"""An interim answer must not wait for the final one, which waits for it (RFC 9110 section 15.2.1)."""

_COPIED = 16_384
"""Bodies below this are copied behind their heads: to hand over two pieces costs more than that."""


class GatheringTransport:
    """A transport that keeps the head of an answer back until the next bytes come, or until ``flush``."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Sends the bytes, after a head that waits; a head itself waits."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(_CONTINUE):
            self._head = data
            return
        self._transport.write(data)

    def write_whole(self, head: bytes, body: bytes) -> None:
        """Sends an answer, after a head that waits."""
        self.flush()
        if len(body) < _COPIED:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    def flush(self) -> None:
        """Sends a head that waits: the answer has no body."""
        if self._head:
            data, self._head = self._head, b""
            self._transport.write(data)

    def close(self) -> None:
        """Sends what waits, then closes."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
