"""Schemas read into types, one kind after the other. Values are the affair of ``test_rest_schema_laws.py``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resolvers.documents import Document
from resolvers.model import EnumType, InputType, ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef, UnionType
from resolvers.rest.operations.openapi import read
from resolvers.rest.shapes import Description

TEXT = ScalarRef(Scalar.STRING)
JSON = ScalarRef(Scalar.JSON)
ANYTHING = ScalarRef(Scalar.JSON, nullable=True)
TEXT_SCHEMA = {"type": "string"}
A = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
B = {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}


def of(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def reading_of(version: str = "3.1.0", /, **components: Any) -> Description:
    """A document that gives and takes every component."""
    holder = {"type": "object", "properties": {name: of(name) for name in components}}
    content = {"content": {"application/json": {"schema": holder}}}
    operation = {"operationId": "all", "requestBody": content, "responses": {"200": content}}
    paths = {"/all": {"post": operation}}
    document = {"openapi": version, "paths": paths, "components": {"schemas": components}}
    return read("x", Document("x.json", json.dumps(document).encode()))


def both(schema: Any, /, version: str = "3.1.0", **components: Any) -> tuple[TypeRef, TypeRef]:
    """The type of a component named ``It`` as a result and as an input."""
    model = reading_of(version, It=schema, **components).model
    holder = model.types["AllResult"]
    assert isinstance(holder, ObjectType)
    return holder.fields["It"].type, model.inputs["AllBody"].fields["It"].type


def members(found: Description, name: str = "It") -> tuple[str, ...]:
    union = found.model.types[name]
    assert isinstance(union, UnionType)
    return union.members


def given(found: Description, name: str = "It") -> dict[str, TypeRef]:
    made: InputType = found.model.inputs[name]
    assert made.one_of
    return {key: item.type for key, item in made.fields.items()}


def fields(found: Description, name: str = "It") -> dict[str, tuple[TypeRef, bool]]:
    made = found.model.types[name]
    assert isinstance(made, ObjectType)
    return {key: (item.type, item.required) for key, item in made.fields.items()}


@pytest.mark.parametrize(("schema", "wanted"), [
    ({"type": "string"}, TEXT), ({"type": ["string", "null"]}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"type": "string", "nullable": True}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"oneOf": [{"type": "string"}, {"const": None}]}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"oneOf": [{"type": ["string", "null"]}]}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"allOf": [{"type": "string"}]}, TEXT),
    ({"allOf": [{"type": "string"}], "nullable": True}, ScalarRef(Scalar.STRING, nullable=True)),
    ({"anyOf": [{"type": "string", "format": "date"}, {"type": "string"}]}, TEXT),
    ({"anyOf": [{"type": "string", "format": "uuid"}] * 2}, ScalarRef(Scalar.UUID)),
    ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, ScalarRef(Scalar.FLOAT)),
    ({"oneOf": [{"type": "integer"}, {"type": "integer", "format": "int64"}]}, ScalarRef(Scalar.BIG_INT)),
    ({"type": ["integer", "string"]}, ANYTHING), ({"type": ["boolean", "number", "null"]}, ANYTHING),
    ({"oneOf": [{"type": "string"}, {"type": "object"}]}, JSON), ({"oneOf": [{"type": "string"}, {}]}, ANYTHING),
    ({"type": "object"}, JSON), ({"type": "object", "additionalProperties": True}, JSON), ({}, ANYTHING),
    ({"type": "object", "additionalProperties": {}}, JSON),
    ({"type": "object", "properties": {}, "additionalProperties": False}, JSON),
    ({"enum": [1, 2]}, ScalarRef(Scalar.INT)), ({"enum": [1.5, 2]}, ScalarRef(Scalar.FLOAT)),
    ({"enum": [True]}, ScalarRef(Scalar.BOOLEAN)), ({"const": False}, ScalarRef(Scalar.BOOLEAN)),
    ({"enum": [True, "a"]}, ANYTHING), ({"type": "null"}, ANYTHING), ({"const": None}, ANYTHING),
    ({"type": "string", "not": {"const": "x"}, "if": {"minLength": 2}, "then": {}}, TEXT),
    ({"type": "array", "prefixItems": [{"type": "string"}] * 2}, ListRef(TEXT)),
    ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}, ListRef(ANYTHING)),
    ({"type": "array"}, ListRef(ANYTHING)), ({"items": {"type": "string"}}, ListRef(TEXT)),
    ({"anyOf": [{"type": "array", "items": {"type": "string"}}] * 2}, ListRef(TEXT)),
    ({"additionalProperties": {"type": "string"}}, ListRef(NamedRef("StringEntry"))),
    ({"patternProperties": {"^x": {"type": "string"}}, "type": "object"}, ListRef(NamedRef("StringEntry"))),
    ({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
     ListRef(NamedRef("StringListEntry"))),
    ({"$ref": "#/nowhere"}, ANYTHING),
])  # fmt: skip
def test_types_of_schemas(schema: Any, wanted: TypeRef) -> None:
    assert both(schema) == (wanted, wanted)


def test_required_around_a_reference_makes_it_required() -> None:
    wider = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}
    found = reading_of(Wide=wider, It={"allOf": [of("Wide"), {"required": ["a"]}]}, Same={"allOf": [of("Wide")]})
    assert fields(found) == {"a": (TEXT, True), "b": (TEXT, False)}
    assert fields(found, "Wide") == {"a": (TEXT, False), "b": (TEXT, False)}
    assert both(of("Same"), Wide=wider, Same={"allOf": [of("Wide")]})[0] == NamedRef("Wide")
    strict = {**wider, "required": ["a"]}
    assert both({"allOf": [of("Wide")], "required": ["a"]}, Wide=strict)[0] == NamedRef("Wide")


def test_all_of_merges_what_both_say_of_a_member() -> None:
    one = {"type": "object", "properties": {"x": {**A}, "y": {"type": "string"}, "z": {"type": "string"}}}
    two = {"type": "object", "properties": {"x": {**B}, "y": {"description": "Why."}, "z": {"const": "z"}}}
    found = reading_of(It={"allOf": [one, two]})
    inner = fields(found)["x"][0]
    assert isinstance(inner, NamedRef)
    assert fields(found, inner.name) == {"a": (TEXT, True), "b": (TEXT, True)}
    assert fields(found)["y"] == (TEXT, False)
    made = found.model.types["It"]
    assert isinstance(made, ObjectType)
    assert made.fields["y"].description == "Why."
    assert isinstance(fields(found)["z"][0], NamedRef)


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_objects_are_a_union_and_a_one_of_input(word: str) -> None:
    found = reading_of(A=A, B=B, It={word: [of("A"), of("B")]})
    assert members(found) == ("A", "B")
    assert given(found) == {"A": NamedRef("A"), "B": NamedRef("B")}
    assert found.model.left_out == ()


def test_other_members_ride_in_wrappers() -> None:
    map_of = {"type": "object", "additionalProperties": {"type": "integer"}}
    found = reading_of(It={"anyOf": [
        {"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "array", "items": {"type": "string"}},
        map_of, A,
    ]})  # fmt: skip
    assert members(found) == ("StringValue", "FloatValue", "BooleanValue", "StringList", "IntMap", "ItObject")
    assert fields(found, "StringValue") == {"value": (TEXT, True)}
    assert fields(found, "StringList") == {"items": (ListRef(TEXT), True)}
    assert fields(found, "IntMap") == {"entries": (ListRef(NamedRef("IntEntry")), True)}
    assert set(given(found)) == {"StringValue", "FloatValue", "BooleanValue", "StringList", "IntMap", "Object"}


def test_alternatives_of_inputs_are_called_what_the_document_calls_them() -> None:
    first, second = {**A, "title": "Card"}, {**B, "title": "Bank account"}
    twice = {"type": "object", "properties": {"x": {"oneOf": [first, second]}, "y": {"oneOf": [first, second]}}}
    found = reading_of(It=twice).model.inputs
    assert [set(found[name].fields) for name in found if found[name].one_of] == [{"Card", "BankAccount"}] * 2
    beside = {"type": "object", "properties": {"kind": TEXT_SCHEMA}, "oneOf": [of("One"), of("Two")]}
    assert set(given(reading_of(It=beside, One=A, Two=B))) == {"One", "Two"}
    inline = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}
    assert set(given(reading_of(It={"oneOf": [inline, TEXT_SCHEMA]}))) == {"List", "StringValue"}
    shared = {"type": "array", "items": of("One")}
    assert set(given(reading_of(It={"oneOf": [shared, TEXT_SCHEMA]}, One=A))) == {"OneList", "StringValue"}


def test_alternatives_of_alternatives_are_one_union() -> None:
    found = reading_of(A=A, B=B, Inner={"oneOf": [of("A"), {"type": "null"}]}, It={"oneOf": [of("Inner"), of("B")]})
    assert members(found) == ("A", "B")
    assert both({"oneOf": [of("A"), of("A")]}, A=A)[0] == NamedRef("A")


def test_what_stands_beside_the_alternatives_belongs_to_each() -> None:
    found = reading_of(A=A, B=B, It={"properties": {"id": {"type": "string"}}, "oneOf": [of("A"), of("B")]})
    for member in members(found):
        assert "id" in fields(found, member)


def test_a_base_that_lists_its_kinds_ends() -> None:
    pet = {
        "type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind", "mapping": {"d": "#/components/schemas/Dog", "c": "Cat"}},
        "oneOf": [of("Dog"), of("Cat")],
    }  # fmt: skip
    found = reading_of(It=pet, Dog={"allOf": [of("It"), A]}, Cat={"allOf": [of("It"), B]})
    assert members(found) == ("Dog", "Cat")
    assert set(fields(found, "Dog")) == {"kind", "a"}
    choice = found.results.choices["It"]
    assert (choice.discriminator, choice.mapping) == ("kind", {"d": "Dog", "c": "Cat"})


def test_recursive_schemas_end() -> None:
    found = reading_of(
        It={"oneOf": [{"type": "string"}, {"type": "array", "items": of("It")}, of("Node")]},
        Node={"type": "object", "properties": {"next": of("Node"), "any": of("It")}},
        Loop={"type": "object", "additionalProperties": of("Loop")},
        Self={"allOf": [of("Self")]},
        Alone={"oneOf": [of("Alone")]},
    )
    assert members(found) == ("StringValue", "ItList", "Node")
    reasons = {item.reason for item in found.model.left_out}
    assert {reason.partition(":")[0] for reason in reasons} == {"served as JSON"}


def test_what_cannot_be_told_apart_is_said() -> None:
    vague = {"type": "object", "properties": {"a": {"type": "string"}}}
    found = reading_of(One=vague, Two=vague | {"title": "two"}, It={"oneOf": [of("One"), of("Two")]})
    assert ["guessed by its members" in item.reason for item in found.model.left_out] == [True]
    tagged = {
        word: {"type": "object", "required": ["t"], "properties": {"t": {"const": word}}} for word in ("One", "Two")
    }
    assert reading_of(**tagged, It={"oneOf": [of("One"), of("Two")]}).model.left_out == ()


def test_read_and_write_only_members_stand_on_one_side() -> None:
    stamp = {"type": "string", "readOnly": True}
    found = reading_of(Stamp=stamp, It={"type": "object", "required": ["in"], "properties": {
        "out": of("Stamp"), "in": {"type": "string", "writeOnly": True}, "both": {"type": "string"},
    }})  # fmt: skip
    assert set(fields(found)) == {"out", "both"}
    assert set(found.model.inputs["It"].fields) == {"in", "both"}
    assert found.model.inputs["It"].fields["in"].required


def enum(found: Description, name: str = "It") -> EnumType:
    return found.model.enums[name]


def test_enums() -> None:
    found = reading_of(It={"enum": ["a", "", 2, None]}, Same={"oneOf": [{"const": "x"}, {"enum": ["y", "x"]}]})
    assert [item.value for item in enum(found).values] == ["a", "", 2]
    assert [item.value for item in enum(found, "Same").values] == ["x", "y"]
    assert both({"enum": ["a", None]})[0] == NamedRef("It", nullable=True)


def test_odata_writes_null_as_an_empty_object_beside_a_reference() -> None:
    assert both({"anyOf": [of("A"), {"type": "object", "nullable": True}]}, "3.0.0", A=A)[0] == NamedRef(
        "A", nullable=True
    )


def test_numbers_in_maps_that_travel_as_text_are_apart() -> None:
    found = reading_of(
        It={"additionalProperties": {"type": "string", "format": "decimal"}},
        Other={"additionalProperties": {"type": "number", "format": "decimal"}},
    )
    texts = {name for name, _ in found.inputs.texts}
    assert len(texts & set(found.model.inputs)) == 1
