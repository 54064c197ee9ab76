"""The whole gateway in front of the sources of a test: a file is written, read, loaded and served on a real socket."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, Snapshot, load
from tests.serving import serving, unhurried


@dataclass(frozen=True, slots=True)
class Gateway:
    client: httpx.AsyncClient
    snapshot: Snapshot

    async def ask(self, query: str, **variables: object) -> Any:
        """The body of the answer, whose text holds nothing that only a source can know."""
        answer = await self.client.post("/graphql", json={"query": query, "variables": variables})
        return answer.json()

    async def data(self, query: str, **variables: object) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]


@contextlib.asynccontextmanager
async def gateway(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> AsyncIterator[Gateway]:
    """``text`` is the configuration file, which stands in ``folder`` beside what it names."""
    file = folder / "isthmus.yaml"
    file.write_text(dedent(text), "utf-8")
    chosen = read(file, environment or {})
    snapshot = await load(chosen)
    try:
        async with (
            serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as client,
        ):
            yield Gateway(client, snapshot)
    finally:
        await snapshot.close()


def codes(body: Any) -> list[tuple[str, list[Any]]]:
    """The errors of an answer: code and path."""
    return [(error["extensions"]["code"], error.get("path")) for error in body.get("errors", ())]
