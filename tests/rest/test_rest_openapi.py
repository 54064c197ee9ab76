"""OpenAPI documents read: untidy ones, as people write them, and what must come of every part or be said of it."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from resolvers.documents import DescriptionError, Document
from resolvers.model import (
    Effect,
    LeftOut,
    ListRef,
    NamedRef,
    ObjectType,
    Scalar,
    ScalarRef,
    SourceModel,
    TypeRef,
    UnionType,
)
from resolvers.rest.operations.openapi import read
from resolvers.rest.schemas.naming import operation_name
from resolvers.rest.shapes import Answer, Description, Encoding, Parameter

SHOP = """
openapi: 3.0.3
info: { title: Shop, version: 1, description: Orders and those who place them. }
servers:
  - url: https://{region}.shop.example/v1/
    variables: { region: { default: eu } }
paths:
  /orders/{id}:
    parameters:
      - { $ref: "#/components/parameters/Id" }
    get:
      operationId: order
      parameters:
        - { name: id, in: query, schema: { type: string } }
        - { name: fields, in: query, style: form, explode: false, schema: { type: array, items: { type: string } } }
        - { name: tag, in: query, schema: { type: array, items: { type: string, enum: [hot, NO, 12:30] } } }
        - { name: filter, in: query, style: deepObject, schema: { type: object, properties: { a: { type: string } } } }
        - { name: Authorization, in: header, schema: { type: string } }
        - { name: Host, in: header, schema: { type: string } }
        - { name: X-Trace, in: header, deprecated: true, schema: { type: string } }
      responses:
        200: { $ref: "#/components/responses/Order" }
        404: { description: none }
    delete:
      responses: { 204: { description: gone } }
    patch:
      operationId: changeOrder
      requestBody:
        content: { application/merge-patch+json: { schema: { $ref: "#/components/schemas/Order" } } }
      responses: { 200: { content: { text/plain: { schema: { type: string } } } } }
  /orders:
    get:
      parameters:
        - { name: customerId, in: query, required: true, schema: { type: integer, format: int64 } }
      responses:
        "200":
          content:
            application/json; charset=utf-8:
              schema: { type: array, items: { $ref: "#/components/schemas/Order" } }
    post:
      operationId: placeOrder
      deprecated: true
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } }
      callbacks: { shipped: { "{$request.body#/url}": {} } }
      responses:
        201: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
        202: { description: later }
  /upload:
    post:
      operationId: upload
      requestBody: { required: true, content: { multipart/form-data: { schema: { type: object } } } }
      responses: { 200: { description: ok } }
  /report:
    get:
      operationId: report
      responses: { 200: { content: { application/pdf: {} } } }
  /broken:
    get:
      operationId: broken
      parameters: [ { $ref: "#/components/parameters/Missing" } ]
      responses: { 200: { description: ok } }
    options:
      responses: { 200: { description: ok } }
  /search:
    get:
      operationId: search
      responses:
        200:
          content:
            application/json:
              schema:
                type: object
                properties:
                  hits: { type: array, items: { type: object, properties: { score: { type: number } } } }
                  next: { type: string, nullable: true }
