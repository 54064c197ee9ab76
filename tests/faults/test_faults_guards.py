"""The lists of guards name files and tests that exist, so that whoever moves one of them moves its line as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["tests/faults/guards.md", "tests/access/guards.md"])
def test_every_guard_stands_in_a_file_and_is_missed_by_a_test(page: str) -> None:
    tests = {path.stem: path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    rows = re.findall(r"^\| (?!guard|---)(.+?) \| `(.+?)` \| (.+?) \|$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 30
    for guard, where, missed in rows:
        assert (ROOT / where).is_file(), guard
        if not missed.startswith("none: "):
            file, _, name = missed.partition(": ")
            assert f"def {name}(" in tests[file], guard
