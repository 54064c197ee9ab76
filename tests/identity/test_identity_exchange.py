"""Callers' tokens are exchanged, one by one, against a server that says what it was asked; nobody gets another's."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from pydantic import ValidationError

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from gateway.token import sign
from resolvers.errors import Forbidden, OutcomeUnknown, SourceRejected, SourceUnavailable, Unauthenticated
from resolvers.exchanged import KEPT_TOKENS, ExchangedTokens
from resolvers.http import HttpClient, Request
from resolvers.http_settings import Auth, Exchange
from resolvers.network import direct
from resolvers.source import Caller
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm, document
from tests.raw_server import Heard, RawServer, raw_server, reply, says
from tests.serving import serving, unhurried

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


@dataclass
class Exchanger:
    """A token endpoint (RFC 8693): ``t1-for-ada`` for ``ada``; ``refusals``: caller's token → the error it gets."""

    refusals: dict[str, str] = field(default_factory=dict)
    down: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        form = {name: values[0] for name, values in parse_qs(heard.body.decode(), strict_parsing=True).items()}
        proof = heard.headers.get("authorization", "").removeprefix("Basic ")
        assert base64.b64decode(proof) == b"gateway:s3cret"
        self.asked.append(form)
        self.reached.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.down:
            writer.write(reply(b"oops, db-7 is down", status="500 Oops"))
            return
        subject = form.get("subject_token", "gateway")
        if subject in self.refusals:
            writer.write(reply(json.dumps({"error": self.refusals[subject]}).encode(), status="400 Bad Request"))
            return
        body = {
            "access_token": f"t{len(self.asked)}-for-{subject}", "token_type": "Bearer", "expires_in": 600,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }  # fmt: skip
        writer.write(reply(json.dumps(body).encode()))


@asynccontextmanager
async def exchanging(
    folder: Path, exchanger: Exchanger, answer: Any = None, *, cache: bool = False, **more: Any
) -> AsyncIterator[tuple[Any, RawServer]]:
    """A source that is asked with exchanged tokens, and its server."""
    async with raw_server(exchanger) as endpoint, raw_server(answer or says(reply(ADA))) as server:
        stated = {"token_url": f"{endpoint.url}/token", "client_id": "gateway", "client_secret": "s3cret",
                  "audience": "crm", "scopes": "orders:read", **more}  # fmt: skip
        settings: dict[str, Any] = {"url": server.url, "auth": {"exchange": stated}}
        if cache:
            settings["cache"] = True
        async with crm(folder, **settings) as source:
            yield source, server


def who(name: str, subject: str = "") -> dict[str, Any]:
    return {"caller": Caller(name, {"sub": subject or name}), "credential_class": f"subject:{subject or name}"}


def borne(server: RawServer) -> list[str]:
    return [heard.headers.get("authorization", "") for heard in server.heard]


async def test_each_caller_has_a_token_of_his_own_that_is_got_once(tmp_path: Path) -> None:
    exchanger = Exchanger()
    async with exchanging(tmp_path, exchanger, resource="https://crm/") as (source, server):
        for name in ("ada", "bob", "ada", "bob"):
            assert await source.execute(READ, context(**who(name))) == ROW
        await source.execute(WRITE, context(**who("ada")))
        assert borne(server) == [f"Bearer {token}" for token in ("t1-for-ada", "t2-for-bob", "t1-for-ada", "t2-for-bob",
                                                                 "t1-for-ada")]  # fmt: skip
    assert exchanger.asked[0] == {
        "grant_type": EXCHANGE, "subject_token": "ada", "audience": "crm", "resource": "https://crm/",
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token", "scope": "orders:read",
    }  # fmt: skip
    assert len(exchanger.asked) == 2


