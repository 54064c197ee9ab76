"""A shop whose orders lie in a database, and what they lead to in other systems: a CRM (REST), billing (SOAP), a ledger
(another database). The CRM and billing keep journals; statements are told by the gateway's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.demo import billing
from gateway.demo.records import invoices
from gateway.demo.records import orders as billed
from gateway.file.config import read
from gateway.snapshot import Snapshot, load
from resolvers import Context, Journal
from schema import ANONYMOUS, GraphQLRequest, Principal
from tests.querying.shop import database
from tests.serving import serving

Row = dict[str, Any]
TEXT = {"sqlite": "VARCHAR(20)", "postgresql": "VARCHAR(20)", "mariadb": "VARCHAR(20) COLLATE utf8mb4_nopad_bin"}


@dataclass
class Records:
    """What the systems hold; keys are null, dangling and double as they are in life."""

    orders: list[Row]
    customers: list[Row]
    accounts: list[Row]
    notes: list[Row]
    depots: list[Row]
    bills: list[Row] = field(default_factory=list)
    invoices: list[Row] = field(default_factory=lambda: [dict(each) for each in invoices(billed())][:40])


def records(seed: int = 6) -> Records:
    chance = random.Random(seed)  # tests

    def maybe(value: Any) -> Any:
        return None if chance.random() < 0.15 else value

    made = Records([], [], [], [], [])
    numbers = [each["number"] for each in made.invoices]
    for number in range(1, 41):
        made.orders.append({
            "id": number,
            "customer_id": maybe(f"C{chance.randint(1, 12)}"),
            "account_no": maybe(chance.randint(1, 9)),
            "region": maybe(chance.choice(["EU", "US"])),
            "depot_no": maybe(chance.randint(1, 3)),
            "invoice_no": maybe(chance.choice([*numbers[:12], f" {numbers[3]} ", "none"])),
            "total": maybe(chance.randint(0, 20)),
        })  # fmt: skip
    for number in range(1, 11):
        made.customers.append({
            "id": f"C{number}",
            "segment": maybe(chance.choice(["A", "B", "a"])),
            "name": maybe(chance.choice(["Ann", "Bob", "Zoë", "100%"])),
            "credit": maybe(chance.randint(0, 3)),
        })  # fmt: skip
    for number in range(1, 8):
        made.accounts.append(
            {"no": number, "owner": maybe(chance.choice(["Ann", "Bob"])), "balance": maybe(chance.randint(-2, 2))}
        )
    made.notes = [
        {"id": number, "order_no": maybe(chance.randint(1, 45)), "body": maybe(chance.choice(["late", "gift", ""]))}
        for number in range(1, 30)
    ]
    made.depots = [
        {"id": number * 10 + index, "region": region, "no": number, "open": chance.choice([True, False, None])}
        for number in range(1, 3) for index, region in enumerate(("EU", "US", None))
    ]  # fmt: skip
    made.bills = [
        {"id": place, "number": number, "open": chance.choice([True, False, None])}
        for place, number in enumerate(numbers[:10])
    ]
    return made


def table(name: str, columns: Mapping[str, str], rows: list[Row]) -> str:
    made = f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())});\n"
    if rows:
        values = ", ".join("(" + ", ".join(_literal(row[column]) for column in columns) + ")" for row in rows)
        made += f"INSERT INTO {name} VALUES {values};\n"
    return made


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).upper()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def shop_script(kind: str, held: Records) -> str:
    text = TEXT[kind]
    columns = {
        "id": "INTEGER PRIMARY KEY", "customer_id": text, "account_no": "INTEGER", "region": text,
        "depot_no": "INTEGER", "invoice_no": text, "total": "INTEGER",
    }  # fmt: skip
    return table("orders", columns, held.orders)


def ledger_script(held: Records) -> str:
    text = "VARCHAR(20)"
    return (
        table("accounts", {"no": "INTEGER PRIMARY KEY", "owner": text, "balance": "INTEGER"}, held.accounts)
        + table("notes", {"id": "INTEGER PRIMARY KEY", "order_no": "INTEGER", "body": text}, held.notes)
        + table(
            "depots", {"id": "INTEGER PRIMARY KEY", "region": text, "no": "INTEGER", "open": "BOOLEAN"}, held.depots
        )
        + table("bills", {"id": "INTEGER PRIMARY KEY", "number": text, "open": "BOOLEAN"}, held.bills)
    )


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
CUSTOMER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": STRING, "segment": STRING, "name": STRING, "credit": INTEGER},
}
LIST = {"type": "array", "items": {"$ref": "#/components/schemas/Customer"}}


def _operation(name: str, reply: object, **parameters: Any) -> dict[str, Any]:
    given = [
        {"name": key, "in": "path" if key == "id" else "query", "required": key == "id", "schema": of}
        for key, of in parameters.items()
    ]
    answer = {"description": "Found.", "content": {"application/json": {"schema": reply}}}
    return {"get": {"operationId": name, "parameters": given, "responses": {"200": answer}}}


CRM = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers": _operation("customers", LIST, ids={"type": "array", "items": STRING}, segment=STRING),
        "/customers/{id}": _operation("customer", {"$ref": "#/components/schemas/Customer"}, id=STRING),
        "/all": _operation("everyone", LIST, segment=STRING),
    },
    "components": {"schemas": {"Customer": CUSTOMER}},
}


@dataclass
class Crm:
    """``deaf``: it ignores its filter; ``status``: what it answers to everything, where that is not 200."""

    rows: list[Row]
    calls: list[str] = field(default_factory=list)
    deaf: bool = False
    status: int = 200

    def app(self) -> Starlette:
        return Starlette(routes=[
            Route("/customers", self.listed), Route("/all", self.listed), Route("/customers/{id}", self.one),
        ])  # fmt: skip

    async def listed(self, request: Request) -> Response:
        self._note(request)
        if self.status != 200:
            return Response("secret trouble", self.status)
        keys, segment = request.query_params.getlist("ids"), request.query_params.get("segment")
        return JSONResponse([
            {name: value for name, value in row.items() if value is not None}
            for row in reversed(self.rows)
            if (not keys or row["id"] in keys) and (segment is None or self.deaf or row["segment"] == segment)
        ])  # fmt: skip

    async def one(self, request: Request) -> Response:
        self._note(request)
        found = next((row for row in self.rows if row["id"] == request.path_params["id"]), None)
        return Response(status_code=404) if found is None else JSONResponse(found)

    def _note(self, request: Request) -> None:
        self.calls.append(request.url.path + (f"?{request.url.query}" if request.url.query else ""))


LINKS = """
  Order.customer: { one: crm.customers, match: { customerId: id } }
  Order.person: { one: crm.customer, match: { customerId: id } }
  Order.account: { one: ledger.accounts, match: { accountNo: "no" } }
  Order.keeper: { one: ledger.account, match: { accountNo: "no" } }
  Order.notes: { many: ledger.notes, match: { id: orderNo } }
  Order.depot: { one: ledger.depots, match: { region: region, depotNo: "no" } }
  Order.bill: { one: ledger.bills, match: { invoiceNo: number } }
  Order.invoice: { one: billing.GetInvoices, match: { invoiceNo: number } }
  Account.orders: { many: shop.orders, match: { "no": accountNo } }
