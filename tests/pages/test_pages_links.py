"""Links lead somewhere: to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.pages.pages import ROOT, named, paths, prose

PAGES = [*paths(), ROOT / "CHANGELOG.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@cache
def headings(path: Path) -> frozenset[str]:
    """What GitHub makes of the headings of a page, to be linked to."""
    found = re.findall(r"^#+ +(.+?)\s*$", prose(path), re.MULTILINE)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", each).lower() for each in found]
    return frozenset(re.sub(r"[^\w\- ]", "", each).replace(" ", "-") for each in plain)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if heading:
            assert heading in headings(target), f"{link}: {sorted(headings(target))}"


def test_every_page_is_found_from_the_first_one() -> None:
    """By links, from page to page: what nobody links to nobody reads."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for link in _LINK.findall(prose(page)):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                waiting.append(target)
    assert [named(page) for page in paths() if page not in seen] == []