components:
  parameters:
    Id: { name: id, in: path, required: true, schema: { type: string, format: uuid } }
  responses:
    Order: { description: o, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
  schemas:
    Base:
      type: object
      required: [id]
      properties:
        id: { type: string, format: uuid, readOnly: true }
        secret: { type: string, writeOnly: true }
    Order:
      description: What a customer wants.
      allOf:
        - $ref: "#/components/schemas/Base"
        - type: object
          required: [total, status]
          properties:
            total: { type: string, format: decimal }
            status: { type: string, enum: [open, "NO", null], nullable: true }
            customerId: { type: integer, format: int64 }
            count: { type: integer }
            wide: { type: integer, maximum: 9999999999 }
            placed: { type: string, format: date-time }
            on: { type: string, format: date }
            at: { type: string, format: time }
            scan: { type: string, format: byte }
            price: { type: number, format: decimal }
            weight: { type: number }
            paid: { type: boolean, deprecated: true }
            extra: { type: object, additionalProperties: { type: string } }
            anything: {}
            address: { type: object, required: [city], properties: { city: { type: string } } }
            lines: { type: array, items: { type: object, properties: { sku: { type: string } } } }
            parent: { nullable: true, allOf: [ { $ref: "#/components/schemas/Order" } ] }
            children: { type: array, nullable: true, items: { $ref: "#/components/schemas/Order" } }
            payment: { oneOf: [ { $ref: "#/components/schemas/Card" }, { $ref: "#/components/schemas/Cash" } ] }
            lost: { $ref: "#/components/schemas/Nowhere" }
            far: { $ref: "other.yaml#/Thing" }
    Card: { type: object, properties: { number: { type: string } } }
    Cash: { type: object, properties: { amount: { type: number } } }
"""


def of(text: str, location: str = "shop.yaml") -> Description:
    return read("shop", Document(location, textwrap.dedent(text).encode()))


@pytest.fixture(scope="module")
def shop() -> Description:
    return of(SHOP)


def field(model: SourceModel, name: str, key: str) -> TypeRef:
    found = model.types[name]
    assert isinstance(found, ObjectType)
    return found.fields[key].type


def said(model: SourceModel, operation: str) -> list[LeftOut]:
    return [item for item in model.left_out if item.operation == operation]


def test_operations_and_effects(shop: Description) -> None:
    model = shop.model
    assert {name: item.effect for name, item in model.operations.items()} == {
        "order": Effect.READ,
        "deleteOrder": Effect.IDEMPOTENT,
        "changeOrder": Effect.WRITE,
        "orders": Effect.READ,
        "placeOrder": Effect.WRITE,
        "search": Effect.READ,
        "upload": Effect.WRITE,
        "report": Effect.READ,
    }
    assert model.declared == 10
    assert model.operations["placeOrder"].deprecated is not None
    assert shop.server == "https://eu.shop.example/v1"


def test_reads_by_key(shop: Description) -> None:
    order, orders = shop.model.operations["order"], shop.model.operations["orders"]
    assert (order.result, order.not_found_is_null, order.by) == (NamedRef("Order", nullable=True), True, {"id": "id"})
    assert (orders.result, orders.not_found_is_null) == (ListRef(NamedRef("Order")), False)
    assert orders.by == {"customerId": "customerId"}
    assert orders.arguments["customerId"].type == ScalarRef(Scalar.BIG_INT)


def test_parameters(shop: Description) -> None:
    assert shop.requests["order"].parameters == (
        Parameter("id", "path", "id"),
        Parameter("id", "query", "id_query", Encoding()),
        Parameter("fields", "query", "fields", Encoding(explode=False)),
        Parameter("tag", "query", "tag", Encoding()),
        Parameter("filter", "query", "filter", Encoding("deepObject", explode=False), NamedRef("OrderFilter")),
        Parameter("X-Trace", "header", "X-Trace"),
    )
    tag = shop.model.operations["order"].arguments["tag"].type
    assert isinstance(tag, ListRef)
    assert isinstance(tag.item, NamedRef)
    assert [item.value for item in shop.model.enums[tag.item.name].values] == ["hot", "NO", "12:30"]
    reasons = [item.reason for item in said(shop.model, "order")]
    assert len(reasons) == 1
    assert "Host" in reasons[0]
    assert all(item.degraded for item in said(shop.model, "order"))


def test_bodies_and_answers(shop: Description) -> None:
    operations, requests = shop.model.operations, shop.requests
    assert operations["placeOrder"].arguments["body"].type == NamedRef("Order")
    assert operations["placeOrder"].arguments["body"].required
    assert operations["placeOrder"].result == NamedRef("Order", nullable=True)
    body = requests["changeOrder"].body
    assert body is not None
    assert (body.media, body.required) == ("application/merge-patch+json", False)
    assert operations["changeOrder"].result == ScalarRef(Scalar.STRING)
    assert requests["changeOrder"].reply == Answer("text", ("text/plain",))
    assert (operations["deleteOrder"].result, requests["deleteOrder"].reply) == (None, Answer("none"))


@pytest.mark.parametrize(("key", "wanted"), [
    ("id", ScalarRef(Scalar.UUID)), ("total", ScalarRef(Scalar.DECIMAL)), ("count", ScalarRef(Scalar.INT)),
    ("wide", ScalarRef(Scalar.BIG_INT)), ("customerId", ScalarRef(Scalar.BIG_INT)),
    ("placed", ScalarRef(Scalar.DATE_TIME)), ("on", ScalarRef(Scalar.DATE)), ("at", ScalarRef(Scalar.TIME)),
    ("scan", ScalarRef(Scalar.BASE64)), ("price", ScalarRef(Scalar.DECIMAL)), ("weight", ScalarRef(Scalar.FLOAT)),
    ("paid", ScalarRef(Scalar.BOOLEAN)), ("extra", ListRef(NamedRef("StringEntry"))),
    ("anything", ScalarRef(Scalar.JSON, nullable=True)), ("address", NamedRef("OrderAddress")),
    ("lines", ListRef(NamedRef("OrderLine"))), ("parent", NamedRef("Order", nullable=True)),
    ("children", ListRef(NamedRef("Order"), nullable=True)), ("payment", NamedRef("OrderPayment")),
    ("lost", ScalarRef(Scalar.JSON, nullable=True)), ("far", ScalarRef(Scalar.JSON, nullable=True)),
    ("status", NamedRef("OrderStatus", nullable=True)),
])  # fmt: skip
def test_fields(shop: Description, key: str, wanted: TypeRef) -> None:
    assert field(shop.model, "Order", key) == wanted


def test_required_and_sides(shop: Description) -> None:
    order, given = shop.model.types["Order"], shop.model.inputs["Order"].fields
    assert isinstance(order, ObjectType)
    assert {key for key, item in order.fields.items() if item.required} == {"id", "total", "status"}
    assert "secret" in given
    assert "secret" not in order.fields
    assert "id" not in given
    assert order.fields["paid"].deprecated is not None
    assert order.description == "What a customer wants."
    assert ("Order", "total") in shop.inputs.texts
    assert ("Order", "price") not in shop.inputs.texts
    assert [item.value for item in shop.model.enums["OrderStatus"].values] == ["open", "NO"]


def test_inline_types_are_named_after_their_operation(shop: Description) -> None:
    assert shop.model.operations["search"].result == NamedRef("SearchResult")
    assert field(shop.model, "SearchResult", "hits") == ListRef(NamedRef("SearchResultHit"))


def test_what_is_left_out_says_why_and_where(shop: Description) -> None:
    model = shop.model
    gone = {item.operation: item for item in model.left_out if not item.degraded}
    assert set(gone) == {"broken", "optionsBroken"}
    assert gone["broken"].place.pointer == "#/paths/~1broken/get/parameters/0"
    lines = SHOP.splitlines()
    line = gone["broken"].place.line
    assert line is not None
    assert "Missing" in lines[line - 1]
    assert "Missing" in gone["broken"].reason
    degraded = {item.operation: item.reason for item in model.left_out if item.degraded}
    assert "guessed" in degraded["OrderPayment"]
    assert "Nowhere" in degraded["OrderLost"]
    assert "other.yaml" in degraded["OrderFar"]
    assert "shipped" in degraded["placeOrder"]


def test_every_declared_operation_is_served_or_named(shop: Description) -> None:
    model = shop.model
    gone = [item for item in model.left_out if not item.degraded]
    assert len(model.operations) + len(gone) == model.declared


def test_an_operation_that_is_none_is_left_out_and_the_others_stay() -> None:
    model = of("""
        openapi: 3.0.3
        info: { title: x, version: "1" }
        paths:
          /a: { get: 17, post: { parameters: none, responses: { "200": { description: ok } } } }
          /b: { parameters: { q: {} }, get: { responses: { "200": { description: ok } } } }
          /c: { get: { parameters: null, responses: { "200": { description: ok } } } }
    """).model
    assert {item.place.pointer: item.reason for item in model.left_out} == {
        "#/paths/~1a/get": "an operation is a mapping",
        "#/paths/~1a/post/parameters": "parameters are a list",
        "#/paths/~1b/parameters": "parameters are a list",
    }
    assert (model.declared, len(model.operations)) == (4, 1)


def test_openapi_3_1() -> None:
    model = of("""
        openapi: 3.1.0
        info: { title: x, version: "1" }
        webhooks: { ping: { post: {} } }
        paths:
          /a/{ids}:
            get:
              parameters: [ { name: ids, in: path, required: true, schema: { type: array, items: { type: string } } } ]
              responses:
                "200": { content: { application/json: { schema: { $ref: "#/components/schemas/A" } } } }
          /mixed:
            get:
              operationId: mixed
              responses:
                "200": { content: { application/json: { schema: { type: string } } } }
                "201": { content: { application/json: { schema: { type: boolean } } } }
          /other:
            servers: [ { url: "https://other.example" } ]
            head: { operationId: other, responses: { "200": {} } }
        components:
          schemas:
            A:
              type: [object, "null"]
              properties:
                maybe: { type: [string, "null"] }
                either: { type: [string, integer] }
                ref: { anyOf: [ { $ref: "#/components/schemas/B" }, { type: "null" } ] }
                loop: { $ref: "#/components/schemas/Loop" }
                me: { $ref: "#/components/schemas/Me" }
                nil: { type: "null" }
                1: { type: string }
            B: { type: object, properties: { x: true }, anyOf: [ { required: [x] }, { required: [y] } ] }
            Loop: { type: array, items: { $ref: "#/components/schemas/Loop" } }
            Me: { $ref: "#/components/schemas/Me" }
    """)
    read_a = model.model.operations["a"]
    assert read_a.result == NamedRef("A", nullable=True)
    assert field(model.model, "A", "maybe") == ScalarRef(Scalar.STRING, nullable=True)
    assert field(model.model, "A", "either") == ScalarRef(Scalar.JSON, nullable=True)
    assert field(model.model, "A", "ref") == NamedRef("B", nullable=True)
    assert field(model.model, "A", "loop") == ListRef(ScalarRef(Scalar.JSON, nullable=True))
    assert field(model.model, "A", "me") == ScalarRef(Scalar.JSON, nullable=True)
    assert field(model.model, "A", "nil") == ScalarRef(Scalar.JSON, nullable=True)
    assert field(model.model, "A", "1") == ScalarRef(Scalar.STRING)
    assert model.model.operations["mixed"].result == NamedRef("MixedResult")
    mixed = model.model.types["MixedResult"]
    assert isinstance(mixed, UnionType)
    assert mixed.members == ("StringValue", "BooleanValue")
    assert (model.requests["other"].server, model.requests["other"].reply) == ("https://other.example", Answer("none"))
    assert said(model.model, "ping")


@pytest.mark.parametrize(("text", "what"), [
    ("swagger: '1.2'", "not an OpenAPI"), ("openapi: 4.0.0", "4.0.0"), ("a: 1", "not an OpenAPI"),
    ("[]", "not an OpenAPI"),
    ("openapi: 3.0.0\npaths: {a: 1, a: 2}", "twice"), ("openapi: [", "cannot be read"), ("", "not an OpenAPI"),
])  # fmt: skip
def test_other_documents_are_refused(text: str, what: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        of(text)
    assert what in caught.value.problem.what
    assert caught.value.problem.document.startswith("shop.yaml")


def test_a_relative_server_needs_an_address() -> None:
    text = "openapi: 3.0.0\nservers: [{url: /api}]\npaths: {}"
    assert of(text).server is None
    assert of(text, "https://host.example/docs/openapi.yaml").server == "https://host.example/api"


@pytest.mark.parametrize(("method", "path", "wanted"), [
    ("get", "/customers", "customers"), ("get", "/api/v1/customers/{id}/orders", "customerOrders"),
    ("get", "/customers/{customer_id}", "customer"), ("post", "/order-lines", "createOrderLine"),
    ("put", "/companies/{id}", "replaceCompany"), ("get", "/", "root"), ("patch", "/status/{a}", "updateStatus"),
])  # fmt: skip
def test_names_of_operations(method: str, path: str, wanted: str) -> None:
    assert operation_name(method, path) == wanted


def refs(model: SourceModel) -> list[str]:
    found: list[TypeRef] = [item.result for item in model.operations.values() if item.result is not None]
    named: list[str] = []
    for item in model.types.values():
        if isinstance(item, UnionType):
            named += item.members
        else:
            found += [below.type for below in item.fields.values()]
    for ref in found:
        while isinstance(ref, ListRef):
            ref = ref.item  # noqa: PLW2901  # down to the item
        if isinstance(ref, NamedRef):
            named.append(ref.name)
    return named


def test_documents_of_others() -> None:
    corpus = Path(os.environ.get("ISTHMUS_TEST_CORPUS", "../shared/corpus")) / "openapi"
    if not corpus.is_dir():
        pytest.skip("the corpus of real documents is not beside the repository")
    served = 0
    for path in sorted(corpus.iterdir()):
        if path.stat().st_size > 2_000_000:
            continue
        content = path.read_bytes()
        model = read("x", Document(path.name, content)).model
        gone = [item for item in model.left_out if not item.degraded]
        assert len(model.operations) + len(gone) == model.declared, path.name
        assert all(name in model.types or name in model.enums for name in refs(model)), path.name
        assert all(item.place.pointer and item.reason for item in gone), path.name
        served += 1
    assert served >= 40
