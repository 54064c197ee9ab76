"""What of a caller reaches a source: nothing, unless the source's settings say so; and then its own host alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from gateway.token import sign
from resolvers.errors import Forbidden, Unauthenticated
from resolvers.http_settings import Auth
from resolvers.source import Call, Caller
from tests.network.crm import ADA, READ, ROW, context, crm, document
from tests.raw_server import raw_server, reply, says
from tests.serving import serving, unhurried

SAYS = says(reply(ADA))
CALLER = Caller("their-token", {"sub": "ada", "org": {"id": 7}, "a.b": True, "list": ["x"]}, {"accept-language": "de"})
FORWARD = {
    "token": True,
    "claims": {"X-User": "sub", "X-Org": "org.id", "X-Flag": "a.b"},
    "headers": ["Accept-Language"],
}

NAMES = ("x-user", "x-org", "x-flag", "accept-language")


async def test_what_the_settings_name_is_sent_on(tmp_path: Path) -> None:
    async with raw_server(SAYS) as server:
        async with crm(tmp_path, url=server.url, auth={"forward": FORWARD}) as source:
            assert await source.execute(READ, context(caller=CALLER)) == ROW
        async with crm(tmp_path, url=server.url) as source:
            await source.execute(READ, context(caller=CALLER))
        told, silent = server.heard
    assert told.headers["authorization"] == "Bearer their-token"
    assert [told.headers[name] for name in NAMES] == [
        "ada",
        "7",
        "true",
        "de",
    ]
    assert not {"authorization", *NAMES} & silent.headers.keys()


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (Caller(), Unauthenticated),
        (Caller("t", {"sub": "ada"}), Forbidden),
        (Caller("t", {"sub": "a\r\nX-Evil: 1", "org": {"id": 7}, "a.b": 1}), Forbidden),
        (Caller("t", {"sub": ["ada"], "org": {"id": 7}, "a.b": 1}), Forbidden),
    ],
)
async def test_what_cannot_be_sent_on_sends_nothing(tmp_path: Path, caller: Caller, refusal: type[Exception]) -> None:
    async with raw_server(SAYS) as server, crm(tmp_path, url=server.url, auth={"forward": FORWARD}) as source:
        with pytest.raises(refusal):
            await source.execute(READ, context(caller=caller))
        assert server.heard == []


async def test_an_argument_does_not_stand_for_a_claim(tmp_path: Path) -> None:
    described = document()
    given = described["paths"]["/customers/{id}"]["get"]
    header = {"name": "x-user", "in": "header", "schema": {"type": "string"}}
    given["parameters"] = [*given["parameters"], header]
    async with raw_server(SAYS) as server:
        async with crm(tmp_path, described, url=server.url, auth={"forward": FORWARD}) as source:
            await source.execute(Call("customer", {"id": "7", "x-user": "boss"}), context(caller=CALLER))
        assert server.heard[0].headers["x-user"] == "ada"


async def test_another_host_is_told_nothing(tmp_path: Path) -> None:
    async with raw_server(SAYS) as home, raw_server(SAYS) as other:
        described = document(servers=[{"url": home.url}])
        described["paths"]["/customers/{id}"]["get"]["servers"] = [{"url": other.url}]
        async with crm(tmp_path, described, auth={"forward": FORWARD}) as source:
            await source.execute(READ, context(caller=CALLER))
    assert not {"authorization", *NAMES} & other.heard[0].headers.keys()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"forward": {}}, "at least one of token, claims and headers"),
    ({"forward": {"headers": ["Authorization"]}}, "token sends the access token on"),
    ({"forward": {"headers": ["Host"]}}, "the header host is not forwarded"),
    ({"forward": {"claims": {"Cookie": "sub"}}}, "the header cookie is not forwarded"),
    ({"forward": {"claims": {"X-A": "sub"}, "headers": ["x-a"]}}, "forwarded twice"),
    ({"forward": {"token": True}, "bearer": "t"}, "bearer and forward.token each fill"),
]


@pytest.mark.parametrize(("auth", "says_so"), WRONG)
def test_what_cannot_be(auth: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        Auth.model_validate(auth)


async def test_through_the_gateway(tmp_path: Path) -> None:
    async with raw_server(SAYS) as server:
        (tmp_path / "crm.json").write_text(json.dumps(document()))
        secret = "0123456789abcdef0123456789abcdef"
        (tmp_path / "isthmus.yaml").write_text(json.dumps({
            "sources": {"crm": {
                "openapi": "crm.json", "url": server.url,
                "auth": {"forward": {"token": True, "claims": {"X-User": "sub"}, "headers": ["X-Trace"]}},
            }},
            "access": {"default": "anonymous"},
            "server": {"jwt": {"issuer": "https://id/", "audience": "isthmus", "secret": secret}},
        }))  # fmt: skip
        chosen = read(tmp_path / "isthmus.yaml")
        snapshot = await load(chosen)
        assert chosen.settings.server.jwt is not None
        token = sign(chosen.settings.server.jwt, "ada")
        query = {"query": '{ customer(id: "7") { id } }'}
        async with (
            serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
            httpx.AsyncClient(base_url=base, trust_env=False) as client,
        ):
            headers = {"Authorization": f"Bearer {token}", "X-Trace": "abc", "Cookie": "sid=1", "X-Other": "no"}
            answer = (await client.post("/graphql", json=query, headers=headers)).json()
            assert answer == {"data": {"customer": ROW}}
            refused = (await client.post("/graphql", json=query)).json()
        await snapshot.close()
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    (heard,) = server.heard
    assert [heard.headers[name] for name in ("authorization", "x-user", "x-trace")] == [f"Bearer {token}", "ada", "abc"]
    assert not {"cookie", "x-other"} & heard.headers.keys()
