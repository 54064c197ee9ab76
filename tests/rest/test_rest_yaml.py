"""YAML by the core rules of 1.2, and the line of every key."""

from __future__ import annotations

import pytest

from resolvers.yaml12 import Yaml, YamlError, load


@pytest.mark.parametrize(("text", "value"), [
    ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("2026-02-01", "2026-02-01"), ("0o17", 15),
    ("010", 10), ("0x1F", 31), ("1_000", "1_000"), ("1e3", 1000.0), (".5", 0.5), ("True", True), ("~", None),
    ("", None), ("null", None), ("<<", "<<"), ("=", "="), ("!!str 5", "5"), ("'5'", "5"), ("0b1", "0b1"),
    ("123456789012345678901234567890", 123456789012345678901234567890),
    ('{"a": 123456789012345678901234567890, "b": "\\ud83d\\ude00"}',
     {"a": 123456789012345678901234567890, "b": "\U0001f600"}),
    ("{a: 1, b: [x, NO]}", {"a": 1, "b": ["x", "NO"]}), ("200: {x: 1}", {200: {"x": 1}}),
    ("a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3", {"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}}),
])  # fmt: skip
def test_values(text: str, value: object) -> None:
    assert load(text) == value
    assert type(load(text)) is type(value)


@pytest.mark.parametrize(("text", "line"), [
    ("a: 1\nb: 2\na: 3", 3), ('{"a": 1, "a": 2}', None), ("a: !!python/object:os.system x", 1), ("&a [*a]", 1),
    ("a: [\n", 2), (b"a: \xff", None), ("[" * 100_000, None), ("a: 1\n---\nb: 2", 2), ("? [a]\n: b", 1),
    ("a: *missing", 1), ("a: " + "9" * 5000, 1),
])  # fmt: skip
def test_refused(text: str | bytes, line: int | None) -> None:
    with pytest.raises(YamlError) as caught:
        load(text)
    assert caught.value.line == line


def test_lines() -> None:
    text = "# a comment\nsources:\n  crm:\n    openapi: x\n    include:\n      - a\n      - b\n"
    assert Yaml(text).lines() == {
        (): 1,
        ("sources",): 2,
        ("sources", "crm"): 3,
        ("sources", "crm", "openapi"): 4,
        ("sources", "crm", "include"): 5,
        ("sources", "crm", "include", 0): 6,
        ("sources", "crm", "include", 1): 7,
    }
    assert Yaml("").lines() == {(): 1}
    assert Yaml('{"a":\n  [1,\n   2]}').lines() == {(): 1, ("a",): 1, ("a", 0): 2, ("a", 1): 3}
