from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.demo import records
from gateway.demo.journal import calls
from tests.trading import House

JOINED = """
query Joined($limit: Int) {
  orders(limit: $limit) {
    number
    customer { id lastName displayName }
    invoice { number amount currency }
    lines { sku quantity product { name } }
    shipments { orderNumber carrier }
  }
}
"""


async def test_one_query_over_three_systems_gives_what_they_hold_with_one_call_for_each_batched_link(
    house: House,
) -> None:
    body = await house.ask(JOINED, limit=80)
    assert "errors" not in body, body["errors"][:2]
    found = body["data"]["orders"]
    held = {order["number"]: order for order in records.orders()}
    people = {person["id"]: person for person in records.customers()}
    bills = {invoice["number"]: invoice for invoice in records.invoices(records.orders())}
    assert len(found) == 80
    for order in found:
        source = held[order["number"]]
        _same_customer(order["customer"], people.get(source["customerId"]))
        _same_invoice(order["invoice"], bills.get(source["invoiceNo"]))
        given = [(line["sku"], line["quantity"]) for line in source["lines"]]
        assert [(line["sku"], line["quantity"]) for line in order["lines"]] == given
        assert all(shipment["orderNumber"] == order["number"] for shipment in order["shipments"])
    assert any(order["customer"] is None for order in found)
    assert any(order["invoice"] is None for order in found)
    assert any(line["product"] is None for order in found for line in order["lines"])
    assert len(calls(house.calls("crm"), "/orders")) == 1
    assert len(calls(house.calls("crm"), "/customers")) == 1
    assert len(house.calls("crm")) == 2
    assert [call.operation for call in house.calls("billing")] == ["GetInvoices"]


def _same_customer(found: Any, held: Any) -> None:
    assert (found is None) == (held is None)
    if held is not None:
        assert (found["id"], found["lastName"]) == (held["id"], held["lastName"])


def _same_invoice(found: Any, held: Any) -> None:
    assert (found is None) == (held is None)
    if held is not None:
        assert found["number"].strip() == held["number"]
        assert Decimal(found["amount"]) == held["amount"]


async def test_a_refused_field_is_null_says_so_and_causes_no_call(house: House) -> None:
    body = await house.ask("{ orders(limit: 5) { number invoice { amount } customer { email lastName } } }", "clerk")
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    assert [error["path"] for error in body["errors"]] == [["orders", "invoice"], ["orders", "customer", "email"]]
    assert all(order["invoice"] is None for order in body["data"]["orders"])
    assert house.calls("billing") == []


async def test_no_token_and_a_bad_token_are_401(house: House) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}):
        reply = await house.client.post("/graphql", json={"query": "{ orders { number } }"}, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Bearer")
    reply = await house.client.post("/graphql", json={"query": "{ __typename }"})
    assert reply.json() == {"data": {"__typename": "Query"}}
    assert house.calls("crm") == []


async def test_singles_are_called_once_per_distinct_key(house: House) -> None:
    body = await house.ask('{ customers(ids: ["C0001", "C0002"]) { id orders { number } balance } }')
    assert "errors" not in body, body["errors"][:2]
    by_id = {person["id"]: person for person in body["data"]["customers"]}
    for key in ("C0001", "C0002"):
        wanted = sorted(order["number"] for order in records.orders() if order["customerId"] == key)
        assert sorted(order["number"] for order in by_id[key]["orders"]) == wanted
    assert len(calls(house.calls("crm"), "/orders")) == 2


async def test_a_write_happens_once(house: House) -> None:
    query = (
        """mutation { createCustomer(body: {firstName: "Eve", lastName: "Noor", segment: private}) { id lastName } }"""
    )
    body = await house.ask(query)
    assert body["data"]["createCustomer"]["lastName"] == "Noor", body
    assert [call.method for call in house.calls("crm")] == ["POST"]
