"""One customer that three systems know a part of: a CRM (REST), a billing (SOAP) and a warehouse (SQLite).

Each writes the customer's number in its own way: the CRM as an integer, billing as text padded with spaces, the
warehouse as text. Not every system knows every customer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from schema import Executor
from tests.serving import serving, unhurried

CUSTOMERS = {
    number: {"id": number, "name": f"Customer {number}", "segment": "AB"[number % 2]} for number in range(1, 7)
}
PARTIES = {
    number: {"partyNo": f"{number:>6}", "balance": f"{number * 10}.50", "rating": "A+"} for number in (1, 2, 3, 9)
}
ACCOUNTS = {number: (str(number), f"Depot {number}", number * 100) for number in (1, 3, 5, 9)}
INVOICES = {"R1": 1, "R2": 9, "R3": 2}
ORDERS = {"S1": "1", "S2": "3", "S3": "9"}

_ROW = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "segment": {"type": "string"}},
}
_LIST = {"type": "array", "items": {"$ref": "#/components/schemas/Client"}}
CRM: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/clients": {
            "get": {
                "operationId": "clients",
                "parameters": [
                    {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}}
                ],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": _LIST}}}},
            }
        }
    },
    "components": {"schemas": {"Client": _ROW}},
}
FILE = """\
sources:
  crm:
    openapi: crm.json
    url: "{crm}"
    operations: {{ clients: {{ keys: ids, by: id, max_keys: 100, compare: [number] }} }}
  billing:
    wsdl: billing.wsdl
    url: "{billing}"
    operations:
      GetParties: {{ effect: read, at: party, keys: no, by: partyNo, max_keys: 100, compare: [trim, number] }}
      ListInvoices: {{ effect: read, at: invoice }}
  warehouse:
    database: "sqlite:///{folder}/warehouse.db"
    operations: {{ accounts: {{ compare: [number] }} }}
entities:
  Customer:
    key: id
    from:
      crm.Client: {{ by: crm.clients }}
      billing.Party: {{ by: billing.GetParties, match: {{ id: partyNo }}, only: [balance, rating] }}
      warehouse.Account: {{ by: warehouse.accounts, match: {{ id: customerNo }} }}
{more}"""
SECRET = "a secret of more than thirty-two bytes"
OPEN = "access: { default: anonymous }\n"


@dataclass
class World:
    """``calls``: what each system was asked, in order. ``down``: the systems that answer nothing now."""

    client: httpx.AsyncClient
    calls: dict[str, list[Any]] = field(default_factory=lambda: {"crm": [], "billing": []})
    down: set[str] = field(default_factory=set)

    async def ask(self, query: str, **headers: str) -> Any:
        """The answer, which is the same whenever it is asked for: rows that are known stand in it as they come."""
        answers = []
        for _ in range(3):
            for each in self.calls.values():
                each.clear()
            reply = await self.client.post(
                "/graphql", json={"query": query}, headers={**headers, "X-Request-Id": "same"}
            )
            answers.append(reply.json())
        assert answers[1:] == answers[:2]
        return answers[-1]


def _crm(world: list[World], calls: list[Any]) -> Starlette:
    async def clients(request: Request) -> Response:
        ids = [int(given) for given in request.query_params.getlist("ids")]
        calls.append(ids)
        if world and "crm" in world[0].down:
            return Response(status_code=500)
        rows = [CUSTOMERS[number] for number in ids if number in CUSTOMERS] if ids else list(CUSTOMERS.values())
        return JSONResponse(rows[::-1])

    return Starlette(routes=[Route("/clients", clients)])


def _billing(world: list[World], calls: list[Any]) -> Starlette:
    def party(number: int) -> str:
        row = PARTIES[number]
        return "".join(f"<b:{name}>{value}</b:{name}>" for name, value in row.items())

    async def answer(request: Request) -> Response:
        asked = etree.fromstring(await request.body())[-1][0]
        name = etree.QName(asked).localname
        numbers = [int(str(item.text)) for item in asked]
        calls.append((name, numbers))
        if world and "billing" in world[0].down:
            return Response(status_code=503)
        if name == "GetParties":
            inner = "".join(f"<b:party>{party(number)}</b:party>" for number in numbers if number in PARTIES)
        else:
            inner = "".join(
                f"<b:invoice><b:number>{key}</b:number><b:party>{party(number)}</b:party></b:invoice>"
                for key, number in INVOICES.items()
            )
        text = (
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:b="urn:parties"><s:Body>'
            f"<b:{name}Response>{inner}</b:{name}Response></s:Body></s:Envelope>"
        )
        return Response(text, media_type="text/xml")

    return Starlette(routes=[Route("/", answer, methods=["POST"])])


def _warehouse(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table accounts (customer_no text primary key, depot text not null, points integer)")
        database.execute(
            "create table shipments (number text primary key, account text references accounts (customer_no))"
        )
        database.execute("create table segments (code text primary key, title text not null)")
        database.executemany("insert into segments values (?, ?)", [("A", "Large"), ("B", "Small")])
        database.executemany("insert into accounts values (?, ?, ?)", ACCOUNTS.values())
        database.executemany("insert into shipments values (?, ?)", ORDERS.items())
    database.close()


@asynccontextmanager
async def world(folder: Path, more: str = OPEN, executor: Executor = "columns") -> AsyncIterator[World]:
    """The three systems and the gateway over them; ``more``: the rest of the file."""
    (folder / "crm.json").write_text(json.dumps(CRM))
    (folder / "billing.wsdl").write_text(Path(__file__).with_name("billing.wsdl").read_text("utf-8"))
    _warehouse(folder / "warehouse.db")
    calls: dict[str, list[Any]] = {"crm": [], "billing": []}
    known: list[World] = []
    async with AsyncExitStack() as stack:
        crm = await stack.enter_async_context(serving(_crm(known, calls["crm"])))
        billing = await stack.enter_async_context(serving(_billing(known, calls["billing"])))
        file = folder / "isthmus.yaml"
        file.write_text(FILE.format(crm=crm, billing=billing, folder=folder, more=more))
        chosen = read(file, {"SECRET": SECRET})
        server = chosen.settings.server.model_copy(update={"executor": executor})
        chosen = replace(chosen, settings=chosen.settings.model_copy(update={"server": server}))
        snapshot = await load(chosen)
        stack.push_async_callback(snapshot.close)
        base = await stack.enter_async_context(serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=base, trust_env=False, timeout=20))
        made = World(client, calls)
        known.append(made)
        yield made
