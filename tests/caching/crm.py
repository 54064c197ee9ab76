"""A CRM over REST whose answers a test can change, slow down or break, with a journal; and its description."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.serving import serving

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def _operation(name: str, answer: dict[str, Any], *parameters: dict[str, Any], body: bool = False) -> dict[str, Any]:
    content = {"application/json": {"schema": answer}}
    made: dict[str, Any] = {
        "operationId": name,
        "parameters": list(parameters),
        "responses": {"200": {"description": "", "content": content}},
    }
    if body:
        made["requestBody"] = {
            "content": {"application/json": {"schema": {"type": "object", "properties": {"name": STRING}}}}
        }
    return made


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _in(place: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"in": place, "name": name, "required": place == "path", "schema": schema}


_ID, _Q = _in("path", "id", STRING), _in("query", "q", STRING)
_IDS = _in("query", "ids", {"type": "array", "items": STRING})
_MANY = {"type": "array", "items": _ref("Customer")}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/customers": {"get": _operation("customers", _MANY, _IDS, _Q)},
        "/customers/{id}": {
            "get": _operation("customer", _ref("Customer"), _ID),
            "post": _operation("rename", _ref("Customer"), _ID, body=True),
        },
        "/orders": {
            "get": _operation("orders", {"type": "array", "items": _ref("Order")}),
            "post": _operation("place", _ref("Order"), body=True),
        },
        "/me": {"get": _operation("me", _ref("Me"))},
    },
    "components": {
        "schemas": {
            "Customer": {"type": "object", "required": ["id"], "properties": {"id": STRING, "name": STRING}},
            "Order": {
                "type": "object",
                "required": ["id", "customerId"],
                "properties": {"id": INTEGER, "customerId": STRING},
            },
            "Me": {"type": "object", "required": ["name"], "properties": {"name": STRING, "language": STRING}},
        }
    },
}


@dataclass
class Crm:
    """``names``: of customers; ``orders``: whose they are. ``calls``: target of each request, with its query.

    ``broken``: the status of every answer, if any; ``broken_paths`` are unavailable.
    ``gate``: answers wait for it, of ``held`` paths alone where those are set; ``asked`` is set by each request.
    """

    url: str = ""
    names: dict[str, str] = field(default_factory=lambda: {str(number): f"name {number}" for number in range(1, 9)})
    orders: list[str] = field(default_factory=lambda: ["1", "2", "1", "3"])
    calls: list[str] = field(default_factory=list)
    gone: int = 0
    broken: int | None = None
    broken_paths: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)
    held: set[str] | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.gate.set()

    def taken(self) -> list[str]:
        """The calls since this was asked last."""
        taken, self.calls = self.calls, []
        return taken

    def _customer(self, key: str) -> dict[str, str]:
        return {"id": key, "name": self.names[key]}

    async def _answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.url.path}{'?' if request.url.query else ''}{request.url.query}")
        self.asked.set()
        async with self.heard:
            self.heard.notify_all()
        here = self.held is None or not self.held.isdisjoint({request.url.path, f"{request.method} {request.url.path}"})
        answer = self._made(request) if request.method == "GET" and self.held is not None else None
        waiting = asyncio.ensure_future(self.gate.wait() if here else asyncio.sleep(0))
        while not waiting.done():
            await asyncio.wait([waiting], timeout=0.01)
            if await request.is_disconnected():
                self.gone += 1
                waiting.cancel()
                break
        if request.url.path in self.broken_paths:
            return JSONResponse({}, 503)
        if self.broken is not None:
            return JSONResponse({}, self.broken)
        return answer or self._made(request)

    async def saw(self, path: str, times: int) -> None:
        """Waits until a path was asked for so often."""
        async with asyncio.timeout(10), self.heard:
            await self.heard.wait_for(lambda: sum(path in call for call in self.calls) >= times)

    def _made(self, request: Request) -> Response:
        key = request.path_params.get("id")
        if request.url.path == "/me":
            who = request.headers.get("authorization") or request.headers.get("x-user") or "nobody"
            body = {"name": who, "language": request.headers.get("accept-language", "")}
            return JSONResponse(body, headers=self.headers)
        if request.url.path == "/orders" and request.method == "POST":
            self.orders.append("1")
            return JSONResponse({"id": len(self.orders), "customerId": "1"})
        if request.url.path == "/orders":
            return JSONResponse([{"id": number, "customerId": key} for number, key in enumerate(self.orders, 1)])
        if key is None:
            ids = request.query_params.getlist("ids") or sorted(self.names)
            ids = [each for item in ids for each in item.split(",")]
            found = [self._customer(each) for each in reversed(ids) if each in self.names]
            return JSONResponse(found, headers=self.headers)
        if key not in self.names:
            return JSONResponse({}, 404)
        if request.method == "POST":
            self.names[key] += "!"
        return JSONResponse(self._customer(key), headers=self.headers)

    @property
    def document(self) -> str:
        """The description as it lies in a file."""
        return json.dumps(DOCUMENT)


@contextlib.asynccontextmanager
async def crm() -> AsyncIterator[Crm]:
    made = Crm()
    every = ["GET", "POST"]
    paths = ["/customers", "/customers/{id}", "/orders", "/me"]
    app = Starlette(routes=[Route(path, made._answer, methods=every) for path in paths])
    async with serving(app) as made.url:
        yield made
