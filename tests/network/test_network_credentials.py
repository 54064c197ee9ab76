"""Credentials: several at once, never replaced by what a caller says, never sent to a host they were not given for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from resolvers.documents import Documents
from resolvers.http_settings import Auth
from resolvers.open import open_all
from resolvers.rest import RestSettings, open_rest
from resolvers.source import Call
from tests.network.crm import ADA, READ, ROW, context, crm, document
from tests.raw_server import raw_server, reply, says

SAYS = says(reply(ADA))
EVERYTHING: dict[str, Any] = {
    "auth": {
        "basic": {"username": "ada", "password": "lövelace"},
        "api_key": [
            {"header": "X-Key", "value": "k1"},
            {"query": "app id", "value": "k&2"},
            {"cookie": "sid", "value": "k;3"},
        ],
    },
    "headers": {"X-Tenant": "t1"},
}
SECRETS = ("k1", "k%262", "k%3B3", "t1", "authorization")


def with_parameters(**more: Any) -> dict[str, Any]:
    described = document(**more)
    given = described["paths"]["/customers/{id}"]["get"]
    given["parameters"] = [
        *given["parameters"],
        {"name": "app id", "in": "query", "schema": {"type": "string"}},
        {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
        {"name": "lang", "in": "cookie", "schema": {"type": "string"}},
        {"name": "x-key", "in": "header", "schema": {"type": "string"}},
    ]
    return described


async def test_several_at_once(tmp_path: Path) -> None:
    async with raw_server(SAYS) as server, crm(tmp_path, url=server.url, **EVERYTHING) as source:
        assert await source.execute(READ, context()) == ROW
        heard = server.heard[0]
        assert heard.headers["authorization"] == "Basic YWRhOmzDtnZlbGFjZQ=="
        assert (heard.headers["x-key"], heard.headers["x-tenant"]) == ("k1", "t1")
        assert heard.target == "/customers/7?app%20id=k%262"
        assert heard.headers["cookie"] == "sid=k%3B3"


async def test_a_caller_puts_nothing_in_their_place(tmp_path: Path) -> None:
    async with (
        raw_server(SAYS) as server,
        crm(tmp_path, with_parameters(), url=server.url, **EVERYTHING) as source,
    ):
        theirs = {"id": "7", "app id": "theirs", "sid": "theirs", "lang": "de", "x-key": "theirs"}
        assert await source.execute(Call("customer", theirs), context()) == ROW
        heard = server.heard[0]
        assert "theirs" not in f"{heard.target}{heard.headers}"
        assert heard.headers["cookie"] == "lang=de; sid=k%3B3"


async def test_another_host_of_the_document_sees_none(tmp_path: Path) -> None:
    async with raw_server(SAYS) as home, raw_server(SAYS) as other:
        described = document(servers=[{"url": home.url}])
        item = described["paths"]["/customers/{id}"]
        described["paths"]["/elsewhere/{id}"] = {
            "get": {**item["get"], "operationId": "elsewhere", "servers": [{"url": f"{other.url}/x"}]}
        }
        async with crm(tmp_path, described, **EVERYTHING) as source:
            await source.execute(READ, context())
            await source.execute(Call("elsewhere", {"id": "7"}), context())
    assert home.heard[0].headers["x-key"] == "k1"
    assert not [secret for secret in SECRETS if secret in f"{other.heard[0].target}{other.heard[0].headers}"]


async def test_the_host_of_the_document_alone_sees_none_where_url_names_the_source(tmp_path: Path) -> None:
    async with raw_server(says(reply(json.dumps(document()).encode()))) as docs, raw_server(SAYS) as home:
        settings = RestSettings.model_validate({**EVERYTHING, "openapi": f"{docs.url}/o.json", "url": home.url})
        opened = await open_all({"crm": ("openapi", settings)}, tmp_path)
        await opened.sources["crm"].close()
    assert not [secret for secret in SECRETS if secret in f"{docs.heard[0].target}{docs.heard[0].headers}"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "at least one"),
    ({"bearer": "a", "basic": {"username": "a", "password": "b"}}, "bearer and basic each fill"),
    ({"bearer": "a", "api_key": {"header": "authorization", "value": "b"}}, "bearer and api_key each fill"),
    ({"api_key": {"value": "b"}}, "exactly one of header, query and cookie"),
    ({"api_key": {"header": "X Key", "value": "b"}}, "letters, digits and hyphens"),
    ({"basic": {"username": "a:b", "password": "b"}}, "no colon"),
]


@pytest.mark.parametrize(("auth", "says_so"), WRONG)
def test_what_cannot_be(auth: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        Auth.model_validate(auth)


async def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    settings = RestSettings.model_validate({
        **EVERYTHING, "openapi": "crm.json", "url": "http://127.0.0.1:1", "cert": {"file": "f", "password": "hidden"},
        "proxy": {"url": "http://p", "username": "u", "password": "hidden"},
    })  # fmt: skip
    shown = f"{settings!r} {settings.model_dump_json()}"
    assert not [secret for secret in ("k1", "k&2", "k;3", "lövelace", "hidden", "t1") if secret in shown]
    (tmp_path / "crm.json").write_text(json.dumps(document()))
    source = await open_rest("crm", settings.model_copy(update={"cert": None}), Documents(tmp_path))
    assert "k1" not in repr(vars(source._http))
