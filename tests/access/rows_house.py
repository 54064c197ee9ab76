"""One company in three systems, a database, a REST service and a SOAP service, whose rows a test chooses.

What is in them can be exchanged while the gateway runs, so that one question can be asked of two worlds. Every system
keeps a journal of what it was asked.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jwt
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.file.config import Configuration, read
from tests.serving import serving
from tests.soap.reading import NAMESPACES
from tests.through.gateway import Gateway, gateway
from tests.writing.stores import Store, store

SECRET = "a secret of this test, long enough for HMAC"
Rows = Sequence[Mapping[str, Any]]

TABLES = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, region VARCHAR(20), owner_id VARCHAR(20), email VARCHAR(80)
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total INTEGER, status VARCHAR(20),
  agent_id VARCHAR(20)
);
CREATE TABLE notes (body VARCHAR(40), author VARCHAR(20));
"""


@dataclass(frozen=True)
class World:
    """Every row there is."""

    customers: Rows = (
        {"id": 1, "name": "Ada", "region": "north", "owner_id": "ann", "email": "ada@x"},
        {"id": 2, "name": "Bob", "region": "south", "owner_id": "ben", "email": "bob@x"},
        {"id": 3, "name": "Cid", "region": None, "owner_id": "ann", "email": "cid@x"},
        {"id": 4, "name": "Dot", "region": "south", "owner_id": None, "email": None},
    )
    orders: Rows = (
        {"id": 10, "customer_id": 1, "total": 5, "status": "open", "agent_id": "a1"},
        {"id": 11, "customer_id": 1, "total": 50, "status": "paid", "agent_id": "a2"},
        {"id": 12, "customer_id": 2, "total": 500, "status": "open", "agent_id": "a1"},
        {"id": 13, "customer_id": 4, "total": 7, "status": "paid", "agent_id": None},
        {"id": 14, "customer_id": None, "total": 9, "status": "open", "agent_id": "gone"},
    )
    notes: Rows = ({"body": "hello", "author": "ann"}, {"body": "hush", "author": "ben"})
    agents: Rows = (
        {"id": "a1", "team": "red", "boss": "ann"},
        {"id": "a2", "team": "blue", "boss": "ben"},
        {"id": "a3", "team": None, "boss": "ann"},
    )
    tickets: Rows = (
        {"id": 1, "agentId": "a1", "text": "one", "customerId": 1},
        {"id": 2, "agentId": "a2", "text": "two", "customerId": 2},
        {"id": 3, "agentId": "a3", "text": "three", "customerId": 3},
        {"id": 4, "agentId": "a2", "text": "four", "customerId": 1},
        {"id": 5, "agentId": "a1", "text": "five", "customerId": 4},
    )
    parties: Rows = (
        {"kind": "Person", "id": 1, "team": "red", "age": 30},
        {"kind": "Firm", "id": 2, "team": "red", "vat": "v2"},
        {"kind": "Person", "id": 3, "team": "blue", "age": 40},
        {"kind": "Firm", "id": 4, "team": "blue", "vat": "v4"},
    )
    invoices: Rows = (
        {"number": "i10", "orderId": "10", "amount": 5, "desk": "red"},
        {"number": "i11", "orderId": "11", "amount": 50, "desk": "blue"},
        {"number": "i12", "orderId": "12", "amount": 500, "desk": "red"},
    )

    def with_rows(self, **rows: Rows) -> World:
        return replace(self, **rows)


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": dict(properties)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


STRING, INTEGER = {"type": "string"}, {"type": "integer"}
SCHEMAS: dict[str, Any] = {
    "Agent": _object({"id": STRING, "team": {**STRING, "nullable": True}, "boss": STRING}, "id", "boss"),
    "Ticket": _object(
        {
            "id": INTEGER,
            "agentId": STRING,
            "text": STRING,
            "customerId": INTEGER,
            "agent": _ref("Agent"),
            "watchers": {"type": "array", "items": _ref("Agent")},
            "byRole": {"type": "object", "additionalProperties": _ref("Agent")},
        },
        "id",
        "agentId",
        "watchers",
    ),
    "TicketPage": _object({"data": {"type": "array", "items": _ref("Ticket")}, "total": INTEGER}, "data", "total"),
    "Person": _object({"kind": STRING, "id": INTEGER, "team": STRING, "age": INTEGER}, "kind", "id"),
    "Firm": _object({"kind": STRING, "id": INTEGER, "team": STRING, "vat": STRING}, "kind", "id"),
    "Party": {
        "oneOf": [_ref("Person"), _ref("Firm")],
        "discriminator": {"propertyName": "kind"},
    },
    "NewTicket": _object({"agentId": STRING, "text": STRING}, "agentId", "text"),
}


