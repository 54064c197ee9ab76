"""Descriptions of several files: references across them, what cannot be had, and hosts that are never asked."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from resolvers.documents import Documents
from resolvers.model import LeftOut, ListRef, NamedRef, ObjectType, Scalar, ScalarRef
from resolvers.rest.documents import files
from resolvers.rest.operations.openapi import read
from resolvers.rest.shapes import Description

MAIN = """
    openapi: 3.0.3
    info: { title: x, version: "1" }
    servers: [ { url: "https://a.example" } ]
    paths:
      /pets: { $ref: "paths/pets.yaml" }
      /gone: { $ref: "paths/none.yaml" }
      /orders:
        get:
          operationId: orders
          parameters: [ { $ref: "common.yaml#/components/parameters/Limit" } ]
          responses: { 200: { $ref: "common.yaml#/components/responses/Orders" } }
    components:
      schemas:
        Tag: { type: object, properties: { label: { type: string } } }
"""
PETS = """
    get:
      operationId: pets
      responses:
        200:
          content:
            application/json:
              schema: { type: array, items: { $ref: "../schemas/pet.json" } }
"""
PET = """
    {
      "type": "object",
      "properties": {
        "name": { "type": "string" },
        "parent": { "$ref": "#" },
        "tag": { "$ref": "../main.yaml#/components/schemas/Tag" },
        "order": { "$ref": "../common.yaml#/components/schemas/Order" },
        "lost": { "$ref": "../common.yaml#/components/schemas/Lost" },
        "away": { "$ref": "https://other.example/x.json#/A" },
        "root": { "$ref": "/etc/hostname" }
      }
    }
"""
COMMON = """
    components:
      parameters:
        Limit: { name: limit, in: query, schema: { type: integer } }
      responses:
        Orders: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
      schemas:
        Order: { type: object, properties: { pet: { $ref: "schemas/pet.json" }, total: { type: number } } }
"""


def lay(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))


async def opened(folder: Path, texts: Mapping[str, str], main: str = "main.yaml") -> Description:
    lay(folder, texts)
    documents = Documents(folder)
    return read("x", await files.gather(documents, await documents.read(main), network=False))


def fields(description: Description, name: str) -> Mapping[str, object]:
    found = description.model.types[name]
    assert isinstance(found, ObjectType)
    return {key: item.type for key, item in found.fields.items()}


def said(description: Description, ending: str) -> LeftOut:
    return next(item for item in description.model.left_out if item.place.pointer.endswith(ending))


async def test_references_lead_across_files(tmp_path: Path) -> None:
    texts = {"main.yaml": MAIN, "paths/pets.yaml": PETS, "schemas/pet.json": PET, "common.yaml": COMMON}
    x = await opened(tmp_path, texts)
    assert set(x.model.operations) == {"pets", "orders"}
    pets = x.model.operations["pets"].result
    assert isinstance(pets, ListRef)
    assert isinstance(pets.item, NamedRef)
    pet = fields(x, pets.item.name)
    nothing = ScalarRef(Scalar.JSON, nullable=True)
    assert pets.item.name == "pet"
    assert (pet["parent"], pet["tag"], pet["order"]) == (NamedRef("pet"), NamedRef("Tag"), NamedRef("Order"))
    assert (pet["lost"], pet["away"], pet["root"]) == (nothing, nothing, nothing)
    assert fields(x, "Order") == {"pet": NamedRef(pets.item.name), "total": ScalarRef(Scalar.FLOAT)}
    assert list(x.model.operations["orders"].arguments) == ["limit"]


async def test_what_is_broken_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    texts = {"main.yaml": MAIN, "paths/pets.yaml": PETS, "schemas/pet.json": PET, "common.yaml": COMMON}
    x = await opened(tmp_path, texts)
    gone = said(x, "/paths/~1gone")
    assert not gone.degraded
    assert "none.yaml" in gone.reason
    assert gone.place.document == str(tmp_path / "main.yaml")
    lost = said(x, "/properties/lost")
    assert lost.degraded
    assert lost.place.document == str(tmp_path / "schemas/pet.json")
    lines = textwrap.dedent(PET).splitlines()
    assert lost.place.line is not None
    assert "lost" in lines[lost.place.line - 1]
    assert "absolute path" in said(x, "/properties/root").reason
    assert "not a file beside" in said(x, "/properties/away").reason


async def test_swagger_2_of_several_files(tmp_path: Path) -> None:
    x = await opened(tmp_path, {
        "main.yaml": """
            swagger: "2.0"
            host: a.example
            schemes: [https]
            paths:
              /pets: { $ref: "paths/pets.yaml#/pets" }
              /orders:
                post:
                  operationId: order
                  parameters: [ { $ref: "common.yaml#/parameters/Body" } ]
                  responses: { 200: { $ref: "common.yaml#/responses/Order" } }
            definitions:
              Tag: { type: object, properties: { label: { type: string } } }
        """,
        "paths/pets.yaml": """
            pets:
              get:
                operationId: pets
                parameters: [ { $ref: "../common.yaml#/parameters/Limit" } ]
                responses: { 200: { schema: { $ref: "#/Pet" } } }
            Pet: { type: object, properties: { tag: { $ref: "../main.yaml#/definitions/Tag" } } }
        """,
        "common.yaml": """
            parameters:
              Limit: { name: limit, in: query, type: integer }
              Body: { name: body, in: body, schema: { $ref: "#/definitions/Order" } }
            responses:
              Order: { schema: { $ref: "#/definitions/Order" } }
            definitions:
              Order: { type: object, properties: { total: { type: number }, lost: { $ref: "#/definitions/Lost" } } }
        """,
    })  # fmt: skip
    assert set(x.model.operations) == {"pets", "order"}
    assert x.model.operations["pets"].arguments["limit"].type == ScalarRef(Scalar.INT, nullable=False)
    pets = x.model.operations["pets"].result
    assert isinstance(pets, NamedRef)
    assert fields(x, pets.name) == {"tag": NamedRef("Tag")}
    assert x.model.operations["order"].result == NamedRef("Order")
    assert said(x, "/properties/lost").place.document == str(tmp_path / "common.yaml")


IDENTIFIED = """
    openapi: 3.1.0
    paths:
      /a: { get: { operationId: a, responses: { "200": { content: { application/json: { schema:
        { $ref: "#/components/schemas/A" } } } } } } }
    components:
      schemas:
        A:
          $id: https://a.example/schemas/a
          type: object
          properties:
            far: { $ref: b }
            inner: { $ref: "#/$defs/inner" }
            named: { $ref: "#here" }
            again: { $dynamicRef: "#tree" }
            more: { $ref: "b", type: [object, "null"], description: said here }
          $defs:
            inner: { type: integer }
            named: { $anchor: here, type: boolean }
            tree: { $dynamicAnchor: tree, type: string }
        B: { $id: "https://a.example/schemas/b", type: object, properties: { x: { type: string } } }
