"""Random elements of real schemas, read and written by the gateway, with lxml and zeep as the judges."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.corpus.measure import CORPUS
from tests.soap_interop.judged import Court, Tally, courts, judge

CASES = 1500
LEAST_VALUES = 5000


@pytest.fixture(scope="module")
def found() -> list[Court]:
    if not CORPUS.is_dir():
        pytest.skip(f"the corpus of real documents is not at {CORPUS}")
    return courts(slow=False)[0]


def test_elements_of_real_schemas_are_read_and_written_as_zeep_does(found: list[Court]) -> None:
    tally = Tally()

    @seed(20)
    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(found) - 1), st.integers(0, 10_000), st.integers(0, 2**32))
    def law(which: int, element: int, number: int) -> None:
        court = found[which]
        tally.add(judge(court, court.tags[element % len(court.tags)], number))

    law()
    assert min(tally.read, tally.sent + tally.returned) >= LEAST_VALUES, tally
