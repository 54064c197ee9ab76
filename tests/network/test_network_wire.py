"""What travels between the gateway and a source: replies in every framing, connections kept and left."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
import zlib

import pytest

from resolvers.errors import BadRequest, SourceBadResponse, SourceUnavailable
from resolvers.http import HttpClient, Reply, Request
from resolvers.network import direct
from tests.raw_server import Heard, RawServer, raw_server, reply, says

BODY = b'{"id": "7"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


async def get(client: HttpClient, url: str, method: str = "GET", **more: object) -> Reply:
    request = Request(method, url, {}, **more)  # type: ignore[arg-type]  # as the case says
    return await client.send(request, timeout=60, resendable=method in {"GET", "HEAD"})


def client_of(server: RawServer, **more: int) -> HttpClient:
    return HttpClient(direct(), f"{server.url}/", **more)  # type: ignore[arg-type]  # counts


FRAMES = {
    "a length": (OK + b"Content-Length: 11\r\n\r\n" + BODY, False),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n" + BODY[:5] + b"\r\n6;x=1\r\n" + BODY[5:]
               + b"\r\n0\r\nX-Trailer: 1\r\n\r\n", False),
    "the end of the connection": (OK + b"\r\n" + BODY, True),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + BODY, True),
    "gzip": (reply(gzip.compress(BODY), "Content-Encoding: gzip"), False),
    "gzip in members": (reply(gzip.compress(BODY[:5]) + gzip.compress(BODY[5:]), "Content-Encoding: x-gzip"), False),
    "deflate": (reply(zlib.compress(BODY), "Content-Encoding: deflate"), False),
    "bare deflate": (reply(zlib.compress(BODY, wbits=-15), "Content-Encoding: deflate"), False),
    "a word that is no coding": (reply(BODY, "Content-Encoding: utf-8"), False),
}  # fmt: skip


@pytest.mark.parametrize("case", FRAMES)
async def test_a_body_in_every_framing(case: str) -> None:
    raw, close = FRAMES[case]
    async with raw_server(says(raw, close=close)) as server:
        client = client_of(server)
        for _ in range(2):
            found = await get(client, f"{server.url}/a")
            assert (found.status, found.body, found.headers["content-TYPE"]) == (200, BODY, "application/json")
            assert "x-trailer" not in found.headers
        assert {heard.connection for heard in server.heard} == ({1, 2} if close else {1})
        await client.close()


async def test_tiny_chunks_need_no_more_room_than_what_they_hold() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        for _piece in range(100):
            writer.write(b"2\r\nab\r\n" * 5000)
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with raw_server(answer) as server:
        client = client_of(server)
        tracemalloc.start()
        try:
            assert (await get(client, f"{server.url}/a")).body == b"ab" * 500_000
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
        await client.close()


@pytest.mark.parametrize("packed", [gzip.compress(BODY)[:-9], gzip.compress(b"") * 200, b"\x1f\x8bno", b"\x78\x9cno"])
async def test_a_body_that_cannot_be_unpacked(packed: bytes) -> None:
    async with raw_server(says(reply(packed, "Content-Encoding: gzip"))) as server:
        client = client_of(server)
        with pytest.raises(SourceBadResponse):
            await get(client, f"{server.url}/a")
        await client.close()


async def test_a_body_shorter_than_its_length_is_truncated() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 12\r\n\r\n" + BODY)
        await writer.drain()
        writer.close()

    async with raw_server(answer) as server:
        client = client_of(server)
        with pytest.raises(SourceBadResponse, match="truncated"):
            await get(client, f"{server.url}/a")
        await client.close()


async def test_the_reply_to_head_has_no_body_and_the_connection_goes_on() -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        head = OK + b"Content-Length: 11\r\n\r\n"
        writer.write(head if heard.method == "HEAD" else head + BODY)

    async with raw_server(answer) as server:
        client = client_of(server)
        for method, body in (("HEAD", b""), ("GET", BODY), ("HEAD", b"")):
            assert (await get(client, f"{server.url}/a", method)).body == body
        assert {heard.connection for heard in server.heard} == {1}
        await client.close()


async def test_half_a_body_after_a_reply_to_head_ends_the_connection() -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 99\r\n\r\nx" if heard.method == "HEAD" else reply(BODY))

    async with raw_server(answer) as server:
        client = client_of(server)
        assert (await get(client, f"{server.url}/a", "HEAD")).body == b""
        assert (await get(client, f"{server.url}/a")).body == BODY
        assert {heard.connection for heard in server.heard} == {1, 2}
        await client.close()


async def test_what_comes_unasked_answers_nobody() -> None:
    answered, left = asyncio.Event(), asyncio.Event()

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(BODY))
        await writer.drain()
        await answered.wait()
        with contextlib.suppress(OSError):
            while True:
                writer.write(reply(b'{"id": "of-another"}'))
                await writer.drain()
                await asyncio.sleep(0)
        left.set()

    async with raw_server(answer) as server:
        client = client_of(server)
        await get(client, f"{server.url}/a")
        answered.set()
        async with asyncio.timeout(10):
            await left.wait()
        assert (await get(client, f"{server.url}/a")).body == BODY
        await client.close()


async def test_a_reply_before_the_request_was_heard_ends_the_connection() -> None:
    async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply(BODY, status="413 Content Too Large"))
        await writer.drain()
        await asyncio.Event().wait()

    server = await asyncio.start_server(impatient, "127.0.0.1", 0, limit=1024)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = HttpClient(direct(), f"{url}/")
    for _ in range(2):
        assert (await get(client, f"{url}/a", "POST", body=b"x" * 20_000_000)).status == 413
    await client.close()
    server.close()


async def test_no_more_connections_than_allowed() -> None:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0)
        writer.write(reply(BODY))

    async with raw_server(answer) as server:
        client = client_of(server, concurrency=3)
        await asyncio.gather(*(get(client, f"{server.url}/a") for _ in range(30)))
        assert server.most_in_flight <= 3
        assert {heard.connection for heard in server.heard} == {1, 2, 3}
        await client.close()


async def test_who_leaves_takes_the_connection_along() -> None:
    heard = asyncio.Event()

    async def answer(request: Heard, writer: asyncio.StreamWriter) -> None:
        heard.set()
        if request.connection == 1:
            await asyncio.Event().wait()
        writer.write(reply(BODY))

    async with raw_server(answer) as server:
        client = client_of(server)
        left = asyncio.create_task(get(client, f"{server.url}/a"))
        await heard.wait()
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        assert (await get(client, f"{server.url}/a")).body == BODY
        assert server.heard[-1].connection == 2
        await client.close()


@pytest.mark.parametrize("name", ["X-A\r\nX-B", "X-A"])
@pytest.mark.parametrize("value", ["1\r\nX-B: 2", "1\nX-B: 2", "1\rX", "\0", "\ud800"])
async def test_a_header_is_one_line(name: str, value: str) -> None:
    async with raw_server(says(reply(BODY))) as server:
        client = client_of(server)
        with pytest.raises(BadRequest):
            await client.send(Request("GET", f"{server.url}/a", {name: value}), timeout=5, resendable=True)
        with pytest.raises(BadRequest):
            await get(client, f"{server.url}/a", "GET /b HTTP/1.1\r\nX:")
        assert not server.heard
        await client.close()


async def test_what_a_request_says_of_itself() -> None:
    async with raw_server(says(reply(BODY))) as server:
        client = client_of(server)
        host = server.url.removeprefix("http://")
        asked = {"user-agent": "mine", "Content-Length": "99", "Transfer-Encoding": "chunked"}
        await client.send(Request("POST", f"{server.url}?a=b c\r\nd#e", asked, b"{}"), timeout=5, resendable=False)
        await client.send(Request("DELETE", f"http://me:it%40@{host}/x", {}), timeout=5, resendable=False)
        first, second = server.heard
        assert (first.target, first.headers, first.body) == (
            "/?a=b%20c%0D%0Ad",
            {
                "host": host,
                "user-agent": "mine",
                "accept": "*/*",
                "accept-encoding": "gzip, deflate",
                "content-type": "application/octet-stream",
                "content-length": "2",
            },
            b"{}",
        )
        assert second.headers["authorization"] == "Basic bWU6aXRA"
        assert (second.headers["content-length"], second.headers["user-agent"]) == ("0", "isthmus")
        await client.close()


@pytest.mark.parametrize("url", ["ftp://localhost/a", "http:///a", "http://localhost:99999/a", "http://a..b/", "a"])
async def test_an_address_that_nobody_can_call(url: str) -> None:
    client = HttpClient(direct(), "http://localhost/")
    with pytest.raises(SourceUnavailable):
        await get(client, url)
    await client.close()
