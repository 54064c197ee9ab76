"""A shop whose names are to be changed: a CRM (REST) with enums, inputs and writes, and a warehouse (SQLite)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import jwt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.serving import serving, unhurried

SECRET = "a secret of more than thirty-two bytes"
CUSTOMERS = [
    {"id": "1", "mail": "ann@example.com", "state": "OPEN"},
    {"id": "2", "mail": "bob@example.com", "state": "SHUT"},
]
_TEXT: dict[str, Any] = {"type": "string"}
_STATE = {"$ref": "#/components/schemas/State"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answer(schema: dict[str, Any]) -> dict[str, Any]:
    return {"200": {"description": "", **_json(schema)}}


def _query(name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


CRM = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers": {
            "get": {
                "operationId": "customers",
                "parameters": [
                    _query("state", _STATE),
                    _query("ids", {"type": "array", "items": _TEXT}),
                    _query("near", _TEXT, description="A place."),
                ],
                "responses": _answer({"type": "array", "items": _ref("Customer")}),
            },
            "post": {
                "operationId": "addCustomer",
                "requestBody": {"required": True, **_json(_ref("NewCustomer"))},
                "responses": _answer(_ref("Customer")),
            },
        },
        "/customers/{id}": {
            "get": {
                "operationId": "customer",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": _TEXT}],
                "responses": _answer(_ref("Customer")),
            }
        },
    },
    "components": {
        "schemas": {
            "State": {"type": "string", "enum": ["OPEN", "SHUT", "LOST"]},
            "Customer": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": _TEXT,
                    "mail": {**_TEXT, "description": "An address."},
                    "state": _STATE,
                    "links": _ref("Links"),
                },
            },
            "Links": {"type": "object", "properties": {"self": _TEXT}},
            "NewCustomer": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": _TEXT, "mail": _TEXT, "state": _STATE, "home": _ref("NewHome")},
            },
            "NewHome": {
                "type": "object",
                "required": ["town"],
                "properties": {"town": _TEXT, "street": _TEXT},
            },
        }
    },
}
TABLES = """
create table parcels (id integer primary key, customer_no text not null, weight integer, note text);
insert into parcels values (1, '1', 5, 'glass'), (2, '1', 7, null), (3, '2', 1, 'books');
"""
SOURCES = """\
sources:
  crm:
    openapi: crm.json
    url: "{url}"
    writes: true
    operations: {{ customers: {{ keys: ids, by: id }} }}
  depot: {{ database: "sqlite:///{folder}/depot.db", writes: true }}
"""
OPEN = "access: { default: anonymous }\n"
JWT = f'server: {{ jwt: {{ secret: "{SECRET}", issuer: "https://id/", audience: isthmus }} }}\n'


class Shop:
    """``calls``: what the CRM was asked, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.client: httpx.AsyncClient

    async def ask(
        self, query: str, variables: Mapping[str, object] | None = None, *, token: str = "", path: str = "/graphql"
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        reply = await self.client.post(path, json={"query": query, "variables": variables or {}}, headers=headers)
        return reply.json()

    async def data(self, query: str, **variables: object) -> Any:
        body = await self.ask(query, variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]

    def app(self) -> Starlette:
        async def customers(request: Request) -> Response:
            if request.method == "POST":
                body = await request.json()
                self.calls.append(("POST", request.url.path, body))
                return JSONResponse(body)
            self.calls.append(("GET", request.url.path, dict(request.query_params)))
            ids, state = request.query_params.getlist("ids"), request.query_params.get("state")
            rows = [row for row in CUSTOMERS if (not ids or row["id"] in ids) and state in {None, row["state"]}]
            return JSONResponse(rows)

        async def customer(request: Request) -> Response:
            self.calls.append(("GET", request.url.path, {}))
            return JSONResponse(next(row for row in CUSTOMERS if row["id"] == request.path_params["id"]))

        return Starlette(
            routes=[
                Route("/customers", customers, methods=["GET", "POST"]),
                Route("/customers/{id}", customer),
            ]
        )


def token(**claims: object) -> str:
    return jwt.encode({"iss": "https://id/", "aud": "isthmus", "exp": int(time.time()) + 600, **claims}, SECRET)


def write(folder: Path, more: str, url: str = "http://127.0.0.1:9") -> Path:
    """The file and what it names; ``more``: its other sections."""
    (folder / "crm.json").write_text(json.dumps(CRM), "utf-8")
    (folder / "depot.db").unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(folder / "depot.db")) as connection:
        connection.executescript(TABLES)
    file = folder / "isthmus.yaml"
    access = "" if "access:" in more else OPEN
    file.write_text(SOURCES.format(url=url, folder=folder) + access + more, "utf-8")
    return file


@contextlib.asynccontextmanager
async def shop(folder: Path, more: str) -> AsyncIterator[Shop]:
    """The shop behind a gateway on a real socket."""
    made = Shop()
    async with serving(made.app()) as url:
        chosen = read(write(folder, more, url), {})
        snapshot = await load(chosen)
        try:
            async with (
                serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
                httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as made.client,
            ):
                yield made
        finally:
            await snapshot.close()
