"""Files in requests, errors and headers of replies, through the whole gateway: off unless the file says otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.raw_server import Answer, RawServer, raw_server, reply, says
from tests.rest.wire_reading import multipart
from tests.through.gateway import gateway

BINARY = {"type": "string", "format": "binary"}
PROBLEM = {
    "type": "object",
    "properties": {
        "reason": {"type": "string"},
        "fields": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "cause": {"$ref": "#/components/schemas/Problem"}, "free": {"type": "object"},
    },
}  # fmt: skip


def ok(schema: Mapping[str, Any], media: str = "application/json", code: str = "200") -> dict[str, Any]:
    return {code: {"description": "", "content": {media: {"schema": schema}}}}


PROBLEMS = ok({"$ref": "#/components/schemas/Problem"}, code="4XX")
PARTS = {"file": BINARY, "note": {"type": "string"}, "more": {"type": "array", "items": BINARY}}
PHOTO = {"type": "object", "required": ["file"], "properties": PARTS}
DOCUMENT = {
    "openapi": "3.0.3", "info": {"title": "x", "version": "1"},
    "components": {"schemas": {"Problem": PROBLEM}},
    "paths": {
        "/photos": {
            "post": {
                "operationId": "addPhoto",
                "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": PHOTO}}},
                "responses": ok({"type": "string"}),
            },
            "put": {
                "operationId": "replacePhoto",
                "requestBody": {"required": True, "content": {"image/*": {"schema": BINARY}}},
                "responses": ok({"type": "string"}) | PROBLEMS,
            },
            "get": {"operationId": "photo", "responses": ok(BINARY, "image/png") | PROBLEMS},
        },
    },
}  # fmt: skip
FILE = """
    sources:
      shop:
        openapi: ./shop.json
        url: "${env:SHOP}"
        writes: true
        STATED
    access: { default: anonymous }
    server: { SERVER }
