"""The client that sends the load: keep-alive connections, each with one request under way at a time.

It is a bare protocol that reads a status and a content length and nothing else, so that it takes little of the machine
from the competitor. One event loop, in this process.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

REPLY_S = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class BadReply(Exception):
    """The status is not 200, the reply has no length, or the connection was closed; the text says which."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is sent: ``requests``, or as many as begin within ``seconds``; at least one on each connection."""

    seconds: float = 1.0
    requests: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it: the latency of each request in ms, and how long it all took in seconds."""

    latencies_ms: list[float]
    took_s: float


def request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of one POST (RFC 9112)."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def load(port: int, content: bytes, amount: Amount, connections: int = 1) -> Sent:
    """Sends ``content`` again and again over so many connections.

    Raises:
        BadReply: see there.
    """
    return asyncio.run(_load(port, content, amount, connections))


async def _load(port: int, content: bytes, amount: Amount, connections: int) -> Sent:
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(_Connection, "127.0.0.1", port))[1] for _ in range(connections)]
    sent = Sent([], 0.0)
    begin = time.perf_counter()
    left = None if amount.requests is None else max(1, amount.requests // connections)
    try:
        turns = (_turns(each, content, sent.latencies_ms, begin + amount.seconds, left) for each in opened)
        async with asyncio.timeout(amount.seconds + REPLY_S):
            await asyncio.gather(*turns)
    finally:
        for each in opened:
            each.transport.close()
    return Sent(sent.latencies_ms, time.perf_counter() - begin)


async def _turns(connection: _Connection, content: bytes, latencies: list[float], end: float, left: int | None) -> None:
    done = 0
    while done < left if left is not None else not done or time.perf_counter() < end:
        begin = time.perf_counter()
        await connection.ask(content)
        latencies.append(1000 * (time.perf_counter() - begin))
        done += 1


class _Connection(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.reply: asyncio.Future[None] | None = None
        self.head = b""
        self.missing: int | None = None

    def ask(self, content: bytes) -> asyncio.Future[None]:
        self.reply = asyncio.get_running_loop().create_future()
        self.head, self.missing = b"", None
        self.transport.write(content)
        return self.reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.missing is None:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self.head, 0, end)
            if length is None or b" 200 " not in self.head[:20]:
                self.end(BadReply(self.head[:500].decode(errors="replace")))
                return
            self.missing = int(length[1]) - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(BadReply(f"the connection was closed: {exc}"))

    def end(self, error: BadReply | None) -> None:
        if self.reply is None or self.reply.done():
            return
        if error is None:
            self.reply.set_result(None)
        else:
            self.reply.set_exception(error)
