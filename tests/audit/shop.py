"""A shop with protected columns behind a gateway that keeps an audit log; callers come with tokens."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.access.served import SECRET, token
from tests.serving import serving, unhurried

TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, email TEXT, region TEXT);
INSERT INTO customers VALUES (1, 'Ada', 'ada@canary', 'north'), (2, 'Bob', 'bob@canary', 'south');
INSERT INTO customers VALUES (3, 'Cid', NULL, NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total INTEGER);
INSERT INTO orders VALUES (10, 1, 5), (11, 1, 7), (12, 2, 9);
CREATE TABLE notes (body TEXT);
INSERT INTO notes VALUES ('hush');
"""
FILE = """
sources: {{ shop: {{ database: "sqlite:///shop.db", writes: true }} }}
access:
  default: authenticated
  tags: {{ money: [Order.total] }}
  rules:
    Customer.email: {{ scopes: [pii] }}
    Customer.name: {{ scopes: [pii], mask: first1 }}
    Customer.region: {{ scopes: [pii], refused: hidden }}
    Mutation.deleteOrder: {{ roles: [boss] }}
    {rules}
server:
  jwt: {{ issuer: "https://id", audience: isthmus, secret: "{secret}" }}
  executor: {executor}
  audit: {{ {audit} }}
"""


@dataclass
class Shop:
    client: httpx.AsyncClient
    folder: Path

    async def degraded(self) -> bool:
        """Whether /readyz tells that records cannot be written."""
        return "audit" in (await self.client.get("/readyz")).json()["degraded"]

    async def post(self, query: str, variables: object = None, *, more: Any = None, **claims: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(**claims)}", **(more or {})}
        return await self.client.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Waits until something is so; another thread makes it so, and tells nobody."""
    async with asyncio.timeout(10):
        while not await holds():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


def records(path: Path, event: str = "operation") -> list[dict[str, Any]]:
    lines = path.read_text("ascii").splitlines() if path.exists() else []
    return [told for line in lines if (told := json.loads(line))["event"] == event]


@contextlib.asynccontextmanager
async def shop(
    folder: Path,
    audit: str = "to: file, path: audit.log",
    *,
    rules: str = "",
    executor: str = "columns",
) -> AsyncIterator[Shop]:
    """At the end of the block the server has ended, so every record is written."""
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.executescript(TABLES)
    connection.close()
    text = FILE.format(secret=SECRET, audit=audit, rules=rules, executor=executor)
    (folder / "isthmus.yaml").write_text(text, "utf-8")
    chosen = read(folder / "isthmus.yaml", {})
    snapshot = await load(chosen)
    try:
        async with (
            serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as client,
        ):
            yield Shop(client, folder)
    finally:
        await snapshot.close()