"""


async def test_identified_schemas(tmp_path: Path) -> None:
    x = await opened(tmp_path, {"main.yaml": IDENTIFIED})
    a = fields(x, "A")
    assert a["far"] == NamedRef("B")
    assert a["more"] == NamedRef("B", nullable=True)
    assert (a["inner"], a["named"], a["again"]) == (
        ScalarRef(Scalar.INT), ScalarRef(Scalar.BOOLEAN), ScalarRef(Scalar.STRING),
    )  # fmt: skip


async def test_what_stands_beside_a_reference_holds_since_3_1(tmp_path: Path) -> None:
    text = """
        openapi: VERSION
        paths:
          /a: { get: { operationId: a, responses: { "200": { content: { application/json: { schema:
            { $ref: "#/components/schemas/A", type: object, properties: { more: { type: string } } } } } } } } }
        components: { schemas: { A: { type: object, properties: { x: { type: string } } } } }
    """
    for version, names in (("3.1.0", {"x", "more"}), ("3.0.3", {"x"})):
        x = await opened(tmp_path, {"main.yaml": text.replace("VERSION", version)})
        result = x.model.operations["a"].result
        assert isinstance(result, NamedRef)
        assert set(fields(x, result.name)) == names


async def test_a_description_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILES", 3)
    texts = {f"f{number}.yaml": f"a: {{ $ref: 'f{number + 1}.yaml' }}" for number in range(9)}
    lay(tmp_path, texts)
    documents = Documents(tmp_path)
    found = await files.gather(documents, await documents.read("f0.yaml"), network=False)
    assert (set(found.read), list(found.refused)) == ({"", "f1.yaml", "f2.yaml", "f3.yaml"}, ["f4.yaml"])


class Host:
    """Serves texts by path and remembers what it was asked."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.asked: list[str] = []
        self.url = ""

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split()[1]
        self.asked.append(path)
        body = textwrap.dedent(self.texts[path]).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()


@pytest.fixture
async def hosts() -> AsyncIterator[tuple[Host, Host]]:
    pair = (Host({}), Host({"/x.yaml": "A: { type: string }"}))
    servers = [await asyncio.start_server(host.connection, "127.0.0.1", 0) for host in pair]
    for host, server in zip(pair, servers, strict=True):
        host.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pair[0].texts = {
        "/docs/main.yaml": f"""
            openapi: 3.0.3
            paths:
              /a: {{ get: {{ operationId: a, responses: {{ 200: {{ content: {{ application/json: {{ schema: {{
                type: object, properties: {{ near: {{ $ref: "../near.yaml#/A" }},
                far: {{ $ref: "{pair[1].url}/x.yaml#/A" }} }} }} }} }} }} }} }} }}
        """,
        "/near.yaml": "A: { type: string }",
    }
    yield pair
    for server in servers:
        server.close()


@pytest.mark.parametrize("network", [False, True])
async def test_only_the_own_host_is_asked_and_only_when_allowed(
    hosts: tuple[Host, Host], tmp_path: Path, *, network: bool
) -> None:
    own, other = hosts
    documents = Documents(tmp_path)
    main = await documents.read(f"{own.url}/docs/main.yaml")
    x = read("x", await files.gather(documents, main, network=network))
    assert own.asked == (["/docs/main.yaml", "/near.yaml"] if network else ["/docs/main.yaml"])
    assert other.asked == []
    result = x.model.operations["a"].result
    assert isinstance(result, NamedRef)
    nothing = ScalarRef(Scalar.JSON, nullable=True)
    assert fields(x, result.name) == {"near": ScalarRef(Scalar.STRING) if network else nothing, "far": nothing}
    reasons = [item.reason for item in x.model.left_out]
    assert any("another host" in reason for reason in reasons)
    assert any("references: network" in reason for reason in reasons) is not network


async def test_a_file_sends_nobody_to_the_network(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    lay(tmp_path, {"main.yaml": f"openapi: 3.0.3\npaths: {{ /a: {{ $ref: '{hosts[1].url}/x.yaml' }} }}"})
    documents = Documents(tmp_path)
    found = await files.gather(documents, await documents.read("main.yaml"), network=True)
    assert list(found.refused) == [f"{hosts[1].url}/x.yaml"]
    assert hosts[1].asked == []
