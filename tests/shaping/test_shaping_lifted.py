"""Objects whose fields stand in their parent, and envelopes that are left away: in results, inputs, links and rules."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.serving import serving
from tests.through.gateway import Gateway, codes, gateway

TEXT = {"type": "string"}
SCHEMAS: dict[str, Any] = {
    "Order": {"type": "object", "required": ["id", "positions"], "properties": {
        "id": TEXT, "name": TEXT, "customer": {"$ref": "#/components/schemas/Customer"},
        "positions": {"$ref": "#/components/schemas/Positions"}, "notes": {"$ref": "#/components/schemas/Notes"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
    }},
    "Customer": {"type": "object", "required": ["name", "city"], "properties": {
        "name": TEXT, "city": TEXT, "email": TEXT, "kind": TEXT}},
    "Positions": {"type": "object", "properties": {"items": {"$ref": "#/components/schemas/Items"}, "count": TEXT}},
    "Items": {"type": "object", "properties": {"item": {"type": "array", "items": {
        "$ref": "#/components/schemas/Item"}}}},
    "Item": {"type": "object", "properties": {"sku": TEXT, "state": TEXT}},
    "Notes": {"type": "object", "properties": {"note": {"type": "array", "items": {
        "$ref": "#/components/schemas/Note"}}}},
    "Note": {"type": "object", "properties": {"text": TEXT}},
}  # fmt: skip
_JSON = "application/json"
_ORDER = {"$ref": "#/components/schemas/Order"}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "orders", "version": "1"},
    "paths": {
        "/orders": {
            "get": {"operationId": "orders", "responses": {"200": {"description": "", "content": {_JSON: {
                "schema": {"type": "array", "items": _ORDER}}}}}},
            "post": {"operationId": "addOrder", "requestBody": {"required": True, "content": {_JSON: {
                "schema": _ORDER}}}, "responses": {"200": {"description": "", "content": {_JSON: {
                    "schema": _ORDER}}}}},
        },
        "/orders/{id}": {"get": {"operationId": "order", "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": TEXT}],
            "responses": {"200": {"description": "", "content": {_JSON: {"schema": _ORDER}}}}}},
    },
    "components": {"schemas": SCHEMAS},
}  # fmt: skip
FULL = {
    "id": "1", "name": "first", "customer": {"name": "Ann", "city": "Bern", "email": "a@b", "kind": "P"},
    "positions": {"items": {"item": [{"sku": "x", "state": "o"}, {"sku": "y", "state": "?"}]}, "count": "2"},
    "notes": {"note": [{"text": "a"}, {"text": "b"}]},
    "parts": [{"id": "2", "customer": {"name": "Bob", "city": "Rom"}, "positions": {}}],
}  # fmt: skip
BARE = {"id": "3", "positions": {"items": None}}
SHAPE = """
  Order.customer: { flatten: true }
  Order.positions: { take: items.item }
  Order.notes: { take: note.text }
  Item.state: { values: { o: OPEN } }
  Customer.kind: { values: { P: PERSON, F: FIRM } }
"""
FILE = """sources:
  shop: {{ openapi: ./shop.json, url: "{url}", writes: true }}