"""


@dataclass
class Systems:
    """``statements``: of both databases at the last question, in their order, without values."""

    held: Records
    crm: Crm
    billing: list[Any]
    snapshot: Snapshot
    statements: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    max_calls: int = 500

    async def ask(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
        """The body of the answer, as JSON says it."""
        self.crm.calls.clear()
        self.billing.clear()
        context = Context(
            asyncio.get_running_loop().time() + 20, "test", max_calls=self.max_calls, journal=Journal(detailed=True)
        )
        request = GraphQLRequest(query, None, variables)
        answer = await self.snapshot.graph.execute(request, principal, context, read_only=False)
        self.statements = [each.wire for each in context.journal.calls if each.wire.startswith("SELECT")]
        self.calls = [f"{each.source}.{each.operation}" for each in context.journal.calls]
        return json.loads(answer.encode())

    async def data(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(query, principal, **variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]

    async def ids(self, where: Mapping[str, object]) -> list[int]:
        """The orders that a filter finds."""
        found = await self.data("query($w: OrderWhere) { orders(where: $w, orderBy: { id: ASC }) { id } }", w=where)
        return [row["id"] for row in found["orders"]]


@contextlib.asynccontextmanager
async def systems(
    folder: Path,
    kind: str = "sqlite",
    held: Records | None = None,
    *,
    links: str = LINKS,
    rest: str = "access: { default: anonymous }",
    executor: str = "columns",
    operations: Mapping[str, object] | None = None,
    **customers: Any,
) -> AsyncIterator[Systems]:
    """``customers``: further statements about ``crm.customers``, ``operations``: about others there; ``rest``: the
    other sections of the file.
    """
    held = records() if held is None else held
    with sqlite3.connect(folder / "ledger.db") as connection:
        connection.executescript(ledger_script(held))
    connection.close()
    (folder / "crm.json").write_text(json.dumps(CRM))
    crm, journal = Crm(held.customers), []  # type: ignore[var-annotated]  # entries of the demo's journal
    async with (
        database(kind, folder, shop_script(kind, held)) as shop,
        serving(crm.app()) as crm_url,
        serving(billing.app(journal)) as billing_url,
    ):
        sources = {
            "shop": {**shop, "writes": True},
            "crm": {
                "openapi": "./crm.json", "url": crm_url,
                "operations": {
                    "customers": {"keys": "ids", "by": "id", "max_keys": 100, **customers}, **(operations or {}),
                },
            },
            "ledger": {"database": "sqlite:///ledger.db", "operations": {"bills": {"compare": ["trim"]}}},
            "billing": {
                "wsdl": f"{billing_url}/billing?wsdl", "url": f"{billing_url}/billing",
                "operations": {"GetInvoices": {
                    "effect": "read", "at": "return.item", "keys": "numbers.item", "by": "number", "compare": ["trim"],
                }},
            },
        }  # fmt: skip
        file = folder / "isthmus.yaml"
        section = f"links:{links}" if links else ""
        server = f"server: {{ executor: {executor} }}"
        file.write_text(f"sources: {json.dumps(sources)}\n{section}\n{rest}\n{server}\n", "utf-8")
        snapshot = await load(read(file, {}))
        try:
            yield Systems(held, crm, journal, snapshot)
        finally:
            await snapshot.close()
