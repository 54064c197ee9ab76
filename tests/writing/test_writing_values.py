"""What was inserted is read back as it was, to the last digit: random values of every type, on three databases."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.through.gateway import codes
from tests.writing.stores import KINDS, House, house

TABLES = {
    "sqlite": """CREATE TABLE kept (
        id INTEGER PRIMARY KEY, small INTEGER, big BIGINT, rate REAL, price DECIMAL(12,2), paid BOOLEAN,
        word VARCHAR(20), body TEXT, at_all DATETIME, due DATE, at TIME, ref UUID, raw BLOB, doc JSON
    );""",
    "postgresql": """CREATE TYPE mood AS ENUM ('sad', 'so-so', 'it''s');
    CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE > -1000000000000);
    CREATE TABLE kept (
        id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small integer, big bigint, rate double precision,
        price amount, paid boolean, word varchar(20), body text, at_all timestamp, due date, at time, ref uuid,
        raw bytea, doc jsonb, zoned timestamptz, single real, exact numeric, moods mood[], tags text[], feeling mood,
        took interval, peer inet, tiny smallint, seconds timestamp(0), fixed char(5)
    );""",
    "mariadb": """CREATE TABLE kept (
        id INT AUTO_INCREMENT PRIMARY KEY, small INT, big BIGINT, rate DOUBLE, price DECIMAL(12,2), paid BOOLEAN,
        word VARCHAR(20), body LONGTEXT, at_all DATETIME(6), due DATE, at TIME(6), ref UUID, raw LONGBLOB, doc JSON,
        single FLOAT, feeling ENUM('sad', 'so-so', 'it''s'), tiny SMALLINT, seconds DATETIME, some SET('a', 'b', 'c')
    );""",
}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
DAYS = st.dates(date(1000, 1, 1), date(9999, 12, 31))
TIMES = st.times()
MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 30))  # noqa: DTZ001  # that is its type
ZONED = st.datetimes(
    datetime(1000, 1, 2),  # noqa: DTZ001  # the strategy adds the zone
    datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.timezones() | st.just(UTC),
)
CENTS = st.integers(-(10**12) + 1, 10**12 - 1).map(lambda number: str(Decimal(number).scaleb(-2)))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT
DOCUMENTS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))
MOODS = st.sampled_from(["sad", "SO_SO", "IT_S"])

COMMON: dict[str, st.SearchStrategy[Any]] = {
    "small": st.integers(-(2**31), 2**31 - 1),
    "big": st.integers(-(2**63), 2**63 - 1).map(str),
    "rate": FLOATS,
    "price": CENTS,
    "paid": st.booleans(),
    "word": TEXT,
    "body": TEXT,
    "atAll": MOMENTS.map(lambda moment: moment.isoformat() + "Z"),
    "due": DAYS.map(str),
    "at": TIMES.map(str),
    "ref": st.uuids(version=4).map(str),
    "raw": st.binary(max_size=50).map(lambda raw: base64.b64encode(raw).decode()),
    "doc": DOCUMENTS.filter(lambda document: document is not None),
}
FIXED = st.text("abc' ☃", max_size=5).map(lambda text: text.rstrip(" "))
OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sqlite": {},
    "postgresql": {
        "zoned": ZONED.map(lambda moment: moment.astimezone(UTC).isoformat()),
        "single": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "exact": st.decimals(allow_nan=False, allow_infinity=False).map(lambda number: format(number, "f")),
        "moods": st.lists(st.none() | MOODS, max_size=3),
        "tags": st.lists(st.none() | TEXT, max_size=3),
        "feeling": MOODS,
        "tiny": st.integers(-(2**15), 2**15 - 1),
        "seconds": MOMENTS.map(lambda moment: moment.replace(microsecond=0).isoformat()),
        "fixed": FIXED,
    },
    "mariadb": {
        "single": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "feeling": MOODS,
        "tiny": st.integers(-(2**15), 2**15 - 1),
        "seconds": MOMENTS.map(lambda moment: moment.replace(microsecond=0).isoformat()),
        "some": st.lists(st.sampled_from("abc"), unique=True).map(sorted),
    },
}


def _single(value: object) -> object:
    """The number in single precision; the databases do not all keep the sign of zero."""
    single: float = struct.unpack("f", struct.pack("f", value))[0]
    return single + 0.0


def _moment(value: object) -> object:
    made = datetime.fromisoformat(str(value))
    return made if made.tzinfo is not None else made.replace(tzinfo=UTC)


SAME: dict[str, Callable[[object], object]] = {
    "price": lambda value: Decimal(str(value)),
    "exact": lambda value: Decimal(str(value)),
    "atAll": _moment,
    "zoned": _moment,
    "seconds": _moment,
    "at": lambda value: time.fromisoformat(str(value)),
    "ref": lambda value: uuid.UUID(str(value)),
    "single": _single,
}
"""What two spellings of one value have in common."""


def told(name: str, value: object) -> object:
    same = SAME.get(name)
    return value if value is None or same is None else same(value)


def rows(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Rows that give some of the columns, some of them null."""
    columns = {**COMMON, **OWN[kind]}
    return st.fixed_dictionaries({}, optional={name: st.none() | strategy for name, strategy in columns.items()})