"""
ADD = 'mutation ($file: Base64!) { addPhoto(body: { file: $file, note: "n" }) }'
CSRF = {"GraphQL-Require-Preflight": "1"}


async def asked(
    folder: Path, server: str, send: Mapping[str, Any], answer: Answer, stated: str = ""
) -> tuple[httpx.Response, RawServer]:
    (folder / "shop.json").write_text(json.dumps(DOCUMENT))
    async with raw_server(answer) as raw:
        text = FILE.replace("STATED", stated).replace("SERVER", server)
        async with gateway(folder, text, {"SHOP": raw.url}) as made:
            return await made.client.post("/graphql", **send), raw


def form(query: str, content: bytes, **given: Any) -> dict[str, Any]:
    operations = given.get("operations", {"query": query, "variables": {"file": None}})
    parts: list[tuple[str, Any]] = [
        ("operations", (None, json.dumps(operations))),
        ("map", (None, json.dumps(given.get("map", {"0": ["variables.file"]})))),
        ("0", ("my photo.png", content, "image/png")),
    ]
    return {"files": parts, "headers": given.get("headers", CSRF)}


ON = "uploads: { max_bytes: 100000, max_files: 2 }"
SHORT = f"limits: {{ max_body_bytes: 2000 }}, {ON}"
PIXELS = bytes(range(256)) * 100 + b"\r\n--x\r\n"


async def test_a_file_reaches_a_form_of_the_source(tmp_path: Path) -> None:
    answer, raw = await asked(tmp_path, ON, form(ADD, PIXELS), says(reply(b'"ok"')))
    assert answer.json() == {"data": {"addPhoto": "ok"}}
    (heard,) = raw.heard
    assert multipart(heard.headers["content-type"], heard.body) == [
        ("file", "my photo.png", "image/png", PIXELS), ("note", None, "text/plain", b"n"),
    ]  # fmt: skip


MANY = 'mutation ($a: [Base64!]!) { addPhoto(body: { file: "AA==", more: $a }) }'


@pytest.mark.parametrize(("places", "given", "status"), [
    ([None, None], ["variables.a.0", "variables.a.1"], 200),
    ([None] * 3, ["variables.a.0", "variables.a.1", "variables.a.2"], 400),
    (["AA=="], ["variables.a.0"], 400), ([None], ["variables.a.1"], 400), ([None], ["variables.a.-1"], 400),
])  # fmt: skip
async def test_a_list_of_files(places: list[object], given: list[str], status: int, tmp_path: Path) -> None:
    operations = {"query": MANY, "variables": {"a": places}}
    send = form("", b"x", operations=operations, map={"0": given})
    send["headers"] = {**CSRF, "Accept": "application/graphql-response+json"}
    answer, raw = await asked(tmp_path, ON, send, says(reply(b'"ok"')))
    assert answer.status_code == status
    assert len(raw.heard) == (1 if status == 200 else 0)
    if status == 200:
        parts = multipart(raw.heard[0].headers["content-type"], raw.heard[0].body)
        assert [(name, content) for name, _, _, content in parts] == [("file", b"\0"), ("more", b"x"), ("more", b"x")]


async def test_a_file_is_the_body_of_the_source(tmp_path: Path) -> None:
    query = "mutation ($file: Base64!) { replacePhoto(body: $file) }"
    answer, raw = await asked(tmp_path, ON, form(query, PIXELS), says(reply(b'"ok"')))
    assert answer.json() == {"data": {"replacePhoto": "ok"}}
    assert (raw.heard[0].headers["content-type"], raw.heard[0].body) == ("image/png", PIXELS)


async def test_base64_in_json_needs_no_uploads(tmp_path: Path) -> None:
    query = 'mutation { replacePhoto(body: "AAEC") }'
    answer, raw = await asked(tmp_path, "", {"json": {"query": query}}, says(reply(b'"ok"')))
    assert answer.json() == {"data": {"replacePhoto": "ok"}}
    assert raw.heard[0].body == b"\0\1\2"


REFUSED: list[tuple[str, dict[str, Any], int]] = [
    ("", form(ADD, b"x"), 415),
    (ON, form(ADD, b"x", headers={}), 400),
    (ON, form(ADD, b"x", map={"0": ["variables.other"]}), 400),
    (ON, form(ADD, b"x", map={"0": ["query"]}), 400),
    (ON, form(ADD, b"x", map={"0": ["variables.file.0"]}), 400),
    (ON, form(ADD, b"x", map={"0": ["variables.file"] * 2}), 400),
    (ON, form(ADD, b"x", map={"0": []}), 400),
    (ON, form(ADD, b"x", map={}), 400),
    (ON, form(ADD, b"x", map={"0": ["variables.file"], "1": ["variables.file"]}), 400),
    (ON, form(ADD, b"x", operations=[{"query": ADD, "variables": {"file": None}}]), 400),
    (ON, form(ADD, b"x", operations={"query": ADD, "variables": {"file": "AA=="}}), 400),
    (ON, {"content": b"--x\r\nnonsense", "headers": CSRF | {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
    (ON, {"content": b"", "headers": CSRF | {"Content-Type": "multipart/form-data"}}, 400),
    (ON, {"files": [*form(ADD, b"x")["files"], *[(name, (name, b"x")) for name in "123"]], "headers": CSRF}, 400),
    (SHORT, form(ADD, b"x", operations={"query": ADD + " " * 2000, "variables": {"file": None}}), 413),
    (SHORT, form(ADD, b"x", map={"0": ["variables.file", "variables." + "x" * 2000]}), 413),
]  # fmt: skip


@pytest.mark.parametrize(("server", "send", "status"), REFUSED)
async def test_what_is_refused_calls_nobody(server: str, send: dict[str, Any], status: int, tmp_path: Path) -> None:
    send = {**send, "headers": {**send["headers"], "Accept": "application/graphql-response+json"}}
    answer, raw = await asked(tmp_path, server, send, says(reply(b'"ok"')))
    assert (answer.status_code, raw.heard) == (status, [])


async def test_a_form_that_says_it_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    text = FILE.replace("STATED", "").replace("SERVER", ON)
    async with gateway(tmp_path, text, {"SHOP": "http://127.0.0.1:9"}) as made:
        url = made.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = "POST /graphql HTTP/1.1", f"Host: {url.host}", "Content-Length: 100001", "X-Requested-With: x"
        writer.write("\r\n".join((*head, "Content-Type: multipart/form-data; boundary=x", "", "")).encode())
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()


async def test_bytes_of_a_reply_are_base64_and_a_login_page_is_an_error(tmp_path: Path) -> None:
    send = {"json": {"query": "{ photo }"}}
    answer, _ = await asked(tmp_path, "", send, says(reply(b"\x89PNG\0", media="image/png")))
    assert answer.json() == {"data": {"photo": "iVBORwA="}}
    answer, _ = await asked(tmp_path, "", send, says(reply(b"<html>", media="text/html")))
    assert answer.json()["errors"][0]["extensions"]["code"] == "SOURCE_BAD_RESPONSE"


BODY = {
    "reason": "too big", "secret": "sql", "free": {"a": 1}, "fields": [{"name": "file", "stack": "x"}],
    "cause": {"reason": "inner", "trace": "y"},
}  # fmt: skip
SHOWN = {"reason": "too big", "fields": [{"name": "file"}], "cause": {"reason": "inner"}}


@pytest.mark.parametrize(("stated", "body", "shown"), [
    ("error_detail: true", BODY, SHOWN), ("", BODY, None),
    ("operations: { photo: { error_detail: true } }", BODY, SHOWN),
    ("operations: { photo: { error_detail: false } }\n        error_detail: true", BODY, None),
    ("error_detail: true", {"secret": 1}, None), ("error_detail: true", {"reason": "x" * 5000}, None),
    ("error_detail: true", "sql", None),
])  # fmt: skip
async def test_errors_show_what_is_declared_where_it_is_allowed(
    stated: str, body: object, shown: object, tmp_path: Path
) -> None:
    said = says(reply(json.dumps(body).encode(), status="422 No"))
    answer, _ = await asked(tmp_path, "", {"json": {"query": "{ photo }"}}, said, stated)
    extensions = answer.json()["errors"][0]["extensions"]
    assert (extensions["code"], extensions["status"], extensions.get("detail")) == ("SOURCE_REJECTED", 422, shown)
    assert "sql" not in answer.text


async def test_headers_of_a_reply_lie_beside_its_result(tmp_path: Path) -> None:
    stated = "operations: { photo: { reply_headers: [ETag, X-Total-Count] } }"
    said = says(reply(b"x", 'ETag: "7"', media="image/png"))
    query = "{ photo { result headers { eTag xTotalCount } } }"
    answer, _ = await asked(tmp_path, "", {"json": {"query": query}}, said, stated)
    assert answer.json() == {"data": {"photo": {"result": "eA==", "headers": {"eTag": '"7"', "xTotalCount": None}}}}
