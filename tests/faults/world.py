"""A shop behind faults: REST, SOAP and SQL, each behind an injector of its own, and the gateway over them.

The systems keep a journal of what reached them: what a gateway did is counted there, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, Snapshot, load
from tests.faults.injector import Injector, injected
from tests.raw_server import Heard, RawServer, raw_server, reply
from tests.serving import serving

FILE = """
    sources:
      shop: { openapi: ./shop.json, url: "${env:SHOP}", writes: true, timeout_s: 2 }
      billing:
        wsdl: ./billing.wsdl
        url: "${env:BILLING}"
        writes: true
        timeout_s: 2
        operations:
          GetInvoices: { effect: read, at: item, keys: numbers.item, by: number }
      stock: { database: "${env:STOCK}" }
    links:
      Order.customer: { one: shop.customer, match: { customerId: id } }
      Order.buyer: { one: shop.customersByIds, match: { customerId: id } }
      Order.payer: { one: shop.customersByIds, match: { customerId: id } }
      Order.invoice: { one: billing.GetInvoices, match: { ref: number } }
      Order.product: { one: stock.products, match: { sku: sku } }
    access: { default: anonymous }
    server: { limits: { deadline_s: 5 } }
"""
ORDERS = [
    {"ref": f"R{number}", "customerId": f"C{number % 3}", "sku": "anvil" if number % 2 else "rope"}
    for number in range(6)
]
_ENVELOPE = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
_INVOICES = (
    '<m:GetInvoicesResponse xmlns:m="urn:billing:messages" xmlns:t="urn:billing:types">{}</m:GetInvoicesResponse>'
)
_INVOICE = (
    '<item id="1"><t:number>{}</t:number><t:total currency="EUR">1.50</t:total><t:state>open</t:state>'
    "<t:iban>DE</t:iban></item>"
)
_POSTED = '<m:PostInvoiceResponse xmlns:m="urn:billing:messages"><accepted>true</accepted></m:PostInvoiceResponse>'
_NUMBER = re.compile(r"<(?:item|(?:\w+:)?number)[^>]*>([^<]+)</")
POST_INVOICE = """mutation($no: String!) {
    postInvoice(invoice: { idAttribute: "1", number: $no, total: { currency: "EUR", value: "1" }, state: null,
                           ibanOrCard: { iban: "DE" } }) { accepted }
}"""


def _document() -> dict[str, Any]:
    text = {"type": "string"}
    members = {"Order": ("ref", "customerId", "sku"), "Customer": ("id", "name"), "Placed": ("ref",)}
    schemas = {
        name: {"type": "object", "required": [names[0]], "properties": dict.fromkeys(names, text)}
        for name, names in members.items()
    }

    def answers(name: str, *, many: bool = False) -> dict[str, Any]:
        one = {"$ref": f"#/components/schemas/{name}"}
        return {"200": {"content": {"application/json": {"schema": {"type": "array", "items": one} if many else one}}}}

    def operation(name: str, result: str, *parameters: dict[str, Any], many: bool = False) -> dict[str, Any]:
        return {"operationId": name, "parameters": [*parameters], "responses": answers(result, many=many)}

    ids = {"name": "ids", "in": "query", "explode": False, "schema": {"type": "array", "items": text}}
    body = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Placed"}}}}}
    path = [{"name": name, "in": "path", "required": True, "schema": text} for name in ("id", "ref")]
    return {
        "openapi": "3.0.3",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/orders": {
                "get": operation("orders", "Order", many=True),
                "post": operation("placeOrder", "Placed") | body,
            },
            "/orders/{ref}": {"put": operation("keepOrder", "Placed", path[1]) | body},
            "/customers": {"get": operation("customersByIds", "Customer", ids, many=True)},
            "/customers/{id}": {"get": operation("customer", "Customer", path[0])},
        },
        "components": {"schemas": schemas},
    }


@dataclass
class Shop:
    """The REST system. ``placed``, ``kept``: how often each order came.

    ``failing``: ids it answers 500 for, ``hanging``: never.
    """

    placed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    failing: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    """Idempotency keys of orders that were placed: what comes again by one is answered, and not placed."""
    status: str = ""
    """Where it is not empty, everything is answered with it, and nothing done; the calls are counted all the same."""
    hold: asyncio.Event | None = None
    """While it is there and not set, nothing is answered but lists of orders."""

    async def answer(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        target = heard.target.partition("?")[0]
        match heard.method, target.split("/")[1:]:
            case "GET", ["orders"]:
                writer.write(_json(ORDERS))
                return
            case "POST", ["orders"]:
                body: object = self._place(heard)
            case "PUT", ["orders", ref]:
                self.kept[ref] += 1
                body = {"ref": ref}
            case "GET", ["customers"]:
                ids = heard.target.partition("ids=")[2].split("&")[0].replace("%2C", ",").split(",")
                body = [_customer(key) for key in ids if key]
            case "GET", ["customers", key] if key in self.failing:
                writer.write(reply(b"{}", status="500 Oh"))
                return
            case "GET", ["customers", key]:
                if key in self.hanging:
                    await asyncio.Event().wait()
                body = _customer(key)
            case _:
                writer.write(reply(b"{}", status="404 Not Found"))
                return
        if self.hold is not None:
            await self.hold.wait()
        if self.status:
            writer.write(reply(b"{}", "Retry-After: 1", status=self.status))
        else:
            writer.write(_json(body))

    def _place(self, heard: Heard) -> object:
        order = json.loads(heard.body)
        key = heard.headers.get("idempotency-key", "")
        if key not in self.keys:
            self.placed[order["ref"]] += 1
        self.keys |= {key} - {""}
        return order


def _customer(key: str) -> dict[str, str]:
    return {"id": key, "name": f"Customer {key}"}


def _json(value: object) -> bytes:
    return reply(json.dumps(value).encode())


@dataclass
class Billing:
    """The SOAP system. ``posted``: how often each invoice came."""

    posted: Counter[str] = field(default_factory=Counter)
    status: str = ""
    hold: asyncio.Event | None = None

    async def answer(self, heard: Heard, writer: asyncio.StreamWriter) -> None:
        message = heard.body.decode()
        numbers = _NUMBER.findall(message)
        if "PostInvoice" in message:
            self.posted[numbers[0]] += 1
            said = _POSTED
        else:
            said = _INVOICES.format("".join(_INVOICE.format(number) for number in numbers))
        if self.hold is not None:
            await self.hold.wait()
        if self.status:
            writer.write(reply(b"", "Retry-After: 1", status=self.status))
        else:
            writer.write(reply(_ENVELOPE.format(said).encode(), media="text/xml; charset=utf-8"))


@dataclass
class World:
    """``address``: of the gateway. ``shop`` and ``billing`` count; ``to_shop`` and ``to_billing`` let them fail."""

    address: str
    client: httpx.AsyncClient
    snapshot: Snapshot
    shop: Shop
    billing: Billing
    shop_server: RawServer
    billing_server: RawServer
    to_shop: Injector
    to_billing: Injector

    async def ask(self, query: str, headers: Mapping[str, str] | None = None, **variables: object) -> Any:
        """The body of the answer."""
        asked = {"query": query, "variables": variables}
        answer = await self.client.post("/graphql", json=asked, headers=headers)
        return answer.json()

    async def data(self, query: str, **variables: object) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(query, None, **variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]


def write_files(folder: Path, file: str = FILE) -> None:
    """The configuration file and what it names, stock.db among it."""
    (folder / "isthmus.yaml").write_text(dedent(file))
    (folder / "shop.json").write_text(json.dumps(_document()))
    shutil.copy(Path(__file__).parents[1] / "soap" / "billing.wsdl", folder / "billing.wsdl")
    with sqlite3.connect(folder / "stock.db") as connection:
        connection.executescript("""
            CREATE TABLE IF NOT EXISTS products (sku TEXT PRIMARY KEY, name TEXT);
            INSERT OR IGNORE INTO products VALUES ('anvil', 'Anvil'), ('rope', 'Rope');
        """)
    connection.close()


@contextlib.asynccontextmanager
async def systems() -> AsyncIterator[tuple[Shop, RawServer, Injector, Billing, RawServer, Injector]]:
    """Both systems that speak HTTP, each behind its injector."""
    shop, billing = Shop(), Billing()
    async with contextlib.AsyncExitStack() as stack:
        shop_server = await stack.enter_async_context(raw_server(shop.answer))
        billing_server = await stack.enter_async_context(raw_server(billing.answer))
        to_shop = await stack.enter_async_context(injected("127.0.0.1", shop_server.port))
        to_billing = await stack.enter_async_context(injected("127.0.0.1", billing_server.port))
        yield shop, shop_server, to_shop, billing, billing_server, to_billing


@contextlib.asynccontextmanager
async def world(folder: Path, file: str = FILE, **environment: str) -> AsyncIterator[World]:
    """The systems, and the gateway in this process over what ``file`` says; it may name SHOP, BILLING and STOCK."""
    write_files(folder, file)
    async with systems() as (shop, shop_server, to_shop, billing, billing_server, to_billing):
        told = {"SHOP": to_shop.url, "BILLING": to_billing.url, "STOCK": "sqlite:///stock.db", **environment}
        chosen = read(folder / "isthmus.yaml", told)
        snapshot = await load(chosen)
        settings = chosen.settings.server
        try:
            async with (
                serving(make_app(Holder(snapshot), settings), settings.limits) as base,
                httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as client,
            ):
                yield World(
                    base, client, snapshot, shop, billing, shop_server, billing_server, to_shop, to_billing
                )  # fmt: skip
        finally:
            await snapshot.close()


def codes(body: Any) -> list[tuple[str, list[Any] | None]]:
    """The errors of an answer: code and path."""
    return [(error["extensions"]["code"], error.get("path")) for error in body.get("errors", ())]
