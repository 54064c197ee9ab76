"""A CRM over HTTP whose description says less than its values mean, and a journal of what it was asked and told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import serving

_TEXT, _WHOLE = {"type": "string"}, {"type": "integer"}
CUSTOMER = {
    "type": "object",
    "required": ["no"],
    "properties": {
        "no": _TEXT,
        "name": _TEXT,
        "gender": _TEXT,
        "born": _TEXT,
        "owes": _TEXT,
        "active": _TEXT,
        "level": {"type": "integer"},
        "tags": {"type": "array", "items": _TEXT},
        "rate": {"type": "number"},
        "seen": {"type": "integer"},
        "email": {"type": "string", "nullable": True},
        "partner": {"$ref": "#/components/schemas/Customer"},
    },
}
_REF = {"$ref": "#/components/schemas/Customer"}
_JSON = "application/json"


def _reply(schema: object) -> dict[str, object]:
    return {"200": {"description": "ok", "content": {_JSON: {"schema": schema}}}}


def _query(name: str, schema: object) -> dict[str, object]:
    return {"name": name, "in": "query", "schema": schema}


DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers": {
            "get": {
                "operationId": "customers",
                "parameters": [_query("gender", _TEXT), _query("bornAfter", _TEXT), _query("level", _WHOLE)],
                "responses": _reply({"type": "array", "items": _REF}),
            },
            "post": {
                "operationId": "createCustomer",
                "requestBody": {"required": True, "content": {_JSON: {"schema": _REF}}},
                "responses": _reply(_REF),
            },
        },
        "/customers/{no}": {
            "get": {
                "operationId": "customer",
                "parameters": [{"name": "no", "in": "path", "required": True, "schema": _TEXT}],
                "responses": _reply(_REF),
            }
        },
    },
    "components": {"schemas": {"Customer": CUSTOMER}},
}  # fmt: skip


@dataclass
class Crm:
    """``rows``: what it answers. ``heard``: queries and bodies, in turn. ``charset``: how it writes, and says so."""

    rows: list[dict[str, Any]]
    url: str = ""
    heard: list[Any] = field(default_factory=list)
    media: str = _JSON
    encoding: str = "utf-8"


@asynccontextmanager
async def crm(*rows: dict[str, Any]) -> AsyncIterator[Crm]:
    made = Crm([*rows])

    def told(value: object) -> Response:
        body = json.dumps(value, ensure_ascii=False).encode(made.encoding)
        return Response(body, headers={"content-type": made.media})

    async def customers(request: Request) -> Response:
        if request.method == "POST":
            row = await request.json()
            made.heard.append(row)
            return told(row)
        made.heard.append(dict(request.query_params))
        wanted = {key: value for key, value in request.query_params.items() if key in {"gender", "level"}}
        return told([row for row in made.rows if all(str(row.get(key)) == value for key, value in wanted.items())])

    async def customer(request: Request) -> Response:
        made.heard.append(request.path_params["no"])
        found = [row for row in made.rows if str(row["no"]) == request.path_params["no"]]
        return told(found[0]) if found else Response(status_code=404)

    routes = [Route("/customers", customers, methods=["GET", "POST"]), Route("/customers/{no}", customer)]
    async with serving(Starlette(routes=routes)) as made.url:
        yield made
