"""Sources that answer with what no source should: nothing is followed, nothing grows, everything ends with its code."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from pathlib import Path

import pytest

from resolvers.errors import OutcomeUnknown, SourceBadResponse, SourceError, SourceTimeout, SourceUnavailable
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm
from tests.raw_server import Answer, Heard, raw_server, reply, says

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_no_redirect_is_followed(tmp_path: Path, status: str) -> None:
    async with raw_server(says(reply(ADA))) as other:
        for location in (f"{other.url}/x", f"http://localhost:{other.port}/x", "//127.0.0.1/x", "/customers/8"):
            answer = says(reply(b"", f"Location: {location}", status=status))
            settings = {"auth": {"api_key": {"header": "X-Key", "value": "s3cret"}}}
            async with raw_server(answer) as server, crm(tmp_path, url=server.url, **settings) as source:
                with pytest.raises(SourceBadResponse):
                    await source.execute(READ, context())
                with pytest.raises(SourceError):
                    await source.execute(WRITE, context())
                assert len(server.heard) == 2
        assert other.heard == []


def bomb(encoding: str) -> bytes:
    """Some kilobytes that unpack to thirty megabytes."""
    body = b'{"id": "' + b"x" * 30_000_000 + b'"}'
    if encoding == "gzip, gzip":
        return gzip.compress(gzip.compress(body))
    return gzip.compress(body) if encoding == "gzip" else zlib.compress(body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
async def test_what_unpacks_to_more_than_is_allowed(tmp_path: Path, encoding: str) -> None:
    raw = reply(bomb(encoding), f"Content-Encoding: {encoding}")
    async with raw_server(says(raw)) as server, crm(tmp_path, url=server.url, max_reply_bytes=1_000_000) as source:
        with pytest.raises(SourceBadResponse):
            await source.execute(READ, context())


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "x-unknown"])
async def test_encodings_that_were_not_asked_for(tmp_path: Path, encoding: str) -> None:
    raw = reply(b"\x28\xb5\x2f\xfd\x00\x01\x00\x00", f"Content-Encoding: {encoding}")
    async with raw_server(says(raw)) as server, crm(tmp_path, url=server.url) as source:
        with pytest.raises(SourceBadResponse):
            await source.execute(READ, context())
        assert encoding not in server.heard[0].headers["accept-encoding"].replace(",", " ").split()


def endless(begin: bytes, piece: bytes) -> Answer:
    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return answer


async def test_a_body_without_end(tmp_path: Path) -> None:
    answer = endless(CHUNKED, b"10000\r\n" + b" " * 65_536 + b"\r\n")
    async with raw_server(answer) as server, crm(tmp_path, url=server.url, max_reply_bytes=1_000_000) as source:
        with pytest.raises(SourceBadResponse, match="larger than"):
            await source.execute(READ, context())
        with pytest.raises(OutcomeUnknown):
            await source.execute(WRITE, context())


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 100 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x" * 1000),
        (b"HTTP/1.1 200 ", b"O" * 1000),
        (CHUNKED + b"0\r\n", b"X-Trailer: " + b"x" * 100 + b"\r\n"),
    ],
)
async def test_heads_without_end(tmp_path: Path, begin: bytes, piece: bytes) -> None:
    async with raw_server(endless(begin, piece)) as server, crm(tmp_path, url=server.url, timeout_s=20) as source:
        with pytest.raises((SourceBadResponse, SourceUnavailable)):
            await source.execute(READ, context(20))


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
async def test_interim_answers_without_end_end_at_the_deadline(tmp_path: Path, status: bytes) -> None:
    answer = endless(b"", b"HTTP/1.1 " + status + b"\r\n\r\n")
    async with raw_server(answer) as server, crm(tmp_path, url=server.url) as source:
        with pytest.raises(SourceTimeout):
            await source.execute(READ, context(0.3))
        with pytest.raises(OutcomeUnknown):
            await source.execute(WRITE, context(0.3))


async def test_an_interim_answer_before_the_right_one(tmp_path: Path) -> None:
    raw = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + reply(ADA)
    async with raw_server(says(raw)) as server, crm(tmp_path, url=server.url) as source:
        assert await source.execute(READ, context()) == ROW


BROKEN = {
    "shorter than it says": HEAD + b"Content-Length: 99\r\n\r\n" + ADA,
    "two lengths": HEAD + b"Content-Length: 11\r\nContent-Length: 12\r\n\r\n" + ADA,
    "a length that is none": HEAD + b"Content-Length: eleven\r\n\r\n" + ADA,
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n" + ADA,
    "a chunk of no size": CHUNKED + b"zz\r\n" + ADA,
    "chunks that break off": CHUNKED + b"b\r\n" + ADA + b"\r\n",
    "no HTTP": b"\x15\x03\x01\x00\x02\x02\x16\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a status that is none": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a protocol switched to": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
async def test_broken_replies(tmp_path: Path, raw: bytes) -> None:
    async with raw_server(says(raw, close=True)) as server, crm(tmp_path, url=server.url) as source:
        with pytest.raises(SourceBadResponse):
            await source.execute(READ, context())
        with pytest.raises(OutcomeUnknown):
            await source.execute(WRITE, context())
        assert len(server.heard) == 2


async def test_what_follows_a_reply_answers_nobody_else(tmp_path: Path) -> None:
    smuggled = reply(ADA) + reply(b'{"id": "of-another"}')
    async with raw_server(says(smuggled)) as server, crm(tmp_path, url=server.url) as source:
        for _ in range(3):
            assert await source.execute(READ, context()) == ROW
        assert {heard.connection for heard in server.heard} == {1, 2, 3}
