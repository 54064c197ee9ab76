"""Real WSDLs become valid schemas, every operation in them is served or reported, their names are fit to read.

The figures that are asserted are those reached; they are only ever made stricter.
"""

from __future__ import annotations

import pytest

from tests.corpus.measure import CORPUS, COUNTS, SOAP_TABLE, Measured, measure_all, rows
from tests.corpus.soap import fully

LEAST_FULLY_SERVED = 52
LEAST_SERVED = 2616
MOST_JSON = 0.001
MOST_ODD_NAMES = 0
MOST_MEBIBYTES = 170


@pytest.fixture(scope="module")
def measured() -> list[Measured]:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of real documents is not at {CORPUS}")
    return measure_all(kind="wsdl")


def total(measured: list[Measured], count: str) -> int:
    return sum(one.counts[COUNTS.index(count)] for one in measured)


def test_wsdls_become_valid_schemas_that_serve_all_they_declare(measured: list[Measured]) -> None:
    assert len(measured) == 55
    assert sum(map(fully, measured)) >= LEAST_FULLY_SERVED
    assert total(measured, "served") >= LEAST_SERVED


def test_every_operation_of_a_wsdl_is_served_or_left_out_with_a_reason(measured: list[Measured]) -> None:
    for one in measured:
        operations = one.report["operations"]
        if one.report["valid"]:
            assert operations["served"] + len(operations["left_out"]) == operations["declared"], one.name
        for item in operations["left_out"]:
            assert item["reason"], one.name
            assert item["where"], one.name


def test_fields_of_wsdls_say_what_their_schemas_say(measured: list[Measured]) -> None:
    assert total(measured, "JSON") <= MOST_JSON * total(measured, "fields")


def test_names_of_wsdls_are_fit_to_read(measured: list[Measured]) -> None:
    assert sum(one.odd_names for one in measured) <= MOST_ODD_NAMES * total(measured, "names")


def test_memory_for_wsdls_has_an_end(measured: list[Measured]) -> None:
    assert {one.name: one.report["mebibytes"] for one in measured if one.report["mebibytes"] > MOST_MEBIBYTES} == {}


def test_the_page_shows_what_is_reached(measured: list[Measured]) -> None:
    shown, found = rows(SOAP_TABLE.read_text()), {one.name: one.counts for one in measured}
    stale = {name: (shown.get(name), counts) for name, counts in found.items() if shown.get(name) != counts}
    assert not stale, "write the page anew: .venv/bin/python -m tests.corpus.soap"
    assert shown.keys() == found.keys()
