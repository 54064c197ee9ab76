"""OpenAPI overlays: what a document says wrongly is said rightly beside the file, and everything is checked by line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from resolvers.documents import Document
from resolvers.problem import ConfigurationError
from resolvers.rest.documents.overlays import applied, read_overlay
from tests.pulled.far import lines, run
from tests.reload.house import System, behind, described, house, listening

HEAD = "overlay: {}\ninfo: {{ title: Fix, version: 1 }}\nactions:\n"


def overlay(actions: str, version: str = "1.1.0") -> bytes:
    return (HEAD.format(version) + actions).encode()


def laid(value: object, actions: str, version: str = "1.1.0") -> tuple[Any, list[str]]:
    read = read_overlay("fix.yaml", Document("/x/fix.yaml", overlay(actions, version)), "/x/api.json")
    return applied(value, [read])


def faults(content: bytes, target: str = "/x/api.json") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        applied(
            {"a": {"b": 1}, "l": [1], "s": "x"}, [read_overlay("fix.yaml", Document("/x/fix.yaml", content), target)]
        )
    return [f"{problem.document} {problem.what}" for problem in caught.value.problems]


def test_objects_are_merged_lists_appended_and_values_removed() -> None:
    value = {"info": {"title": "x", "tags": ["a"], "deep": {"one": 1}}, "servers": [{"url": "/a"}], "paths": {}}
    made, cautions = laid(value, """
  - target: $.info
    update: { title: y, tags: [b], deep: { two: 2 }, new: true }
  - target: $.servers
    update: { url: /b }
  - target: $.servers[?@.url == '/a']
    remove: true
  - target: $.paths
    remove: true
""")  # fmt: skip
    assert made == {
        "info": {"title": "y", "tags": ["a", "b"], "deep": {"one": 1, "two": 2}, "new": True},
        "servers": [{"url": "/b"}],
    }
    assert cautions == []
    assert value["paths"] == {}, "what was read stays as it is"
    assert value["info"] == {"title": "x", "tags": ["a"], "deep": {"one": 1}}


def test_actions_follow_each_other_and_one_that_meets_nothing_is_told() -> None:
    made, cautions = laid({}, """
  - target: $.paths['/a']
    update: { get: {} }
  - target: $
    update: { paths: { /a: {} } }
  - target: $.paths['/a']
    update: { get: {} }
""")  # fmt: skip
    assert made == {"paths": {"/a": {"get": {}}}}
    assert cautions == ["fix.yaml:5: the action meets nothing: $.paths['/a']"]


def test_many_items_of_one_list_are_removed_at_once() -> None:
    made, _ = laid({"l": [1, 2, 3, 4, {"x": [5]}], "m": {"l": [6]}}, """
  - target: $..[0, 2, -1]
    remove: true
""")  # fmt: skip
    assert made == {"l": [2, 4], "m": {"l": []}}


def test_copy_and_plain_values_are_of_1_1() -> None:
    value = {"schemas": {"Foo": {"type": "object"}, "Bar": {}}, "s": "x"}
    made, _ = laid(value, "  - { target: $.schemas.Bar, copy: $.schemas.Foo }\n  - { target: $.s, update: y }\n")
    assert made == {"schemas": {"Foo": {"type": "object"}, "Bar": {"type": "object"}}, "s": "y"}
    assert faults(overlay("  - { target: $.a, copy: $.s }\n", "1.0.0")) == ["fix.yaml:4 copy is of version 1.1"]
    assert faults(overlay("  - { target: $.s, update: y }\n", "1.0.0")) == [
        "fix.yaml:4 the target is a plain value, which only 1.1 replaces"
    ]
    assert faults(overlay("  - { target: $.a, copy: $.none }\n")) == [
        "fix.yaml:4 copy selects 0 values, and must select one"
    ]


def test_a_value_that_an_alias_shares_is_changed_in_one_place() -> None:
    shared = {"items": {"type": "string"}}
    made, _ = laid({"a": shared, "b": shared}, "  - { target: $.a.items, update: { type: integer } }\n")
    assert made == {"a": {"items": {"type": "integer"}}, "b": {"items": {"type": "string"}}}


def test_everything_that_is_wrong_is_told_at_its_line() -> None:
    assert faults(b"overlay: 2.0.0\nextends: other.json\nactoins: []\n") == [
        'fix.yaml:3 unknown key "actoins"',
        "fix.yaml:1 overlays of version 2.0.0 are not understood",
        "fix.yaml:1 info needs a title and a version",
        "fix.yaml:2 the overlay is for other.json, and not for the document of this source",
        "fix.yaml:1 actions is a list of at least one action",
    ]
    assert faults(overlay("  - target: $.a[\n    update: {}\n  - target: $.a\n  - { target: 7, remove: yes }\n")) == [
        "fix.yaml:4 $.a[ is no JSONPath expression (RFC 9535): unbalanced brackets",
        "fix.yaml:6 an action needs exactly one of update, remove: true and copy",
        "fix.yaml:7 target is a JSONPath expression",
        "fix.yaml:7 remove is true or false",
    ]
    assert faults(overlay("  - { target: $.a, update: 7 }\n  - { target: $, remove: true }\n")) == [
        "fix.yaml:4 an object is updated by an object",
        "fix.yaml:5 the whole document cannot be removed",
    ]
    assert faults(b"a: [") != faults(b"a: 1") == ["fix.yaml this is not an OpenAPI overlay"]


def test_extends_names_the_document_that_it_is_applied_to() -> None:
    def content(extends: str) -> bytes:
        return overlay(f"  - {{ target: $.a, update: {{}} }}\nextends: {extends}\n")

    for extends, target in (("./api.json", "/x/api.json"), ("https://h/api.json", "https://h/api.json")):
        read_overlay("fix.yaml", Document("/x/fix.yaml", content(extends)), target)
    for extends, target in (("https://h/api.json", "/x/api.json"), ("api.json", "https://h/api.json")):
        assert "the overlay is for" in faults(content(extends), target)[0]


def test_the_page_shows_an_overlay_that_works() -> None:
    page = (Path(__file__).parents[2] / "docs" / "descriptions.md").read_text("utf-8")
    (block,) = (each for each in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "overlay: 1.1.0" in each)
    read = read_overlay("crm.overlay.yaml", Document("/x/crm.overlay.yaml", block.encode()), "/x/api.json")
    parameters = [{"name": "colour"}, {"name": "id"}]
    schema = {"Order": {"properties": {"weight": {"type": "string"}}}}
    value = {"paths": {"/orders": {"get": {"parameters": parameters}}}, "components": {"schemas": schema}}
    made, cautions = applied(value, [read])
    assert cautions == []
    assert made == {
        "paths": {"/orders": {"get": {"parameters": [{"name": "id"}]}}},
        "components": {"schemas": {"Order": {"properties": {"weight": {"type": "number"}}}}},
    }


FILE = """
    sources:
      crm:
        openapi: "{base}/openapi.json"
        overlays: [fix.overlay.yaml]
    access: {{ default: anonymous }}
