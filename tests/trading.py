"""The whole house in one process: the three demo systems and the gateway over them, every one behind a real socket."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway.app import make_app
from gateway.demo import DemoServers, tokens, trading_folder
from gateway.file.config import read
from gateway.snapshot import Holder, Snapshot, load
from tests.serving import serving, unhurried


@dataclass
class House:
    """``address``: of the gateway, without a path. ``tokens``: role → bearer token."""

    address: str
    client: httpx.AsyncClient
    servers: DemoServers
    tokens: dict[str, str]
    snapshot: Snapshot

    async def ask(self, query: str, role: str | None = "accountant", **variables: object) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        body = {"query": query, "variables": variables}
        reply = await self.client.post("/graphql", json=body, headers=headers)
        return reply.json()

    def calls(self, source: str) -> list[Any]:
        return self.servers.journals[source]


@contextlib.asynccontextmanager
async def trading_house(folder: Path | None = None) -> AsyncIterator[House]:
    """``folder``: where another ``isthmus.yaml`` for the same systems lies than the demo's own."""
    async with DemoServers() as servers:
        environment = {**servers.environment, "ISTHMUS_DEMO_SECRET": secrets.token_urlsafe(48)}
        chosen = read((folder or trading_folder()) / "isthmus.yaml", environment)
        snapshot = await load(chosen)
        settings = chosen.settings.server
        assert settings.jwt is not None
        async with (
            serving(make_app(Holder(snapshot), unhurried(settings))) as base,
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as client,
        ):
            yield House(base, client, servers, tokens(settings.jwt), snapshot)
        await snapshot.close()
