"""A gateway that looks at changes, as ``isthmus serve`` does, in this process and quickly; and a system behind it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import Edge, make_app
from gateway.file.config import read
from gateway.reloading import Reloader
from gateway.snapshot import Holder, load_or_wait

FAR = 20
"""Seconds after which something hangs; nothing waits so long."""
TEXT: Mapping[str, object] = {"type": "string"}


def described(*fields: str, name: str = "orders") -> dict[str, Any]:
    """An OpenAPI document with one list, ``GET /<name>``, of rows with these fields."""
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}
    answer = {"200": {"content": {"application/json": {"schema": rows}}, "description": ""}}
    ids = {"name": "id", "in": "query", "schema": {"type": "array", "items": TEXT}}
    return {
        "openapi": "3.0.3",
        "info": {"title": name, "version": "1"},
        "servers": [{"url": "/"}],
        "paths": {f"/{name}": {"get": {"operationId": name, "parameters": [ids], "responses": answer}}},
        "components": {"schemas": {"Row": {"type": "object", "properties": dict.fromkeys(fields, TEXT)}}},
    }


@dataclass
class System:
    """Answers any list with ``rows``, and describes itself at ``/openapi.json``."""

    document: dict[str, Any] = field(default_factory=lambda: described("id", "name"))
    rows: list[dict[str, object]] = field(default_factory=lambda: [{"id": "1", "name": "Ada"}])
    heard: list[Request] = field(default_factory=list)
    slow: asyncio.Event | None = None
    """Where it is there, rows wait for it."""
    waiting: int = 0
    version: int = 1
    status: int = 200

    def asked(self, path: str) -> list[Request]:
        return [each for each in self.heard if each.url.path == path]

    async def answer(self, request: Request) -> Response:
        self.heard.append(request)
        if request.url.path == "/openapi.json":
            if self.status != 200:
                return Response(status_code=self.status)
            tag = f'"{self.version}"'
            if request.headers.get("if-none-match") == tag:
                return Response(status_code=304)
            return JSONResponse(self.document, headers={"etag": tag})
        if self.slow is not None:
            self.waiting += 1
            await self.slow.wait()
        return JSONResponse(self.rows)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def listening(app: Any, port: int = 0) -> AsyncIterator[str]:
    """An application at a port; the base address."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(128)
    server = _Server(
        uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=5, timeout_keep_alive=600)
    )
    running = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        bound.close()


def behind(system: System) -> Starlette:
    return Starlette(routes=[Route("/{path:path}", system.answer, methods=["GET", "POST"])])


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class House:
    folder: Path
    client: httpx.AsyncClient
    holder: Holder
    app: Edge
    reloader: Reloader

    @property
    def file(self) -> Path:
        return self.folder / "isthmus.yaml"

    def write(self, text: str, name: str = "isthmus.yaml") -> None:
        (self.folder / name).write_text(dedent(text), "utf-8")

    def describe(self, document: object, name: str = "orders.json") -> None:
        (self.folder / name).write_text(json.dumps(document), "utf-8")

    async def ask(self, query: str) -> Any:
        return (await self.client.post("/graphql", json={"query": query})).json()

    async def roots(self) -> set[str]:
        body = await self.ask("{ __schema { queryType { fields { name } } } }")
        if body.get("data") is None:
            return set()
        return {each["name"] for each in body["data"]["__schema"]["queryType"]["fields"]}

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(FAR):
            while not done():  # noqa: ASYNC110  # what others do in the background sets no event
                await asyncio.sleep(0.01)

    async def changed(self, count: int = 1) -> None:
        """Waits for so many snapshots since the start."""
        await self.until(lambda: self.holder.reloads.ok >= count)

    async def refused(self, count: int = 1) -> None:
        await self.until(lambda: self.holder.reloads.failed >= count)

    async def ready(self) -> tuple[int, dict[str, str]]:
        answer = await self.client.get("/readyz")
        return answer.status_code, answer.json()["degraded"]


@contextlib.asynccontextmanager
async def house(
    folder: Path, text: str, environment: Mapping[str, str] | None = None, *, look_s: float = 0.05, env: str = ""
) -> AsyncIterator[House]:
    """``text`` is the configuration file, which stands in ``folder`` beside what it names; ``env``: see ``read``."""
    file = folder / "isthmus.yaml"
    file.write_text(dedent(text), "utf-8")
    chosen = read(file, environment or {}, env)
    holder = Holder(await load_or_wait(chosen))
    app = make_app(holder, chosen.settings.server)
    reloader = Reloader(
        holder, app, lambda: read(file, environment or {}, env), chosen, look_s=look_s, settle_s=look_s, first_s=0.05
    )
    try:
        async with (
            reloader.running(),
            listening(app) as base,
            httpx.AsyncClient(base_url=base, trust_env=False, timeout=FAR) as client,
        ):
            yield House(folder, client, holder, app, reloader)
    finally:
        await holder.close()
