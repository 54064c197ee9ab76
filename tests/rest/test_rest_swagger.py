"""Swagger 2.0 in the form of OpenAPI 3.0: every part of the old form, and where reports about it point."""

from __future__ import annotations

import textwrap

import pytest

from resolvers.documents import Document
from resolvers.model import Effect, ListRef, NamedRef, Scalar, ScalarRef
from resolvers.rest.documents.swagger import upgrade
from resolvers.rest.documents.tree import Node, Tree, items, members
from resolvers.rest.operations.openapi import read
from resolvers.rest.shapes import Description, Encoding, Parameter

STORE = """
swagger: "2.0"
info: { title: Store, version: "1" }
host: store.example
basePath: /v1
schemes: [http, https]
consumes: [application/json]
produces: [application/json, application/xml]
securityDefinitions:
  key: { type: apiKey, name: X-Key, in: header }
  basic: { type: basic }
  app: { type: oauth2, flow: application, tokenUrl: "https://id.example/token", scopes: { read: reads } }
parameters:
  Limit: { name: limit, in: query, type: integer, format: int64, maximum: 100 }
  Draft: { name: draft, in: body, required: true, schema: { $ref: "#/definitions/Pet" } }
responses:
  Pet: { description: a pet, schema: { $ref: "#/definitions/Pet" } }
paths:
  /pets:
    parameters:
      - $ref: "#/parameters/Limit"
    get:
      operationId: pets
      parameters:
        - { name: tags, in: query, type: array, collectionFormat: multi, items: { type: string } }
        - { name: ids, in: query, type: array, items: { type: integer } }
        - { name: kinds, in: query, type: array, collectionFormat: pipes, items: { type: string } }
        - { name: tabs, in: query, type: array, collectionFormat: tsv, items: { type: string } }
      responses:
        200: { description: ok, schema: { type: array, items: { $ref: "#/definitions/Pet" } } }
    post:
      operationId: createPet
      parameters: [ { $ref: "#/parameters/Draft" } ]
      responses: { 201: { $ref: "#/responses/Pet" } }
  /pets/{id}:
    get:
      operationId: pet
      parameters: [ { name: id, in: path, required: true, type: string, format: uuid } ]
      produces: [text/plain]
      responses: { 200: { $ref: "#/responses/Pet" } }
  /pets/{id}/photo:
    post:
      operationId: addPhoto
      consumes: [multipart/form-data]
      parameters:
        - { name: id, in: path, required: true, type: string }
        - { name: file, in: formData, type: file, required: true, description: The picture. }
        - { name: labels, in: formData, type: array, items: { type: string }, collectionFormat: multi }
      responses: { 204: { description: done } }
    get:
      operationId: photo
      schemes: [https]
      produces: [image/png]
      parameters: [ { name: id, in: path, required: true, type: string } ]
      responses: { 200: { description: bytes, schema: { type: file } } }
definitions:
  Pet:
    type: object
    required: [id, kind]
    discriminator: kind
    properties:
      id: { type: string, format: uuid, readOnly: true }
      kind: { type: string }
      note: { type: string, x-nullable: true }
      owner: { $ref: "#/definitions/Owner" }
      lost: { $ref: "#/definitions/Nowhere" }
      $ref: { type: string, description: a property that is called so }
  Owner: { type: object, properties: { name: { type: string } } }
"""


@pytest.fixture(scope="module")
def store() -> Description:
    return read("store", Document("store.yaml", STORE.encode()))


@pytest.fixture(scope="module")
def upgraded() -> Node:
    tree = Tree(Document("store.yaml", STORE.encode()))
    return upgrade(tree.root, tree.follow).root


def down(node: object, *path: str | int) -> object:
    for part in path:
        node = dict(items(node))[part] if isinstance(part, int) else members(node)[part]
    return node


def test_operations(store: Description) -> None:
    model = store.model
    assert (model.declared, store.server) == (5, "https://store.example/v1")
    assert model.operations["pets"].result == ListRef(NamedRef("Pet"))
    assert model.operations["createPet"].effect is Effect.WRITE
    assert model.operations["createPet"].arguments["body"].type == NamedRef("Pet")
    assert model.operations["createPet"].arguments["body"].required
    assert model.operations["createPet"].result == NamedRef("Pet")
    assert model.operations["pet"].arguments["id"].type == ScalarRef(Scalar.UUID)


