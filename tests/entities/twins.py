"""Customers of whom one CRM (REST) and one shop (SQLite) know two things each, in types of their own.

Every row is data of a test and can be exchanged while the gateway runs, so that one question can be asked of two
worlds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from schema import Executor
from tests.attack.house import TRUSTED, token
from tests.serving import serving, unhurried

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class World:
    """``clients`` and ``profiles`` lie in the CRM, ``accounts`` and ``credits`` are tables of the shop."""

    clients: Rows = (
        {"id": 1, "name": "Ada", "owner": "ann"},
        {"id": 2, "name": "Bob", "owner": "ben"},
        {"id": 3, "name": "Cid", "owner": "ann"},
        {"id": 4, "name": "Dot", "owner": None},
    )
    profiles: Rows = (
        {"clientId": 1, "tier": "gold", "city": "Bern"},
        {"clientId": 2, "tier": "gold", "city": None},
        {"clientId": 5, "tier": "tin", "city": "Rome"},
    )
    accounts: Rows = (
        {"no": "1", "depot": "East", "region": "north"},
        {"no": "2", "depot": "West", "region": "south"},
        {"no": "3", "depot": "East", "region": None},
        {"no": "6", "depot": "Gulf", "region": "north"},
    )
    credits: Rows = ({"account": "1", "credit": 10}, {"account": "2", "credit": 20}, {"account": "3", "credit": 30})
    visits: Rows = ({"number": "V1", "of": 1}, {"number": "V2", "of": 2}, {"number": "V3", "of": 5})
    parcels: Rows = (
        {"number": "P1", "account": "1"},
        {"number": "P2", "account": "2"},
        {"number": "P3", "account": "3"},
    )

    def whole(self, number: int) -> dict[str, Any]:
        """The join of all parts, as Python makes it."""
        found: dict[str, Any] = dict.fromkeys(("name", "owner", "tier", "city", "depot", "region", "credit"))
        for rows, key in PARTS:
            known: Rows = getattr(self, rows)
            row: Mapping[str, Any] = next((each for each in known if int(each[key]) == number), {})
            found |= {name: value for name, value in row.items() if name != key}
        return {"id": number, **found}


PARTS = (("clients", "id"), ("profiles", "clientId"), ("accounts", "no"), ("credits", "account"))

_STRING, _INTEGER = {"type": "string"}, {"type": "integer"}


def _object(required: Iterable[str], **properties: object) -> dict[str, object]:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(name: str) -> dict[str, object]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _get(name: str, schema: object, *parameters: object) -> dict[str, object]:
    content = {"application/json": {"schema": schema}}
    missing = {"description": "There is none."}
    answers = {"200": {"description": "Found.", "content": content}, "404": missing}
    return {"get": {"operationId": name, "parameters": list(parameters), "responses": answers}}


def _taking(name: str, schema: object, place: str = "query") -> dict[str, object]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


_IDS = {"type": "array", "items": _INTEGER}
CRM = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/clients": _get("clients", _list("Client"), _taking("ids", _IDS)),
        "/clients/{id}": _get("client", {"$ref": "#/components/schemas/Client"}, _taking("id", _INTEGER, "path")),
        "/profiles": _get("profiles", _list("Profile"), _taking("clientIds", _IDS)),
        "/visits": _get("visits", _list("Visit")),
        "/pages": _get(
            "pages",
            _object(["data", "total"], data=_list("Client"), total=_INTEGER),
            _taking("page", _INTEGER),
            _taking("size", {**_INTEGER, "maximum": 3}),
        ),
    },
    "components": {
        "schemas": {
            "Client": _object(["id", "name"], id=_INTEGER, name=_STRING, owner=_STRING),
            "Profile": _object(["clientId"], clientId=_INTEGER, tier=_STRING, city=_STRING),
            "Visit": _object(["number"], number=_STRING, profile={"$ref": "#/components/schemas/Profile"}),
        }
    },
}
FILE = """\
sources:
  crm:
    openapi: crm.json
    url: "{crm}"
    timeout_s: 60
    operations:
      clients: {{ keys: ids, by: id, compare: [number] }}
      client: {{ by: id }}
      profiles: {{ keys: clientIds, by: clientId, compare: [number] }}
  shop:
    database: "sqlite:///{folder}/shop.db"
    writes: true
    operations: {{ accounts: {{ compare: [number] }}, credits: {{ compare: [number] }} }}
entities:
  Customer:
    key: id
    from:
      crm.Client: {{ by: crm.clients }}
      crm.Profile: {{ by: crm.profiles, match: {{ id: clientId }} }}
      shop.Account: {{ by: shop.accounts, match: {{ id: no }} }}
      shop.Credit: {{ by: shop.credits, match: {{ id: account }} }}
