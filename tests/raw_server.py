"""A TCP server of this process that reads HTTP/1.1 requests and answers bytes, however wrong they are."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Answer = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it came over the wire; ``connection`` counts connections from 1."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class RawServer:
    """Every request that was heard, and how many of them are, and at most were, being answered."""

    port: int = 0
    scheme: str = "http"
    heard: list[Heard] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def raw_server(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Serves on a free port until the block ends; connections that are still open then are dropped."""
    raw = RawServer(scheme="http" if tls is None else "https")
    tasks: set[asyncio.Task[None]] = set()
    connections = 0

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        number = connections
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                heard = await _request(reader, number)
                raw.heard.append(heard)
                raw.in_flight += 1
                raw.most_in_flight = max(raw.most_in_flight, raw.in_flight)
                try:
                    await answer(heard, writer)
                    if not writer.is_closing():
                        await writer.drain()
                finally:
                    raw.in_flight -= 1
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=tls)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _request(reader: asyncio.StreamReader, number: int) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in rest)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = line.split(" ")
    return Heard(method, target, headers, body, number)


def reply(body: bytes, *headers: str, status: str = "200 OK", media: str = "application/json") -> bytes:
    """A whole HTTP/1.1 reply; without a media type none is sent."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    if media:
        lines.append(f"Content-Type: {media}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(raw: bytes, *, close: bool = False) -> Answer:
    """Answers every request with the same bytes, and ends the connection after them if told to."""

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        if close:
            writer.close()

    return answer


def resets(before: bytes = b"") -> Answer:
    """Reads the request, answers ``before`` and cuts the connection with a reset."""

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        if before:
            writer.write(before)
            await writer.drain()
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    return answer
