"""Types that the gateway makes are one type of the graph, whatever number of sources has them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.serving import serving

ROW = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "either": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
    },
}
PAGE = {
    "type": "object",
    "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
        "next_cursor": {"type": "string"},
    },
}


def _document(name: str, *, own: bool = False) -> dict[str, Any]:
    asked = [
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    ]
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}
    responses = {"200": {"description": "", "content": content}}
    schemas: dict[str, Any] = {"Row": ROW, "Page": PAGE}
    paths: dict[str, Any] = {f"/{name}": {"get": {"operationId": name, "parameters": asked, "responses": responses}}}
    if own:
        schemas["PageInfo"] = {"type": "object", "properties": {"pages": {"type": "integer"}}}
        info = {"application/json": {"schema": {"$ref": "#/components/schemas/PageInfo"}}}
        paths["/info"] = {"get": {"operationId": "info", "responses": {"200": {"description": "", "content": info}}}}
    return {
        "openapi": "3.0.3", "info": {"title": name, "version": "1"}, "paths": paths,
        "components": {"schemas": schemas},
    }  # fmt: skip


async def _rows(request: Request) -> JSONResponse:
    name = request.url.path.strip("/")
    if "cursor" in request.query_params:
        return JSONResponse({"data": [{"id": f"{name}2", "either": [7]}]})
    row = {"id": f"{name}1", "labels": {"a": "b"}, "either": "word"}
    return JSONResponse({"data": [row], "next_cursor": "on"})


@pytest.fixture
async def upstream() -> AsyncIterator[str]:
    async with serving(Starlette(routes=[Route("/{name}", _rows)])) as address:
        yield address


def _file(folder: Path, address: str, more: str = "", *, own: str = "") -> Path:
    for name in ("cats", "dogs"):
        (folder / f"{name}.json").write_text(json.dumps(_document(name, own=name == own)))
    file = folder / "isthmus.yaml"
    file.write_text(
        f"sources:\n  cats: {{ openapi: cats.json, url: '{address}' }}\n"
        f"  dogs: {{ openapi: dogs.json, url: '{address}' }}\n"
        f"access: {{ default: anonymous }}\n{more}"
    )
    return file


async def _sdl(file: Path) -> str:
    current = await load(read(file, {}))
    await current.close()
    return current.graph.sdl()


ASKED = """{
  catsConnection(first: 1) { nodes { id labels { key value } either { ...cats } } pageInfo { ...end } }
  dogsConnection(first: 5) { nodes { id labels { key value } either { ...dogs } } pageInfo { ...end } }
}
fragment end on PageInfo { hasNextPage }
fragment cats on RowEither { __typename ... on StringValue { value } ... on IntList { items } }
fragment dogs on DogsRowEither { __typename ... on StringValue { value } ... on IntList { items } }
"""


async def test_one_type_serves_every_source(tmp_path: Path, upstream: str) -> None:
    current = await load(read(_file(tmp_path, upstream), {}))
    sdl = current.graph.sdl()
    for name in ("PageInfo", "StringEntry", "StringValue", "IntList"):
        assert sdl.count(f"type {name} {{") == 1
        assert f"Dogs{name}" not in sdl
    app = make_app(Holder(current), read(_file(tmp_path, upstream), {}).settings.server)
    async with serving(app) as address, httpx.AsyncClient() as client:
        reply = (await client.post(f"{address}/graphql", json={"query": ASKED})).json()
    await current.close()
    assert "errors" not in reply, reply
    word = {"__typename": "StringValue", "value": "word"}
    first = {"labels": [{"key": "a", "value": "b"}], "either": word}
    assert reply["data"] == {
        "catsConnection": {"nodes": [{"id": "cats1", **first}], "pageInfo": {"hasNextPage": True}},
        "dogsConnection": {
            "nodes": [
                {"id": "dogs1", **first},
                {"id": "dogs2", "labels": None, "either": {"__typename": "IntList", "items": [7]}},
            ],
            "pageInfo": {"hasNextPage": False},
        },
    }


async def test_renaming_and_hiding_hold_for_every_source(tmp_path: Path, upstream: str) -> None:
    more = "rename: { PageInfo: Part, PageInfo.endCursor: end, StringEntry: Pair }\n"
    renamed = await _sdl(_file(tmp_path, upstream, more))
    assert "PageInfo" not in renamed
    assert renamed.count("pageInfo: Part!") == 2
    assert "  end: String\n" in renamed
    assert renamed.count("labels: [Pair!]") == 2
    hidden = await _sdl(_file(tmp_path, upstream, "hide: [PageInfo, StringEntry]\n"))
    assert "pageInfo" not in hidden
    assert "labels" not in hidden
    assert hidden.count("nodes: [") == 2


async def test_a_type_of_a_sources_own_is_not_taken_for_one_that_is_shared(tmp_path: Path, upstream: str) -> None:
    later = await _sdl(_file(tmp_path, upstream, own="dogs"))
    assert "type DogsPageInfo {\n  pages: Int\n}" in later
    assert later.count("pageInfo: PageInfo!") == 2
    first = await _sdl(_file(tmp_path, upstream, own="cats"))
    assert "type PageInfo {\n  pages: Int\n}" in first
    assert first.count("pageInfo: Pages!") == 2


async def test_a_rule_holds_wherever_a_shared_type_comes_from(tmp_path: Path, upstream: str) -> None:
    more = "server: { jwt: { issuer: i, audience: a, secret: 'a secret of more than thirty-two bytes' } }\n"
    file = _file(tmp_path, upstream, more)
    file.write_text(
        file.read_text().replace("anonymous }", "anonymous, rules: { PageInfo.endCursor: { scopes: x } } }")
    )
    current = await load(read(file, {}))
    app = make_app(Holder(current), read(file, {}).settings.server)
    async with serving(app) as address, httpx.AsyncClient() as client:
        for name in ("cats", "dogs"):
            query = f"{{ {name}Connection {{ pageInfo {{ endCursor hasNextPage }} }} }}"
            reply = (await client.post(f"{address}/graphql", json={"query": query})).json()
            assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN"]
    await current.close()
