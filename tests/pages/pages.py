"""What readers are shown: the pages of the documentation, and the blocks, words and links in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCED = re.compile(r"^( *)(`{3,})(\w*)[^\n]*\n(.*?)^\1\2`*$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """A text and where a reader sees it. ``language``: of a block that is fenced."""

    page: str
    line: int
    text: str
    language: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def paths() -> list[Path]:
    """The pages that tell of the gateway as it is; decisions tell of the day on which they were made."""
    under = sorted(path for path in (ROOT / "docs").rglob("*.md") if "decisions" not in path.parts)
    return [ROOT / "README.md", *under]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks() -> Iterator[Shown]:
    """All that is fenced."""
    for path in paths():
        text = path.read_text("utf-8")
        for found in _FENCED.finditer(text):
            lines = found[4].splitlines(keepends=True)
            content = "".join(line.removeprefix(found[1]) for line in lines)
            yield Shown(named(path), _line(text, found.start()) + 1, content, found[3])


def prose(path: Path) -> str:
    """The page without its blocks, line for line."""
    return _FENCED.sub(lambda found: "\n" * found[0].count("\n"), path.read_text("utf-8"))


def spans() -> Iterator[Shown]:
    """What stands between backticks in running text; a span that was broken is one line."""
    for path in paths():
        for number, paragraph in _paragraphs(prose(path)):
            for found in _SPAN.finditer(paragraph):
                yield Shown(named(path), number + paragraph[: found.start()].count("\n"), " ".join(found[2].split()))


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Backticks pair within a paragraph, or a row of a table: one that is missing spoils no more than that."""
    for found in re.finditer(r"(?:^(?!\|).*\S.*\n?)+|^\|.*\n?", text, re.MULTILINE):
        yield _line(text, found.start()), found[0]


def _line(text: str, at: int) -> int:
    return text[:at].count("\n") + 1
