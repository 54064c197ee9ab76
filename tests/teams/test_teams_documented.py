"""The files of docs/teams.md are read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from jsonschema import Draft202012Validator

from gateway.file.config import read
from gateway.file.json_schema import json_schema
from resolvers import load
from tests.teams.files import write

PAGE = (Path(__file__).parents[2] / "docs" / "teams.md").read_text("utf-8")
BLOCKS = {block.split()[1].rstrip(","): block for block in re.findall(r"```yaml\n(# .*?)```", PAGE, re.DOTALL)}
OTHER = "sources: {{ {}: {{ database: 'sqlite:///x.db' }} }}\n"


def test_the_files_of_the_page_are_one_configuration(tmp_path: Path) -> None:
    files = {**BLOCKS, "teams/aaa.yaml": OTHER.format("first"), "systems/erp/isthmus.yaml": OTHER.format("erp")}
    path = write(tmp_path, files)
    plain = read(path, {"BILLING_URL": "https://billing.test"})
    assert list(plain.sources) == ["billing", "first", "erp"]
    prod = read(path, {}, "prod")
    assert getattr(prod.sources["billing"][1], "url") == "https://billing.internal"  # noqa: B009  # of one kind of source
    assert "Debug" in plain.settings.access.rules
    assert "Debug" not in prod.settings.access.rules


def test_editors_know_a_part_and_want_no_section_of_it() -> None:
    part = load(BLOCKS["teams/billing.yaml"])
    assert not Draft202012Validator(json_schema()).is_valid(part)
    assert Draft202012Validator(json_schema(part=True)).is_valid(part)
    assert not Draft202012Validator(json_schema(part=True)).is_valid({"sorces": {}})
    assert Draft202012Validator(json_schema()).is_valid(load(BLOCKS["isthmus.yaml"]) | {"sources": part["sources"]})  # type: ignore[index, operator]  # both are mappings
