"""Proxies: the one of the file is used for everything, with its credentials, and those of the environment never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resolvers.documents import Documents
from resolvers.errors import SourceUnavailable
from resolvers.network import open_network
from resolvers.rest import RestSettings, open_rest
from tests.network.authority import Authority, serving
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm, document
from tests.network.forward_proxy import forward_proxy
from tests.raw_server import Heard, raw_server, reply, says

SAYS = says(reply(ADA))
LOGIN = "Basic Z2F0ZXdheTpzM2NyZXQ="


async def test_calls_go_through_the_proxy(tmp_path: Path) -> None:
    tls = serving(Authority(tmp_path).sign("crm", "127.0.0.1"))
    stated = {"username": "gateway", "password": "s3cret"}
    async with raw_server(SAYS) as plain, raw_server(SAYS, tls) as safe, forward_proxy(LOGIN) as proxy:
        for server in (plain, safe):
            given: dict[str, Any] = {"url": server.url, "proxy": {"url": proxy.url, **stated}, "ca": "authority.pem"}
            async with crm(tmp_path, auth={"bearer": "tok"}, **given) as source:
                assert await source.execute(READ, context()) == ROW
            assert server.heard[0].headers["authorization"] == "Bearer tok"
            assert "proxy-authorization" not in server.heard[0].headers
    (first, _), (second, headers) = proxy.asked
    assert first == f"GET {plain.url}/customers/7 HTTP/1.1"
    assert second == f"CONNECT 127.0.0.1:{safe.port} HTTP/1.1"
    assert "authorization" not in headers


async def test_a_proxy_that_refuses(tmp_path: Path) -> None:
    tls = serving(Authority(tmp_path).sign("crm", "127.0.0.1"))
    async with raw_server(SAYS) as plain, raw_server(SAYS, tls) as safe, forward_proxy(LOGIN) as proxy:
        for server in (plain, safe):
            async with crm(tmp_path, url=server.url, proxy=proxy.url, ca="authority.pem") as source:
                for call in (READ, WRITE):
                    with pytest.raises(SourceUnavailable, match="the proxy answered 407"):
                        await source.execute(call, context())
            assert server.heard == []
    async with raw_server(SAYS) as server, crm(tmp_path, url=server.url, proxy="http://127.0.0.1:1") as source:
        with pytest.raises(SourceUnavailable, match="proxy"):
            await source.execute(WRITE, context())
    assert server.heard == []


async def test_the_environment_names_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with raw_server(SAYS) as server, crm(tmp_path, url=server.url) as source:
        assert await source.execute(READ, context()) == ROW


async def test_the_document_is_fetched_by_the_same_way(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = serving(authority.sign("crm", "127.0.0.1"), clients=authority)
    described = reply(json.dumps(document(servers=[{"url": "/api"}])).encode())

    async def answer(heard: Heard, writer: object) -> None:
        await says(described if heard.target == "/openapi.json" else reply(ADA))(heard, writer)  # type: ignore[arg-type]

    async with raw_server(answer, tls) as server, forward_proxy(LOGIN) as proxy:
        stated = RestSettings.model_validate({
            "openapi": f"{server.url}/openapi.json", "ca": "authority.pem", "cert": str(authority.sign("gateway").both),
            "proxy": {"url": proxy.url, "username": "gateway", "password": "s3cret"},
        })  # fmt: skip
        source = await open_rest("crm", stated, Documents(tmp_path, network=open_network(stated, tmp_path)))
        assert await source.execute(READ, context()) == ROW
        await source.close()
    assert [line for line, _ in proxy.asked] == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"] * 2
    assert [heard.target for heard in server.heard] == ["/openapi.json", "/api/customers/7"]
