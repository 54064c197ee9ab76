"""What JSON says otherwise than GraphQL, through the whole gateway: unions, maps, odd enums, nulls, broken replies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.raw_server import Heard, RawServer, raw_server, reply
from tests.through.gateway import Gateway, codes, gateway

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}


def of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def listed(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def record(required: str = "", /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


SCHEMAS: dict[str, Any] = {
    "Pet": {
        "oneOf": [of("Dog"), of("Cat")],
        "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog", "cat": "Cat"}},
    },
    "Dog": record("kind name", kind=TEXT, name=TEXT, tricks=listed(TEXT)),
    "Cat": record("kind name", kind=TEXT, name=TEXT, lives=WHOLE),
    "Payment": {"oneOf": [of("Card"), of("Transfer"), of("Cash")]},
    "Card": record("number", number=TEXT),
    "Transfer": record("iban", iban=TEXT, note=TEXT),
    "Cash": record("type", type={"const": "cash"}, amount=WHOLE),
    "Mood": {"type": "string", "enum": ["", "in love", "so-so", "true", "2nd", None], "nullable": True},
    "Owner": {"anyOf": [TEXT, of("Person"), listed(of("Person"))]},
    "Person": record("id", id=TEXT, age={"type": ["integer", "null"]}),
    "House": {
        **record("id", id={**WHOLE, "format": "int64", "readOnly": True}, secret={**TEXT, "writeOnly": True}),
        "additionalProperties": WHOLE,
    },
    "Visit": record(
        "pets",
        pets=listed(of("Pet")),
        payment=of("Payment"),
        owner=of("Owner"),
        mood=of("Mood"),
        moods={"type": "object", "additionalProperties": of("Mood")},
        weights={"type": "object", "additionalProperties": {"type": "number"}},
        keepers={"type": "object", "additionalProperties": of("Person")},
        house=of("House"),
        size={
            "type": "string",
            "default": "medium",
            "description": "How large.",
            "x-deprecated-reason": "Use weights.",
        },
        anything={},
        point={"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "items": False},
    ),
}
DOCUMENT = json.dumps({
    "openapi": "3.1.0",
    "info": {"title": "Zoo", "version": "1"},
    "paths": {
        "/visit": {
            "get": {
                "operationId": "visit",
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": of("Visit")}}}},
            },
            "post": {
                "operationId": "book",
                "parameters": [{"name": "dry", "in": "query", "schema": {"type": "boolean", "default": False}}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": of("Visit")}}},
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": of("Visit")}}}},
            },
        },
    },
    "components": {"schemas": SCHEMAS},
})  # fmt: skip
FILE = """
    sources: { zoo: { openapi: ./zoo.json, url: "${env:ZOO}", writes: true } }
    access: { default: anonymous }