async def test_many_calls_of_one_caller_wait_for_one_exchange_and_who_leaves_ends_nothing(tmp_path: Path) -> None:
    exchanger = Exchanger(hold=asyncio.Event())
    async with exchanging(tmp_path, exchanger) as (source, server):
        calls = [asyncio.create_task(source.execute(READ, context(**who("ada")))) for _ in range(20)]
        await exchanger.reached.wait()
        calls[0].cancel()
        await asyncio.wait(calls[:1])
        assert exchanger.hold is not None
        exchanger.hold.set()
        assert await asyncio.gather(*calls[1:]) == [ROW] * 19
        assert len(exchanger.asked) == 1
        assert set(borne(server)) == {"Bearer t1-for-ada"}


async def test_kept_replies_are_not_shared_even_by_two_tokens_of_one_caller(tmp_path: Path) -> None:
    fresh = says(reply(ADA, "Cache-Control: max-age=60"))
    async with exchanging(tmp_path, Exchanger(), fresh, cache=True) as (source, server):
        for token, subject in (("ada", ""), ("bob", ""), ("less", "ada"), ("ada", ""), ("less", "ada")):
            await source.execute(READ, context(**who(token, subject)))
        assert borne(server) == ["Bearer t1-for-ada", "Bearer t2-for-bob", "Bearer t3-for-less"]


@pytest.mark.parametrize(
    ("word", "raised"),
    [("invalid_grant", Unauthenticated), ("invalid_request", Unauthenticated), ("access_denied", Forbidden),
     ("invalid_client", SourceUnavailable), ("invalid_target", SourceUnavailable),
     ("invalid_scope", SourceUnavailable)],
)  # fmt: skip
async def test_a_token_that_is_not_exchanged_sends_nothing(tmp_path: Path, word: str, raised: type[Exception]) -> None:
    exchanger = Exchanger({"ada": word})
    async with exchanging(tmp_path, exchanger) as (source, server):
        for _ in range(3):
            with pytest.raises(raised) as caught:
                await source.execute(WRITE, context(**who("ada")))
            assert "127.0.0.1" not in str(caught.value) or raised is SourceUnavailable
        assert (server.heard, len(exchanger.asked)) == ([], 1)  # the endpoint is left alone for a while
        assert await source.execute(READ, context(**who("bob"))) == ROW  # and of others it says nothing


async def test_an_endpoint_that_is_down_is_the_sources_absence(tmp_path: Path) -> None:
    exchanger = Exchanger(down=True)
    async with exchanging(tmp_path, exchanger) as (source, server):
        with pytest.raises(SourceUnavailable) as caught:
            await source.execute(READ, context(**who("ada")))
        assert "db-7" not in str(caught.value)
        assert server.heard == []


async def test_callers_without_a_token_are_refused_or_asked_for_by_the_gateway(tmp_path: Path) -> None:
    exchanger = Exchanger()
    nobody = [context(), context(caller=Caller(claims={"sub": "ci"}), credential_class="subject:ci")]
    async with exchanging(tmp_path, exchanger) as (source, server):
        for each in nobody:
            with pytest.raises(Unauthenticated):
                await source.execute(READ, each)
        assert (server.heard, exchanger.asked) == ([], [])
    async with exchanging(tmp_path, exchanger, fallback="client_credentials") as (source, server):
        for each in nobody:
            assert await source.execute(READ, each) == ROW
        assert borne(server) == ["Bearer t1-for-gateway"] * 2
        assert [form["grant_type"] for form in exchanger.asked] == ["client_credentials"]
        await source.execute(READ, context(**who("ada")))
        assert borne(server)[-1] == "Bearer t2-for-ada"


async def test_a_refused_token_is_got_anew_for_reads_alone(tmp_path: Path) -> None:
    async def wants_the_second(heard: Heard, writer: asyncio.StreamWriter) -> None:
        good = not heard.headers["authorization"].startswith("Bearer t1-")
        writer.write(reply(ADA, status="200 OK" if good else "401 Unauthorized"))

    exchanger = Exchanger()
    async with exchanging(tmp_path, exchanger, wants_the_second) as (source, server):
        with pytest.raises((SourceRejected, OutcomeUnknown)):
            await source.execute(WRITE, context(**who("ada")))
        assert len(server.heard) == 1
        assert await source.execute(READ, context(**who("ada"))) == ROW
        assert borne(server) == ["Bearer t1-for-ada", "Bearer t2-for-ada"]


