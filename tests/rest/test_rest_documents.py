"""Descriptions fetched: a credential reaches only the host it was given for, and size and time have an end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from resolvers.credentials import Credentials
from resolvers.documents import DescriptionError, Documents

Start = Callable[..., Awaitable["Host"]]
SECRET = {"Authorization": "Bearer tok"}


class Host:
    """Answers every request with the same bytes and remembers what it was sent."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.heard: list[str] = []
        self.url = ""

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.raw)
        await writer.drain()
        writer.close()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[asyncio.Server] = []

    async def begin(raw: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") -> Host:
        host = Host(raw)
        servers.append(await asyncio.start_server(host.connection, "127.0.0.1", 0))
        host.url = f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}"
        return host

    yield begin
    for server in servers:
        server.close()


async def test_a_credential_stays_with_its_host(start: Start, tmp_path: Path) -> None:
    ours, other = await start(), await start()
    documents = Documents(tmp_path, credentials=Credentials(SECRET))
    assert (await documents.read(f"{ours.url}/a.wsdl")).content == b"ok"
    await documents.read("b.xsd", relative_to=f"{ours.url}/a.wsdl")
    await documents.read(f"{other.url}/c.xsd")
    assert ["Bearer tok" in heard for heard in ours.heard] == [True, True]
    assert ours.heard[1].startswith("GET /b.xsd ")
    assert ["Bearer tok" in heard for heard in other.heard] == [False]


async def test_a_file_gives_no_credential_away(start: Start, tmp_path: Path) -> None:
    other = await start()
    (tmp_path / "a.wsdl").write_text("x")
    documents = Documents(tmp_path, credentials=Credentials(SECRET))
    assert (await documents.read("a.wsdl")).content == b"x"
    await documents.read(f"{other.url}/c.xsd")
    assert "Bearer tok" not in other.heard[0]


async def test_redirects_are_not_followed(start: Start, tmp_path: Path) -> None:
    other = await start()
    first = await start(f"HTTP/1.1 302 Found\r\nLocation: {other.url}/x\r\nContent-Length: 0\r\n\r\n".encode())
    with pytest.raises(DescriptionError):
        await Documents(tmp_path).read(f"{first.url}/a")
    assert other.heard == []


async def test_sizes_and_missing_files(start: Start, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 100)
    host = await start(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100)
    documents = Documents(tmp_path, max_bytes=99)
    for location in ("big", "none", f"{host.url}/big", "http://127.0.0.1:1/closed"):
        with pytest.raises(DescriptionError):
            await documents.read(location)


async def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wsdl")
    for location in ("pipe.wsdl", "/dev/zero", "."):
        with pytest.raises(DescriptionError, match="is no file"):
            await Documents(tmp_path).read(location)


@pytest.mark.parametrize("location", ["http://[::1", "//[x/a.xsd", "file:/etc/passwd"])
async def test_a_reference_that_is_no_address_of_the_host_is_refused(
    tmp_path: Path, start: Start, location: str
) -> None:
    ours = await start()
    with pytest.raises(DescriptionError):
        await Documents(tmp_path).read(location, f"{ours.url}/a.wsdl")
    assert ours.heard == []
