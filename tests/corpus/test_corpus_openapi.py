"""Every real document becomes a valid schema, every operation in it is served or reported, its names are fit to read.

The shares that are asserted are those reached; they are only ever made stricter.
"""

from __future__ import annotations

import pytest

from tests.corpus.measure import CORPUS, COUNTS, TABLE, Measured, measure_all, rows

MOST_MEBIBYTES = 600
LEAST_SERVED = 1
MOST_JSON = 0.0012
MOST_ODD_NAMES = 0.0005


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of real documents is not at {CORPUS}")
    return measure_all()


def total(measured: list[Measured], count: str) -> int:
    return sum(one.counts[COUNTS.index(count)] for one in measured)


def test_every_document_is_a_valid_schema(measured: list[Measured]) -> None:
    assert [one.name for one in measured if not one.report["valid"]] == []
    assert len(measured) == 57


def test_every_declared_operation_is_served_or_left_out_with_a_reason(measured: list[Measured]) -> None:
    for one in measured:
        operations = one.report["operations"]
        assert operations["declared"] == one.declared, one.name
        assert operations["served"] + len(operations["left_out"]) == one.declared, one.name
        assert all(item["reason"] and "#/" in item["where"] for item in operations["left_out"]), one.name
    assert total(measured, "served") >= LEAST_SERVED * total(measured, "operations")


def test_fields_say_what_the_documents_say(measured: list[Measured]) -> None:
    for one in measured:
        for item in one.report["json_fallbacks"]:
            assert item["reason"], one.name
            assert item["coordinate"], one.name
    assert total(measured, "JSON") <= MOST_JSON * total(measured, "fields")


def test_names_are_fit_to_read(measured: list[Measured]) -> None:
    assert sum(one.odd_names for one in measured) <= MOST_ODD_NAMES * total(measured, "names")


def test_memory_has_an_end(measured: list[Measured]) -> None:
    assert {one.name: one.report["mebibytes"] for one in measured if one.report["mebibytes"] > MOST_MEBIBYTES} == {}


def test_the_page_shows_what_is_reached(measured: list[Measured]) -> None:
    shown, found = rows(TABLE.read_text()), {one.name: one.counts for one in measured}
    stale = {name: (shown.get(name), counts) for name, counts in found.items() if shown.get(name) != counts}
    assert not stale, "write the page anew: .venv/bin/python -m tests.corpus"
    assert shown.keys() == found.keys()
