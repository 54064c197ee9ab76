"""A SOAP server that is not ours behind the gateway, which knows nothing but the URL of its WSDL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.raw_server import RawServer, raw_server, reply, says
from tests.soap.npm_soap import NpmSoap, npm_soap
from tests.through.crm import orders_document
from tests.through.gateway import Gateway, codes, gateway

FILE = """
    sources:
      crm: { openapi: ./crm.json, url: "${env:CRM}" }
      billing:
        wsdl: "${env:BILLING}?wsdl"
        writes: [PostInvoice]
        operations:
          GetInvoices: { effect: read, at: item, keys: numbers.item, by: number, max_keys: 3, compare: [trim] }
    links:
      Order.invoice: { one: billing.GetInvoices, match: { invoiceNo: number } }
    access: { default: anonymous }
"""
TEXT = {"type": "string"}
CRM = orders_document({"id": TEXT, "invoiceNo": {**TEXT, "nullable": True}}, "id")
NUMBERS = ["A", "B ", None, "A", "A&<1>", "D", "none", "F"]


@pytest.fixture(scope="module")
def billing() -> Iterator[NpmSoap]:
    with npm_soap() as server:
        yield server


@pytest.fixture
async def crm() -> AsyncIterator[RawServer]:
    orders = [{"id": str(index), "invoiceNo": number} for index, number in enumerate(NUMBERS)]
    async with raw_server(says(reply(json.dumps(orders).encode()))) as server:
        yield server


@pytest.fixture
async def house(billing: NpmSoap, crm: RawServer, tmp_path: Path) -> AsyncIterator[Gateway]:
    (tmp_path / "crm.json").write_text(CRM)
    async with gateway(tmp_path, FILE, {"CRM": crm.url, "BILLING": billing.address}) as served:
        billing.calls()
        yield served


async def test_a_query_gets_exact_values(house: Gateway, billing: NpmSoap) -> None:
    query = """query ($numbers: [String!]) { getInvoices(numbers: { item: $numbers }, limit: 2) {
        number idAttribute total { value currency } state iban correction { number } issued
    } }"""
    found = await house.data(query, numbers=["A&<1>", "B"])
    same = {"total": {"value": "12.50", "currency": "EUR"}, "state": "PAID_LATE", "iban": "DE & <12>"}
    assert found["getInvoices"] == [
        {**same, "number": "A&<1>", "idAttribute": "1", "correction": [], "issued": None},
        {**same, "number": "B", "idAttribute": "2", "correction": [], "issued": None},
    ]
    assert billing.calls() == [("GetInvoices", {"numbers": {"item": ["A&<1>", "B"]}, "limit": 2})]


async def test_links_to_it_are_batched_matched_and_fail_alone(house: Gateway, billing: NpmSoap, crm: RawServer) -> None:
    body = await house.ask("{ orders { id invoiceNo invoice { number total { value } } } }")
    found = [order["invoice"] and order["invoice"]["number"] for order in body["data"]["orders"]]
    assert found == ["A", "B", None, "A", "A&<1>", None, None, None]
    assert codes(body) == [("SOURCE_FAULT", ["orders", index, "invoice"]) for index in (5, 6, 7)]
    calls = billing.calls()
    assert sorted(arguments["numbers"]["item"] for _, arguments in calls) == [["A", "B", "A&<1>"], ["D", "none", "F"]]
    assert len(crm.heard) == 1


async def test_a_fault_is_typed_and_keeps_its_text_to_itself(house: Gateway) -> None:
    query = '{ getInvoices(numbers: { item: ["none"] }) { number } }'
    answer = await house.client.post("/graphql", json={"query": query})
    assert "db7" not in answer.text
    assert "no such row" not in answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "SOURCE_FAULT"
    assert error["path"] == ["getInvoices"]
    assert answer.json()["data"] == {"getInvoices": None}


async def test_a_write_arrives_once_and_whole(house: Gateway, billing: NpmSoap) -> None:
    query = """mutation ($total: Decimal!) { postInvoice(invoice: {
        idAttribute: "1", number: "N1", total: { currency: "EUR", value: $total }, state: WRITTEN_OFF,
            ibanOrCard: { iban: "DE" }
    }) { accepted } }"""
    assert await house.data(query, total="0.10") == {"postInvoice": {"accepted": True}}
    (call,) = billing.calls()
    assert call[0] == "PostInvoice"
    assert call[1]["invoice"]["total"] == {"attributes": {"currency": "EUR"}, "$value": 0.1}
    assert call[1]["invoice"]["state"] == "written off"


async def test_a_value_that_xml_cannot_carry_never_leaves(house: Gateway, billing: NpmSoap) -> None:
    body = await house.ask(
        "query ($n: [String!]) { getInvoices(numbers: { item: $n }) { number } }", n=["a\u0001</item>"]
    )
    assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert billing.calls() == []