def _answers(schema: object) -> dict[str, Any]:
    return {"200": {"description": "Found.", "content": {"application/json": {"schema": schema}}}}


def _parameter(name: str, schema: object, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, **more}


def _many(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Desk", "version": "1"},
    "paths": {
        "/agents": {
            "get": {
                "operationId": "agents",
                "parameters": [_parameter("ids", {"type": "array", "items": STRING}, style="form", explode=False)],
                "responses": _answers(_many("Agent")),
            }
        },
        "/agents/{id}": {
            "get": {
                "operationId": "agent",
                "parameters": [_parameter("id", STRING, "path")],
                "responses": {**_answers(_ref("Agent")), "404": {"description": "There is none."}},
            }
        },
        "/tickets": {
            "get": {
                "operationId": "tickets",
                "parameters": [_parameter("customerId", INTEGER)],
                "responses": _answers(_many("Ticket")),
            },
            "post": {
                "operationId": "addTicket",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": _ref("NewTicket")}},
                },
                "responses": _answers(_ref("Ticket")),
            },
        },
        "/tickets/{id}": {
            "delete": {
                "operationId": "deleteTicket",
                "parameters": [_parameter("id", INTEGER, "path"), _parameter("desk", STRING)],
                "responses": {"204": {"description": "Gone."}},
            }
        },
        "/pages": {
            "get": {
                "operationId": "ticketPages",
                "parameters": [
                    _parameter("page", INTEGER),
                    _parameter("size", {**INTEGER, "maximum": 3}),
                    _parameter("customerId", INTEGER),
                    _parameter("agentIds", {"type": "array", "items": STRING}, style="form", explode=False),
                ],
                "responses": _answers(_ref("TicketPage")),
            }
        },
        "/parties": {"get": {"operationId": "parties", "responses": _answers(_many("Party"))}},
    },
    "components": {"schemas": SCHEMAS},
}

_TEXT = '<xs:element name="{}" type="xs:{}"/>'
_FIELDS = "".join(
    _TEXT.format(name, kind)
    for name, kind in (("number", "string"), ("orderId", "string"), ("amount", "int"), ("desk", "string"))
)
WSDL = f"""<definitions targetNamespace="urn:t" {NAMESPACES}><types>
<xs:schema targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:element name="GetInvoices"><xs:complexType><xs:sequence>
    <xs:element name="orders" minOccurs="0"><xs:complexType><xs:sequence>
      <xs:element name="orderId" type="xs:string" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
    </xs:element><xs:element name="desk" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="Invoice"><xs:sequence>{_FIELDS}</xs:sequence></xs:complexType>
  <xs:element name="Invoices"><xs:complexType><xs:sequence>
    <xs:element name="invoice" type="t:Invoice" minOccurs="0" maxOccurs="unbounded"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema></types>
<message name="In"><part name="body" element="t:GetInvoices"/></message>
<message name="Out"><part name="body" element="t:Invoices"/></message>
<portType name="Desk"><operation name="GetInvoices"><input message="t:In"/><output message="t:Out"/></operation>
</portType>
<binding name="DeskSoap" type="t:Desk">
  <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <operation name="GetInvoices"><soap:operation soapAction="urn:t#GetInvoices"/>
    <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
</binding>
<service name="Desk"><port name="DeskSoap" binding="t:DeskSoap"><soap:address location="ADDRESS/soap"/></port></service>
</definitions>"""