"""
DOG = {"kind": "dog", "name": "Rex", "tricks": ["sit"]}
CAT = {"kind": "cat", "name": "Tom", "lives": 9}


@dataclass
class Zoo:
    gateway: Gateway
    server: RawServer
    visit: dict[str, Any] = field(default_factory=dict)

    @property
    def sent(self) -> Any:
        return json.loads(self.server.heard[-1].body)


@pytest.fixture(params=["columns", "reference"])
async def zoo(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Zoo]:
    monkeypatch.setenv("ISTHMUS_EXECUTOR", request.param)
    (tmp_path / "zoo.json").write_text(DOCUMENT)
    made: list[Zoo] = []

    async def answer(_: Heard, writer: Any) -> None:
        writer.write(reply(json.dumps(made[0].visit).encode()))

    async with raw_server(answer) as server, gateway(tmp_path, FILE, {"ZOO": server.url}) as house:
        made.append(Zoo(house, server))
        yield made[0]


PETS = "{ visit { pets { __typename ... on Dog { name tricks } ... on Cat { name lives } } } }"


async def test_a_discriminator_decides(zoo: Zoo) -> None:
    zoo.visit = {"pets": [DOG, CAT]}
    found = await zoo.gateway.data(PETS)
    assert found["visit"]["pets"] == [
        {"__typename": "Dog", "name": "Rex", "tricks": ["sit"]}, {"__typename": "Cat", "name": "Tom", "lives": 9},
    ]  # fmt: skip


@pytest.mark.parametrize(("payment", "wanted"), [
    ({"number": "4242"}, {"__typename": "Card", "number": "4242"}),
    ({"iban": "DE1", "note": "x"}, {"__typename": "Transfer", "note": "x"}),
    ({"type": "cash", "amount": 7}, {"__typename": "Cash", "amount": 7}),
])  # fmt: skip
async def test_members_and_constants_decide_without_one(zoo: Zoo, payment: Any, wanted: Any) -> None:
    zoo.visit = {"pets": [], "payment": payment}
    query = (
        "{ visit { payment { __typename ... on Card { number } ... on Transfer { note } ... on Cash { amount } } } }"
    )
    assert (await zoo.gateway.data(query))["visit"]["payment"] == wanted


@pytest.mark.parametrize(("owner", "wanted"), [
    ("p1", {"__typename": "StringValue", "value": "p1"}),
    ({"id": "p1", "age": None}, {"__typename": "Person", "id": "p1", "age": None}),
    ([{"id": "a"}, {"id": "b"}], {"__typename": "PersonList", "items": [{"id": "a"}, {"id": "b"}]}),
    (None, None),
])  # fmt: skip
async def test_a_text_an_object_or_a_list(zoo: Zoo, owner: Any, wanted: Any) -> None:
    zoo.visit = {"pets": [], "owner": owner}
    query = """{ visit { owner {
        __typename ... on StringValue { value } ... on Person { id age } ... on PersonList { items { id } }
    } } }"""
    assert (await zoo.gateway.data(query))["visit"]["owner"] == wanted


async def test_maps_are_lists_of_entries(zoo: Zoo) -> None:
    zoo.visit = {
        "pets": [], "weights": {"a": 1, "b c": 2.5}, "keepers": {"x": {"id": "p1"}, "y": None},
        "moods": {"now": "so-so", "then": ""}, "house": {"id": 2**60, "north": 4, "south": 5}, "point": [1, 2.5],
    }  # fmt: skip
    found = await zoo.gateway.data("""{ visit {
        weights { key value } keepers { key value { id } } moods { value } point
        house { id additionalProperties { key value } }
    } }""")
    assert found["visit"] == {
        "weights": [{"key": "a", "value": 1}, {"key": "b c", "value": 2.5}],
        "keepers": [{"key": "x", "value": {"id": "p1"}}, {"key": "y", "value": None}],
        "moods": [{"value": "SO_SO"}, {"value": "EMPTY"}],
        "point": [1, 2.5],
        "house": {
            "id": str(2**60), "additionalProperties": [{"key": "north", "value": 4}, {"key": "south", "value": 5}],
        },
    }  # fmt: skip


@pytest.mark.parametrize(("mood", "shown"), [
    ("", "EMPTY"), ("in love", "IN_LOVE"), ("so-so", "SO_SO"), ("2nd", "_2_ND"), (None, None),
])  # fmt: skip
async def test_enums_keep_what_graphql_cannot_spell(zoo: Zoo, mood: str | None, shown: str | None) -> None:
    zoo.visit = {"pets": [], "mood": mood}
    assert (await zoo.gateway.data("{ visit { mood } }"))["visit"]["mood"] == shown
    query = "mutation ($mood: Mood) { book(body: { pets: [], mood: $mood }) { mood } }"
    assert (await zoo.gateway.data(query, mood=shown))["book"]["mood"] == shown
    assert zoo.sent == {"pets": [], "mood": mood}


async def test_inputs_are_sent_as_the_document_says(zoo: Zoo) -> None:
    zoo.visit = {"pets": []}
    body = {
        "pets": [{"dog": {"name": "Rex", "kind": "dog"}}, {"cat": {"name": "Tom", "kind": "cat", "lives": 9}}],
        "payment": {"cash": {"type": "cash", "amount": 7}}, "owner": {"personList": [{"id": "a", "age": None}]},
        "weights": [{"key": "a", "value": 1.5}], "keepers": [{"key": "x", "value": {"id": "p"}}],
        "house": {"secret": "s", "additionalProperties": [{"key": "north", "value": 4}]},
    }  # fmt: skip
    await zoo.gateway.data("mutation ($body: VisitInput!) { book(body: $body) { __typename } }", body=body)
    assert zoo.sent == {
        "pets": [{"name": "Rex", "kind": "dog"}, CAT],
        "payment": {"type": "cash", "amount": 7}, "owner": [{"id": "a", "age": None}], "weights": {"a": 1.5},
        "keepers": {"x": {"id": "p"}}, "house": {"secret": "s", "north": 4},
    }  # fmt: skip
    assert zoo.server.heard[-1].target == "/visit"


@pytest.mark.parametrize("body", [
    '{ pets: [{ dog: { name: "a", kind: "dog" }, cat: { name: "b", kind: "cat" } }] }', "{ pets: [{}] }",
    '{ pets: [], weights: [{ key: "a", value: 1 }, { key: "a", value: 2 }] }', '{ pets: [], house: { id: "1" } }',
    '{ pets: [], house: { additionalProperties: [{ key: "secret", value: 4 }] } }', "{ pets: [null] }", "{}",
])  # fmt: skip
async def test_inputs_that_no_document_allows_are_refused_and_not_sent(zoo: Zoo, body: str) -> None:
    answer = await zoo.gateway.ask(f"mutation {{ book(body: {body}) {{ __typename }} }}")
    assert [code for code, _ in codes(answer)] == ["BAD_REQUEST"], answer
    assert zoo.server.heard == []


BROKEN = """{ visit {
    pets { __typename ... on Dog { name tricks } ... on Cat { lives } } payment { __typename } mood size anything
    owner { __typename ... on Person { id age } } weights { key value } keepers { key value { id age } } house { id }
} }"""
WHOLESOME = {
    "pets": [DOG], "payment": {"number": "1"}, "owner": {"id": "p", "age": 3}, "mood": "so-so", "size": "big",
    "weights": {"a": 1}, "keepers": {"k": {"id": "i", "age": 1}}, "house": {"id": 1}, "anything": [1],
}  # fmt: skip


@pytest.mark.parametrize(("broken", "path", "shown"), [
    ({"payment": {"what": 1}}, ["payment"], {"payment": None}),
    ({"payment": "x"}, ["payment"], {"payment": None}),
    ({"owner": 7}, ["owner"], {"owner": None}),
    ({"owner": {"id": "p", "age": "old"}}, ["owner", "age"],
     {"owner": {"__typename": "Person", "id": "p", "age": None}}),
    ({"mood": "angry"}, ["mood"], {"mood": None}),
    ({"size": 7}, ["size"], {"size": None}),
    ({"weights": [1]}, ["weights"], {"weights": None}),
    ({"weights": {"a": "b", "c": 2}}, ["weights", 0, "value"],
     {"weights": [{"key": "a", "value": None}, {"key": "c", "value": 2}]}),
    ({"keepers": {"k": {"id": "i", "age": []}}}, ["keepers", 0, "value", "age"],
     {"keepers": [{"key": "k", "value": {"id": "i", "age": None}}]}),
    ({"keepers": {"k": {"age": 1}}}, ["keepers", 0, "value", "id"], {"keepers": [{"key": "k", "value": None}]}),
    ({"house": "x"}, ["house"], {"house": None}),
    ({"house": {"id": "x"}}, ["house", "id"], {"house": None}),
])  # fmt: skip
async def test_what_breaks_the_document_is_an_error_there_and_its_siblings_stand(
    zoo: Zoo, broken: dict[str, Any], path: list[str | int], shown: dict[str, Any]
) -> None:
    zoo.visit = WHOLESOME
    sound = (await zoo.gateway.data(BROKEN))["visit"]
    zoo.visit = WHOLESOME | broken
    answer = await zoo.gateway.ask(BROKEN)
    assert codes(answer) == [("SOURCE_BAD_RESPONSE", ["visit", *path])]
    assert answer["data"]["visit"] == sound | shown


async def test_a_member_that_is_none_of_its_kinds_takes_its_list_with_it(zoo: Zoo) -> None:
    zoo.visit = {"pets": [DOG, {"kind": "bird"}]}
    answer = await zoo.gateway.ask(PETS)
    assert codes(answer) == [("SOURCE_BAD_RESPONSE", ["visit", "pets", 1])]
    assert answer["data"] == {"visit": None}


async def test_defaults_are_told_and_never_sent(zoo: Zoo) -> None:
    sdl = zoo.gateway.snapshot.graph.sdl()
    assert 'Default of the source: "medium"' in sdl
    assert "Default of the source: false" in sdl
    assert '@deprecated(reason: "Use weights.")' in sdl
    zoo.visit = {"pets": []}
    await zoo.gateway.data("mutation { book(body: { pets: [] }) { __typename } }")
    assert (zoo.server.heard[-1].target, zoo.sent) == ("/visit", {"pets": []})
    await zoo.gateway.data('mutation { book(dry: false, body: { pets: [], size: "medium" }) { __typename } }')
    assert (zoo.server.heard[-1].target, zoo.sent) == ("/visit?dry=false", {"pets": [], "size": "medium"})


async def test_what_is_given_is_not_shown_and_what_is_shown_is_not_given(zoo: Zoo) -> None:
    types = zoo.gateway.snapshot.graph.schema.type_map
    assert set(getattr(types["House"], "fields", {})) == {"id", "additionalProperties"}
    assert set(getattr(types["HouseInput"], "fields", {})) == {"secret", "additionalProperties"}
