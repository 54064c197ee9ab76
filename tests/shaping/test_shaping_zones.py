"""Local times of a zone are moments with an offset, both ways; the two odd hours of a year are decided."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers import ShapeSettings
from resolvers.model import Scalar
from resolvers.shaping.coding import UNREADABLE
from tests.postgresql import own_schema
from tests.shaping.crm import DOCUMENT, crm
from tests.through.gateway import codes, gateway

CHANGES = {
    "Europe/Berlin": ["2026-03-29T01:00Z", "2026-10-25T01:00Z"],
    "America/New_York": ["2026-03-08T07:00Z", "2026-11-01T06:00Z"],
    "Australia/Lord_Howe": ["2026-04-04T15:00Z", "2026-10-03T15:30Z"],  # by half an hour
    "Pacific/Apia": ["2011-12-30T10:00Z"],  # a day that was left out
    "Asia/Kolkata": ["2026-01-01T00:00Z"],
}
"""Zone → when its clocks were set, if ever."""
FORMS = {"YYYYMMDDHHmmss": 1, "YYYY-MM-DD HH:mm": 60}


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A zone and two moments, which are often near to where its clocks are set."""
    zone = draw(st.sampled_from([*CHANGES]))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[zone])))
    near = st.integers(-5400, 5400).map(lambda seconds: change + timedelta(seconds=seconds))
    far = st.integers(-(10**9), 10**8).map(lambda seconds: change + timedelta(seconds=seconds))
    one, other = draw(st.tuples(st.one_of(near, near, far), st.one_of(near, near, far)))
    return zone, one, other + timedelta(microseconds=draw(st.sampled_from([0, 1])))


