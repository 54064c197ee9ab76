"""The reference of all keys is what the program makes of its own models, and leaves none out."""

from __future__ import annotations

import re

import pytest

from gateway.file.config import FileSettings
from resolvers import KINDS, settings_of
from tests.pages.keys import FOLDER, MORE, pages, schema
from tests.pages.pages import ROOT, blocks, spans


@pytest.mark.parametrize("name", pages())
def test_the_reference_is_as_the_program_makes_it(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == pages()[name], "run python -m tests.pages"


def test_every_key_that_can_be_written_is_told_of() -> None:
    text = "".join(pages().values())
    told = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    there = set(FileSettings.model_fields) - {"sources", "server"}
    there |= {key for each in schema()["$defs"].values() for key in each.get("properties", {})}
    assert there - told == set()
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_source_has_all_its_keys(kind: str) -> None:
    tables = {
        part.partition("\n")[0]: set(re.findall(r"^\| `(\w+)`", part, re.MULTILINE))
        for part in pages()["sources.md"].split("\n## ")
    }
    shared = "openapi and wsdl" if kind in {"openapi", "wsdl"} else "database and files"
    assert tables["Every source"] | tables[shared] | tables[kind] == set(settings_of(kind).model_fields)


def test_the_page_that_tells_more_of_a_key_names_it() -> None:
    words: dict[str, set[str]] = {}
    for shown in (*spans(), *blocks()):
        words.setdefault(shown.page, set()).update(re.findall(r"\w+", shown.text))
    for told in MORE.values():
        for page, keys in told.items():
            name = f"docs/{page.partition('#')[0]}"
            assert (ROOT / name).exists()
            assert set(keys.split()) - words[name] == set(), name
