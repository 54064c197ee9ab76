"""A key that breaks its description: links and hand-written fields say so, and nobody gets another's row or a null."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.raw_server import Heard, RawServer, raw_server, reply
from tests.through.gateway import Gateway, codes, gateway

TEXT = {"type": "string"}


def answer_of(name: str) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    return {"200": {"description": "", "content": {"application/json": {"schema": rows}}}}


IDS = {"name": "ids", "in": "query", "schema": {"type": "array", "items": TEXT}}
DOCUMENT = json.dumps({
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/orders": {"get": {"operationId": "orders", "responses": answer_of("Order")}},
        "/customers": {
            "get": {"operationId": "customers", "parameters": [IDS], "responses": answer_of("Customer")},
        },
    },
    "components": {"schemas": {
        "Order": {"type": "object", "properties": {
            "customerId": TEXT, "total": {"type": "integer"}, "friends": {"type": "array", "items": TEXT},
        }},
        "Customer": {"type": "object", "properties": {"id": TEXT, "name": TEXT}},
    }},
})  # fmt: skip
FILE = """
    sources:
      crm:
        openapi: ./crm.json
        url: "${env:CRM}"
        operations: { customers: { keys: ids, by: id } }
    links:
      Order.customer: { one: crm.customers, match: { customerId: id } }
      Order.people: { many: crm.customers, match: { friends: id } }
    access: { default: anonymous }
    extensions: [fields.py]
"""
FIELDS = """
from collections.abc import Mapping

from schema import Extension

extension = Extension()


@extension.field("Order", needs=("total",))
def gross(parent: Mapping[str, object]) -> int | None:
    return int(parent["total"]) * 2


@extension.batch("Order", needs=("total",))
async def net(parents: list[Mapping[str, object]]) -> list[int | None]:
    return [int(parent["total"]) - 1 for parent in parents]
"""


@dataclass
class Town:
    gateway: Gateway
    server: RawServer
    rows: dict[str, list[Any]] = field(default_factory=dict)


@pytest.fixture(params=["columns", "reference"])
async def town(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("ISTHMUS_EXECUTOR", request.param)
    (tmp_path / "crm.json").write_text(DOCUMENT)
    (tmp_path / "fields.py").write_text(FIELDS)
    made: list[Town] = []

    async def answer(heard: Heard, writer: Any) -> None:
        writer.write(reply(json.dumps(made[0].rows[heard.target.partition("?")[0]]).encode()))

    async with raw_server(answer) as server, gateway(tmp_path, FILE, {"CRM": server.url}) as house:
        made.append(Town(house, server))
        made[0].rows = {"/customers": [{"id": "a", "name": "Ann"}, {"id": "b", "name": "Bob"}]}
        yield made[0]


async def test_a_link_whose_key_is_broken_says_so(town: Town) -> None:
    town.rows["/orders"] = [{"customerId": "a"}, {"customerId": 7}, {"customerId": None}]
    body = await town.gateway.ask("{ orders { customer { name } } }")
    assert codes(body) == [("SOURCE_BAD_RESPONSE", ["orders", 1, "customer"])]
    assert body["data"]["orders"] == [{"customer": {"name": "Ann"}}, {"customer": None}, {"customer": None}]
    assert [item.target for item in town.server.heard] == ["/orders", "/customers?ids=a"]


async def test_where_every_key_is_broken_nobody_is_asked(town: Town) -> None:
    town.rows["/orders"] = [{"customerId": {"id": "a"}}]
    body = await town.gateway.ask("{ orders { customer { name } } }")
    assert codes(body) == [("SOURCE_BAD_RESPONSE", ["orders", 0, "customer"])]
    assert len(town.server.heard) == 1


@pytest.mark.parametrize("friends", ["a", ["a", 7], [["a"]]])
async def test_a_list_of_keys_that_is_broken_says_so(town: Town, friends: object) -> None:
    town.rows["/orders"] = [{"friends": ["b"]}, {"friends": friends}]
    body = await town.gateway.ask("{ orders { people { name } } }")
    assert codes(body) == [("SOURCE_BAD_RESPONSE", ["orders", 1, "people"])]
    assert body["data"]["orders"] == [{"people": [{"name": "Bob"}]}, {"people": None}]


async def test_a_result_whose_key_is_broken_is_nobodys(town: Town) -> None:
    town.rows["/orders"] = [{"customerId": "a"}, {"customerId": "b"}]
    town.rows["/customers"] = [{"id": "a", "name": "Ann"}, {"id": ["b"], "name": "Bob"}]
    body = await town.gateway.ask("{ orders { customer { name } } }")
    assert codes(body) == [
        ("SOURCE_BAD_RESPONSE", ["orders", 0, "customer"]), ("SOURCE_BAD_RESPONSE", ["orders", 1, "customer"]),
    ]  # fmt: skip


async def test_a_hand_written_field_is_not_shown_what_is_broken(town: Town) -> None:
    town.rows["/orders"] = [{"total": 4}, {"total": "four"}, {"total": 6}]
    body = await town.gateway.ask("{ orders { gross net customerId } }")
    assert codes(body) == [
        ("SOURCE_BAD_RESPONSE", ["orders", 1, "gross"]), ("SOURCE_BAD_RESPONSE", ["orders", 1, "net"]),
    ]  # fmt: skip
    assert [(row["gross"], row["net"]) for row in body["data"]["orders"]] == [(8, 3), (None, None), (12, 5)]
