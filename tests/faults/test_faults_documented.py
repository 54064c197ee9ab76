"""The page on reliability has every row of what goes wrong, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")


def test_every_row_is_there_and_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (F\d+) \|(.*)\|$", PAGE, re.MULTILINE)
    assert [row for row, _ in rows] == [f"F{number}" for number in range(1, 41)]
    there: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there |= set(re.findall(r"def (test_\w+)", path.read_text("utf-8")))
    for row, text in rows:
        named = set(re.findall(r"`(test_\w+)`", text))
        assert named, row
        assert named - there == set(), row


def test_every_command_of_the_page_is_a_module() -> None:
    commands = set(re.findall(r"python -m (tests\.\w+(?:\.\w+)?)", PAGE))
    assert commands
    for name in commands:
        path = ROOT.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name
