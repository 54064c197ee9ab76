"""Rules that are sent as arguments, where answers are kept by key: what one caller's rule left out is there for all
others.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.attack.house import TRUSTED, gateway, token
from tests.serving import serving

ORDERS = [{"id": number, "customerId": number % 3, "tenant": "ab"[number % 2]} for number in range(12)]
QUERY = "{ customers { id orders { id } } }"


def _type(**fields: str) -> dict[str, object]:
    return {"type": "object", "required": ["id"], "properties": {name: {"type": kind} for name, kind in fields.items()}}


def _list(name: str, *parameters: dict[str, object]) -> dict[str, object]:
    schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    answers = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    return {"get": {"operationId": f"{name.lower()}s", "parameters": parameters, "responses": answers}}


def _parameter(name: str, schema: dict[str, object]) -> dict[str, object]:
    return {"name": name, "in": "query", "schema": schema}


DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "paths": {
        "/orders": _list(
            "Order",
            _parameter("tenant", {"type": "string"}),
            _parameter("customer", {"type": "array", "items": {"type": "integer"}}),
            _parameter("top", {"type": "integer"}),
        ),
        "/customers": _list("Customer", _parameter("least", {"type": "integer"})),
    },
    "components": {
        "schemas": {
            "Order": _type(id="integer", customerId="integer", tenant="string"),
            "Customer": _type(id="integer", name="string"),
        }
    },
}


async def _orders(request: Request) -> Response:
    given = request.query_params
    rows = [row for row in ORDERS if "tenant" not in given or row["tenant"] == given["tenant"]]
    wanted = given.getlist("customer")
    rows = [row for row in rows if not wanted or str(row["customerId"]) in wanted]
    return JSONResponse(rows[: int(given.get("top", len(rows)))])


async def _customers(request: Request) -> Response:
    least = int(request.query_params.get("least", 0))
    return JSONResponse([{"id": number, "name": "c"} for number in range(least, 3)])


@pytest.mark.parametrize(
    ("filtered", "rule"), [("tenant: tenant", "tenant: { eq: $claims.tenant }"),
    ("customerId: customer", "customerId: { in: $claims.customers }")],
)  # fmt: skip
async def test_what_is_kept_of_one_caller_is_not_all_there_is_for_another(
    tmp_path: Path, filtered: str, rule: str
) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    routes = [Route("/orders", _orders), Route("/customers", _customers)]
    async with serving(Starlette(routes=routes)) as url:
        text = f"""
sources:
  shop:
    openapi: shop.json
    url: "{url}"
    cache: {{ ttl_s: 60 }}
    operations:
      orders: {{ keys: customer, by: customerId, max_keys: 50, filters: {{ {filtered} }} }}
links: {{ Customer.orders: {{ many: shop.orders, match: {{ id: customerId }} }} }}
access:
  default: authenticated
  rules: {{ Order: {{ rows: {{ {rule} }}, unless: {{ scopes: all }} }} }}
server: {{ {TRUSTED} }}
"""
        async with gateway(tmp_path, text) as asking:

            async def seen(subject: str, **claims: object) -> set[int]:
                data = (await asking.ask(QUERY, token(subject, **claims)))["data"]
                return {order["id"] for customer in data["customers"] for order in customer["orders"]}

            ann = await seen("ann", tenant="a", customers=[0])
            bob = await seen("bob", tenant="b", customers=[1, 2])
            chief = await seen("chief", scope="all")
            assert ann & bob == set()
            assert len(bob) == (6 if "tenant" in rule else 8)
            assert len(chief) == len(ORDERS)


async def test_what_bounds_a_whole_reply_is_not_kept_of_each_key(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    routes = [Route("/orders", _orders), Route("/customers", _customers)]
    async with serving(Starlette(routes=routes)) as url:
        text = f"""
sources:
  shop:
    openapi: shop.json
    url: "{url}"
    cache: {{ ttl_s: 60 }}
    operations: {{ orders: {{ keys: customer, by: customerId, max_keys: 50 }} }}
links: {{ Customer.orders: {{ many: shop.orders, match: {{ id: customerId }} }} }}
access: {{ default: authenticated }}
server: {{ {TRUSTED} }}
"""
        async with gateway(tmp_path, text) as asking:
            await asking.ask("{ customers { orders(top: 1) { id } } }", token("ann"))
            found = await asking.ask("{ customers(least: 2) { orders(top: 1) { id } } }", token("bob"))
            assert found["data"]["customers"] == [{"orders": [{"id": 2}]}]
