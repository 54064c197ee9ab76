"""A REST server with one long list, paged in the way that a test chooses, and a journal of the calls it had.

It is untidy on purpose: it clamps sizes, gives neither order nor totals where it is not told to, and can be made to
lead in circles.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.serving import serving
from tests.through.gateway import Gateway, gateway

Answer = Callable[[Request], Response]
OPEN = "access: { default: anonymous }\n"

BOOK = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "authorId": {"type": "string"},
    },
}
INTEGER: dict[str, Any] = {"type": "integer"}
STRING: dict[str, Any] = {"type": "string"}
BOOKS = {"type": "array", "items": {"$ref": "#/components/schemas/Book"}}


def book(number: int) -> dict[str, Any]:
    return {"id": number, "title": f"Book {number}", "authorId": f"A{number % 7}"}


def envelope(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def operation(
    path: str, name: str, schema: object, parameters: Mapping[str, Mapping[str, Any]], **more: Any
) -> tuple[str, dict[str, Any]]:
    """A GET; ``parameters``: name → schema, beside which ``in``, ``required`` and the like may stand under ``x``."""
    given = []
    for each, of in parameters.items():
        rest = dict(of)
        given.append({"name": each, "in": "query", **rest.pop("x", {}), "schema": rest})
    reply = {"description": "Found.", "content": {"application/json": {"schema": schema}}, **more}
    return path, {"get": {"operationId": name, "parameters": given, "responses": {"200": reply}}}


def document(*operations: tuple[str, dict[str, Any]], **schemas: Any) -> bytes:
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Shelf", "version": "1"},
            "paths": dict(operations),
            "components": {"schemas": {"Book": BOOK, **schemas}},
        }
    )


@dataclass
class Shelf:
    """``calls``: path and query of every call, in order."""

    graph: Gateway
    calls: list[str] = field(default_factory=list)

    async def data(self, query: str, **variables: object) -> Any:
        self.calls.clear()
        return await self.graph.data(query, **variables)

    async def ask(self, query: str, **variables: object) -> Any:
        self.calls.clear()
        return await self.graph.ask(query, **variables)


def rows(found: Any) -> list[int]:
    return [row["id"] for row in found["nodes"]]


def json_reply(content: object, **headers: str) -> Response:
    return JSONResponse(content, headers=headers)


@contextlib.asynccontextmanager
async def shelf(
    folder: Path,
    description: bytes,
    answers: Mapping[str, Answer],
    stated: str = "",
    rest: str = "",
    access: str = OPEN,
) -> AsyncIterator[Shelf]:
    """``answers``: path → what it answers. ``stated``: further keys of the source, ``rest``: further sections."""
    calls: list[str] = []

    def heard(answer: Answer) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            body = await request.body()
            query = f"?{request.url.query}" if request.url.query else ""
            calls.append(f"{request.url.path}{query}" + (f" {body.decode()}" if body else ""))
            return answer(request)

        return handle

    routes = [Route(path, heard(answer), methods=["GET", "POST"]) for path, answer in answers.items()]
    (folder / "shelf.json").write_bytes(description)
    async with serving(Starlette(routes=routes)) as url:
        text = f'sources:\n  shelf:\n    openapi: ./shelf.json\n    url: "{url}"\n{stated}{access}{rest}'
        async with gateway(folder, text) as graph:
            yield Shelf(graph, calls)
