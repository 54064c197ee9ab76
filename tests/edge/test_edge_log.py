"""What the log of a real process holds: one line of JSON for each event, whatever callers and sources send."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from gateway.demo.folder import trading_folder
from tests.commands.conftest import SECRET, Shell
from tests.edge.test_edge_ending import shell as shell  # noqa: PLC0414  # a fixture is found by its name

FORGED = '{"event": "forged"}'
ODD = ("\n" + FORGED, "\r\n" + FORGED, "\x1b[31m", "\x00", "\x85", "\u2028" + FORGED)


async def raw(address: str, head: bytes, body: bytes = b"") -> bytes:
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head + b"\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    async with asyncio.timeout(20):
        reply = await reader.read()
    writer.close()
    return reply


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


async def ask(address: str, document: str, more: bytes = b"", **parameters: object) -> bytes:
    head = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json" + more
    return await raw(address, head, json.dumps({"query": document, **parameters}).encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = (trading_folder() / "crm.openapi.yaml").read_bytes()
    (tmp_path / "crm.openapi.yaml").write_bytes(content)
    return tmp_path


def file(folder: Path, port: int, more: str = "") -> None:
    (folder / "crm.yaml").write_text(
        f'sources:\n  crm: {{ openapi: crm.openapi.yaml, url: "http://127.0.0.1:{port}{more} }}\n'
        "access: { default: anonymous }\n"
        f'server: {{ jwt: {{ issuer: i, audience: a, secret: "{SECRET}" }} }}\n'
    )


async def test_nothing_a_caller_sends_forges_a_line(shell: Shell, folder: Path) -> None:
    file(folder, 9, '"')
    running = await shell.serve("serve", "crm.yaml", "--port", "0")
    for odd in ODD:
        await ask(running.address, "query Q { __typename }", operationName="Q" + odd)
        await ask(running.address, "{ __typename } # " + odd)
        await ask(running.address, "{ orders(limit: $x) { data { number } } }", variables={"x": odd})
        await ask(running.address, odd)
        for name in (b"x-request-id", b"authorization", b"user-agent", b"accept", b"traceparent"):
            line = b"\r\n" + name + b": Bearer " + odd.encode().replace(b"\r\n", b"\n ").replace(b"\n", b"\n ")
            await ask(running.address, "{ __typename }", line)
    for path in (b"/x%0a" + FORGED.encode().hex().encode(), b"/graphql?query=%0a%0d%1b", b"/\x1b[31m", b"/%00"):
        await raw(running.address, b"GET " + path + b" HTTP/1.1\r\nhost: localhost")
    await raw(running.address, b"nothing of HTTP\n" + FORGED.encode())
    ended = await running.end(signal.SIGTERM)
    seen = events(ended.err)
    assert ended.code == 0
    assert len(seen) > len(ODD)
    assert all({"event", "level", "timestamp"} <= event.keys() for event in seen)
    assert "forged" not in {event["event"] for event in seen}
    assert ended.err.isascii()
    assert not [letter for letter in ended.err if not letter.isprintable() and letter != "\n"]


async def test_no_secret_reaches_a_caller_or_the_log(shell: Shell, folder: Path) -> None:
    # Canaries of letters alone, so that no escaping could hide one.
    names = ("environment", "token", "subject", "scope", "claim", "badtoken", "basic", "body", "header", "malformed")
    canary = {name: f"{name}{secrets.token_hex(12)}" for name in names}
    heads: list[bytes] = []

    async def source(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        secret = b"set-cookie: sid=%s\r\nx-detail: %s\r\n" % ((canary["header"].encode(),) * 2)
        status, body = b"500 Oops", json.dumps({"message": canary["body"]}).encode()
        if b"limit=2" in head:
            status, body = b"403 " + canary["header"].encode(), canary["body"].encode()
        elif b"limit=3" in head:
            status, body = b"200 OK", json.dumps({"data": [{"number": {canary["malformed"]: 1}}]}).encode()
        elif b"limit=4" in head:
            status, body = b"200 OK", b'{"data": ' + canary["malformed"].encode()
        elif b"limit=5" in head:
            status, body = b"200 OK", json.dumps({"data": canary["malformed"]}).encode()
        elif b"limit=6" in head:
            writer.write(b"not HTTP " + canary["malformed"].encode() + b"\r\n\r\n")
            writer.close()
            return
        kind = b"content-type: application/json\r\nconnection: close\r\n"
        writer.write(b"HTTP/1.1 %s\r\n%s%scontent-length: %d\r\n\r\n%s" % (status, kind, secret, len(body), body))
        await writer.drain()
        writer.close()

    now = int(time.time())
    claims = {"iss": "i", "aud": "a", "sub": canary["subject"], "iat": now, "exp": now + 60, "x": canary["claim"],
              "scope": canary["scope"], "jti": canary["token"]}  # fmt: skip
    good = jwt.encode(claims, SECRET, "HS256")
    bad = jwt.encode({**claims, "sub": canary["badtoken"]}, "another " + SECRET, "HS256")
    headers = ("", f"Bearer {good}", f"Bearer {bad}", f"Basic {canary['basic']}", f"Bearer {canary['basic']}", good)
    replies = b""
    async with await asyncio.start_server(source, "127.0.0.1", 0) as served:
        port = served.sockets[0].getsockname()[1]
        file(folder, port, '", auth: { bearer: "${env:CRM_TOKEN}" }')
        running = await shell.serve("serve", "crm.yaml", "--port", "0", CRM_TOKEN=canary["environment"])
        for header in headers:
            more = f"\r\nauthorization: {header}".encode() if header else b""
            for limit in range(1, 7):
                replies += await ask(running.address, f"{{ orders(limit: {limit}) {{ data {{ number }} }} }}", more)
        ended = await running.end(signal.SIGTERM)
    assert replies.count(b"HTTP/1.1 200") == 12
    assert replies.count(b"HTTP/1.1 401") == 24
    assert all(canary["environment"].encode() in head for head in heads)
    text = running.seen + ended.out + ended.err + replies.decode()
    secret_parts = [*canary.values(), SECRET, good, bad, *good.split("."), bad.split(".")[1], bad.split(".")[2]]
    assert [part for part in secret_parts if part in text] == []
    assert len(events(ended.err)) >= len(headers) * 6


async def test_the_password_of_a_database_that_is_away_is_not_told(shell: Shell, folder: Path) -> None:
    canary = f"password{secrets.token_hex(12)}"
    (folder / "stock.yaml").write_text(
        "sources:\n  stock: { database: '${env:STOCK_URL}' }\n  crm: { openapi: crm.openapi.yaml, url: http://a }\n"
        "access: { default: anonymous }\n"
    )
    for scheme in ("postgresql", "mysql"):
        url = f"{scheme}://user:{canary}@127.0.0.1:9/stock"
        running = await shell.serve("serve", "stock.yaml", "--port", "0", STOCK_URL=url)
        ready = await raw(running.address, b"GET /readyz HTTP/1.1\r\nhost: localhost")
        assert b'"degraded":{"stock":' in ready
        ended = await running.end(signal.SIGTERM)
        assert canary not in running.seen + ended.out + ended.err + ready.decode()


EXTENSION = """\
import warnings

from schema import Extension

extension = Extension()


@extension.query
def careless() -> str:
    warnings.warn("first\\nsecond")
    raise ValueError("third\\n" + '{"event": "forged"}')
"""


async def test_warnings_and_tracebacks_are_one_line_each(shell: Shell, folder: Path) -> None:
    file(folder, 9, '"')
    (folder / "careless.py").write_text(EXTENSION)
    with (folder / "crm.yaml").open("a") as opened:
        opened.write("extensions: [careless.py]\n")
    running = await shell.serve("serve", "crm.yaml", "--port", "0")
    reply = await ask(running.address, "{ careless }")
    assert b"INTERNAL" in reply
    assert b"third" not in reply
    seen = events((await running.end(signal.SIGTERM)).err)
    assert [event for event in seen if "first\nsecond" in event["event"]]
    assert [event for event in seen if "third\n" in event.get("exception", "")]
    assert "forged" not in {event["event"] for event in seen}