server: {{ subgraph: true, limits: {{ deadline_s: 120 }}, {trusted} }}
{more}"""
_TABLES = """
create table accounts (no text primary key, depot text not null, region text);
create table credits (account text primary key references accounts (no), credit integer not null);
create table parcels (number text primary key, account text references accounts (no));
"""
OPEN = "access: { default: anonymous }\n"


@dataclass
class Twins:
    """``calls``: what the CRM was asked, in order. ``down``: the parts of it that answer nothing now."""

    client: httpx.AsyncClient
    folder: Path
    world: World
    calls: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def put(self, world: World) -> None:
        """Exchanges every row there is."""
        self.world = world
        with sqlite3.connect(self.folder / "shop.db") as database:
            for table in ("parcels", "credits", "accounts"):
                database.execute(f"delete from {table}")
            for table in ("accounts", "credits", "parcels"):
                for row in getattr(world, table):
                    marks = ", ".join("?" for _ in row)
                    database.execute(f"insert into {table} values ({marks})", tuple(row.values()))
        database.close()

    async def post(self, query: str, claims: Mapping[str, object] | None = None, /, **variables: object) -> bytes:
        """The bytes of the answer to a caller with these claims; to one without a token, where there are none."""
        headers = {"X-Request-Id": "same"} | ({} if claims is None else token(str(claims.get("sub", "")), **claims))
        given = {"query": query, "variables": variables}
        return (await self.client.post("/graphql", json=given, headers=headers)).content

    async def ask(self, query: str, claims: Mapping[str, object] | None = None, /, **variables: object) -> Any:
        self.calls.clear()
        return httpx.Response(200, content=await self.post(query, claims, **variables)).json()

    async def data(self, query: str, claims: Mapping[str, object] | None = None, /, **variables: object) -> Any:
        reply = await self.ask(query, claims, **variables)
        assert "errors" not in reply, reply["errors"][:2]
        return reply["data"]


def _crm(here: list[Twins]) -> Starlette:
    def heard(name: str, ids: Iterable[int]) -> Response | None:
        here[0].calls.append((name, tuple(sorted(ids))))
        return Response(status_code=500) if name in here[0].down else None

    def shown(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if value is not None}

    def listing(name: str, argument: str, key: str) -> Any:
        async def listed(request: Request) -> Response:
            ids = [int(given) for given in request.query_params.getlist(argument)]
            rows = [row for row in getattr(here[0].world, name) if not ids or row[key] in ids]
            return heard(name, ids) or JSONResponse([shown(row) for row in rows[::-1]])

        return listed

    async def client(request: Request) -> Response:
        number = request.path_params["id"]
        row = next((row for row in here[0].world.clients if row["id"] == number), None)
        found = Response(status_code=404) if row is None else JSONResponse(shown(row))
        return heard("client", [number]) or found

    async def visits(_: Request) -> Response:
        profiles = {row["clientId"]: shown(row) for row in here[0].world.profiles}
        rows = [{"number": row["number"], "profile": profiles.get(row["of"])} for row in here[0].world.visits]
        return heard("visits", []) or JSONResponse([shown(row) for row in rows])

    async def pages(request: Request) -> Response:
        page, size = (int(request.query_params.get(name, each)) for name, each in (("page", 1), ("size", 2)))
        rows = here[0].world.clients
        found = {"data": [shown(row) for row in rows[(page - 1) * size : page * size]], "total": len(rows)}
        return heard("pages", [page]) or JSONResponse(found)

    routes = [
        Route("/clients", listing("clients", "ids", "id")),
        Route("/clients/{id:int}", client),
        Route("/profiles", listing("profiles", "clientIds", "clientId")),
        Route("/visits", visits),
        Route("/pages", pages),
    ]
    return Starlette(routes=routes)


@asynccontextmanager
async def twins(
    folder: Path, more: str = OPEN, executor: Executor = "columns", *, describes: bool = True
) -> AsyncIterator[Twins]:
    """The two systems and the gateway over them; ``more``: the rest of the file. ``describes``: the CRM does itself."""
    if describes:
        (folder / "crm.json").write_text(json.dumps(CRM))
    with sqlite3.connect(folder / "shop.db") as database:
        database.executescript(_TABLES)
    database.close()
    known: list[Twins] = []
    async with serving(_crm(known)) as crm:
        file = folder / "isthmus.yaml"
        file.write_text(FILE.format(crm=crm, folder=folder, trusted=TRUSTED, more=more))
        chosen = read(file, {})
        server = chosen.settings.server.model_copy(update={"executor": executor})
        chosen = replace(chosen, settings=chosen.settings.model_copy(update={"server": server}))
        snapshot = await load(chosen)
        try:
            async with (
                serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
                httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as client,
            ):
                made = Twins(client, folder, World())
                known.append(made)
                made.put(made.world)
                yield made
        finally:
            await snapshot.close()
