"""Laws of values: any schema, any value that fits it, comes in and goes out unchanged; both ways of reading agree."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.documents import Document
from resolvers.errors import SourceBadResponse
from resolvers.http import Reply
from resolvers.model import TYPE_KEY, ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef, UnionType
from resolvers.rest.operations.openapi import read
from resolvers.rest.replies.exact import ExactReading
from resolvers.rest.replies.reply import Replies, parse
from resolvers.rest.replies.rows import Rows
from resolvers.rest.requests.given import Inputs
from resolvers.rest.requests.request import encode
from resolvers.rest.shapes import Description
from resolvers.source import LEAF, Selection

Schema = dict[str, Any]
Drawn = tuple[Schema, st.SearchStrategy[Any]]
"""A schema and values that fit it."""

WORDS = ["a", "b c", "", "2nd", "true", "ü"]
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=4)
LEAVES: list[Drawn] = [
    ({"type": "string"}, KEYS),
    ({"type": "integer"}, st.integers(-(2**31), 2**31 - 1)),
    ({"type": "integer", "format": "int64"}, st.integers(-(2**63), 2**63 - 1)),
    ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9)),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "string", "enum": WORDS}, st.sampled_from(WORDS)),
    ({"type": "string", "format": "date"}, st.dates().map(str)),
    ({"type": "number", "format": "decimal"}, st.decimals(allow_nan=False, allow_infinity=False, places=3)),
]


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> Drawn:
    kinds = ["leaf"] if depth == 0 else ["leaf", "array", "object", "object", "map", "tagged", "mixed", "merged"]
    match draw(st.sampled_from(kinds)):
        case "array":
            item, values = draw(schemas(depth - 1))
            made: Drawn = ({"type": "array", "items": item}, st.lists(values, max_size=3))
        case "map":
            item, values = draw(schemas(depth - 1))
            made = ({"type": "object", "additionalProperties": item}, st.dictionaries(KEYS, values, max_size=3))
        case "object":
            made = draw(objects(depth, {}))
        case "tagged":
            tag = draw(st.booleans())
            parts = [draw(objects(depth, {"kind": word})) for word in ("x", "y", "z")[: draw(st.integers(2, 3))]]
            union: Schema = {"oneOf": [schema for schema, _ in parts]}
            if tag:
                union["discriminator"] = {"propertyName": "kind"}
            made = (union, st.one_of(*(values for _, values in parts)))
        case "mixed":
            schema, values = draw(objects(depth, {"id": "mixed"}))
            made = ({"anyOf": [{"type": "string"}, schema, {"type": "integer"}]}, KEYS | values | st.integers(0, 9))
        case "merged":
            (one, first), (two, second) = draw(objects(depth, {"p": "p"})), draw(objects(depth, {"q": "q"}))
            made = ({"allOf": [one, two]}, st.tuples(second, first).map(lambda pair: pair[0] | pair[1]))
            # The names of both are one set: what they share is said by both, and must fit both.
            if one["properties"].keys() & two["properties"].keys():
                made = (one, first)
        case _:
            made = draw(st.sampled_from(LEAVES))
    if draw(st.integers(0, 3)) == 0:
        return nullable(draw(st.booleans()), *made)
    return made


def nullable(by_type: bool, schema: Schema, values: st.SearchStrategy[Any]) -> Drawn:  # noqa: FBT001
    """Null as one of the types, or as one of the alternatives."""
    if by_type and "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}, values | st.none()
    return {"anyOf": [schema, {"type": "null"}]}, values | st.none()


@st.composite
def objects(draw: st.DrawFn, depth: int, fixed: dict[str, str]) -> Drawn:
    properties: dict[str, Drawn] = {name: ({"const": word}, st.just(word)) for name, word in fixed.items()}
    for name in draw(st.lists(st.sampled_from(["one", "two_words", "Three", "4th"]), unique=True, min_size=1)):
        properties[name] = draw(schemas(depth - 1))
    required = [name for name in properties if name in fixed or draw(st.booleans())]
    values = st.fixed_dictionaries(
        {name: properties[name][1] for name in required},
        optional={name: values for name, (_, values) in properties.items() if name not in required},
    )
    schema: Schema = {
        "type": "object", "required": required, "properties": {name: item for name, (item, _) in properties.items()},
    }  # fmt: skip
    if draw(st.integers(0, 3)) == 0:
        schema["additionalProperties"] = {"type": "boolean"}
        more = st.dictionaries(KEYS.filter(lambda key: key not in properties), st.booleans(), max_size=2)
        values = st.tuples(more, values).map(lambda pair: pair[0] | pair[1])
    return schema, values


def reading_of(schema: Schema) -> Description:
    content = {"application/json": {"schema": schema}}
    paths = {
        "/x": {
            "get": {"operationId": "get", "responses": {"200": {"content": content}}},
            "post": {
                "operationId": "put",
                "requestBody": {"required": True, "content": content},
                "responses": {"204": {"description": ""}},
            },
        },
    }
    return read("x", Document("x.json", json.dumps({"openapi": "3.1.0", "paths": paths}).encode()))


def everything(description: Description, ref: TypeRef) -> Selection:
    """All there is to select, without saying so."""
    while isinstance(ref, ListRef):
        ref = ref.item
    made = description.model.types.get(ref.name) if isinstance(ref, NamedRef) else None
    if isinstance(made, UnionType):
        found = LEAF
        for member in made.members:
            found = found.merge(everything(description, NamedRef(member)))
        return found
    if isinstance(made, ObjectType):
        return Selection({key: everything(description, item.type) for key, item in made.fields.items()})
    return LEAF


def written(value: object) -> bytes:
    def number(found: object) -> object:
        if isinstance(found, Decimal):
            return float(found)
        raise TypeError

    return json.dumps(value, default=number).encode()


def shown(value: object) -> object:
    """Rows with errors that can be compared; numbers by what they are worth."""
    if isinstance(value, SourceBadResponse):
        return "broken"
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return (type(value), float(value) if isinstance(value, Decimal) else value)


def both(description: Description, body: bytes) -> tuple[object, object]:
    """What the reading for a selection gives, and what the exact one gives."""
    operation = description.model.operations["get"]
    ref = operation.result
    assert ref is not None
    selection = everything(description, ref)
    types, enums = description.model.types, description.model.enums
    replies = Replies(types, enums, description.results)
    exactly = ExactReading(Rows.of(types, enums, description.results))
    reply = Reply(200, {"content-type": "application/json"}, body)
    shape = description.requests["get"]
    exact: Callable[[], object] = lambda: exactly.settle(  # noqa: E731
        parse(body, exact=exactly.holds_decimals(ref, selection)), ref, selection
    )
    return told(lambda: replies.decode(shape, operation, ref, reply, selection)), told(exact)


def told(read_it: Callable[[], object]) -> object:
    try:
        return shown(read_it())
    except SourceBadResponse:
        return "broken"


def broken(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(broken, value.values()))
    return any(map(broken, value)) if isinstance(value, list) else value == "broken"


def as_input(description: Description, row: Any, result: TypeRef, given: TypeRef) -> object:
    """A decoded row as a caller would hand it in again."""
    if row is None or isinstance(result, ScalarRef):
        return row
    if isinstance(result, ListRef):
        assert isinstance(given, ListRef)
        return [as_input(description, item, result.item, given.item) for item in row]
    assert isinstance(given, NamedRef)
    made = description.model.types.get(result.name)
    if made is None:
        return row
    fields = description.model.inputs[given.name].fields
    if isinstance(made, UnionType):
        variants = [item.type for item in description.results.choices[result.name].variants]
        field = list(fields.values())[variants.index(row[TYPE_KEY])]
        variant = description.results.choices[result.name].variants[variants.index(row[TYPE_KEY])]
        if variant.inner is not None:
            return {field.name: as_input(description, row[variant.member], variant.inner, field.type)}
        inner = {key: item for key, item in row.items() if key != TYPE_KEY}
        return {field.name: as_input(description, inner, NamedRef(variant.type), field.type)}
    assert isinstance(made, ObjectType)
    return {key: as_input(description, item, made.fields[key].type, fields[key].type) for key, item in row.items()}


SLOW = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)


@SLOW
@given(st.data())
def test_a_value_that_fits_comes_in_and_goes_out_unchanged(data: st.DataObject) -> None:
    schema, values = data.draw(schemas())
    value = data.draw(values)
    description = reading_of(schema)
    body = written(value)
    typed, exact = both(description, body)
    assert typed == exact
    assert not broken(exact)
    result, shape = description.model.operations["get"].result, description.requests["put"]
    assert result is not None
    assert shape.body is not None
    replies = Replies(description.model.types, description.model.enums, description.results)
    reply = Reply(200, {"content-type": "application/json"}, body)
    row = replies.decode(
        description.requests["get"], description.model.operations["get"], result, reply, everything(description, result)
    )
    again = as_input(description, row, result, shape.body.type)
    sent = encode(shape, "http://x", {"body": again}, Inputs(description.model.inputs, description.inputs)).body
    assert sent is not None
    assert json.loads(sent) == json.loads(body)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["one", "two_words", "Three", "4th", "kind", "id", "p", "zz"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """A value with something else somewhere in it."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: draw(damaged(value[key]))}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(damaged(value[index])), *value[index + 1 :]]
    return draw(ANY)


@SLOW
@given(st.data())
def test_both_ways_of_reading_agree_about_what_does_not_fit(data: st.DataObject) -> None:
    schema, values = data.draw(schemas())
    body = written(data.draw(values.flatmap(damaged)))
    typed, exact = both(reading_of(schema), body)
    assert typed == exact


def test_scalars_of_every_kind_are_among_the_schemas() -> None:
    """The laws speak of what is drawn: the list of leaves holds each scalar that JSON has a form for."""
    kinds = set()
    for schema, _ in LEAVES:
        ref = reading_of(schema).model.operations["get"].result
        kinds.add(ref.scalar if isinstance(ref, ScalarRef) else "enum")
    assert kinds >= {Scalar.STRING, Scalar.INT, Scalar.BIG_INT, Scalar.FLOAT, Scalar.BOOLEAN, Scalar.DECIMAL, "enum"}