@pytest.fixture(params=KINDS)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with house(request.param, tmp_path, tables=TABLES) as opened:
        yield opened


async def test_rows_are_read_back_as_they_were_written(kept: House) -> None:
    names = " ".join({**COMMON, **OWN[kept.store.kind]})
    insert = f"mutation ($rows: [KeptInsert!]!) {{ insertManyKept(rows: $rows) {{ returning {{ id {names} }} }} }}"
    read = f"query ($id: Int!) {{ keptById(id: $id) {{ {names} }} }}"
    loop = asyncio.get_running_loop()

    async def trip(given_rows: list[dict[str, Any]]) -> None:
        found = (await kept.data(insert, rows=given_rows))["insertManyKept"]["returning"]
        assert len(found) == len(given_rows)
        got = []
        for row in found:
            number = row.pop("id")
            assert (await kept.data(read, id=number))["keptById"] == row
            got.append(row)
        wanted = [{name: told(name, row.get(name)) for name in names.split()} for row in given_rows]
        shown = [{name: told(name, row[name]) for name in names.split()} for row in got]
        assert sorted(shown, key=repr) == sorted(wanted, key=repr)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(rows(kept.store.kind), min_size=1, max_size=3))
    def check(given_rows: list[dict[str, Any]]) -> None:
        asyncio.run_coroutine_threadsafe(trip(given_rows), loop).result()

    await asyncio.to_thread(check)


UNKEPT: dict[str, list[tuple[str, Any]]] = {
    "sqlite": [
        ("price", "1.005"), ("big", str(2**63)), ("word", "x" * 21), ("due", "2026-02-30"), ("ref", "x"), ("raw", "?"),
        ("rate", "x"), ("doc", "\ud800"),
    ],
    "postgresql": [
        ("price", "1.005"), ("big", str(2**63)), ("word", "x" * 21), ("tiny", 2**15), ("single", 1e39),
        ("seconds", "2026-01-01T00:00:00.5Z"), ("fixed", "abcdef"), ("took", "for ever"), ("peer", "nowhere"),
        ("moods", ["merry"]), ("doc", "a\0b"), ("exact", "1e200000"), ("tags", ["a\0"]),
    ],
    "mariadb": [
        ("price", "1.005"), ("big", str(2**63)), ("word", "x" * 21), ("tiny", 2**15), ("single", 1e39),
        ("seconds", "2026-01-01T00:00:00.5Z"), ("some", ["a", "a"]), ("some", ["d"]),
    ],
}  # fmt: skip


async def test_what_would_be_rounded_cut_or_wrapped_is_refused(kept: House) -> None:
    query = "mutation ($row: KeptInsert!) { insertKept(row: $row) { id } }"
    for name, value in UNKEPT[kept.store.kind]:
        content = json.dumps({"query": query, "variables": {"row": {name: value}}})
        headers = {"Content-Type": "application/json"}
        body = (await kept.served.client.post("/graphql", content=content, headers=headers)).json()
        assert {code for code, _ in codes(body)} == {"BAD_REQUEST"}, (name, body)
    assert await kept.rows("SELECT count(*) FROM kept") == [(0,)]


async def test_types_without_a_counterpart_are_written_as_they_are_read(tmp_path: Path) -> None:
    async with house("postgresql", tmp_path, tables=TABLES) as kept:
        query = 'mutation { insertKept(row: { took: "1 day 02:00:00", peer: "10.0.0.1/8" }) { took peer } }'
        found = (await kept.data(query))["insertKept"]
        again = f"""mutation {{ updateKept(id: 1, set: {{
            took: "{found["took"]}", peer: "{found["peer"]}"
        }}) {{ took peer }} }}"""
        assert (await kept.data(again))["updateKept"] == found
        assert (await kept.rows("SELECT took FROM kept"))[0][0] == timedelta(days=1, hours=2)
