from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
import zeep
from lxml import etree

from gateway.demo import DemoServers, Entry

ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'


async def _zeep(demo: DemoServers, operation: str, *arguments: Any) -> Any:
    """A SOAP client that others wrote reads the WSDL that the service hands out, and calls it."""

    def call() -> Any:
        client: Any = zeep.Client(f"{demo.billing_url}?wsdl")  # type: ignore[no-untyped-call]  # zeep has no types
        return getattr(client.service, operation)(*arguments)

    return await asyncio.to_thread(call)


async def test_invoices_come_in_an_order_of_their_own_some_padded_and_only_the_known(demo: DemoServers) -> None:
    numbers = ["INV-00001", "INV-99999", "INV-00003", "INV-00002", "INV-00003", "INV-00008"]
    found = await _zeep(demo, "GetInvoices", {"item": numbers})
    assert [invoice.number for invoice in found] == ["INV-00008", "INV-00003   ", "INV-00002", "INV-00001"]
    assert demo.journals["billing"] == [Entry("POST", "GetInvoices", ",".join(numbers))]
    noted, *plain = found
    assert noted.note == "call before delivery"
    assert [invoice.note for invoice in plain] == [None] * 3
    for invoice in found:
        assert isinstance(invoice.amount, Decimal)
        assert isinstance(invoice.dueDate, date)
        assert isinstance(invoice.paid, bool)
        assert invoice.currency in {"EUR", "USD", "GBP"}
        assert invoice.status in {"open", "paid", "overdue"}
        assert sum(line.amount for line in invoice.line) == invoice.amount


async def test_an_invoice_belongs_to_the_order_that_names_it(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        orders = (await client.get("/orders", params={"limit": 500})).json()["data"]
    asked = {order["invoiceNo"]: order for order in orders[:150] if order["invoiceNo"]}
    found = await _zeep(demo, "GetInvoices", {"item": list(asked)})
    assert {invoice.number.strip() for invoice in found} == asked.keys() - {"INV-99999"}
    for invoice in found:
        order = asked[invoice.number.strip()]
        assert invoice.amount == Decimal(order["total"])
        assert invoice.orderId in {order["id"], None}
    assert None in {invoice.orderId for invoice in found}


async def test_a_balance_is_what_is_open(demo: DemoServers) -> None:
    async with httpx.AsyncClient(base_url=demo.crm_url) as client:
        orders = (await client.get("/orders", params={"customerId": "C0042", "limit": 500})).json()["data"]
    invoices = await _zeep(
        demo, "GetInvoices", {"item": [order["invoiceNo"] for order in orders if order["invoiceNo"]]}
    )
    owed = sum((invoice.amount for invoice in invoices if not invoice.paid), Decimal(0))
    answer = await _zeep(demo, "GetBalance", "C0042")
    assert (answer.balance if answer else Decimal(0)) == owed
    assert await _zeep(demo, "GetBalance", "nobody") is None


async def test_a_payment_is_booked_once_and_stays(demo: DemoServers) -> None:
    first = await _zeep(demo, "GetInvoices", {"item": [f"INV-{number:05d}" for number in range(1, 30)]})
    unpaid = next(invoice for invoice in first if not invoice.paid)
    paid = await _zeep(demo, "PayInvoice", unpaid.number.strip(), unpaid.amount)
    assert (paid.paid, paid.status) == (True, "paid")
    (again,) = await _zeep(demo, "GetInvoices", {"item": [unpaid.number.strip()]})
    assert again.paid


async def test_faults_declared_and_not(demo: DemoServers) -> None:
    with pytest.raises(zeep.exceptions.Fault) as declared:
        await _zeep(demo, "PayInvoice", "INV-99999", Decimal(1))
    assert declared.value.code == "soap:Client"
    assert declared.value.detail[0].tag == "{urn:trading:billing}UnknownInvoice"
    assert declared.value.detail[0][0].text == "INV-99999"
    with pytest.raises(zeep.exceptions.Fault, match="checksum") as broken:
        await _zeep(demo, "GetInvoices", {"item": ["INV-00001", "INV-00000"]})
    assert broken.value.code == "soap:Server"
    with pytest.raises(zeep.exceptions.Fault, match="at most 200"):
        await _zeep(demo, "GetInvoices", {"item": ["INV-00001"] * 201})


@pytest.mark.parametrize(
    "body",
    [
        "no xml",
        ENVELOPE.format(""),
        ENVELOPE.format("<GetInvoices/>"),
        ENVELOPE.format('<DropInvoices xmlns="urn:trading:billing"/>'),
        ENVELOPE.format('<GetBalance xmlns="urn:trading:billing"/>'),
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        + ENVELOPE.format('<GetBalance xmlns="urn:trading:billing"><customerId>&e;</customerId></GetBalance>'),
        '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope"/>',
    ],
)
async def test_what_is_not_understood_is_a_fault(demo: DemoServers, body: str) -> None:
    async with httpx.AsyncClient() as client:
        reply = await client.post(demo.billing_url, content=body, headers={"content-type": "text/xml"})
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "text/xml; charset=utf-8"
    fault = etree.fromstring(reply.content).find(".//{http://schemas.xmlsoap.org/soap/envelope/}Fault/faultcode")
    assert fault is not None
    assert fault.text in {"soap:Client", "soap:VersionMismatch"}
    assert demo.journals["billing"] == []
