"""Client credentials against an authorization server that others wrote, over TLS that asks for our certificate."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from gateway.identity import Issuers, open_tokens
from resolvers.errors import SourceRejected, SourceUnavailable, Unauthenticated
from tests.network.authority import Authority
from tests.network.crm import ADA, READ, ROW, WRITE, context, crm
from tests.raw_server import Heard, raw_server, reply
from tests.services import missing

HERE = Path(__file__).parent / "authorization_server"
CLIENTS: dict[str, dict[str, str]] = {
    "basic": {"client_id": "by:basic", "client_secret": "secret +/1%"},
    "post": {"client_id": "by-post", "client_secret": "secret-2", "client_auth": "post"},
    "cert": {"client_id": "by-cert"},
}


@dataclass(frozen=True)
class Issuer:
    origin: str
    folder: Path

    def settings(self, client: str, **more: str) -> dict[str, Any]:
        oauth2 = {"token_url": f"{self.origin}/token", "scopes": "orders:read", **CLIENTS[client], **more}
        return {"auth": {"oauth2": oauth2}, "ca": "authority.pem", "cert": "gateway.both.pem"}

    async def about(self, token: str, way: str = "introspection") -> dict[str, Any]:
        """What the server says of a token; ``way`` may be revocation instead."""
        tls = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        tls.load_cert_chain(self.folder / "gateway.both.pem")
        async with httpx.AsyncClient(verify=tls, trust_env=False) as client:
            form = {"token": token, "client_id": "by-post", "client_secret": "secret-2"}
            answer = await client.post(f"{self.origin}/token/{way}", data=form)
            return dict(answer.json()) if answer.content else {}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        missing("npm and node are needed for the authorization server of others")
    room = tmp_path_factory.mktemp("authorization_server")
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copy(HERE / name, room)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False, timeout=240)
    if installed.returncode:
        missing(f"npm ci failed: {installed.stderr[-300:]}")
    authority = Authority(room)
    pair = authority.sign("server", "127.0.0.1")
    authority.sign("gateway")
    arguments = [node, "server.js", str(pair.key), str(pair.file), str(authority.file)]
    server = subprocess.Popen(arguments, cwd=room, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        origin = ""
        while not origin.startswith("https://"):
            line = server.stdout.readline()
            assert line, "the authorization server ended"
            origin = line.strip()
        yield Issuer(origin, room)
    finally:
        server.terminate()
        server.communicate()


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_token_for_each_way_of_proof(issuer: Issuer, client: str) -> None:
    seen: list[str] = []

    async def guarded(heard: Heard, writer: asyncio.StreamWriter) -> None:
        scheme, _, token = heard.headers.get("authorization", "").partition(" ")
        seen.append(token)
        about = await issuer.about(token) if scheme == "Bearer" else {}
        good = about.get("scope") == "orders:read"
        writer.write(reply(ADA, status="200 OK" if good else "401 Unauthorized"))

    async with (
        raw_server(guarded) as server,
        crm(issuer.folder, url=server.url, **issuer.settings(client)) as source,
    ):
        assert await source.execute(READ, context()) == ROW
        assert await source.execute(WRITE, context()) == ROW
        assert len(set(seen)) == 1
        if client != "post":
            return
        await issuer.about(seen[0], "revocation")
        assert await source.execute(READ, context()) == ROW
        assert (seen[2] == seen[0], seen[3] == seen[0]) == (True, False)
        await issuer.about(seen[3], "revocation")
        with pytest.raises(SourceRejected):
            await source.execute(WRITE, context())
        assert len(server.heard) == 5


async def test_what_the_server_refuses_is_told_in_the_log_alone(issuer: Issuer) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        (issuer.settings("post", client_secret="wrong-secret"), "invalid_client.: check client_id"),
        (issuer.settings("basic", scopes="orders:write"), "invalid_scope.: check scopes"),
        ({**issuer.settings("post"), "cert": None}, "no token from"),
        ({**issuer.settings("post"), "ca": None, "cert": None}, "set ca to the PEM file"),
    ]
    for settings, says_so in cases:
        async with raw_server(_never) as server, crm(issuer.folder, url=server.url, **settings) as source:
            with pytest.raises(SourceUnavailable, match=says_so) as caught:
                await source.execute(WRITE, context())
            assert "secret" not in caught.value.detail.replace("client_secret", "")
            assert server.heard == []


async def test_its_tokens_are_accepted_by_keys_that_its_metadata_lead_to(issuer: Issuer) -> None:
    tls = ssl.create_default_context(cafile=str(issuer.folder / "authority.pem"))
    tls.load_cert_chain(issuer.folder / "gateway.both.pem")
    form = {"grant_type": "client_credentials", "scope": "orders:read", "resource": "urn:isthmus",
            "client_id": "by-post", "client_secret": "secret-2"}  # fmt: skip
    async with httpx.AsyncClient(verify=tls, trust_env=False) as client:
        token = (await client.post(f"{issuer.origin}/token", data=form)).json()["access_token"]
    stated = {"issuer": issuer.origin, "audience": "isthmus", "discovery": True,
              "ca": str(issuer.folder / "authority.pem"), "types": ["at+jwt"]}  # fmt: skip
    tokens = open_tokens(TypeAdapter(Issuers).validate_python(stated))
    found = await tokens.principal(f"Bearer {token}")
    assert (found.subject, found.scopes, found.claims["iss"]) == ("by-post", frozenset({"orders:read"}), issuer.origin)
    head, claims, signature = token.split(".")
    for wrong in (f"{head}.{claims}.{signature[:-2]}AA", f"{head}.{claims[:-2]}AA.{signature}"):
        with pytest.raises(Unauthenticated):
            await tokens.principal(f"Bearer {wrong}")


async def _never(_: Heard, __: asyncio.StreamWriter) -> None:
    raise AssertionError("a call without a token")
