"""XML bodies and answers by the words of their schemas, over a real socket; what is unsafe or ill-shaped is refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from resolvers.documents import Documents
from resolvers.errors import BadRequest, OutcomeUnknown
from resolvers.rest import RestSettings, open_rest
from resolvers.source import Call, Context
from tests.raw_server import raw_server, reply, says

ORDER = {
    "type": "object",
    "xml": {"name": "order", "namespace": "urn:orders", "prefix": "o"},
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "total": {"type": "number", "format": "decimal"},
        "paid": {"type": "boolean", "xml": {"name": "is-paid"}},
        "tags": {"type": "array", "items": {"type": "string", "xml": {"name": "tag"}}},
        "lines": {"type": "array", "xml": {"wrapped": True}, "items": {"$ref": "#/components/schemas/Line"}},
        "parent": {"$ref": "#/components/schemas/Order"},
    },
}
LINE = {"type": "object", "xml": {"name": "line"}, "properties": {"sku": {"type": "string"}}}
CONTENT = {"content": {"application/xml": {"schema": {"$ref": "#/components/schemas/Order"}}}}
DOCUMENT = {
    "openapi": "3.0.3", "info": {"title": "x", "version": "1"},
    "components": {"schemas": {"Order": ORDER, "Line": LINE}},
    "paths": {"/o": {"put": {"operationId": "ask", "requestBody": CONTENT, "responses": {"200": CONTENT}}}},
}  # fmt: skip
VALUE = {
    "id": 7, "total": "1.10", "paid": True, "tags": ["a", "<b>&"], "lines": [{"sku": "x"}, {"sku": " y "}],
    "parent": {"id": 2, "tags": [], "lines": []},
}  # fmt: skip
XML = (
    b"<?xml version='1.0' encoding='UTF-8'?>\n"
    b'<o:order xmlns:o="urn:orders" id="7"><total>1.10</total><is-paid>true</is-paid><tag>a</tag>'
    b"<tag>&lt;b&gt;&amp;</tag><lines><line><sku>x</sku></line><line><sku> y </sku></line></lines>"
    b'<o:order id="2"><lines/></o:order></o:order>'
)


async def exchanged(body: object, raw: bytes, folder: Path) -> tuple[object, bytes]:
    (folder / "a.json").write_text(json.dumps(DOCUMENT))
    async with raw_server(says(raw)) as server:
        source = await open_rest("a", RestSettings(openapi="a.json", url=server.url), Documents(folder))
        try:
            context = Context(asyncio.get_running_loop().time() + 10, "r")
            value = await source.execute(Call("ask", {"body": body}), context)
        finally:
            await source.close()
    assert server.heard[0].headers["content-type"] == "application/xml"
    return value, server.heard[0].body


async def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    value, sent = await exchanged(VALUE, reply(XML, media="application/xml; charset=utf-8"), tmp_path)
    assert sent == XML
    assert isinstance(value, dict)
    assert str(value.pop("total")) == "1.10"
    assert value == {name: item for name, item in VALUE.items() if name != "total"}


@pytest.mark.parametrize("raw", [
    reply(b'<!DOCTYPE order [<!ENTITY x "y">]><order><total>&x;</total></order>', media="application/xml"),
    reply(b"<order>", media="application/xml"), reply(b"", media="application/xml"),
    reply(b"<other/>", media="application/xml"), reply(b"<order/>", media="text/html"), reply(b"{}"),
    reply(b"<order><is-paid>maybe</is-paid></order>", media="application/xml"),
    reply(b"<order><total>NaN</total></order>", media="application/xml"),
    reply(b"<order><total>1</total><total>2</total></order>", media="application/xml"),
    reply(b"<order><total><b/></total></order>", media="application/xml"),
    reply(b"<a>" * 200 + b"</a>" * 200, media="application/xml"),
])  # fmt: skip
async def test_what_is_no_such_answer(raw: bytes, tmp_path: Path) -> None:
    with pytest.raises(OutcomeUnknown):
        await exchanged({}, raw, tmp_path)


@pytest.mark.parametrize("body", [{"tags": ["\x01"]}, {"parent": "text"}, "text"])
async def test_what_xml_cannot_say_is_not_sent(body: object, tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        await exchanged(body, reply(XML, media="application/xml"), tmp_path)