SOURCES = """
sources:
  # However busy the machine is: a change whose time runs out while it is committed is OUTCOME_UNKNOWN.
  shop: { database: "${env:URL}", schemas: [SCHEMAS], writes: true, timeout_s: 120, max_wait_s: 120 }
  desk:
    timeout_s: 120
    openapi: ./desk.json
    url: "ADDRESS"
    cache: true
    writes: true
    operations:
      agents: { keys: ids, by: id }
  billing:
    timeout_s: 120
    wsdl: ./billing.wsdl
    operations:
      GetInvoices: { effect: read, at: invoice, keys: orders.orderId, by: orderId, compare: [number] }
links:
  Order.agent: { one: desk.agents, match: { agentId: id } }
  Order.invoices: { many: billing.GetInvoices, match: { id: orderId } }
  Customer.tickets: { many: desk.tickets, match: { id: customerId } }
  Ticket.customer: { one: shop.customers, match: { customerId: id } }
  Ticket.expert: { one: desk.agents, match: { agentId: id } }
  Agent.orders: { many: shop.orders, match: { id: agentId } }
"""
FILTERS = """by: id }
      tickets: { filters: { customerId: customerId } }
      ticketPages: { filters: { customerId: customerId, agentId: agentIds } }
"""
SERVER = f"""\
server:
  limits: {{ deadline_s: 120 }}
  jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }}
"""


def token(**claims: object) -> str:
    now = int(time.time())
    whole = {"iss": "https://id", "aud": "isthmus", "sub": "ann", "iat": now, "exp": now + 36_000, **claims}
    return jwt.encode(whole, SECRET, "HS256", headers={"typ": "at+jwt"})


@dataclass
class Desk:
    """The REST and the SOAP service. ``heard``: what they were asked, ``asked``: with which filters; ``ignores``: pages
    heed none. ``headers``: of lists of agents.
    """

    world: World
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ignores: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/agents", self._agents),
                Route("/agents/{id}", self._agent),
                Route("/tickets", self._tickets),
                Route("/tickets", self._add, methods=["POST"]),
                Route("/tickets/{id}", self._delete, methods=["DELETE"]),
                Route("/pages", self._pages),
                Route("/parties", self._parties),
                Route("/soap", self._soap, methods=["POST"]),
            ]
        )

    def _ticket(self, row: Mapping[str, Any]) -> dict[str, Any]:
        agents = {each["id"]: dict(each) for each in self.world.agents}
        return {
            **row,
            "watchers": list(agents.values()),
            "byRole": {f"role {name}": each for name, each in agents.items()},
            **({"agent": agents[row["agentId"]]} if row["agentId"] in agents else {}),
        }

    async def _agents(self, request: Request) -> Response:
        self.heard.append(str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""))
        ids = request.query_params.get("ids")
        rows: list[Any] = [row for row in self.world.agents if ids is None or row["id"] in ids.split(",")]
        return JSONResponse(list(reversed(rows)), headers=dict(self.headers))

    async def _agent(self, request: Request) -> Response:
        self.heard.append(str(request.url.path))
        row = next((row for row in self.world.agents if row["id"] == request.path_params["id"]), None)
        return JSONResponse(dict(row)) if row is not None else Response(status_code=404)

    async def _tickets(self, request: Request) -> Response:
        self.heard.append(str(request.url.path))
        wanted = request.query_params.get("customerId")
        self.asked.append(f"{request.url.path}?{request.url.query}")
        rows = [row for row in self.world.tickets if wanted is None or str(row["customerId"]) == wanted]
        return JSONResponse([self._ticket(row) for row in rows])

    async def _add(self, request: Request) -> Response:
        self.heard.append("POST /tickets")
        return JSONResponse(self._ticket({**await request.json(), "id": 99}))

    async def _delete(self, request: Request) -> Response:
        self.heard.append(f"DELETE {request.url.path}")
        return Response(status_code=204)

    async def _pages(self, request: Request) -> Response:
        page, size = (int(request.query_params.get(name, each)) for name, each in (("page", 1), ("size", 2)))
        self.heard.append(f"/pages?{page},{size}")
        customer, agents = (request.query_params.get(name) for name in ("customerId", "agentIds"))
        self.asked.append(f"customerId={customer} agentIds={agents}")
        found = [
            row
            for row in self.world.tickets
            if self.ignores
            or (
                (customer is None or str(row["customerId"]) == customer)
                and (agents is None or row["agentId"] in agents.split(","))
            )
        ]
        rows = found[(page - 1) * size : page * size]
        return JSONResponse({"data": [self._ticket(row) for row in rows], "total": len(found)})

    async def _parties(self, request: Request) -> Response:
        self.heard.append(str(request.url.path))
        return JSONResponse([dict(row) for row in self.world.parties])

    async def _soap(self, request: Request) -> Response:
        asked = etree.fromstring(await request.body())
        ids = [str(each.text) for each in asked.iter("{urn:t}orderId")]
        desks = [str(each.text) for each in asked.iter("{urn:t}desk")]
        self.heard.append(f"GetInvoices {len(ids)}")
        self.asked.append(f"GetInvoices {ids} {desks}")
        rows = [row for row in self.world.invoices if not ids or row["orderId"] in ids]
        rows = [row for row in rows if not desks or row["desk"] in desks]
        items = "".join(
            "<t:invoice>" + "".join(f"<t:{name}>{value}</t:{name}>" for name, value in row.items()) + "</t:invoice>"
            for row in rows
        )
        space = "http://schemas.xmlsoap.org/soap/envelope/"
        inside = f"<s:Body><t:Invoices>{items}</t:Invoices></s:Body>"
        body = f'<s:Envelope xmlns:s="{space}" xmlns:t="urn:t">{inside}</s:Envelope>'
        return Response(body, media_type="text/xml")


