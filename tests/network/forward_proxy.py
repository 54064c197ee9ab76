"""A forward proxy of this process (RFC 9110 sections 7.6 and 9.3.6) that keeps a journal of what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class ForwardProxy:
    """``asked``: the first line and the headers of every request; ``login``: the header it insists on."""

    port: int = 0
    login: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextlib.asynccontextmanager
async def forward_proxy(login: str = "") -> AsyncIterator[ForwardProxy]:
    """Lets everything pass that says ``login`` in ``Proxy-Authorization``, until the block ends."""
    made = ForwardProxy(login=login)
    tasks: set[asyncio.Task[None]] = set()

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await _one(made, reader, writer)
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(made: ForwardProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in rest)}
    made.asked.append((line, headers))
    if made.login and headers.get("proxy-authorization") != made.login:
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        return
    method, target, _ = line.split(" ")
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        inner, outer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    else:
        parts = urlsplit(target)
        assert parts.hostname is not None
        inner, outer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        kept = [item for item in rest if not item.lower().startswith("proxy-")]
        outer.write(
            "\r\n".join([f"{method} {target[len(f'http://{parts.netloc}') :]} HTTP/1.1", *kept, "", ""]).encode()
        )
    try:
        await asyncio.gather(_pass_on(reader, outer), _pass_on(inner, writer))
    finally:
        outer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()
