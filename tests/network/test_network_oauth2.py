"""Tokens that run out: one fetch for all who wait, in time, once more after a refusal; and endpoints that fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from resolvers.errors import OutcomeUnknown, SourceRejected, SourceTimeout, SourceUnavailable
from resolvers.http import HttpClient
from resolvers.http_settings import OAuth2
from resolvers.network import direct
from resolvers.tokens import ClientCredentials
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm, document
from tests.raw_server import Heard, RawServer, raw_server, reply, says


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Endpoint:
    """Gives ``t1``, ``t2`` …; with ``hold`` it waits before it answers."""

    expires_in: object = 600
    given: int = 0
    status: str = "200 OK"
    hold: asyncio.Event | None = None
    more: dict[str, object] = field(default_factory=dict)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: Heard, writer: asyncio.StreamWriter) -> None:
        self.reached.set()
        if self.hold is not None:
            await self.hold.wait()
        self.given += 1
        body = {"access_token": f"t{self.given}", "token_type": "Bearer", "expires_in": self.expires_in, **self.more}
        writer.write(reply(json.dumps(body).encode(), status=self.status))


@contextlib.asynccontextmanager
async def client(
    endpoint: Endpoint, clock: Clock, **more: object
) -> AsyncIterator[tuple[ClientCredentials, RawServer]]:
    async with raw_server(endpoint) as server:
        stated = {"token_url": f"{server.url}/token", "client_id": "gw", "client_secret": "s3cret", **more}
        settings = OAuth2.model_validate(stated)
        tokens = ClientCredentials(settings, HttpClient(direct(), f"{server.url}/"), timeout_s=5, clock=clock)
        try:
            yield tokens, server
        finally:
            await tokens.close()


async def test_one_fetch_for_all_who_wait_and_who_leaves_ends_nothing() -> None:
    endpoint = Endpoint(hold=asyncio.Event())
    async with client(endpoint, Clock()) as (tokens, server):
        waiting = [asyncio.create_task(tokens.token()) for _ in range(50)]
        await endpoint.reached.wait()
        waiting[0].cancel()
        await asyncio.wait(waiting[:1])
        assert endpoint.hold is not None
        endpoint.hold.set()
        got = await asyncio.gather(*waiting[1:])
        assert {token.value for token in got} == {"t1"}
        assert waiting[0].cancelled()
        assert len(server.heard) == 1


async def test_a_token_is_replaced_before_it_runs_out_and_serves_meanwhile() -> None:
    clock, endpoint = Clock(), Endpoint()
    async with client(endpoint, clock) as (tokens, server):
        assert (await tokens.token()).value == "t1"
        clock.now += 539
        assert (await tokens.token()).value == "t1"
        assert len(server.heard) == 1
        endpoint.hold = asyncio.Event()
        clock.now += 2
        assert [(await tokens.token()).value for _ in range(3)] == ["t1"] * 3
        flight = tokens._flight
        assert flight is not None
        endpoint.hold.set()
        await flight
        assert (await tokens.token()).value == "t2"
        assert len(server.heard) == 2
        clock.now += 601
        assert (await tokens.token()).value == "t3"


LIVES: list[tuple[object, float]] = [
    ("600", 600), (None, 300), (-5, 0), (1e12, 86_400), (True, 300), (10**400, 86_400), (-(10**400), 0), ("soon", 300),
]  # fmt: skip


@pytest.mark.parametrize(("said", "seconds"), LIVES)
async def test_how_long_a_token_lives(said: object, seconds: float) -> None:
    async with client(Endpoint(expires_in=said), Clock()) as (tokens, _):
        token = await tokens.token()
        assert token.good_until - token.since == seconds


BAD: list[tuple[dict[str, Any], str]] = [
    ({"status": "500 Oops"}, "it answered 500$"),
    ({"status": "400 Bad Request", "more": {"error": "invalid_client"}}, "check client_id, client_secret"),
    ({"status": "400 Bad Request", "more": {"error": "db-7 is down"}}, "it answered 400$"),
    ({"more": {"access_token": "a\r\nX-Evil: 1"}}, "holds no access token"),
    ({"more": {"access_token": 7}}, "holds no access token"),
    ({"more": {"token_type": "mac"}}, "no bearer token"),
    ({"status": "302 Found"}, "it answered 302$"),
]


@pytest.mark.parametrize(("how", "says_so"), BAD)
async def test_an_endpoint_that_gives_no_token(how: dict[str, Any], says_so: str) -> None:
    clock = Clock()
    async with client(Endpoint(**how), clock) as (tokens, server):
        for _ in range(3):
            with pytest.raises(SourceUnavailable, match=says_so) as caught:
                await tokens.token()
            assert "db-7" not in str(caught.value)
        assert len(server.heard) == 1  # it is left alone for a while
        clock.now += 2
        with pytest.raises(SourceUnavailable):
            await tokens.token()
        assert len(server.heard) == 2


async def test_a_held_token_outlives_a_failing_endpoint() -> None:
    clock, endpoint = Clock(), Endpoint()
    async with client(endpoint, clock) as (tokens, _):
        await tokens.token()
        endpoint.status = "503 Busy"
        clock.now += 590
        assert (await tokens.token()).value == "t1"
        flight = tokens._flight
        assert flight is not None
        await flight
        assert (await tokens.token()).value == "t1"
        clock.now += 11
        with pytest.raises(SourceUnavailable):
            await tokens.token()


async def test_what_is_asked() -> None:
    more: dict[str, Any] = {
        "scopes": ["a", "b"],
        "audience": "crm",
        "resource": "https://crm",
        "parameters": {"x": "ü"},
    }
    async with client(Endpoint(), Clock(), **more) as (tokens, server):
        await tokens.token()
        heard = server.heard[0]
        assert heard.headers["authorization"] == "Basic Z3c6czNjcmV0"
        assert heard.body == (
            b"grant_type=client_credentials&scope=a+b&audience=crm&resource=https%3A%2F%2Fcrm&x=%C3%BC"
        )
    async with client(Endpoint(), Clock(), client_auth="post") as (tokens, server):
        await tokens.token()
        assert "authorization" not in server.heard[0].headers
        assert server.heard[0].body == b"grant_type=client_credentials&client_id=gw&client_secret=s3cret"


def oauth2(url: str) -> dict[str, Any]:
    return {"oauth2": {"token_url": f"{url}/token", "client_id": "gw", "client_secret": "s3cret"}}


async def test_a_refused_token_is_fetched_once_more_for_reads_alone(tmp_path: Path) -> None:
    endpoint = Endpoint()

    async def refuses(heard: Heard, writer: asyncio.StreamWriter) -> None:
        good = heard.headers["authorization"] == f"Bearer t{wanted}"
        writer.write(reply(ADA, status="200 OK" if good else "401 Unauthorized"))

    async with raw_server(endpoint) as issuer, raw_server(refuses) as server:
        async with crm(tmp_path, url=server.url, auth=oauth2(issuer.url)) as source:
            wanted = 2
            got = await asyncio.gather(*(source.execute(READ, context()) for _ in range(10)))
            assert got == [ROW] * 10
            assert endpoint.given == 2
            assert len(server.heard) == 20
            wanted = 99
            for _ in range(3):
                with pytest.raises(SourceRejected):
                    await source.execute(READ, context())
            assert endpoint.given == 2  # a new token that is refused as well is not asked for again and again
            assert len(server.heard) == 23
        endpoint.given, wanted = 0, 2
        server.heard.clear()
        async with crm(tmp_path, url=server.url, auth=oauth2(issuer.url)) as source:
            with pytest.raises(SourceRejected):
                await source.execute(WRITE, context())
            assert len(server.heard) == 1
            assert await source.execute(WRITE, context()) == ROW


async def test_no_token_means_that_nothing_was_sent(tmp_path: Path) -> None:
    async with raw_server(says(reply(ADA))) as server:
        async with crm(tmp_path, url=server.url, auth=oauth2("http://127.0.0.1:1")) as source:
            for call in (READ, WRITE):
                with pytest.raises(SourceUnavailable, match=r"no token from http://127\.0\.0\.1:1/token"):
                    await source.execute(call, context())
        async with (
            raw_server(Endpoint(hold=asyncio.Event())) as issuer,
            crm(tmp_path, url=server.url, auth=oauth2(issuer.url)) as source,
        ):
            try:
                await source.execute(WRITE, context(0.2))
            except OutcomeUnknown:
                pytest.fail("nothing was sent")
            except SourceTimeout:
                pass
    assert server.heard == []


async def test_another_host_of_the_document_sees_no_token(tmp_path: Path) -> None:
    async with (
        raw_server(Endpoint()) as issuer,
        raw_server(says(reply(ADA))) as home,
        raw_server(says(reply(ADA))) as other,
    ):
        described = document(servers=[{"url": home.url}])
        described["paths"]["/customers/{id}"]["get"]["servers"] = [{"url": other.url}]
        async with crm(tmp_path, described, auth=oauth2(issuer.url)) as source:
            await source.execute(READ, context())
            await source.execute(WRITE, context())
    assert "authorization" not in other.heard[0].headers
    assert home.heard[0].headers["authorization"] == "Bearer t1"


def test_what_the_settings_refuse() -> None:
    for stated, says_so in (
        ({"token_url": "http://id.example/token"}, "over https only"),
        ({"token_url": "https://id.example/t", "parameters": {"scope": "x"}}, "no further parameter"),
    ):
        with pytest.raises(ValidationError, match=says_so):
            OAuth2.model_validate({"client_id": "gw", "client_secret": "s3cret", **stated})
    shown = OAuth2.model_validate({"token_url": "https://i/t", "client_id": "gw", "client_secret": "s3cret"})
    assert "s3cret" not in repr(shown)
