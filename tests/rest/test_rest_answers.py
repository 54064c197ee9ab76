"""Answers by status and media type over real sockets: what is read as what, and what is an error of its type."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from resolvers.documents import Document, Documents
from resolvers.errors import IsthmusError, SourceBadResponse
from resolvers.model import TYPE_KEY, ListRef, NamedRef, Scalar, ScalarRef, TypeRef, UnionType
from resolvers.rest import RestSettings, open_rest
from resolvers.rest.operations.openapi import read
from resolvers.source import EVERYTHING, LEAF, Call, Context, Selection
from tests.raw_server import raw_server, reply, says

ORDER = {"type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def described(responses: Mapping[str, Any]) -> str:
    said = {
        code: {"description": "", "content": {media: {"schema": schema} for media, schema in content.items()}}
        for code, content in responses.items()
    }
    operation = {"operationId": "ask", "responses": said}
    return json.dumps({
        "openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"get": operation}},
        "components": {"schemas": {"Order": ORDER}},
    })  # fmt: skip


async def answer(
    responses: Mapping[str, Any], raw: bytes, folder: Path, selection: Selection = EVERYTHING
) -> tuple[object, str]:
    (folder / "a.json").write_text(described(responses))
    async with raw_server(says(raw)) as server:
        source = await open_rest("a", RestSettings(openapi="a.json", url=server.url), Documents(folder))
        try:
            context = Context(asyncio.get_running_loop().time() + 10, "r")
            value = await source.execute(Call("ask", selection=selection), context)
        finally:
            await source.close()
    return value, server.heard[0].headers["accept"]


REF = {"$ref": "#/components/schemas/Order"}
JSON, LINES, SEQ = "application/json", "application/x-ndjson", "application/json-seq"
PDF, OCTETS = "application/pdf", "application/octet-stream"
BYTES = {"type": "string", "format": "binary"}


@pytest.mark.parametrize(("responses", "raw", "wanted"), [
    ({"200": {PDF: BYTES}}, reply(b"%PDF\xff", media=PDF), b"%PDF\xff"),
    ({"200": {PDF: BYTES}}, reply(b"%PDF", media=OCTETS), b"%PDF"),
    ({"200": {OCTETS: BYTES}}, reply(b"\x89PNG", media="image/png"), b"\x89PNG"),
    ({"200": {"image/*": BYTES}}, reply(b"x", media="image/gif"), b"x"),
    ({"200": {JSON: BYTES}}, reply(b"\0", media=OCTETS), b"\0"),
    ({"200": {"text/plain": WHOLE}}, reply("\ufeff42\n".encode(), media="text/plain; charset=utf-8"), 42),
    ({"200": {"text/csv": TEXT}}, reply(b"a,b", media="text/csv"), "a,b"),
    ({"200": {"text/html": TEXT}}, reply(b"<p>", media="text/html"), "<p>"),
    ({"200": {LINES: REF}}, reply(b'{"id": 1}\n{"id": 2}\n', media=LINES), [{"id": 1}, {"id": 2}]),
    ({"200": {SEQ: {"type": "array", "items": REF}}}, reply(b'\x1e{"id": 1}\n', media=SEQ), [{"id": 1}]),
    ({"200": {"application/hal+json": REF}}, reply(b'{"id": 1}', media="application/vnd.x+json"), {"id": 1}),
    ({"200": {JSON: REF}, "202": {}}, reply(b"", status="202 Later", media=""), None),
    ({"2XX": {JSON: REF}}, reply(b'{"id": 1}', status="203 x"), {"id": 1}),
    ({"default": {JSON: REF}}, reply(b'{"id": 1}'), {"id": 1}),
    ({"200": {JSON: REF}, "201": {JSON: TEXT}}, reply(b'{"id": 1}'), {"id": 1, TYPE_KEY: "Order"}),
    ({"200": {JSON: REF}, "201": {JSON: TEXT}}, reply(b'"x"', status="201 x"), {"value": "x", TYPE_KEY: "StringValue"}),
    ({"200": {JSON: REF}, "206": {PDF: BYTES}}, reply(b"%", status="206 x", media=PDF),
     {"value": b"%", TYPE_KEY: "Base64Value"}),
    ({"200": {JSON: REF}, "201": {JSON: {"type": "array", "items": REF}}}, reply(b'[{"id": 1}]', status="201 x"),
     {"items": [{"id": 1}], TYPE_KEY: "OrderList"}),
])  # fmt: skip
async def test_what_is_read(responses: Mapping[str, Any], raw: bytes, wanted: object, tmp_path: Path) -> None:
    value, _ = await answer(responses, raw, tmp_path)
    assert value == wanted


@pytest.mark.parametrize(("responses", "raw"), [
    ({"200": {PDF: BYTES}}, reply(b"<html>", media="text/html")), ({"200": {PDF: BYTES}}, reply(b"{}")),
    ({"200": {OCTETS: BYTES}}, reply(b"<html>", media="text/html; charset=utf-8")),
    ({"200": {"text/plain": TEXT}}, reply(b"<html>", media="text/html")),
    ({"200": {"text/plain": TEXT}}, reply(b"\xff", media="text/plain")),
    ({"200": {"text/plain": WHOLE}}, reply(b"four", media="text/plain")),
    ({"200": {"text/plain": WHOLE}}, reply(b"", media="text/plain")),
    ({"200": {LINES: REF}}, reply(b'{"id": 1}\n{"id":', media=LINES)),
    ({"200": {LINES: REF}}, reply(b'{"id": 1},{"id": 2}\n', media=LINES)),
    ({"200": {JSON: REF}}, reply(b"")), ({"200": {JSON: REF}}, reply(b"<html>", media="text/html")),
    ({"200": {JSON: REF}}, reply(b'{"id": 1, "id": 2}')), ({"200": {JSON: {}}}, reply(b"NaN")),
    ({"200": {JSON: REF}, "202": {}}, reply(b"", media="")), ({"200": {JSON: REF}}, reply(b"", status="304 x")),
])  # fmt: skip
async def test_what_is_an_error(responses: Mapping[str, Any], raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(SourceBadResponse):
        await answer(responses, raw, tmp_path)


@pytest.mark.parametrize("status", [400, 404, 409, 429, 500, 503])
async def test_errors_say_their_status(status: int, tmp_path: Path) -> None:
    with pytest.raises(IsthmusError) as caught:
        await answer({"200": {JSON: REF}}, reply(b'{"secret": 1}', status=f"{status} x"), tmp_path)
    assert caught.value.extensions == {"status": status}


async def test_what_was_not_asked_of_a_union_is_not_read(tmp_path: Path) -> None:
    responses = {"200": {JSON: REF}, "201": {JSON: {"type": "array", "items": REF}}}
    selection = Selection({"id": LEAF, "items": Selection({"id": LEAF})})
    value, accept = await answer(responses, reply(b'[{"id": 1, "note": 5}]', status="201 x"), tmp_path, selection)
    assert value == {"items": [{"id": 1}], TYPE_KEY: "OrderList"}
    assert accept == JSON


@pytest.mark.parametrize(("responses", "result", "accept"), [
    ({"200": {"text/csv": TEXT, PDF: BYTES, JSON: REF}}, NamedRef("Order"), JSON),
    ({"200": {"text/html": TEXT, "text/csv": TEXT}}, ScalarRef(Scalar.STRING), "text/html, text/csv"),
    ({"200": {"image/png": BYTES, "image/gif": BYTES}}, ScalarRef(Scalar.BASE64), "image/png, image/gif"),
    ({"200": {LINES: REF}}, ListRef(NamedRef("Order")), LINES),
    ({"200": {JSON: REF}, "201": {JSON: TEXT}}, NamedRef("AskResult"), JSON),
])  # fmt: skip
def test_what_is_promised(responses: Mapping[str, Any], result: TypeRef, accept: str) -> None:
    found = read("a", Document("a.json", described(responses).encode()))
    assert (found.model.operations["ask"].result, found.requests["ask"].accept) == (result, accept)
    if result == NamedRef("AskResult"):
        union = found.model.types["AskResult"]
        assert isinstance(union, UnionType)
        assert union.members == ("Order", "StringValue")
