"""A gateway as a process of its own, over a SQLite file and a REST source that nobody serves, with its metrics."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.commands.conftest import FAR, Running, Shell
from tests.commands.conftest import shell as shell  # noqa: PLC0414  # a fixture is found by its name
from tests.commands.conftest import shop as shop  # noqa: PLC0414

CRM = {
    "openapi": "3.0.3",
    "info": {"title": "crm", "version": "1"},
    "servers": [{"url": "http://127.0.0.1:9"}],
    "paths": {"/people": {"get": {"operationId": "people", "responses": {"200": {
        "description": "all", "content": {"application/json": {"schema": {"type": "array", "items": {
            "type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
        }}}},
    }}}}},
}  # fmt: skip
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True)
class Gateway:
    running: Running
    metrics: str

    async def ask(self, query: str, **more: object) -> httpx.Response:
        headers = more.pop("headers", {})
        assert isinstance(headers, dict)
        async with httpx.AsyncClient() as client:
            asked = {"query": query, **more} if query else more
            return await client.post(f"{self.running.address}/graphql", json=asked, headers=headers)

    async def text(self, accept: str = "text/plain") -> httpx.Response:
        async with httpx.AsyncClient(timeout=20) as client:
            return await client.get(self.metrics, headers={"accept": accept})

    async def samples(self) -> Samples:
        return samples((await self.text()).text)


def samples(text: str) -> Samples:
    """Every series of a scrape, by its name and its labels, as the parser of Prometheus' own client reads it."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, f"{key} is told twice"
            found[key] = sample.value
    return found


def of(found: Samples, name: str, **labels: str) -> float:
    """The sum of the series that have these labels, whatever else they have; 0 where there is none."""
    return sum(value for (each, has), value in found.items() if each == name and labels.items() <= dict(has).items())


class Start:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    async def __call__(
        self, server: object = None, access: str = "anonymous", shop: object = None, **environment: str
    ) -> Gateway:
        chosen = {"metrics": {"port": 0}} if server is None else server
        more = shop if isinstance(shop, dict) else {}
        (self._shell.folder / "crm.json").write_text(json.dumps(CRM))
        (self._shell.folder / "isthmus.yaml").write_text(json.dumps({
            "sources": {"shop": {"database": "sqlite:///shop.sqlite", **more}, "crm": {"openapi": "crm.json"}},
            "access": {"default": access},
            "server": {"port": 0, **chosen} if isinstance(chosen, dict) else chosen,
        }))  # fmt: skip
        running = await self._shell.serve("serve", "isthmus.yaml", **environment)
        found = re.search(r"Metrics are told at (http://\S+)", running.seen)
        return Gateway(running, found[1] if found else "")


@pytest.fixture
async def start(shell: Shell, shop: Path) -> AsyncIterator[Start]:
    async with asyncio.timeout(3 * FAR):
        yield Start(shell)
