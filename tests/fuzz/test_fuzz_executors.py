"""The column executor against graphql-core: a small part of what ``make fuzz`` runs at length."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from resolvers import Call
from schema.plan.laid import Laid
from schema.plan.levels import Failure, Failures
from tests.fuzz.compare import cases, context
from tests.fuzz.world import make

TROUBLED = (5, 6)
"""Companies whose data is at its worst."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hand-written fields fail on purpose by the hundred."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def test_errors_in_another_order_are_found_where_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Failures.settle

    def reversed_errors(failures: Failures) -> tuple[list[Failure], bool]:
        found, everything = settle(failures)
        return found[::-1], everything

    monkeypatch.setattr(Failures, "settle", reversed_errors)
    done = [case for seed in TROUBLED for case in await cases(seed, 10)]
    assert "order of errors" in {case.difference for case in done}


@pytest.mark.parametrize("seed", range(12))
async def test_both_executors_answer_alike(seed: int) -> None:
    done = await cases(seed, 10)
    assert done
    assert [(case.difference, case.query) for case in done if case.difference] == []


async def test_a_source_of_a_company_gives_the_same_answer_whatever_was_asked_before() -> None:
    source = make(300041).sources()["north"]
    ask = Call("get4north", {"n": 5})
    before = repr(await source.execute(ask, context()))
    for key in range(50):
        await source.execute(Call("one", {"id": key}), context())
    assert repr(await source.execute(ask, context())) == before


async def test_rows_stand_in_the_answers_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[bool] = []
    hide = Laid.hide

    def counted(rows: Laid) -> None:
        laid.append(rows.any)
        hide(rows)

    monkeypatch.setattr(Laid, "hide", counted)
    assert not [case for seed in (901, 902) for case in await cases(seed, 10) if case.difference]
    assert sum(laid) > len(laid) / 4


async def test_what_only_links_need_is_missed_where_it_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Laid, "hide", lambda _: None)
    assert "data" in {case.difference for case in await cases(901, 10)}