access: {{ default: anonymous{rules} }}
shape:{shape}"""


@asynccontextmanager
async def opened(folder: Path, shape: str = SHAPE, rules: str = "") -> AsyncIterator[tuple[Gateway, list[Any]]]:
    heard: list[Any] = []

    async def orders(request: Request) -> Response:
        if request.method == "POST":
            heard.append(await request.json())
            return JSONResponse(heard[-1])
        return JSONResponse([FULL, BARE])

    async def order(request: Request) -> Response:
        found = [each for each in (FULL, BARE) if each["id"] == request.path_params["id"]]
        return JSONResponse(found[0]) if found else Response(status_code=404)

    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    app = Starlette(routes=[Route("/orders", orders, methods=["GET", "POST"]), Route("/orders/{id}", order)])
    async with serving(app) as url, gateway(folder, FILE.format(url=url, shape=shape, rules=rules)) as running:
        yield running, heard


async def test_results_stand_where_they_are_wanted(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, _):
        body = await running.ask(
            """{ orders { id name city customerName email kind notes positions { sku state }
              parts { customerName city positions { sku } notes } } one: order(id: "1") { city } }"""
        )
        first, bare = body["data"]["orders"]
        assert first == {
            "id": "1", "name": "first", "city": "Bern", "customerName": "Ann", "email": "a@b", "kind": "PERSON",
            "notes": ["a", "b"], "positions": [{"sku": "x", "state": "OPEN"}, {"sku": "y", "state": None}],
            "parts": [{"customerName": "Bob", "city": "Rom", "positions": None, "notes": None}],
        }  # fmt: skip
        assert bare == {
            "id": "3", "name": None, "city": None, "customerName": None, "email": None, "kind": None, "notes": None,
            "positions": None, "parts": None,
        }  # fmt: skip
        assert body["data"]["one"] == {"city": "Bern"}
        assert codes(body) == [("SOURCE_BAD_RESPONSE", ["orders", 0, "positions", 1, "state"])]
        assert await running.ask("{ orders { customer { name } } }") | {"errors": 0} == {"errors": 0}


async def test_inputs_of_the_same_description_go_back_to_where_the_source_takes_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, heard):
        made = await running.data(
            """mutation { addOrder(body: { id: "9", name: "n", customerName: "Eve", city: "Ulm", kind: FIRM,
              positions: [{ sku: "z", state: OPEN }] }) { id customerName kind positions { sku } } }"""
        )
        assert heard == [
            {
                "id": "9", "name": "n", "customer": {"name": "Eve", "city": "Ulm", "kind": "F"},
                "positions": {"items": {"item": [{"sku": "z", "state": "o"}]}},
            }
        ]  # fmt: skip
        assert made["addOrder"] == {"id": "9", "customerName": "Eve", "kind": "FIRM", "positions": [{"sku": "z"}]}


async def told(folder: Path, shape: str, rules: str = "") -> str:
    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    file = folder / "isthmus.yaml"
    file.write_text(FILE.format(url="http://127.0.0.1:1", shape=shape, rules=rules))
    chosen = read(file, {})
    try:
        await (await load(chosen)).close()
    except ConfigurationError as error:
        return chosen.describe(error.problems)
    return ""


async def test_what_cannot_be_lifted_is_told(tmp_path: Path) -> None:
    text = await told(
        tmp_path,
        """
  Order.name: { flatten: true }
  Order.parts: { flatten: [name] }
  Order.customer: { flatten: [nam] }
  Order.positions: { take: items.itm }
""",
    )
    assert [line.split()[0] for line in text.splitlines() if line.startswith("isthmus")] == [
        f"isthmus.yaml:{number}" for number in (5, 6, 7, 8)
    ]
    for words in ("no object", "is a list", 'no field "nam"', 'did you mean "name"', 'did you mean "item"'):
        assert words in text


@pytest.mark.parametrize(
    "rules",
    [
        ", rules: { Customer.email: { scopes: [pii] } }",
        ", rules: { Customer: { roles: [hr] } }",
        ', rules: { Order.email: { scopes: [a] }, Customer: { rows: { city: { eq: "x" } } } }',
        ", views: { open: { exclude: [Customer.email] } }",
    ],
)
async def test_a_field_that_a_rule_protects_is_not_shown_by_another_name(tmp_path: Path, rules: str) -> None:
    own = SCHEMAS["Note"]["properties"]
    own["by"] = {"$ref": "#/components/schemas/Customer"}  # a customer is served elsewhere, and its rules are known
    try:
        text = await told(tmp_path, "\n  Order.customer: { flatten: [email] }\n", rules)
    finally:
        del own["by"]
    assert "Order.email would show what a rule at Customer" in text, text


async def test_what_is_hidden_is_not_lifted(tmp_path: Path) -> None:
    async with opened(tmp_path, "\n  Order.customer: { flatten: true }\nhide: [Customer.email]\n") as (running, _):
        assert await running.data("{ orders { city } }") == {"orders": [{"city": "Bern"}, {"city": None}]}
        assert "data" not in await running.ask("{ orders { email } }")
