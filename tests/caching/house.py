"""The gateway in front of the CRM of a test, with a clock that the test turns."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, Snapshot, load
from resolvers import MemoryStore, Store
from tests.caching.crm import Crm, crm
from tests.serving import serving, unhurried

SECRET = "a secret of this test, long enough for HMAC"
TRUSTED = f"jwt: {{ issuer: 'https://id', audience: isthmus, secret: '{SECRET}' }}"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class House:
    crm: Crm
    client: httpx.AsyncClient
    snapshot: Snapshot
    clock: Clock
    address: str

    async def ask(self, query: str, headers: Mapping[str, str] | None = None, **variables: object) -> Any:
        """The body of the answer."""
        sent = {"query": query, "variables": variables}
        return (await self.client.post("/graphql", json=sent, headers=dict(headers or {}))).json()

    async def data(self, query: str, headers: Mapping[str, str] | None = None, **variables: object) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(query, headers, **variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]

    @property
    def counted(self) -> Any:
        return self.snapshot.tallies["crm"].cache


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    source: str,
    rest: str = "",
    *,
    server: str = "",
    default: str = "anonymous",
    rules: str = "",
    store: Store | None = None,
    max_bytes: int = 10_000_000,
    crm_of: House | None = None,
) -> AsyncIterator[House]:
    """``source``: further keys of the CRM, in lines of two spaces; ``rest``: further sections of the file. ``crm_of``:
    a gateway whose CRM this one asks, too.
    """
    async with crm() if crm_of is None else contextlib.nullcontext(crm_of.crm) as upstream:
        (folder / "crm.json").write_text(upstream.document)
        lines = "\n".join(f"  {line}" for line in source.strip("\n").splitlines())
        text = f"""
sources:
  crm:
    openapi: ./crm.json
    url: {upstream.url}
    writes: true
{lines}
links:
  Order.customer: {{ one: crm.customers, match: {{ customerId: id }} }}
access: {{ default: {default}{f", rules: {{ {rules} }}" if rules else ""} }}
server: {{ {server} }}
{rest}
"""
        (folder / "isthmus.yaml").write_text(text)
        chosen = read(folder / "isthmus.yaml", {})
        clock = Clock()
        snapshot = await load(chosen, store=MemoryStore(max_bytes, clock=clock) if store is None else store)
        async with (
            serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as address,
            httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as client,
        ):
            yield House(upstream, client, snapshot, clock, address)
        await snapshot.close()
