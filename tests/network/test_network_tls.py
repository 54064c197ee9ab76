"""TLS to sources: own authorities, mutual TLS, and every certificate that must be refused, with what to mend."""

from __future__ import annotations

import asyncio
import json
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers.errors import SourceUnavailable
from resolvers.problem import ConfigurationError
from tests.network.authority import Authority, alerting, serving
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm, document
from tests.raw_server import raw_server, reply, says

SAYS = says(reply(ADA))
HERE = ("localhost", "127.0.0.1")


async def test_an_authority_of_our_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("crm", *HERE)
    async with raw_server(SAYS, serving(pair)) as server:
        async with crm(tmp_path, url=server.url, ca="authority.pem") as source:
            assert await source.execute(READ, context()) == ROW
        async with crm(tmp_path, url=server.url) as source:
            with pytest.raises(SourceUnavailable, match="set ca to the PEM file"):
                await source.execute(WRITE, context())
    assert len(server.heard) == 1


async def test_a_certificate_of_our_own(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = serving(authority.sign("crm", *HERE), clients=authority)
    plain = authority.sign("gateway")
    hidden = authority.sign("hidden", password="p w")
    ways: list[object] = [
        str(plain.both),
        {"file": plain.file.name, "key": plain.key.name},
        {"file": hidden.file.name, "key": hidden.key.name, "password": "p w"},
    ]
    async with raw_server(SAYS, tls) as server:
        for cert in ways:
            async with crm(tmp_path, url=server.url, ca="authority.pem", cert=cert) as source:
                assert await source.execute(READ, context()) == ROW
    assert len(server.heard) == len(ways)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_without_the_certificate_that_is_asked_for(tmp_path: Path, version: ssl.TLSVersion) -> None:
    authority = Authority(tmp_path)
    stranger = Authority(tmp_path, "stranger").sign("unknown")
    tls = serving(authority.sign("crm", *HERE), clients=authority)
    tls.minimum_version = tls.maximum_version = version
    given: list[tuple[dict[str, Any], str]] = [({}, "set cert"), ({"cert": str(stranger.both)}, "certificate")]
    for settings, says_so in given:
        async with crm(tmp_path, url=alerting(tls), ca="authority.pem", **settings) as source:
            with pytest.raises(SourceUnavailable, match=says_so):
                await source.execute(READ, context())


@pytest.mark.parametrize(
    ("days", "host", "says_so"),
    [(-1, "127.0.0.1", "it has expired"), (30, "other.example", "made out for another host")],
)
async def test_certificates_that_are_refused(tmp_path: Path, days: int, host: str, says_so: str) -> None:
    pair = Authority(tmp_path).sign("crm", host, days=days)
    async with (
        raw_server(SAYS, serving(pair)) as server,
        crm(tmp_path, url=server.url, ca="authority.pem") as source,
    ):
        for call in (READ, WRITE):
            with pytest.raises(SourceUnavailable, match=says_so):
                await source.execute(call, context())
    assert server.heard == []


@pytest.mark.parametrize(
    ("newest", "asked"),
    [(ssl.TLSVersion.TLSv1, "1.2"), (ssl.TLSVersion.TLSv1_1, "1.2"), (ssl.TLSVersion.TLSv1_2, "1.3")],
)
async def test_old_versions_are_refused(tmp_path: Path, newest: ssl.TLSVersion, asked: str) -> None:
    tls = serving(Authority(tmp_path).sign("crm", *HERE))
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is tested
        tls.minimum_version = tls.maximum_version = newest
    async with crm(tmp_path, url=alerting(tls), ca="authority.pem", min_tls=asked) as source:
        with pytest.raises(SourceUnavailable, match="no version of TLS that is allowed"):
            await source.execute(READ, context())


async def test_a_server_that_hangs_up(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = serving(authority.sign("crm", *HERE), clients=authority)
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with raw_server(SAYS, tls) as server, crm(tmp_path, url=server.url, ca="authority.pem") as source:
        with pytest.raises(SourceUnavailable, match="set cert"):
            await source.execute(WRITE, context())


async def test_a_port_without_tls(tmp_path: Path) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, crm(tmp_path, url=f"https://127.0.0.1:{port}") as source:
        with pytest.raises(SourceUnavailable, match="does not speak TLS"):
            await source.execute(READ, context())


FILES: list[tuple[dict[str, object], str]] = [
    ({"ca": "none.pem"}, "none.pem cannot be read"),
    ({"ca": "crm.json"}, "crm.json holds no certificate in PEM"),
    ({"cert": "none.pem"}, "none.pem cannot be read"),
    ({"cert": {"file": "hidden.cert.pem", "key": "hidden.key.pem"}}, "cannot be used"),
    ({"cert": {"file": "hidden.cert.pem", "key": "hidden.key.pem", "password": "wrong"}}, "cannot be used"),
    ({"cert": {"file": "hidden.cert.pem", "key": "other.key.pem"}}, "the key is not that of the certificate"),
]


@pytest.mark.parametrize(("settings", "says_so"), FILES)
async def test_files_that_cannot_be_used(tmp_path: Path, settings: dict[str, object], says_so: str) -> None:
    authority = Authority(tmp_path)
    authority.sign("hidden", password="p w")
    authority.sign("other")
    (tmp_path / "isthmus.yaml").write_text(json.dumps({
        "sources": {"crm": {"openapi": "crm.json", "url": "https://crm.example", **settings}},
        "access": {"default": "anonymous"},
    }))  # fmt: skip
    (tmp_path / "crm.json").write_text(json.dumps(document()))
    with pytest.raises(ConfigurationError) as caught:
        await load(read(tmp_path / "isthmus.yaml"))
    (problem,) = caught.value.problems
    assert says_so in problem.what
    assert problem.where == ("sources", "crm", *settings)
