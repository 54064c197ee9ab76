"""Predicates evaluated over rows in memory: every database agrees, and what no value can be said of is unknown.

More questions: ``ISTHMUS_TEST_QUESTIONS=5000 ISTHMUS_TEST_SEED=7 python -m pytest`` with this file.
"""

from __future__ import annotations

import asyncio
import os
import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any, cast

import pytest

from resolvers import (
    And,
    BadRequest,
    Call,
    Compare,
    Context,
    In,
    IsNull,
    Join,
    Layout,
    Member,
    Not,
    Operator,
    Or,
    Predicate,
    Related,
    SourceBadResponse,
    matcher,
    matches,
)
from resolvers.rows import row_class
from resolvers.sql import DatabaseSettings, open_database
from tests.querying.shop import DATABASES, database
from tests.querying.test_querying_laws import LETTERS, TEXT

QUESTIONS = int(os.environ.get("ISTHMUS_TEST_QUESTIONS", "200"))
SEED = int(os.environ.get("ISTHMUS_TEST_SEED", "20"))
MOMENT = {"sqlite": "DATETIME", "postgresql": "TIMESTAMPTZ", "mariadb": "DATETIME(6)"}
UUIDS = [uuid.UUID(int=number << 96 | 0xFACE) for number in range(4)]
KINDS = {
    "id": "number", "label": "text", "weight": "number", "price": "decimal", "rate": "float", "born": "day",
    "seen": "moment", "ref": "uuid", "fit": "boolean",
}  # fmt: skip
TEXTUAL = ["like", "ilike", "contains", "startsWith", "endsWith"]


