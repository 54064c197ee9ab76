from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.demo.servers import DemoServers
from tests.commands.conftest import SECRET, SHOP_FILE, Shell, WriteFile


async def ask(address: str, query: str, token: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.post(f"{address}/graphql", json={"query": query}, headers=headers)


def is_free(address: str) -> bool:
    host, _, port = address.removeprefix("http://").partition(":")
    with contextlib.closing(socket.socket()) as trial:
        return trial.connect_ex((host, int(port))) != 0


def is_file(path: str) -> bool:
    return Path(path).is_file()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_file_is_served_until_a_signal_comes(shell: Shell, write: WriteFile, sent: signal.Signals) -> None:
    write(SHOP_FILE)
    running = await shell.serve("serve", "isthmus.yaml", "--port", "0")
    reply = await ask(running.address, '{ product(sku: "A1") { name } }')
    assert reply.json() == {"data": {"product": {"name": "Rope"}}}
    ended = await running.end(sent)
    assert (ended.code, "Traceback" in ended.err) == (0, False)
    assert is_free(running.address)


async def test_what_is_under_way_is_answered_before_the_end(shell: Shell, trading: Path) -> None:
    held, asked = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await held.wait()
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n" + b'{"data":[]}'
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(slow, "127.0.0.1", 0) as source:
        port = source.sockets[0].getsockname()[1]
        (trading / "crm.yaml").write_text(
            f'sources:\n  crm: {{ openapi: crm.openapi.yaml, url: "http://127.0.0.1:{port}" }}\n'
            "access: { default: anonymous }\n"
        )
        running = await shell.serve("serve", "crm.yaml", "--port", "0")
        asking = asyncio.create_task(ask(running.address, "{ orders(limit: 1) { data { number } } }"))
        await asyncio.wait_for(asked.wait(), 20)
        ending = asyncio.create_task(running.end(signal.SIGTERM))
        async with asyncio.timeout(20):
            while not is_free(running.address):  # noqa: ASYNC110  # another process; it listens no more, and goes on with what it has
                await asyncio.sleep(0.02)
        assert not asking.done()
        held.set()
        assert (await asking).json() == {"data": {"orders": {"data": []}}}
        assert (await ending).code == 0


async def test_sources_are_served_without_a_file(shell: Shell, trading: Path) -> None:
    async with DemoServers() as servers:
        running = await shell.serve(
            "serve", "crm=crm.openapi.yaml", "billing=billing.wsdl", f"stock={servers.stock_url}", "--port", "0"
        )
        found = (await ask(running.address, "{ __schema { queryType { fields { name } } } }")).json()
        names = {field["name"] for field in found["data"]["__schema"]["queryType"]["fields"]}
        assert {"customers", "orders", "products"} <= names
        reply = (await ask(running.address, "{ products(limit: 2) { sku name } }")).json()
        assert len(reply["data"]["products"]) == 2
        assert (await running.end(signal.SIGTERM)).code == 0


async def test_a_source_without_its_description_does_not_stop_the_others(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE.replace("sources:\n", 'sources:\n  crm: { openapi: "http://127.0.0.1:9/openapi.json" }\n'))
    running = await shell.serve("serve", "isthmus.yaml", "--port", "0")
    told = "http://127.0.0.1:9/openapi.json cannot be fetched: the connection was refused"
    assert f"Source crm is not served: {told}" in running.seen
    async with httpx.AsyncClient(trust_env=False) as client:
        ready = await client.get(f"{running.address}/readyz")
    assert ready.status_code == 200
    assert list(ready.json()["degraded"]) == ["crm"]
    assert (await ask(running.address, '{ product(sku: "B2") { name } }')).json() == {
        "data": {"product": {"name": "Lamp"}}
    }
    await running.end(signal.SIGTERM)


@pytest.mark.parametrize("verb", [("serve", "isthmus.yaml"), ("demo",)])
async def test_a_port_in_use_is_told_in_words(shell: Shell, write: WriteFile, verb: tuple[str, ...]) -> None:
    write(SHOP_FILE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await shell.run(*verb, "--port", port)
    assert ended.code == 1
    assert ended.err == (
        f"Isthmus cannot listen on 127.0.0.1:{port}: address already in use.\n  mend: name another port with --port\n"
    )


async def test_an_address_that_is_not_ours_is_told_in_words(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE)
    ended = await shell.run("serve", "isthmus.yaml", "--host", "203.0.113.5")
    assert (ended.code, ended.err.startswith("Isthmus cannot listen on 203.0.113.5:8000: ")) == (1, True)


async def test_the_world_is_let_in_without_tokens_only_when_told_so(shell: Shell, write: WriteFile) -> None:
    write(SHOP_FILE + "server: { host: 0.0.0.0, port: 0 }\n")
    ended = await shell.run("serve", "isthmus.yaml")
    assert (ended.code, "Without server.jwt everyone is anonymous" in ended.err) == (1, True)
    running = await shell.serve("serve", "isthmus.yaml", "--host", "0.0.0.0")
    assert (await running.end(signal.SIGTERM)).code == 0


async def test_a_token_of_the_command_is_accepted(shell: Shell, write: WriteFile) -> None:
    jwt = f'server: {{ jwt: {{ issuer: i, audience: a, secret: "{SECRET}" }} }}\n'
    rules = "access: { default: authenticated, rules: { Product.weight: { scopes: [weigh], roles: [packer] } } }\n"
    write(SHOP_FILE.replace("access: { default: anonymous }\n", rules) + jwt)
    weak = (await shell.run("token", "isthmus.yaml")).out.strip()
    strong = (await shell.run("token", "isthmus.yaml", "--scope", "weigh", "--role", "packer")).out.strip()
    running = await shell.serve("serve", "isthmus.yaml", "--port", "0")
    query = '{ product(sku: "A1") { name weight } }'
    assert (await ask(running.address, query)).status_code == 401
    refused: Any = (await ask(running.address, query, weak)).json()
    assert refused["data"] == {"product": {"name": "Rope", "weight": None}}
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    given: Any = (await ask(running.address, query, strong)).json()
    assert "errors" not in given
    assert str(given["data"]["product"]["weight"]) == "7"
    await running.end(signal.SIGTERM)


async def test_the_demo_greets_answers_and_ends_whole(shell: Shell) -> None:
    running = await shell.serve("demo", "--port", "0", until="Ctrl-C stops everything.")
    signed = dict(re.findall(r"^Token of the (\w+) .*:\n(\S+)$", running.seen, re.MULTILINE))
    assert set(signed) == {"clerk", "support", "accountant"}
    query = running.seen.partition("A query to paste:\n")[2].partition("Ctrl-C")[0]
    body = (await ask(running.address, query, signed["accountant"])).json()
    assert "errors" not in body
    assert len(body["data"]["orders"]) == 10
    async with httpx.AsyncClient(trust_env=False) as client:
        suggested = await client.get(f"{running.address}/explorer/default-query")
    assert suggested.text.strip() == query.strip()
    stock = re.search(r"sqlite:///(\S+)", running.seen)
    assert stock
    assert is_file(stock[1])
    addresses = re.findall(r"http://127\.0\.0\.1:\d+", running.seen)
    assert len(set(addresses)) == 3
    ended = await running.end(signal.SIGINT)
    assert (ended.code, "Traceback" in ended.err) == (0, False)
    assert all(is_free(address) for address in addresses)
    assert not is_file(stock[1])