def test_parameters_and_how_their_lists_are_joined(store: Description, upgraded: Node) -> None:
    given = {parameter.name: parameter for parameter in store.requests["pets"].parameters}
    assert given["tags"] == Parameter("tags", "query", "tags", Encoding())
    assert given["ids"].encoding == Encoding(explode=False)
    assert given["tabs"].encoding == Encoding("tabDelimited", explode=False)
    assert store.model.operations["pets"].arguments["limit"].type == ScalarRef(Scalar.BIG_INT)
    parameters = [members(item) for _, item in items(down(upgraded, "paths", "/pets", "get", "parameters"))]
    shown = {item.get("name"): (item.get("style"), item.get("explode")) for item in parameters if "name" in item}
    assert shown == {
        "tags": ("form", True), "ids": ("form", False), "kinds": ("pipeDelimited", False),
        "tabs": ("tabDelimited", False),
    }  # fmt: skip
    assert {"$ref": "#/components/parameters/Limit"} in parameters


def test_what_is_not_served_is_told_at_its_place_in_the_old_document(store: Description) -> None:
    said = {item.place.pointer: item for item in store.model.left_out}
    lost = said["#/definitions/Pet/properties/lost"]
    assert "Nowhere" in lost.reason
    lines = STORE.splitlines()
    assert lost.place.line is not None
    assert "lost" in lines[lost.place.line - 1]


def test_bodies_forms_and_files(upgraded: Node) -> None:
    form = members(down(upgraded, "paths", "/pets/{id}/photo", "post", "requestBody"))
    assert form["required"] is True
    assert list(members(form["content"])) == ["multipart/form-data"]
    value = members(down(form, "content", "multipart/form-data"))
    assert value["encoding"] == {"labels": {"style": "form", "explode": True}}
    assert value["schema"] == {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "The picture."},
            "labels": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["file"],
    }
    photo = members(down(upgraded, "paths", "/pets/{id}/photo", "get"))
    assert photo["servers"] == [{"url": "https://store.example/v1"}]
    assert down(photo, "responses", "200", "content") == {
        "image/png": {"schema": {"type": "string", "format": "binary"}}
    }
    assert list(members(down(upgraded, "paths", "/pets/{id}", "get", "responses", "200", "content"))) == ["text/plain"]


def test_schemas_and_security(upgraded: Node) -> None:
    pet = members(down(upgraded, "components", "schemas", "Pet"))
    assert pet["discriminator"] == {"propertyName": "kind"}
    assert down(pet, "properties", "note") == {"type": "string", "nullable": True}
    assert down(pet, "properties", "owner") == {"$ref": "#/components/schemas/Owner"}
    assert down(pet, "properties", "$ref") == {"type": "string", "description": "a property that is called so"}
    assert down(upgraded, "components", "securitySchemes") == {
        "key": {"type": "apiKey", "name": "X-Key", "in": "header"},
        "basic": {"type": "http", "scheme": "basic"},
        "app": {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "https://id.example/token", "scopes": {"read": "reads"}}},
        },
    }


@pytest.mark.parametrize(("head", "location", "wanted"), [
    ("host: a.example\nbasePath: /v2", "x.yaml", None),
    ("host: a.example\nbasePath: /v2", "https://b.example/x.yaml", "https://a.example/v2"),
    ("basePath: /v2", "https://b.example/docs/x.yaml", "https://b.example/v2"),
    ("basePath: /v2", "x.yaml", None),
    ("host: a.example\nschemes: [wss, http]", "x.yaml", "http://a.example"),
    ("host: a.example\nbasePath: v2\nschemes: [https]", "x.yaml", "https://a.example/v2"),
])  # fmt: skip
def test_the_address_of_calls(head: str, location: str, wanted: str | None) -> None:
    text = f"swagger: '2.0'\n{head}\npaths: {{}}"
    assert read("x", Document(location, text.encode())).server == wanted


def test_parts_that_are_written_wrongly_are_not_lost() -> None:
    text = """
        swagger: 2.0
        paths:
          /a:
            get:
              operationId: a
              parameters: [ { $ref: "#/parameters/Missing" } ]
              responses: { 200: { description: ok } }
          /b: { get: { operationId: b, responses: { 200: { $ref: "#/responses/Missing" } } } }
          /c: { $ref: "#/paths/~1missing" }
          /d: { get: { operationId: d, parameters: 5, responses: [] } }
    """
    model = read("x", Document("x.yaml", textwrap.dedent(text).encode())).model
    gone = {item.operation: item for item in model.left_out if not item.degraded}
    assert "Missing" in gone["a"].reason
    assert gone["a"].place.pointer == "#/paths/~1a/get/parameters/0"
    assert "missing" in gone["/c"].reason
    assert "d" in model.operations
