"""Every file that a page shows is one that the gateway reads, or says in its first line which other file it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from graphql import parse
from jsonschema import Draft202012Validator

from gateway.file.config import FileSettings, read
from gateway.file.json_schema import json_schema
from resolvers import load
from tests.pages.pages import ROOT, Shown, blocks, named

YAML = [block for block in blocks() if block.language == "yaml"]
OTHERS = {
    "crm.openapi.yaml": "openapi", "crm.overlay.yaml": "overlay", "prometheus.yml": "scrape_configs",
    "keys.yaml": "hash", "revoked.yaml": "jti",
}  # fmt: skip
"""Files of other kinds: what their first line calls them, and a key that they have."""
SCENE = {"as", "variables", "sources"}
LAID_OVER = "isthmus.prod.yaml"
WHOLE = Draft202012Validator(json_schema())
OVERLAY = Draft202012Validator(json_schema(overlay=True))


def _called(block: Shown) -> str:
    found = re.match(r"# (\S+?\.ya?ml)\b", block.text)
    return found[1] if found else ""


def _file(content: Any) -> dict[str, Any]:
    """The content as a file of its own: a page that tells of one thing shows no more of the file than that."""
    if not isinstance(content, dict):
        raise TypeError("it is no mapping")
    if all("." in key for key in content):
        content = {"links": content}
    elif "tables" in content:
        content = {"sources": {"shop": {"database": "sqlite:///shop.db", **content}}}
    elif not content.keys() <= FileSettings.model_fields.keys():
        content = {"sources": content}
    stub = {"sources": {"stub": {"database": "sqlite:///stub.db"}}}
    access = {"default": "anonymous", **content.get("access", {})}
    return {key: value for key, value in {**stub, **content, "access": access}.items() if key != "include"}


@pytest.mark.parametrize("block", YAML, ids=str)
def test_a_block_of_yaml_is_a_file_or_a_part_of_one(block: Shown, tmp_path: Path) -> None:
    for text in _alternatives(block.text):
        content = load(text)
        name = _called(block)
        if name in OTHERS:
            assert f"{OTHERS[name]}:" in text
        elif name == LAID_OVER:
            assert [error.message for error in OVERLAY.iter_errors(content)] == []  # tests/teams lays it over others
        elif not (_is_scene(block, content) or _is_step(content)):
            file = _file(content)
            assert [error.message for error in WHOLE.iter_errors(file)] == []
            environment = {each: _value(each) for each in re.findall(r"\$\{env:(\w+)", text)}
            path = tmp_path / "isthmus.yaml"
            path.write_text(yaml.safe_dump(file, sort_keys=False), "utf-8")
            assert read(path, environment).sources


def _value(name: str) -> str:
    return "redis://host:6379/0" if "REDIS" in name else f"https://{'x' * 40}.invalid"


def _is_scene(block: Shown, content: object) -> bool:
    """``tests/scenes`` plays it."""
    return block.page == "docs/testing.md" and isinstance(content, dict) and content.keys() == SCENE


def _is_step(content: object) -> bool:
    """Of a build: its command is tried among the commands."""
    return isinstance(content, list) and all(isinstance(each, dict) and each.keys() == {"run"} for each in content)


def _alternatives(text: str) -> list[str]:
    """A block that says one key twice shows two ways."""
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    return [text] if len(keys) == len(set(keys)) else text.splitlines(keepends=True)


SERVED = [
    path
    for folder in ("deploy", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
    if re.search(r"^sources:", path.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("path", SERVED, ids=named)
def test_editors_find_nothing_wrong_with_the_files_that_are_served(path: Path) -> None:
    assert [error.message for error in WHOLE.iter_errors(load(path.read_bytes()))] == []


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "graphql"], ids=str)
def test_a_block_of_graphql_is_a_document(block: Shown) -> None:
    assert parse(block.text).definitions


@pytest.mark.parametrize("block", [block for block in blocks() if block.language == "json"], ids=str)
def test_a_block_of_json_is_json(block: Shown) -> None:
    assert load(block.text) is not None
