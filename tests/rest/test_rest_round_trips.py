"""What a caller passes is what a server receives: parameters of every style, forms and files, over a socket."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.documents import Document, Documents
from resolvers.rest import RestSettings, open_rest
from resolvers.rest.operations.openapi import read
from resolvers.source import Call, Context
from resolvers.upload import File
from tests.raw_server import Heard, raw_server, reply, says
from tests.rest.wire_reading import Told, from_header, from_pairs, from_path, multipart, pairs_of

STYLES = {
    "path": ["simple", "label", "matrix"],
    "query": ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
    "header": ["simple"],
    "cookie": ["form"],
}
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
}
NASTY = ["../admin", "..%2f", "%2e%2e", "a/b", "?x=1", "#", "\\", ";", "//evil", "a&b=c", "+", "a,b", "[x]", "%", " "]


@dataclass(frozen=True)
class Declared:
    name: str
    location: str
    style: str
    explode: bool
    kind: str
    type: str
    reserved: bool
    value: Any

    @property
    def members(self) -> list[str]:
        return [f"{self.name}{letter}" for letter in "abc"]

    def described(self) -> dict[str, Any]:
        plain = {"type": self.type}
        schema: dict[str, Any] = plain
        if self.kind == "array":
            schema = {"type": "array", "items": plain}
        elif self.kind == "object":
            schema = {"type": "object", "properties": dict.fromkeys(self.members, plain)}
        return {
            "name": self.name, "in": self.location, "style": self.style, "explode": self.explode, "schema": schema,
            "required": self.location == "path", "allowReserved": self.reserved,
        }  # fmt: skip

    def expected(self) -> Told:
        if isinstance(self.value, list):
            return [told(item) for item in self.value] or None
        if isinstance(self.value, dict):
            return {name: told(item) for name, item in self.value.items()} or None
        return told(self.value)

    def received(self, heard: Heard, segment: str) -> Told:
        target, _, query = heard.target.partition("?")
        match self.location:
            case "path":
                assert target.split("/")[1:] == ["p", segment, "z"]
                return from_path(segment, self.name, self.style, self.kind, explode=self.explode)
            case "header":
                return from_header(heard.headers.get(self.name.lower()), self.kind, explode=self.explode)
            case "query":
                pairs = pairs_of(query, "&")
            case _:
                pairs = pairs_of(heard.headers.get("cookie", ""), "; ")
        return from_pairs(pairs, self.name, self.style, self.kind, self.members, explode=self.explode)


def told(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def texts(location: str, style: str, kind: str, *, explode: bool) -> st.SearchStrategy[str]:
    """What the style can carry at all: no delimiter that is not encoded away, in a header visible ASCII."""
    if location == "header":
        visible = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=",")
        return st.text(visible, min_size=1)
    banned = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, "")
    banned = "." if style == "label" and explode and kind != "scalar" else banned
    least = 1 if location == "path" else 0
    text = st.text(st.characters(codec="utf-8", exclude_characters=f"\0{banned}"), min_size=least)
    found = text | st.sampled_from([item for item in NASTY if not set(item) & set(banned)])
    return found.filter(lambda value: value not in {".", ".."}) if location == "path" else found


@st.composite
def declarations(draw: st.DrawFn) -> list[Declared]:
    found = []
    for index in range(draw(st.integers(1, 4))):
        location = "path" if index == 0 else draw(st.sampled_from(["query", "query", "header", "cookie"]))
        style, explode = draw(st.sampled_from(STYLES[location])), draw(st.booleans())
        kind, named = draw(st.sampled_from(["scalar", "array", "object"])), draw(st.sampled_from([*SCALARS, "string"]))
        if style == "label" and explode and named == "number":
            named = "integer"
        one = texts(location, style, kind, explode=explode) if named == "string" else SCALARS[named]
        least = 1 if location == "path" else 0
        name = "XPQR"[index] + draw(st.sampled_from(["", "-id", "_v"]))
        made = Declared(name, location, style, explode, kind, named, draw(st.booleans()), None)
        value = one
        if kind == "array":
            value = st.lists(one, min_size=least, max_size=4)
        elif kind == "object":
            value = st.dictionaries(st.sampled_from(made.members), one, min_size=least)
        found.append(Declared(name, location, style, explode, kind, named, made.reserved, draw(value)))
    return found


def document(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0", "info": {"title": "Echo", "version": "1"},
        "paths": {path: {method: {"operationId": "ask", "responses": {"204": {"description": "done"}}, **operation}}},
    }  # fmt: skip


async def heard_of(described: Mapping[str, Any], arguments: Mapping[str, object], tmp: Path) -> Heard:
    """What a server hears of one call."""
    described = {**described, "openapi": "3.1.0"}
    (tmp / "echo.json").write_text(json.dumps(described))
    async with raw_server(says(reply(b"", status="204 No Content", media=""))) as server:
        source = await open_rest("echo", RestSettings(openapi="echo.json", url=server.url), Documents(tmp))
        try:
            deadline = asyncio.get_running_loop().time() + 10
            await source.execute(Call("ask", arguments), Context(deadline, "r"))
        finally:
            await source.close()
    (heard,) = server.heard
    return heard


@given(found=declarations())
def test_parameters(found: list[Declared], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = f"/p/{{{found[0].name}}}/z"
    described = document(path, "get", {"parameters": [item.described() for item in found]})
    arguments = {item.name: item.value for item in found}
    heard = asyncio.run(heard_of(described, arguments, tmp_path_factory.getbasetemp()))
    assert heard.target.startswith("/p/")
    assert heard.target.isascii()
    assert "#" not in heard.target
    segment = heard.target.partition("?")[0].split("/")[2]
    assert [item.received(heard, segment) for item in found] == [item.expected() for item in found]


@given(
    texts_given=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=3),
    content=st.binary(max_size=200),
    member=st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(NASTY),
    kind=st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data"]),
)
def test_forms(
    texts_given: list[str], content: bytes, member: str, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string"}, "list": {"type": "array", "items": {"type": "string"}},
            "deep": {"type": "object", "properties": {"a": {"type": "string"}}},
            "told": {"type": "object", "properties": {"a": {"type": "string"}}},
            "file": {"type": "string", "format": "binary"}, "count": {"type": "integer"},
        },
    }  # fmt: skip
    encoding = {"deep": {"style": "deepObject"}, "file": {"contentType": "image/png"}}
    operation = {"requestBody": {"content": {kind: {"schema": schema, "encoding": encoding}}}}
    body: dict[str, object] = {
        "text": member,
        "list": texts_given,
        "deep": {"a": member},
        "told": {"a": member},
        "count": 7,
    }
    if kind == "multipart/form-data":
        body["file"] = File(content, 'a "quoted"\r\n name.png', "text/html")
    heard = asyncio.run(heard_of(document("/f", "post", operation), {"body": body}, tmp_path_factory.getbasetemp()))
    listed = [("list", item) for item in texts_given]
    wanted = [("text", member), *listed, ("deep[a]", member), ("told", {"a": member}), ("count", "7")]
    if kind == "application/x-www-form-urlencoded":
        assert heard.headers["content-type"] == kind
        found = [(unquote(key), unquote(value)) for key, value in pairs_of(heard.body.decode("ascii"), "&")]
        assert [(key, json.loads(value) if key == "told" else value) for key, value in found] == wanted
        return
    parts = multipart(heard.headers["content-type"], heard.body)
    assert parts.pop() == ("file", "a %22quoted%22%0D%0A name.png", "image/png", content)
    assert [(name, json.loads(told) if name == "told" else told.decode()) for name, _, _, told in parts] == wanted
    assert [media for name, _, media, _ in parts if name == "told"] == ["application/json"]


@pytest.mark.parametrize(("media", "given_value", "sent", "named"), [
    ("application/octet-stream", b"\0\xff", b"\0\xff", "application/octet-stream"),
    ("image/*", File(b"\x89PNG", "", "image/png"), b"\x89PNG", "image/png"),
    ("image/*", File(b"x", "", "a\r\nEvil: 1"), b"x", "application/octet-stream"),
    ("application/pdf", File(b"%PDF", "", "text/html"), b"%PDF", "application/pdf"),
    ("text/csv", "é,1", "é,1".encode(), "text/csv; charset=utf-8"),
    ("*/*", b"bytes", b"bytes", "application/octet-stream"),
])  # fmt: skip
async def test_bodies(media: str, given_value: object, sent: bytes, named: str, tmp_path: Path) -> None:
    schema = {"type": "string"} if media.startswith("text") else {"type": "string", "format": "binary"}
    operation = {"requestBody": {"required": True, "content": {media: {"schema": schema}}}}
    heard = await heard_of(document("/b", "post", operation), {"body": given_value}, tmp_path)
    assert (heard.body, heard.headers["content-type"]) == (sent, named)


async def test_reserved_characters_stay_inside_their_value(tmp_path: Path) -> None:
    listed = Declared("l", "query", "form", False, "array", "string", True, NASTY)  # a row of a table
    single = Declared("s", "query", "form", True, "scalar", "string", True, "".join(NASTY))  # likewise
    described = document("/r", "get", {"parameters": [listed.described(), single.described()]})
    heard = await heard_of(described, {"l": listed.value, "s": single.value}, tmp_path)
    assert [item.received(heard, "") for item in (listed, single)] == [listed.value, single.value]
    assert "?x=1" in heard.target


async def test_parameters_described_by_content(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "array", "items": {}}}}
    places = {"q": "query", "X-Q": "header", "c": "cookie"}
    parameters = [
        {"name": name, "in": place, "content": {"application/json": {"schema": schema}}}
        for name, place in places.items()
    ]
    value = {"a": 'é "&;,=', "n": [1, {"b": None}]}
    heard = await heard_of(document("/c", "get", {"parameters": parameters}), dict.fromkeys(places, value), tmp_path)
    assert json.loads(unquote(heard.target.removeprefix("/c?q="))) == value
    assert json.loads(heard.headers["x-q"]) == value
    assert json.loads(unquote(heard.headers["cookie"].removeprefix("c="))) == value


async def test_deep_objects_as_they_are_commonly_sent(tmp_path: Path) -> None:
    parameter = {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object"}}
    value = {"a": {"b": [1, 2], "c": [{"d": "x"}]}, "none": None}
    heard = await heard_of(document("/d", "get", {"parameters": [parameter]}), {"filter": value}, tmp_path)
    assert heard.target == "/d?filter[a][b][0]=1&filter[a][b][1]=2&filter[a][c][0][d]=x"


async def test_paths_with_a_query_or_a_fragment(tmp_path: Path) -> None:
    parameters = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "n", "in": "query", "schema": {"type": "integer"}},
    ]
    described = document("/x?action=y z&of={id}#one", "get", {"parameters": parameters})
    heard = await heard_of(described, {"id": "a&b#c", "n": 1}, tmp_path)
    assert heard.target == "/x?action=y%20z&of=a%26b%23c&n=1"


async def test_an_empty_value_where_the_document_allows_it(tmp_path: Path) -> None:
    described = [
        {"name": name, "in": "query", "allowEmptyValue": allowed, "schema": {"type": "integer"}}
        for name, allowed in (("a", True), ("b", True), ("c", False))
    ]
    heard = await heard_of(document("/e", "get", {"parameters": described}), {"a": None, "c": None}, tmp_path)
    assert heard.target == "/e?a="


def test_the_examples_of_parameter_styles_are_served_whole(tmp_path: Path) -> None:
    corpus = Path(os.environ.get("ISTHMUS_TEST_CORPUS", "../shared/corpus")) / "openapi"
    path = corpus / "readme-oas-examples__3.1_json_parameters-style.json"
    if not path.is_file():
        pytest.skip("the corpus of real documents is not beside the repository")
    content = path.read_bytes()
    found = read("x", Document(path.name, content))
    assert len(found.model.operations) == found.model.declared == 25
    assert {item.reason for item in found.model.left_out} == {
        "a body of GET is sent as declared, though proxies and caches may drop it"
    }
    value = {"primitive": "a b", "array": ["a", "b"], "object": {"name": "x", "description": "y"}}
    for template, item in json.loads(content)["paths"].items():
        for method, operation in item.items():
            declared = [declared_as(each, value[each["name"]]) for each in operation.get("parameters", ())]
            if not declared:
                continue
            described = document(template, method, operation | {"operationId": "ask"})
            heard = asyncio.run(heard_of(described, {each.name: each.value for each in declared}, tmp_path))
            target, _, query = heard.target.partition("?")
            segments = dict(zip(template.partition("#")[0].split("/"), target.split("/"), strict=True))
            cookies = pairs_of(heard.headers.get("cookie", ""), "; ")
            for each in declared:
                if each.location == "path":
                    segment = segments[f"{{{each.name}}}"]
                    told = from_path(segment, each.name, each.style, each.kind, explode=each.explode)
                elif each.location == "header":
                    told = from_header(heard.headers.get(each.name), each.kind, explode=each.explode)
                else:
                    pairs = pairs_of(query, "&") if each.location == "query" else cookies
                    members = ["name", "description"]
                    told = from_pairs(pairs, each.name, each.style, each.kind, members, explode=each.explode)
                assert told == each.value, (template, method, each)


def declared_as(node: Mapping[str, Any], value: Any) -> Declared:
    """A parameter as the document has it, with the defaults of its place (OpenAPI 3.1 section 4.8.12.2.1)."""
    place = node["in"]
    return Declared(
        node["name"],
        place,
        node.get("style") or STYLES[place][0],
        node.get("explode", place in {"query", "cookie"}),
        {"primitive": "scalar"}.get(node["name"], node["name"]),
        "string",
        reserved=False,
        value=value,
    )
