"""Trailers decide nothing: what is known of a request was in its head (RFC 9110 section 6.5.1)."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gateway.request.limits import LimitSettings
from tests.serving import serving

CHUNKED = b"POST / HTTP/1.1\r\nhost: a\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n"
LAST = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
MERGED = b"Authorization: Bearer x\r\nX-Request-Id: x\r\nX-Request-Timeout: 9\r\nHost: b\r\n"
MERGED += b"Expect: 100-continue\r\nConnection: upgrade\r\nUpgrade: x\r\n"


async def told(request: Request) -> PlainTextResponse:
    await request.body()
    return PlainTextResponse(",".join(request.headers))


async def asked(data: bytes) -> bytes:
    """All that is answered to what is sent; nothing where the connection ended before it was all read."""
    limits = LimitSettings(body_timeout_s=300)
    async with serving(Starlette(routes=[Route("/", told, methods=["POST"])]), limits) as base:
        url = httpx.URL(base)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(data)
        try:
            return await asyncio.wait_for(reader.read(), 20)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()


async def test_no_trailer_is_taken_for_a_header() -> None:
    reply = await asked(CHUNKED + b"0\r\n" + MERGED + b"\r\n" + LAST)
    first, second = reply.split(b"HTTP/1.1 200 OK")[1:]
    assert first.endswith(b"\r\n\r\nhost,x,transfer-encoding")
    assert second.endswith(b"\r\n\r\nhost,connection,content-length")


@pytest.mark.parametrize("tail", [b"x: y\r\n" * 101 + b"\r\n", b"x: " + b"y" * 16_384 + b"\r\n\r\n"])
async def test_trailers_have_the_bounds_of_headers(tail: bytes) -> None:
    reply = await asked(CHUNKED + b"0\r\n" + tail)
    assert reply.startswith(b"HTTP/1.1 431 ")
    assert reply.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("tail", [b"0\r\nx: ", b"0\r\n", b"2;"])
async def test_what_is_no_body_has_an_end(tail: bytes) -> None:
    reply = await asked(CHUNKED + tail + b"y" * 5_000_000)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 431 ")
