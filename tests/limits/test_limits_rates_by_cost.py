"""Rate limits that count what operations cost: over sockets, in one process and, by Redis, in several."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.rates.settings import RateSettings
from tests.redis_server import settings as redis_settings
from tests.serving import serving
from tests.through.gateway import gateway

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Items", "version": "1"},
    "paths": {
        "/items": {
            "get": {
                "operationId": "items",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {
                        "description": "Found.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {
                                        "type": "object",
                                        "title": "Item",
                                        "properties": {"id": {"type": "integer"}},
                                    },
                                }
                            }
                        },
                    }
                },
            },
            "post": {"operationId": "addItem", "responses": {"204": {"description": "Added."}}},
        }
    },
}
ACCEPT = {"accept": "application/graphql-response+json"}
FOUR, TEN = "{ items(limit: 3) { id } }", "query Ten { items(limit: 9) { id } }"


@dataclass
class Limited:
    client: httpx.AsyncClient
    calls: list[str] = field(default_factory=list)

    async def send(self, query: str, **headers: str) -> httpx.Response:
        return await self.client.post("/graphql", json={"query": query}, headers=ACCEPT | headers)

    async def statuses(self, *queries: str) -> list[int]:
        return [(await self.send(query)).status_code for query in queries]


@contextlib.asynccontextmanager
async def limited(
    folder: Path, more: str = "", redis: dict[str, object] | None = None, **rates: Any
) -> AsyncIterator[Limited]:
    calls: list[str] = []

    async def items(request: Request) -> Response:
        calls.append(request.method)
        return JSONResponse([{"id": 1}]) if request.method == "GET" else Response(status_code=204)

    async with serving(Starlette(routes=[Route("/items", items, methods=["GET", "POST"])])) as address:
        (folder / "items.json").write_text(json.dumps(DOCUMENT), "utf-8")
        server = json.dumps({"rate_limits": rates, **({"redis": redis} if redis else {})})
        text = f"""
sources:
  items: {{ openapi: ./items.json, url: "{address}", writes: true }}
access: {{ default: anonymous }}
server: {server}
{more}
"""
        async with gateway(folder, text) as served:
            yield Limited(served.client, calls)


async def test_an_operation_takes_what_it_costs_and_headers_tell(tmp_path: Path) -> None:
    rules = {"work": {"cost": 15, "per_s": 3600}, "each": {"requests": 9, "per_s": 3600}}
    async with limited(tmp_path, rules=rules) as served:
        first = await served.send(TEN)
        assert first.status_code == 200
        assert first.headers["ratelimit-policy"] == '"each";q=9;w=3600, "work";q=15;qu="cost";w=3600'
        assert first.headers["ratelimit"] == '"each";r=8;t=400, "work";r=5;t=2400'
        refused = await served.send(TEN)
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert 1100 < int(refused.headers["retry-after"]) <= 1200  # five are missing
        assert await served.statuses(FOUR, FOUR, "{ __typename }", "{ __typename }") == [200, 429, 200, 429]
        assert served.calls == ["GET", "GET"]  # nothing is fetched for what is refused


async def test_a_change_is_counted_before_it_is_sent(tmp_path: Path) -> None:
    async with limited(tmp_path, rules={"work": {"cost": 1, "per_s": 3600}}) as served:
        change = "mutation { addItem }"
        assert await served.statuses(change, change) == [200, 429]
        assert served.calls == ["POST"]


async def test_what_no_bucket_ever_holds_is_refused_for_good(tmp_path: Path) -> None:
    async with limited(tmp_path, rules={"work": {"cost": 100, "burst": 9, "per_s": 3600}}) as served:
        reply = await served.send(TEN)
        assert reply.status_code == 400
        assert reply.json()["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert await served.statuses(FOUR, FOUR, FOUR) == [200, 200, 429]  # and took nothing
        assert served.calls == ["GET", "GET"]


async def test_weights_count_and_some_operations_alone_may_be_meant(tmp_path: Path) -> None:
    weights = "limits: { cost: { weights: { Item.id: 4 } } }"
    rules = {"tens": {"cost": 60, "per_s": 3600, "operations": ["Ten"], "per": []}}
    async with limited(tmp_path, weights, rules=rules) as served:
        assert await served.statuses(TEN, TEN, FOUR, FOUR) == [200, 429, 200, 200]  # each costs 1 + 9 * (1 + 4)


async def test_what_is_refused_before_it_has_a_plan_costs_nothing(tmp_path: Path) -> None:
    async with limited(tmp_path, rules={"work": {"cost": 1, "per_s": 3600}}) as served:
        assert await served.statuses("{ nothing }", "{", "{ __typename }", "{ nothing }") == [400, 400, 200, 400]


async def test_processes_that_share_a_redis_count_costs_together(tmp_path: Path) -> None:
    rules = {"work": {"cost": 15, "per_s": 3600, "per": ["address"]}}
    shared = redis_settings()
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    async with (
        limited(first, redis=shared, rules=rules, store="redis") as one,
        limited(second, redis=shared, rules=rules, store="redis") as two,
    ):
        assert await one.statuses(TEN) == [200]
        assert await two.statuses(TEN, FOUR) == [429, 200]
        reply = await one.send(FOUR)
        assert (reply.status_code, reply.headers["ratelimit"].split(";")[1]) == (429, "r=1")
        assert one.calls + two.calls == ["GET", "GET"]


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"requests": 1, "cost": 1},
        {"cost": 5, "fields": ["Query.items"]},
        {"cost": 1_000_000, "per_s": 1},
    ],
)
def test_a_rule_says_one_thing(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RateSettings.model_validate(rule)
