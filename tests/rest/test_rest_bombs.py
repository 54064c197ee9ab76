"""Short descriptions that say billions of things; read as they stand, each would take hours and all memory."""

from __future__ import annotations

import json

import pytest

from resolvers.documents import DescriptionError, Document
from resolvers.rest.operations.openapi import read
from resolvers.rest.shapes import Description

LEVELS = 40


def described(schemas: dict[str, object]) -> Description:
    """One read whose answer is the last of the schemas."""
    schema = {"$ref": f"#/components/schemas/A{LEVELS}"}
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "bomb", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "things", "responses": {"200": answer}}}},
        "components": {"schemas": schemas},
    }
    return read("bombs", Document("bomb.json", json.dumps(document).encode()))


def doubling(word: str) -> dict[str, object]:
    """Each schema is made twice of the one before."""
    first: dict[str, object] = {"A0": {"type": "object", "required": ["p"], "properties": {"p": {"type": "string"}}}}
    twice = {f"A{n}": {word: [{"$ref": f"#/components/schemas/A{n - 1}"}] * 2} for n in range(1, LEVELS + 1)}
    return first | twice


def test_a_schema_that_doubles_at_every_level_is_degraded() -> None:
    model = described(doubling("allOf")).model
    (degraded,) = [item for item in model.left_out if item.degraded]
    assert degraded.reason == "served as JSON: a schema of too many parts"
    assert list(model.operations) == ["things"]


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
def test_alternatives_that_double_at_every_level_are_few(word: str) -> None:
    model = described(doubling(word)).model
    assert len(model.types) == 1
    assert list(model.operations) == ["things"]


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = "\n".join([*lines, "openapi: 3.0.0", 'info: { title: bomb, version: "1" }', "paths: {}"])
    with pytest.raises(DescriptionError) as caught:
        read("bombs", Document("bomb.yaml", text.encode()))
    assert "with its aliases" in caught.value.problem.what
