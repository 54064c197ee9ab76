"""The questions of the benchmark on PostgreSQL are answered alike by all of its competitors."""

from __future__ import annotations

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import make_url

from benchmarks.databases.contest import CONTEST, PACKAGES
from benchmarks.databases.questions import QUESTIONS
from benchmarks.databases.run import contest
from benchmarks.load import Amount
from tests.postgresql import POSTGRES
from tests.services import missing


async def test_answers_are_alike_and_everything_is_measured() -> None:
    asked = [each for each in CONTEST if each[0].name != "postgraphile" or PACKAGES.installed()]
    url = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        figures = await contest(url, asked, 1, Amount(requests=1))
    except (OSError, asyncpg.PostgresError) as error:
        missing(f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}")
    assert {name: list(taken) for name, taken in figures.items()} == {
        competitor.name: list(QUESTIONS) for competitor, _ in asked
    }
