"""Descriptions kept for the next start: the same as read, and read anew as soon as anything differs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from resolvers.documents import Document, Documents
from resolvers.keep import code_of
from resolvers.rest import kept
from resolvers.rest.client import RestSource, open_rest
from resolvers.rest.operations.openapi import read
from resolvers.rest.settings import RestSettings

MAIN = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://a.example"}],
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "pet",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "default": 2**63 - 1}},
                    {"name": "kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "common.yaml#/Pet"}}}},
                    "404": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Fault": {"type": "object", "properties": {"cause": {"$ref": "#/components/schemas/Fault"}}},
        }
    },
}
COMMON = """
Pet:
  type: object
  required: [name]
  properties:
    name: { type: string, description: "How it is called, in full." }
    friend: { $ref: "#/Pet" }
    home: { oneOf: [ { type: string }, { $ref: "#/Home" } ] }
Home: { type: object, additionalProperties: { type: number } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.json").write_text(json.dumps(MAIN))
    (tmp_path / "common.yaml").write_text(COMMON)
    return tmp_path


async def opened(folder: Path) -> RestSource:
    documents = Documents(folder, keep=folder / ".isthmus")
    source = await open_rest("x", RestSettings(openapi="main.json"), documents)
    await source.close()
    return source


def files(folder: Path) -> list[Path]:
    return list((folder / ".isthmus").iterdir())


async def test_what_was_kept_is_what_was_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cold = await opened(folder)
    assert len(files(folder)) == 1
    monkeypatch.setattr("resolvers.rest.client.read", None)  # nobody reads
    warm = await opened(folder)
    assert warm.model == cold.model
    assert warm._requests["pet"].parameters == cold._requests["pet"].parameters
    fault = warm._requests["pet"].errors["404"]
    assert fault.members["cause"] is fault


CHANGES: dict[str, Callable[[Path], object]] = {
    "the document": lambda folder: (folder / "main.json").write_text(json.dumps(MAIN).replace('"pet"', '"animal"')),
    "another file": lambda folder: (folder / "common.yaml").write_text(COMMON.replace("name", "title")),
    "a file that is gone": lambda folder: (folder / "common.yaml").unlink(),
    "a bit": lambda folder: files(folder)[0].write_bytes(_turned(files(folder)[0].read_bytes())),
    "half of it": lambda folder: files(folder)[0].write_bytes(files(folder)[0].read_bytes()[:100]),
    "all of it": lambda folder: files(folder)[0].write_bytes(b""),
    "a folder in its place": lambda folder: (files(folder)[0].rename(folder / "x"), files(folder)),
}


def _turned(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("change", CHANGES)
async def test_anything_else_is_read_anew(folder: Path, change: str) -> None:
    await opened(folder)
    CHANGES[change](folder)
    again = await opened(folder)
    (folder / "fresh").mkdir()
    for name in ("main.json", "common.yaml"):
        if (folder / name).exists():
            (folder / "fresh" / name).write_bytes((folder / name).read_bytes())
    fresh = await open_rest("x", RestSettings(openapi="main.json"), Documents(folder / "fresh"))
    await fresh.close()
    assert list(again.model.operations) == list(fresh.model.operations)
    assert {name: set(getattr(item, "fields", ())) for name, item in again.model.types.items()} == {
        name: set(getattr(item, "fields", ())) for name, item in fresh.model.types.items()
    }


async def test_bytes_that_fit_and_say_nonsense_are_not_used(folder: Path) -> None:
    assert kept.unpack(b"\x93\x90\x90\x91\x01") is None
    assert kept.unpack(b"\x01") is None


async def test_a_value_that_cannot_be_packed_is_read_every_time(folder: Path) -> None:
    text = json.dumps(MAIN).replace(str(2**63 - 1), str(2**70))
    description = read("x", Document("x.json", text.encode()))
    main = Document("x.json", text.encode())
    kept.Kept(folder / ".isthmus", "x", main, "").save({}, description)
    assert kept.Kept(folder / ".isthmus", "x", main, "").load() is None


@pytest.mark.parametrize("changed", ["rest/read/deep.py", "naming.py", "model/types.py"])
def test_what_another_version_read_is_not_used(changed: str, tmp_path: Path) -> None:
    for name in ("rest/read/deep.py", "naming.py", "model/types.py", "sql/other.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before = 1")
    before = code_of.__wrapped__(tmp_path / "rest")
    (tmp_path / "sql" / "other.py").write_text("after = 2")
    assert code_of.__wrapped__(tmp_path / "rest") == before
    (tmp_path / changed).write_text("after = 2")
    assert code_of.__wrapped__(tmp_path / "rest") != before