class Chance:
    """Rows and predicates of one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # tests
        self.rows = [{"id": number} | self._row() for number in range(1, 50)]

    def _row(self) -> dict[str, Any]:
        return {name: self.given(kind) if self.random.random() < 0.8 else None for name, kind in KINDS.items()
                if name != "id"}  # fmt: skip

    def given(self, kind: str) -> Any:
        pick = self.random
        made: dict[str, Any] = {
            "number": pick.randint(-2, 9),
            "decimal": Decimal(pick.choice(["0", "0.1", "0.10", "2.5", "-1.25", "12345678.90", "0.3"])),
            "float": pick.choice([0.5, 1.25, -3.0, 1e10, 0.0]),
            "day": date(2025, 12, 30) + timedelta(days=pick.randint(0, 4)),
            "moment": datetime(2025, 12, 30, 23, tzinfo=UTC) + timedelta(hours=pick.randint(0, 3), microseconds=500000),
            "uuid": pick.choice(UUIDS),
            "boolean": pick.random() < 0.5,
            "text": "".join(pick.choice(LETTERS) for _ in range(pick.randint(0, 3))),
        }
        return made[kind]

    def predicate(self, depth: int = 0) -> Predicate:
        chance = self.random.random()
        if depth < 3 and chance < 0.35:
            below = tuple(self.predicate(depth + 1) for _ in range(self.random.randint(0, 3)))
            made: list[Predicate] = [And(below), Or(below), Not(self.predicate(depth + 1))]
            return self.random.choice(made)
        name, kind = self.random.choice(list(KINDS.items()))
        if chance < 0.45:
            return IsNull(name)
        if chance < 0.6:
            fields = (name,) if self.random.random() < 0.6 else ("label", "weight")
            count = self.random.randint(0, 4)
            return In(fields, tuple(tuple(self.given(KINDS[field]) for field in fields) for _ in range(count)))
        operators = ["eq", "ne"] + (["gt", "gte", "lt", "lte"] if kind not in {"uuid", "boolean"} else [])
        operator = self.random.choice(operators + (TEXTUAL if kind == "text" else []))
        value = self.pattern(operator) if "like" in operator else self.given(kind)
        return Compare(name, cast("Operator", operator), value)

    def pattern(self, operator: str) -> str:
        # How letters beyond ASCII lose their case is each database's own way.
        pieces = [each for each in LETTERS if each.isascii() or operator == "like"]
        pieces += ["%", "%", "%", "_", "\\%", "\\_", "\\\\"]
        made = "".join(self.random.choice(pieces) for _ in range(self.random.randint(0, 5)))
        return made + "\\" if (len(made) - len(made.rstrip("\\"))) % 2 else made


def script(kind: str, rows: list[dict[str, Any]]) -> str:
    values = ", ".join("(" + ", ".join(_literal(kind, value) for value in row.values()) + ")" for row in rows)
    return f"""CREATE TABLE things (
      id INTEGER PRIMARY KEY, label {TEXT[kind]}, weight INTEGER, price DECIMAL(12,2), rate DOUBLE PRECISION, born DATE,
      seen {MOMENT[kind]}, ref UUID, fit BOOLEAN);
    INSERT INTO things VALUES {values};"""


def _literal(kind: str, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return f"'{value:%Y-%m-%d %H:%M:%S.%f}{'Z' if kind == 'postgresql' else ''}'"
    return str(value) if isinstance(value, int | float | Decimal) else "'" + str(value).replace("'", "''") + "'"


def spelled(row: dict[str, Any]) -> dict[str, Any]:
    """The row as a REST source may give it."""
    made: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Decimal):
            made[name] = str(value) if row["id"] % 2 else float(value)
        elif isinstance(value, datetime):
            made[name] = value.isoformat().replace("+00:00", "Z")
        elif isinstance(value, date | uuid.UUID):
            made[name] = str(value)
        elif value is not None or row["id"] % 3:
            made[name] = value
    return made


@pytest.mark.parametrize("kind", DATABASES)
async def test_every_database_says_the_same_of_its_rows(kind: str, tmp_path: Path) -> None:
    chance = Chance(SEED)
    async with database(kind, tmp_path, script(kind, chance.rows)) as settings:
        source = await open_database("depot", DatabaseSettings.model_validate(settings), tmp_path)
        try:
            shown = cast("list[dict[str, Any]]", await source.execute(Call("things"), _context()))
            assert len(shown) == len(chance.rows)
            for number in range(QUESTIONS):
                predicate = chance.predicate()
                said = f"question {number} of seed {SEED}: {predicate}"
                given = await source.execute(Call("things", predicate=predicate), _context())
                found = {row["id"] for row in cast("list[dict[str, Any]]", given)}
                judge = matcher(predicate)
                assert {row["id"] for row in shown if judge(row) is True} == found, said
                assert {row["id"] for row in chance.rows if judge(spelled(row)) is True} == found, said
        finally:
            await source.close()


def _context() -> Context:
    return Context(asyncio.get_running_loop().time() + 20, "test")


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ("seven", 7), (True, 1), (1, True), ("true", True), ({"a": 1}, "a"), ([1], 1), (float("nan"), 1.0),
        (float("inf"), Decimal(1)), ("1e99999", 7), ("12-12", date(2026, 12, 12)), (date(2026, 1, 1), "2026-01-01"),
        ("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC)), (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1)),
        ("2026-13-01T00:00:00", datetime(2026, 1, 1, tzinfo=UTC)), ("no", UUIDS[0]), (1.5, "1.5"), ("%%%", b"a"),
        ("9999-12-31T23:59:59-14:00", datetime(2026, 1, 1, tzinfo=UTC)), (10**5000, "1"), (10**5000, 1.0), (None, 1),
        (1, {"a": 1}), (1, None),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_is_of_another_type_is_unknown_and_so_is_its_opposite(value: object, given: object) -> None:
    row = {"a": value, "b": 1}
    for predicate in (Compare("a", "eq", given), Compare("a", "ne", given), In(("a",), ((given,),))):
        assert matches(predicate, row) is None
        assert matches(Not(predicate), row) is None
        assert matches(And((predicate, IsNull("b"))), row) is False
        assert matches(Or((predicate, Not(IsNull("b")))), row) is True
    assert matches(In(("a", "b"), ((given, 1),)), row) is None
    assert matches(In(("a", "b"), ((given, 2),)), row) is False
    assert matches(In(("a", "b"), ((given, 1), (given, 2))), row) is None


def test_values_are_compared_as_they_are_shown() -> None:
    row = {
        "id": 7, "big": "9007199254740993", "price": 0.1, "day": "2026-01-31+01:00", "at": "2026-01-31t12:00:00+01:00",
        "clock": "12:30:00+02:00", "ref": str(UUIDS[1]).upper(), "raw": "aGk=", "whole": 7.0,
    }  # fmt: skip
    held: list[Predicate] = [
        Compare("id", "eq", "7"), Compare("big", "eq", 9007199254740993), Compare("price", "eq", Decimal("0.1")),
        Compare("price", "eq", 0.1), Compare("day", "eq", date(2026, 1, 31)), Compare("whole", "eq", 7),
        Compare("at", "eq", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        Compare("at", "lte", datetime.fromisoformat("2026-01-31T11:00")),
        Compare("clock", "eq", time.fromisoformat("10:30")), Compare("clock", "lt", time.fromisoformat("10:31+00:00")),
        Compare("ref", "eq", UUIDS[1]), Compare("raw", "eq", b"hi"), In(("id", "whole"), (("7", Decimal("7.00")),)),
    ]  # fmt: skip
    for predicate in held:
        assert matches(predicate, row) is True, predicate
    assert matches(Compare("ref", "gt", UUIDS[0]), row) is None
    assert matches(Compare("id", "contains", 7), row) is None


def test_rows_that_stand_in_the_answer_are_rows() -> None:
    made = row_class(Layout((Member("shown", "name"),)), {"name": str, "id": int})
    row = made(m0="Ann", h0=7)
    assert matches(And((Compare("name", "eq", "Ann"), Compare("id", "eq", 7))), row) is True
    assert matches(Compare("missing", "eq", 7), row) is None


def test_an_error_in_place_of_a_value_is_no_value() -> None:
    row = {"a": SourceBadResponse("not a number"), "b": 1}
    with pytest.raises(SourceBadResponse):
        matches(Not(Compare("a", "eq", 1)), row)
    assert matches(Compare("b", "eq", 1), row) is True


def test_what_cannot_be_evaluated_is_refused_before_there_is_a_row() -> None:
    with pytest.raises(BadRequest):
        matcher(Compare("a", "like", "x\\"))
    with pytest.raises(ValueError, match="related"):
        matcher(Not(Related(Join("b", (("a", "b"),)), "some", And(()))))


def test_no_pattern_takes_longer_than_the_text_is_long() -> None:
    began = process_time()
    judge = matcher(Compare("a", "like", "%a%_" * 40 + "%b"))
    assert judge({"a": "a" * 20_000}) is False
    # Tried every way, that takes longer than the universe is old.
    assert process_time() - began < 20


def test_a_thousand_keys_cost_a_row_no_more_than_one() -> None:
    keys = tuple((str(number),) for number in range(1000))
    judge = matcher(In(("id",), keys))
    assert sum(judge({"id": number}) is True for number in range(-500, 1500)) == 1000
    assert judge({"id": None}) is None
