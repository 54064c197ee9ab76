from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.conftest import SECRET, Shell

TEXT = {"type": "string"}
CUSTOMER = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "name": TEXT, "favourite_item_id": TEXT}}
ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": TEXT,
        "customerId": TEXT,
        "approver_customer_id": TEXT,
        "itemIds": {"type": "array", "items": TEXT},
        "shopId": TEXT,
        "customer_secret": TEXT,
    },
}


def get(name: str, schema: object, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = [
        {"name": each, "in": "path" if each.endswith("Id") else "query", "required": each.endswith("Id"), "schema": of}
        for each, of in parameters.items()
    ]
    reply = {"description": "Found.", "content": {"application/json": {"schema": schema}}, **more}
    return {"get": {"operationId": name, "parameters": given, "responses": {"200": reply}}}


def document(paths: dict[str, Any], **schemas: Any) -> str:
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "servers": [{"url": "http://127.0.0.1:9"}],
            "paths": paths,
            "components": {"schemas": schemas},
        }
    )


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {"data": {"type": "array", "items": ref(name)}}}


ITEMS = {"operationId": "order/lines", "parameters": {"orderId": "$response.body#/id"}}
CRM = document(
    {
        "/customers": get("customers", listed("Customer"), {"ids": {"type": "array", "items": TEXT}}),
        "/orders/{orderId}": get("order", ref("Order"), {"orderId": TEXT}, links={"lines": ITEMS}),
        "/orders/{orderId}/lines": get("order/lines", listed("Line"), {"orderId": TEXT}),
    },
    Customer=CUSTOMER,
    Order=ORDER,
    Line={"type": "object", "properties": {"orderId": TEXT, "amount": {"type": "number"}}},
)
STOCK = document(
    {"/items/{itemId}": get("item", ref("Item"), {"itemId": TEXT})},
    Item={"type": "object", "required": ["id"], "properties": {"id": TEXT, "title": TEXT}},
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "crm.openapi.json").write_text(CRM)
    (tmp_path / "stock.json").write_text(STOCK)
    return tmp_path


FILE = (
    "sources:\n  crm: { openapi: crm.openapi.json }\n  stock: { openapi: stock.json }\naccess:\n  default: anonymous\n"
)


async def test_links_are_suggested_for_one_source_with_their_reasons(shell: Shell, files: Path) -> None:
    told = await shell.run("inspect", "crm.openapi.json", "--links")
    assert (told.code, told.err) == (0, "")
    assert yaml.safe_load(told.out)["links"] == {
        "Order.lines": {"many": "crm.orderLines", "match": {"id": "orderId"}},
        "Order.customer": {"one": "crm.customers", "match": {"customerId": "id"}},
        "Line.order": {"one": "crm.order", "match": {"orderId": "id"}},
    }
    assert '# the document links order to orderLines as "lines"\n' in told.out
    assert "# customerId bears the name of Customer's id, by which customers is asked many at once\n" in told.out


async def test_what_is_suggested_over_all_sources_of_a_file_passes_check_when_it_is_pasted(
    shell: Shell, files: Path
) -> None:
    (files / "isthmus.yaml").write_text(FILE)
    told = await shell.run("inspect", "isthmus.yaml", "--links")
    assert (told.code, told.err) == (0, "")
    suggested = yaml.safe_load(told.out)["links"]
    assert suggested["Order.items"] == {"many": "stock.item", "match": {"itemIds": "id"}}
    assert len(suggested) == 4
    (files / "isthmus.yaml").write_text(FILE + told.out)
    assert (await shell.run("check", "isthmus.yaml")).code == 0
    shown = await shell.run("sdl", "isthmus.yaml")
    assert "  items: [Item!]\n" in shown.out
    again = await shell.run("inspect", "isthmus.yaml", "--links")
    assert again.out == "# No links are suggested.\n"


async def test_a_link_that_a_rule_forbids_is_not_suggested(shell: Shell, files: Path) -> None:
    jwt = f'{{ issuer: "https://id.example/", audience: isthmus, secret: "{SECRET}" }}'
    rules = f"  rules:\n    Order.customerId: {{ roles: [clerk] }}\nserver:\n  jwt: {jwt}\n"
    (files / "isthmus.yaml").write_text(FILE.replace("anonymous", "authenticated") + rules)
    told = await shell.run("inspect", "isthmus.yaml", "--links")
    assert (told.code, told.err) == (0, "")
    assert "Order.customer" not in yaml.safe_load(told.out)["links"]
    assert "Order.items" in yaml.safe_load(told.out)["links"]


async def test_without_being_asked_no_link_is_made(shell: Shell, files: Path) -> None:
    (files / "isthmus.yaml").write_text(FILE)
    shown = await shell.run("sdl", "isthmus.yaml")
    assert "  customer: Customer" not in shown.out
    assert "  items: " not in shown.out


async def test_what_tells_of_rows_as_a_whole_is_offered_no_links(shell: Shell, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("CREATE TABLE suppliers (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, supplier_id INTEGER)")
    connection.close()
    ended = await shell.run("inspect", "s.sqlite", "--links")
    assert "Item.supplier:" in ended.out
    assert [line for line in ended.out.splitlines() if line.startswith("  Item") and "Item.supplier:" not in line] == []
