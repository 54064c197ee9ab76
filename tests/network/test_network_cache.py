"""Replies kept by a source over real sockets: what is asked again, what is not, and who shares what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from resolvers.freshness import kept
from resolvers.http import HttpClient, Reply, Request
from resolvers.network import direct
from resolvers.reply_cache import CachingClient, ReplyStore
from resolvers.rest import RestSettings
from resolvers.source import Call, Caller
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm, document
from tests.raw_server import Answer, Heard, raw_server, reply, says


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


FRESH = says(reply(ADA, "Cache-Control: max-age=60"))


def tagged(*headers: str) -> Answer:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        held = heard.headers.get("if-none-match") == '"a"'
        raw = reply(b"", *headers, status="304 Not Modified") if held else reply(ADA, 'ETag: "a"', *headers)
        writer.write(raw)

    return answer


async def test_nothing_is_kept_unless_the_file_says_so(tmp_path: Path) -> None:
    for settings, calls in (
        ({}, 2),
        ({"cache": False}, 2),
        ({"cache": True}, 1),
        ({"cache": {"max_bytes": 65_536}}, 1),
    ):
        async with raw_server(FRESH) as server, crm(tmp_path, url=server.url, **settings) as source:
            for _ in range(2):
                assert await source.execute(READ, context()) == ROW
            assert len(server.heard) == calls


async def test_a_stale_reply_is_asked_for_and_a_304_is_an_answer() -> None:
    clock = Clock()
    async with raw_server(tagged("Cache-Control: max-age=60")) as server:
        client = caching(server.url, clock)
        for seconds, calls in ((0, 1), (59, 1), (60, 2), (100, 2), (121, 3)):
            clock.now = seconds
            found = await client.send(Request("GET", f"{server.url}/a", {}), timeout=5, resendable=True)
            assert (found.status, found.body, len(server.heard)) == (200, ADA, calls)
        await client.close()
    assert "if-none-match" not in server.heard[0].headers


def caching(url: str, clock: Callable[[], float] | None = None, max_bytes: int = 1_000_000) -> CachingClient:
    return CachingClient(HttpClient(direct(), f"{url}/"), ReplyStore(max_bytes), clock=clock or Clock())


async def test_a_write_forgets_what_it_touches() -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        status = "500 Oops" if heard.target == "/broken" else "201 Created"
        raw = reply(b"", "Location: /made", "Content-Location: http://other.example/c", status=status)
        writer.write(reply(ADA, "Cache-Control: max-age=60") if heard.method == "GET" else raw)

    async with raw_server(answer) as server:
        client = caching(server.url)

        async def asked(target: str, method: str = "GET") -> bool:
            before = len(server.heard)
            request = Request(method, f"{server.url}{target}", {})
            await client.send(request, timeout=5, resendable=method == "GET")
            return len(server.heard) > before

        for target in ("/a", "/a?x=1", "/made", "/b"):
            assert await asked(target)
            assert not await asked(target)
        await asked("/a", "PUT")
        assert [await asked(target) for target in ("/a", "/a?x=1", "/made", "/b")] == [True, True, True, False]
        await client.send(Request("POST", f"{server.url}/b", {}), timeout=5, resendable=True)
        assert not await asked("/b")  # a POST that is stated to read
        await client.close()


@pytest.mark.parametrize("named", ["http://[bad/", "//[::1", "http://a\u2100b/", "http://127.0.0.1:99999/x"])
async def test_an_address_that_cannot_be_read_does_not_undo_a_write(tmp_path: Path, named: str) -> None:
    created = says(reply(ADA, f"Location: {named}", f"Content-Location: {named}"))
    async with raw_server(created) as server, crm(tmp_path, url=server.url, cache=True) as source:
        assert await source.execute(WRITE, context()) == ROW


async def test_a_place_inside_what_was_written_is_forgotten_too() -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        read = reply(ADA, "Cache-Control: max-age=60")
        writer.write(read if heard.method == "GET" else reply(ADA, "Location: /made#top"))

    async with raw_server(answer) as server:
        client = caching(server.url)
        for method, target in (("GET", "/made"), ("POST", "/a"), ("GET", "/made")):
            request = Request(method, f"{server.url}{target}", {})
            await client.send(request, timeout=5, resendable=method == "GET")
        assert [heard.target for heard in server.heard] == ["/made", "/a", "/made"]
        await client.close()


@pytest.mark.parametrize(
    "header",
    [
        f"Cache-Control: max-age={'9' * 5000}",
        f"Cache-Control: max-age={'0' * 5000}",
        f"Age: {'9' * 5000}",
        'ETag: "a\x0bb"',
        'ETag: "a\x7fb"',
        "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT (\x7f)",
    ],
)
async def test_odd_headers_never_cost_the_reply_nor_those_after_it(header: str) -> None:
    clock = Clock()
    async with raw_server(says(reply(ADA, header))) as server:
        client = caching(server.url, clock)
        for _ in range(3):
            found = await client.send(Request("GET", f"{server.url}/a", {}), timeout=5, resendable=True)
            assert (found.status, found.body) == (200, ADA)
            clock.now += 2.0**32
        await client.close()


async def test_a_write_whose_outcome_nobody_knows_forgets_too(tmp_path: Path) -> None:
    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.method == "GET":
            writer.write(reply(ADA, "Cache-Control: max-age=60"))
        else:
            writer.close()

    async with raw_server(answer) as server, crm(tmp_path, url=server.url, cache=True) as source:
        await source.execute(READ, context())
        with pytest.raises(Exception, match="the connection was closed"):
            await source.execute(WRITE, context())
        await source.execute(READ, context())
        assert [heard.method for heard in server.heard] == ["GET", "POST", "GET"]


async def test_a_reply_that_was_under_way_during_a_write_is_not_kept() -> None:
    release, reached = asyncio.Event(), asyncio.Event()

    async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
        if heard.method == "GET" and not release.is_set():
            reached.set()
            await release.wait()
        writer.write(reply(ADA, "Cache-Control: max-age=60"))

    async with raw_server(answer) as server:
        client = caching(server.url)
        request = Request("GET", f"{server.url}/a", {})
        old = asyncio.create_task(client.send(request, timeout=5, resendable=True))
        await reached.wait()
        await client.send(Request("PUT", f"{server.url}/a", {}), timeout=5, resendable=False)
        release.set()
        await old
        await client.send(request, timeout=5, resendable=True)
        assert [heard.method for heard in server.heard] == ["GET", "PUT", "GET"]
        await client.close()


async def test_requests_that_differ_in_a_header_share_nothing(tmp_path: Path) -> None:
    described = document()
    item = described["paths"]["/customers/{id}"]["get"]
    item["parameters"] = [
        *item["parameters"],
        {"name": "X-User", "in": "header", "schema": {"type": "string"}},
        {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
        {"name": "Cache-Control", "in": "header", "schema": {"type": "string"}},
    ]
    async with raw_server(FRESH) as server, crm(tmp_path, described, url=server.url, cache=True) as source:
        for more in ({"X-User": "a"}, {"X-User": "b"}, {"sid": "a"}, {"sid": "b"}, {}):
            for _ in range(2):
                await source.execute(Call("customer", {"id": "7", **more}), context())
        assert len(server.heard) == 5
        for _ in range(2):
            await source.execute(Call("customer", {"id": "7", "Cache-Control": "no-cache"}), context())
        assert len(server.heard) == 7


def caller(name: str) -> dict[str, Any]:
    return {"caller": Caller(f"token-{name}", {"sub": name}, {"x-lang": "de"}), "credential_class": f"subject:{name}"}


@pytest.mark.parametrize("forward", [{"token": True}, {"claims": {"X-User": "sub"}}, {"headers": ["X-Lang"]}])
async def test_callers_share_nothing_where_they_are_sent_on(tmp_path: Path, forward: dict[str, Any]) -> None:
    secret = says(reply(ADA, "Cache-Control: private, max-age=60"))
    async with (
        raw_server(secret) as server,
        crm(tmp_path, url=server.url, cache=True, auth={"forward": forward}) as source,
    ):
        for name in ("ada", "bob", "ada", "bob"):
            await source.execute(READ, context(**caller(name)))
        assert len(server.heard) == 2


async def test_private_replies_are_not_kept_where_callers_cannot_be_told_apart(tmp_path: Path) -> None:
    secret = says(reply(ADA, "Cache-Control: private, max-age=60"))
    async with raw_server(secret) as server, crm(tmp_path, url=server.url, cache=True, auth={"bearer": "t"}) as source:
        for name in ("ada", "bob"):
            await source.execute(READ, context(**caller(name)))
        assert len(server.heard) == 2
    async with raw_server(FRESH) as server, crm(tmp_path, url=server.url, cache=True, auth={"bearer": "t"}) as source:
        for name in ("ada", "bob"):
            await source.execute(READ, context(**caller(name)))
        assert len(server.heard) == 1


async def test_lines_of_one_header_count_together(tmp_path: Path) -> None:
    raw = reply(ADA, "Cache-Control: max-age=60", "Cache-Control: no-store")
    async with raw_server(says(raw)) as server, crm(tmp_path, url=server.url, cache=True) as source:
        for _ in range(2):
            await source.execute(READ, context())
        assert len(server.heard) == 2


def test_the_store_is_bounded_in_bytes_and_forgets_the_oldest() -> None:
    store = ReplyStore(100_000)
    for number in range(1000):
        made = Reply(200, {"cache-control": "max-age=60"}, b"x" * 1000)
        item = kept(made, shared=True, now=0, asked=0, wall=0)
        assert item is not None
        store.put(str(number).encode(), f"http://a/{number}", item)
        assert store.bytes <= 100_000
        assert store.get(b"0") is not None  # it is used all the time
    assert store.get(b"1") is None
    assert store.get(b"999") is not None
    large = kept(Reply(200, {"cache-control": "max-age=60"}, b"x" * 20_000), shared=True, now=0, asked=0, wall=0)
    assert large is not None
    store.put(b"large", "http://a/large", large)
    assert store.get(b"large") is None
    for number in range(1000):
        store.invalidate(f"http://a/{number}?x")
    assert (store.bytes, store._by_path) == (0, {})


def test_what_the_settings_say() -> None:
    made = RestSettings.model_validate({"openapi": "a", "cache": True}).cache
    assert made is not None
    assert made.max_bytes == 16_777_216