async def test_another_host_gets_neither_token(tmp_path: Path) -> None:
    exchanger = Exchanger()
    async with (
        raw_server(exchanger) as endpoint,
        raw_server(says(reply(ADA))) as home,
        raw_server(says(reply(ADA))) as other,
    ):
        described = document(servers=[{"url": home.url}])
        described["paths"]["/customers/{id}"]["get"]["servers"] = [{"url": other.url}]
        exchange = {"token_url": f"{endpoint.url}/token", "client_id": "gateway", "client_secret": "s3cret"}
        async with crm(tmp_path, described, auth={"exchange": exchange}) as source:
            await source.execute(READ, context(**who("ada")))
    assert (borne(other), exchanger.asked) == ([""], [])


async def test_what_is_kept_is_bounded() -> None:
    stated = Exchange.model_validate({"token_url": "https://id.example/token", "client_id": "gw"})
    tokens = ExchangedTokens(stated, HttpClient(direct(), "https://id.example/"), timeout_s=1)
    first = tokens.of(Request("GET", "https://a/", {}, subject_token="0"))
    for number in range(1, KEPT_TOKENS + 10):
        tokens.of(Request("GET", "https://a/", {}, subject_token=str(number)))
    assert len(tokens._held) == KEPT_TOKENS
    assert tokens.of(Request("GET", "https://a/", {}, subject_token="0")) is not first
    await tokens.close()


def test_what_cannot_be() -> None:
    base = {"token_url": "https://id.example/token", "client_id": "gw"}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"exchange": {**base, "parameters": {"subject_token": "x"}}}, "no further parameter"),
        ({"exchange": {**base, "token_url": "http://id.example/token"}}, "https only"),
        ({"exchange": base, "forward": {"token": True}}, "exchange and forward.token each fill"),
        ({"exchange": base, "oauth2": base}, "oauth2 and exchange each fill"),
    ]
    for auth, says_so in wrong:
        with pytest.raises(ValidationError, match=says_so):
            Auth.model_validate(auth)


async def test_through_the_gateway(tmp_path: Path) -> None:
    exchanger = Exchanger()
    async with raw_server(exchanger) as endpoint, raw_server(says(reply(ADA))) as server:
        (tmp_path / "crm.json").write_text(json.dumps(document()))
        exchange = {"token_url": f"{endpoint.url}/token", "client_id": "gateway", "client_secret": "s3cret"}
        secret = "0123456789abcdef0123456789abcdef"
        (tmp_path / "isthmus.yaml").write_text(json.dumps({
            "sources": {"crm": {"openapi": "crm.json", "url": server.url, "auth": {"exchange": exchange}}},
            "access": {"default": "anonymous"},
            "server": {"jwt": {"issuer": "https://id/", "audience": "isthmus", "secret": secret}},
        }))  # fmt: skip
        chosen = read(tmp_path / "isthmus.yaml")
        snapshot = await load(chosen)
        mine = [sign(chosen.settings.server.jwt, name) for name in ("ada", "bob")]
        query = {"query": '{ customer(id: "7") { id } }'}
        exchanger.refusals[mine[1]] = "invalid_grant"
        async with (
            serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
            httpx.AsyncClient(base_url=base, trust_env=False) as client,
        ):
            answers = [
                (await client.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"})).json()
                for token in mine
            ]
            answers.append((await client.post("/graphql", json=query)).json())
        await snapshot.close()
    assert answers[0] == {"data": {"customer": ROW}}
    assert [answer["errors"][0]["extensions"]["code"] for answer in answers[1:]] == ["UNAUTHENTICATED"] * 2
    assert endpoint.url.partition("//")[2] not in json.dumps(answers)
    assert borne(server) == [f"Bearer t1-for-{mine[0]}"]