@given(moments(), st.sampled_from([*FORMS]))
@example(
    ("Europe/Berlin", datetime(2026, 10, 25, 0, 45, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    "YYYY-MM-DD HH:mm",
)
def test_a_moment_and_its_local_time_are_one_to_one_and_ordered_alike(
    asked: tuple[str, datetime, datetime], form: str
) -> None:
    zone, one, other = asked
    made = ShapeSettings.model_validate({"format": form, "zone": zone}).coding(Scalar.STRING)
    local = one.astimezone(ZoneInfo(zone))
    written = local.strftime("%Y%m%d%H%M%S" if FORMS[form] == 1 else "%Y-%m-%d %H:%M")
    read: Any = made.read(written)  # a clock showed it, so it is a time
    assert read.utcoffset() == local.replace(fold=0).utcoffset()
    assert read.replace(tzinfo=None) == local.replace(tzinfo=None, second=local.second if FORMS[form] == 1 else 0)
    assert made.back(read) == written
    if local.fold:
        with pytest.raises(UNREADABLE):
            made.back(one)
    under: Any = made.under(other)
    assert (written > under) == (read > other), "others are above what the source can say as they are above the value"


def test_an_hour_that_no_clock_showed_is_no_time() -> None:
    made = ShapeSettings.model_validate({"format": "YYYYMMDDHHmm", "zone": "Europe/Berlin"}).coding(Scalar.STRING)
    with pytest.raises(ValueError, match="the clocks of Europe/Berlin left this hour out"):
        made.read("202603290230")
    assert made.read("202603290300") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert str(made.read("180001010000")) == "1799-12-31 23:06:32+00:00", "before there were zones"


ENDS = """
CREATE TABLE ends (id INTEGER PRIMARY KEY, west VARCHAR(16), east TIMESTAMP);
INSERT INTO ends VALUES (1, '9999-12-31 23:59', '0001-01-01 00:00:01'), (2, '2026-01-01 00:00', '9999-12-31 23:59:59'),
    (3, NULL, NULL);
"""
ENDS_FILE = """
sources: { shop: { database: "URL" } }
access: { default: anonymous }
shape:
  End.west: { format: "YYYY-MM-DD HH:mm", zone: America/New_York }
  End.east: { zone: Etc/GMT-3 }
"""


async def check_ends(folder: Path, text: str) -> None:
    async with gateway(folder, text) as shop:
        found = await shop.data("{ ends(orderBy: { id: ASC }) { west east } }")
        last, first = "9999-12-31T23:59:00-05:00", "0001-01-01T00:00:01+03:00"
        assert found["ends"][0] == {"west": last, "east": first}
        asked = {
            f'west: {{ eq: "{last}" }}': [1],
            f'west: {{ lt: "{last}" }}': [2],
            f'west: {{ gte: "{last}" }}': [1],
            'west: { gt: "9999-12-31T23:59:59-12:00" }': [],
            'west: { lte: "9999-12-31T23:59:59-12:00" }': [1, 2],
            'not: { west: { lte: "9999-12-31T23:59:59-12:00" } }': [],
            'west: { lt: "0001-01-01T00:00:00+14:00" }': [],
            'west: { gt: "0001-01-01T00:00:00+14:00" }': [1, 2],
            f'east: {{ eq: "{first}" }}': [1],
            f'east: {{ gt: "{first}" }}': [2],
            'east: { lte: "0001-01-01T00:00:00+14:00" }': [],
            'east: { gt: "0001-01-01T00:00:00+14:00" }': [1, 2],
            'not: { east: { gt: "0001-01-01T00:00:00+14:00" } }': [],
            'not: { east: { lt: "0001-01-01T00:00:00+14:00" } }': [1, 2],
            'east: { lt: "9999-12-31T23:59:59-12:00" }': [1, 2],
        }
        parts = [f"a{n}: ends(where: {{ {each} }}, orderBy: {{ id: ASC }}) {{ id }}" for n, each in enumerate(asked)]
        found = await shop.data("{ " + " ".join(parts) + " }")
        assert dict(zip(asked, [[row["id"] for row in rows] for rows in found.values()], strict=True)) == asked
        having = (
            'endsAggregate(groupBy: [id], having: { min: { east: { OP: "0001-01-01T00:00:00+14:00" } } }) { count }'
        )
        found = await shop.data(f"{{ all: {having.replace('OP', 'gt')} none: {having.replace('OP', 'lt')} }}")
        assert [len(found["all"]), found["none"]] == [2, []]


async def test_the_ends_of_time_can_be_filtered_for_as_they_are_served(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.executescript(ENDS)
    made.close()
    await check_ends(tmp_path, ENDS_FILE.replace("URL", "sqlite:///shop.db"))
    async with own_schema() as there:
        await there.connection.execute(ENDS)
        url = there.url.render_as_string(hide_password=False)
        await check_ends(tmp_path, ENDS_FILE.replace('"URL"', f'"{url}", schemas: [{there.name}]'))


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Etc/GMT-14", "Etc/GMT+12", "Pacific/Apia"])
@pytest.mark.parametrize("written", ["00010101000000", "99991231235959"])
def test_what_is_read_at_the_ends_of_time_is_written_again(zone: str, written: str) -> None:
    made = ShapeSettings.model_validate({"format": "YYYYMMDDHHmmss", "zone": zone}).coding(Scalar.STRING)
    try:
        read = made.read(written)
    except UNREADABLE:
        assert written < "1", "only mean solar time, which is served in UTC, has a moment before the first year"
        return
    assert made.back(read) == written
    assert made.under(read) == written


TABLE = """
CREATE TABLE events (id INTEGER PRIMARY KEY, at VARCHAR(16) NOT NULL, done TIMESTAMP, ended TIMESTAMP);
INSERT INTO events VALUES
    (1, '2026-10-25 01:59', '2026-10-25 01:59:00', '9999-12-31 00:00:00'),
    (2, '2026-10-25 02:30', '2026-10-25 02:30:00', '1900-01-01 00:00:00'),
    (3, '2026-10-25 03:00', '2026-10-25 03:00:00', '2026-01-31 12:00:00'),
    (4, '2026-03-29 02:30', NULL, NULL);
"""
SHAPE = """
access: { default: anonymous }
shape:
  Event.at: { format: "YYYY-MM-DD HH:mm", zone: Europe/Berlin }
  Event.done: { zone: Europe/Berlin }
  Event.ended: { nulls: ["1900-01-01T00:00:00", "9999-12-31T00:00:00"] }
"""
FILE = 'sources:\n  shop: { database: "URL", writes: true }' + SHAPE


async def check(folder: Path, text: str) -> None:
    async with gateway(folder, text) as shop:
        body = await shop.ask("{ events(orderBy: { id: ASC }) { id at done ended } }")
        assert [[*row.values()][1:] for row in body["data"]["events"]] == [
            ["2026-10-25T01:59:00+02:00", "2026-10-25T01:59:00+02:00", None],
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+02:00", None],
            ["2026-10-25T03:00:00+01:00", "2026-10-25T03:00:00+01:00", "2026-01-31T12:00:00"],
            [None, None, None],
        ]
        assert codes(body) == [("SOURCE_BAD_RESPONSE", ["events", 3, "at"])]
        found = await shop.data("""{
          equal: events(where: { at: { eq: "2026-10-25T00:30:00Z" } }) { id }
          same: events(where: { done: { eq: "2026-10-24T20:30:00-04:00" } }) { id }
          second: events(where: { at: { gt: "2026-10-25T02:30:00+01:00" } }) { id }
          before: events(where: { at: { lt: "2026-10-25T02:30:00+01:00" }, id: { ne: 4 } }) { id }
          column: events(where: { done: { lte: "2026-10-25T01:30:00Z" } }) { id }
          finer: events(where: { at: { gte: "2026-10-24T23:59:00.5Z" } }) { id }
          order: events(orderBy: { done: DESC }, where: { done: { isNull: false } }) { id }
          nothing: events(where: { ended: { isNull: true } }) { id }
          later: events(where: { ended: { gt: "2000-01-01T00:00:00Z" } }) { id }
          least: eventsAggregate(where: { id: { lt: 4 } }) { min { at done } }
        }""")
        least = found.pop("least")
        assert least == [{"min": {"at": "2026-10-25T01:59:00+02:00", "done": "2026-10-25T01:59:00+02:00"}}]
        assert {name: [row["id"] for row in rows] for name, rows in found.items()} == {
            "equal": [2], "same": [2], "second": [3], "before": [1, 2], "column": [1, 2], "finer": [2, 3],
            "order": [3, 2, 1], "nothing": [1, 2, 4], "later": [3],
        }  # fmt: skip
        for value, said in (
            ("2026-10-25T02:30:00+01:00", "its source cannot say this value"),
            ("2026-10-25T02:30:00", "a moment needs its offset"),
        ):
            body = await shop.ask(f'{{ events(where: {{ at: {{ eq: "{value}" }} }}) {{ id }} }}')
            assert [code for code, _ in codes(body)] == ["BAD_REQUEST"]
            assert said in json.dumps(body)
        made = await shop.data("""mutation {
          updateEvent(id: 4, set: { at: "2026-07-01T00:00:00Z", done: "2026-07-01T00:00:00Z" }) { at done }
        }""")
        assert set(made["updateEvent"].values()) == {"2026-07-01T02:00:00+02:00"}
        body = await shop.ask('{ events(where: { ended: { eq: "1900-01-01T00:00:00Z" } }) { id } }')
        assert [code for code, _ in codes(body)] == ["BAD_REQUEST"]
        told = await shop.data('{ __type(name: "Event") { fields { name description } } }')
        described = {each["name"]: each["description"] for each in told["__type"]["fields"]}
        assert "in the hour that comes twice, the first is meant" in described["at"]


async def test_times_of_a_table_are_moments_in_filters_orders_and_changes(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.executescript(TABLE)
    made.close()
    await check(tmp_path, FILE.replace("URL", "sqlite:///shop.db"))
    with sqlite3.connect(tmp_path / "shop.db") as made:
        row = made.execute("SELECT at, done FROM events WHERE id = 4").fetchone()
    made.close()
    assert [str(each)[:16].replace("T", " ") for each in row] == ["2026-07-01 02:00"] * 2, "as the source writes it"


async def test_postgresql_gives_the_same(tmp_path: Path) -> None:
    async with own_schema() as there:
        await there.connection.execute(TABLE)
        url = there.url.render_as_string(hide_password=False)
        await check(tmp_path, FILE.replace('"URL"', f'"{url}", schemas: [{there.name}]'))


async def test_arguments_and_bodies_are_sent_in_local_time(tmp_path: Path) -> None:
    (tmp_path / "crm.json").write_text(json.dumps(DOCUMENT))
    row = {"no": "7", "born": "2026-10-25 02:30", "owes": "0012345", "name": "991231"}
    async with crm(row) as made:
        text = f"""
sources:
  crm: {{ openapi: ./crm.json, url: "{made.url}", writes: true }}
access: {{ default: anonymous }}
shape:
  Customer.born: {{ format: "YYYY-MM-DD HH:mm", zone: Europe/Berlin }}
  Customer.owes: {{ format: "0000000", scale: 2 }}
  Customer.name: {{ format: YYMMDD, pivot: 1930 }}
  Query.customers(bornAfter:): {{ format: "YYYY-MM-DD HH:mm", zone: Europe/Berlin }}
"""
        async with gateway(tmp_path, text) as running:
            asked = 'customers(bornAfter: "2026-07-01T00:00:00Z") { born owes name }'
            found = await running.data(f"{{ {asked} }}")
            assert found["customers"] == [{"born": "2026-10-25T02:30:00+02:00", "owes": "123.45", "name": "1999-12-31"}]
            body = '{ no: "8", born: "2026-01-01T00:00:00Z", owes: "-1" }'
            refused = await running.ask(f"mutation {{ createCustomer(body: {body}) {{ no }} }}")
            assert [code for code, _ in codes(refused)] == ["BAD_REQUEST"]
            await running.data(f"mutation {{ createCustomer(body: {body.replace('-1', '1.5')}) {{ no }} }}")
    assert made.heard == [
        {"bornAfter": "2026-07-01 02:00"},
        {"no": "8", "born": "2026-01-01 01:00", "owes": "0000150"},
    ]