@dataclass
class RowsHouse:
    served: Gateway
    store: Store
    desk: Desk
    configuration: Configuration | None = None

    async def post(self, query: str, variables: Mapping[str, object] | None = None, /, **claims: object) -> Any:
        headers = {"Authorization": f"Bearer {token(**claims)}"}
        given = {"query": query, "variables": dict(variables or {})}
        return await self.served.client.post("/graphql", json=given, headers=headers, timeout=130)

    async def ask(self, query: str, variables: Mapping[str, object] | None = None, /, **claims: object) -> Any:
        """The body of the answer to a caller with these claims."""
        return (await self.post(query, variables, **claims)).json()

    async def data(self, query: str, variables: Mapping[str, object] | None = None, /, **claims: object) -> Any:
        body = await self.ask(query, variables, **claims)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]

    async def put(self, world: World) -> None:
        """Exchanges every row there is."""
        self.desk.world = world
        await self.store.run(f"BEGIN;\n{filled(world)}\nCOMMIT;")


def filled(world: World) -> str:
    statements = ["DELETE FROM orders", "DELETE FROM customers", "DELETE FROM notes"]
    for table in ("customers", "orders", "notes"):
        for row in getattr(world, table):
            values = ", ".join(_literal(value) for value in row.values())
            statements.append(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")
    return ";\n".join(statements) + ";"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


@contextlib.asynccontextmanager
async def rows_house(
    kind: str, folder: Path, access: str, *, world: World | None = None, more: str = "", filters: bool = False
) -> AsyncIterator[RowsHouse]:
    """``access``: that section of the file. ``more``: what else stands in it. ``filters``: whether arguments of the
    services are said to list the rows that are equal to them.
    """
    desk = Desk(world if world is not None else World())
    async with serving(desk.app()) as address, store(kind, folder) as (made, url):
        # Of owners some databases heed no case.
        loose = "owner_id VARCHAR(20) COLLATE NOCASE" if kind == "sqlite" else "owner_id VARCHAR(20)"
        await made.run(TABLES.replace("owner_id VARCHAR(20)", loose))
        await made.run(filled(desk.world))
        (folder / "desk.json").write_text(json.dumps(DOCUMENT), "utf-8")
        (folder / "billing.wsdl").write_text(WSDL.replace("ADDRESS", address), "utf-8")
        stated = SOURCES.replace("by: id }\n", FILTERS).replace("[number] }", "[number], filters: { desk: desk } }")
        text = (
            (stated if filters else SOURCES).replace("ADDRESS", address).replace("SCHEMAS", made.schema)
            + access
            + more
            + SERVER
        )
        async with gateway(folder, text, {"URL": url}) as served:
            yield RowsHouse(served, made, desk, read(folder / "isthmus.yaml", {"URL": url}))