"""
FIX = """\
overlay: 1.1.0
info: { title: What the orders system says wrongly, version: 1.0.0 }
actions:
  - target: $.components.schemas.Row.properties.weight   # it is sent as a number
    update: { type: number }
  - target: $.paths['/orders'].get.parameters[?@.name == 'colour']
    remove: true
"""


async def test_a_document_that_lies_is_served_as_it_is_and_what_changes_is_taken_over(tmp_path: Path) -> None:
    system = System(described("id", "weight"), rows=[{"id": "1", "weight": 7.5}])
    fix = tmp_path / "fix.overlay.yaml"
    async with listening(behind(system)) as base:
        fix.write_text("overlay: 1.0.0\ninfo: { title: x, version: 1 }\nactions:\n  - { target: $.info, update: {} }\n")
        async with house(tmp_path, FILE.format(base=base)) as at:
            asked = {"data": {"orders": [{"weight": 7.5}]}}
            assert await at.ask("{ orders { weight } }") != asked, "the document says that it is a text"
            fix.write_text(FIX)
            await at.changed()
            assert await at.ask("{ orders { weight } }") == asked
        file = tmp_path / "isthmus.yaml"
        ended = await run("check", file)
        assert ended.code == 0, ended.err
        caution = "fix.overlay.yaml:6: the action meets nothing: $.paths['/orders'].get.parameters[?@.name == 'colour']"
        assert f"  warning: {caution}" in ended.out
        # What was kept in .isthmus/ says it again, and is not taken for another overlay.
        assert f"  warning: {caution}" in (await run("check", file)).out
        fix.write_text(FIX.replace("number }", "integer }"))
        assert "weight: Int" in (await run("sdl", file)).out
        assert (await run("pull", file)).code == 0
    assert ["crm", "description", "./fix.overlay.yaml", ""] in [line[:4] for line in lines(file)]
    assert "weight: Int" in (await run("sdl", file)).out
    fix.write_text(FIX)
    ended = await run("check", file)
    assert "fix.overlay.yaml is not what isthmus.lock was written for" in ended.err
    assert (await run("lock", file)).code == 0
    assert "weight: Float" in (await run("sdl", file)).out


async def test_an_overlay_that_is_wrong_stops_the_start_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(described("id")))
    file = tmp_path / "isthmus.yaml"
    file.write_text(
        "sources:\n  crm:\n    openapi: api.json\n    url: http://127.0.0.1:9\n"
        "    overlays: [fix.yaml, gone.yaml]\naccess: { default: anonymous }\n"
    )
    (tmp_path / "fix.yaml").write_bytes(overlay("  - { target: '$.x[', remove: true }\n"))
    ended = await run("check", file)
    assert ended.code == 1
    assert "fix.yaml:4" in ended.err
    assert "isthmus.yaml:5  sources.crm.overlays" in ended.err
    assert "gone.yaml cannot be read" in ended.err
