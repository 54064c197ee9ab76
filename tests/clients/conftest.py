"""The served gateway over its three demo systems, as the generators of clients meet it: an address and a token."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.trading import trading_house

OPERATIONS = Path(__file__).parent / "operations.graphql"
ASKED: dict[str, tuple[str, dict[str, object]]] = {
    "joined": ("JoinedOrders", {"limit": 40}),
    "shipped": ("JoinedOrders", {"limit": 5, "status": "shipped"}),
    "found": (
        "FindProducts",
        {
            "where": {
                "and": [{"weightKg": {"gt": 0.5}}, {"name": {"contains": "a"}}],
                "not": {"discontinued": {"eq": True}},
            },
            "orderBy": [{"purchasePrice": "DESC_NULLS_LAST"}, {"sku": "ASC"}],
        },
    ),
    "added": (
        "AddCustomer",
        {
            "body": {
                "lastName": "Łukasiewicz",
                "company": None,
                "segment": "wholesale",
                "creditLimit": "1250.50",
                "tags": ["new", "ü"],
            }
        },
    ),
}
"""What both generated clients ask, in their own languages."""

FAR = 120
"""Seconds after which a process hangs; nothing waits so long."""


@dataclass
class Served:
    """``environment``: where the gateway is and who asks, as the generators and clients are told."""

    environment: dict[str, str]
    client: httpx.AsyncClient

    async def answers(self) -> dict[str, Any]:
        """The data that the gateway answers to a plain request, for each name in ``ASKED``."""
        query = OPERATIONS.read_text("utf-8")
        found = {}
        for name, (operation, variables) in ASKED.items():
            body = {"query": query, "operationName": operation, "variables": variables}
            reply = (await self.client.post("/graphql", json=body)).json()
            assert set(reply) == {"data"}, reply["errors"]
            found[name] = reply["data"]
        return found

    async def run(self, folder: Path, *command: str | Path) -> str:
        """What a process in ``folder`` prints; it must end well."""
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env={**os.environ, "NO_PROXY": "127.0.0.1", **self.environment},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(FAR):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, (out + err).decode()[-3000:]
        return out.decode()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with trading_house() as house:
        bearer = f"Bearer {house.tokens['accountant']}"
        house.client.headers["Authorization"] = bearer
        environment = {"GATEWAY_URL": f"{house.address}/graphql", "GATEWAY_AUTHORIZATION": bearer}
        yield Served(environment, house.client)


Same = Callable[[dict[str, Any], dict[str, Any]], None]


@pytest.fixture
def same() -> Same:
    """Compares what a client was given with what the gateway answers, and that this is not empty."""

    def compare(given: dict[str, Any], answered: dict[str, Any]) -> None:
        for name in ASKED:
            assert given[name] == answered[name], name
        orders = given["joined"]["orders"]
        assert len(orders) == 40
        assert any(order["customer"] for order in orders)
        assert any(order["invoice"] for order in orders)
        assert any(order["invoice"] is None for order in orders)
        assert any(line["product"] for order in orders for line in order["lines"])
        assert any(order["shipments"] for order in orders)
        assert {order["status"] for order in given["shipped"]["orders"]} == {"shipped"}
        assert len(given["found"]["products"]) == 20
        assert given["added"]["createCustomer"] == ASKED["added"][1]["body"]

    return compare
