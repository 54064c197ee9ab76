"""docs/tutorials/insurer.md: what it shows is what there is."""

from __future__ import annotations

from pathlib import Path

from examples.insurer.systems import exports, systems
from tests.tutorials.walk import (
    Page,
    answers,
    commands_are_told,
    lines,
    mistakes_are_told,
    shown_files,
    started,
    walking,
)

PAGE = Page("insurer", "insurer")
AWAY = {"CLAIMS_URL": "http://127.0.0.1:9", "PREMIUMS_URL": "http://127.0.0.1:9"}


def test_the_file_is_the_one_that_is_shown_and_as_long_as_is_said() -> None:
    shown_files(PAGE)
    assert PAGE.said(r"(\d+) lines of YAML") == [str(lines((PAGE.folder / "isthmus.yaml").read_text("utf-8")))]


async def test_every_query_is_answered_as_is_shown_by_the_calls_that_are_shown(tmp_path: Path) -> None:
    made = systems()
    started(made)
    async with walking(PAGE, tmp_path, made, exports(made)) as walk:
        assert await answers(walk, PAGE.blocks) == 4


def test_every_command_prints_what_is_shown(tmp_path: Path) -> None:
    assert commands_are_told(PAGE, tmp_path, AWAY) == 2


def test_six_mistakes_are_told_as_is_shown(tmp_path: Path) -> None:
    assert mistakes_are_told(PAGE, tmp_path, AWAY) == 6
