"""``isthmus serve`` told that something changed: by SIGHUP, as often as anybody likes, and while it ends."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from pathlib import Path

import httpx

from tests.commands.conftest import FAR, Shell

FILE = """sources:
  stock: {{ database: "sqlite:///stock.db" }}
access:
  default: anonymous
  rules: {{ {rules} }}
server: {{ port: 0, drain_s: 5 }}
"""
OPEN, CLOSED = "", "Product.name: { roles: [staff] }"
QUERY = {"query": "{ products { name } }"}


def prepare(folder: Path) -> Path:
    connection = sqlite3.connect(folder / "stock.db")
    connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT)")
    connection.execute("INSERT INTO products VALUES ('1', 'Anvil')")
    connection.commit()
    connection.close()
    file = folder / "isthmus.yaml"
    file.write_text(FILE.format(rules=OPEN))
    return file


async def code(client: httpx.AsyncClient) -> str:
    body = (await client.post("/graphql", json=QUERY)).json()
    return str(body["errors"][0]["extensions"]["code"]) if "errors" in body else "DATA"


async def until(client: httpx.AsyncClient, wanted: str) -> None:
    async with asyncio.timeout(FAR):
        while await code(client) != wanted:  # noqa: ASYNC110  # another process sets no event
            await asyncio.sleep(0.05)


async def test_hangups_take_over_what_is_sound_tell_what_is_not_and_end_nothing(shell: Shell) -> None:
    file = prepare(shell.folder)
    running = await shell.serve("serve", "isthmus.yaml")
    async with httpx.AsyncClient(base_url=running.address, timeout=FAR, trust_env=False) as client:
        assert await code(client) == "DATA"
        file.write_text(FILE.format(rules=CLOSED))
        running.process.send_signal(signal.SIGHUP)
        await until(client, "FORBIDDEN")
        file.write_text(FILE.format(rules="Produkt.name: { roles: [staff] }"))
        for _ in range(300):
            running.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.002)
        async with asyncio.timeout(FAR):
            while not (await client.get("/readyz")).json()["degraded"]:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.05)
        assert await code(client) == "FORBIDDEN"
        file.write_text(FILE.format(rules=OPEN))
        await until(client, "DATA")  # without a signal
        assert (await client.get("/readyz")).json() == {"ready": True, "degraded": {}}
    running.process.send_signal(signal.SIGTERM)
    for _ in range(50):
        if running.process.returncode is not None:
            break
        running.process.send_signal(signal.SIGHUP)
        await asyncio.sleep(0.002)
    async with asyncio.timeout(FAR):
        _, said = await running.process.communicate()
    told = said.decode()
    assert running.process.returncode == 0
    assert "isthmus.yaml:5" in told
    assert told.count("reload_refused") <= 5, "signals that come together are one"
