"""The column executor against graphql-core: a small part of what ``make fuzz`` runs at length."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.fuzz.compare import cases


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hand-written fields fail on purpose by the hundred."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(12))
async def test_both_executors_answer_alike(seed: int) -> None:
    done = await cases(seed, 10)
    assert done
    assert [(case.difference, case.query) for case in done if case.difference] == []
