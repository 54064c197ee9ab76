"""Answers of shaped sources are kept key by key, in the source's own values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.raw_server import RawServer, raw_server
from tests.shaping.test_shaping_unsayable_keys import DESCRIPTION, answer
from tests.through.gateway import Gateway, gateway

FILE = """
    sources:
      shop: { database: "sqlite:///shop.db" }
      store: { database: "sqlite:///store.db", cache: { ttl_s: 60 } }
      codes:
        openapi: ./codes.json
        url: "${env:CODES}"
        cache: { ttl_s: 60 }
        operations: { states: { keys: codes, by: code } }
    links:
      Thing.of: { one: codes.states, match: { state: code } }
      Thing.part: { one: store.parts, match: { number: "no" } }
      Thing.sold: { many: store.sales, match: { number: "no" } }
    shape:
      State.code: { values: { A: ACTIVE, B: BROKEN } }
      Part.no: { format: "0000" }
      Sale.no: { format: "0000" }
      Sale.at: { format: YYYYMMDD }
    access: { default: anonymous }
"""
SHOP = """
CREATE TABLE things (id INTEGER PRIMARY KEY, state TEXT, number INTEGER);
INSERT INTO things VALUES (1, 'ACTIVE', 7), (2, 'NOPE', 99999), (3, 'BROKEN', 8), (4, 'ACTIVE', 9);
"""
STORE = """
CREATE TABLE parts (no CHAR(4) PRIMARY KEY, name TEXT);
CREATE TABLE sales (id INTEGER PRIMARY KEY, no CHAR(4), at CHAR(8));
INSERT INTO parts VALUES ('0007', 'rope'), ('0008', 'lamp');
INSERT INTO sales VALUES (1, '0007', '20260131'), (2, '0007', 'BAD'), (3, '0008', '20260201');
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Gateway, RawServer]]:
    for name, script in (("shop", SHOP), ("store", STORE)):
        with sqlite3.connect(tmp_path / f"{name}.db") as made:
            made.executescript(script)
        made.close()
    (tmp_path / "codes.json").write_text(json.dumps(DESCRIPTION))
    async with raw_server(answer) as states, gateway(tmp_path, FILE, {"CODES": states.url}) as opened:
        yield opened, states


async def test_a_batch_asks_only_for_the_keys_that_are_not_kept(house: tuple[Gateway, RawServer]) -> None:
    opened, states = house

    async def titles(*ids: int) -> list[str | None]:
        asked = (
            "query ($ids: [Int!]) { things(where: { id: { in: $ids } }, orderBy: { id: ASC }) { of { title code } } }"
        )
        found = await opened.data(asked, ids=list(ids))
        return [each["of"] and f"{each['of']['title']} {each['of']['code']}" for each in found["things"]]

    assert await titles(1) == ["state A ACTIVE"]
    assert await titles(1, 2, 3) == ["state A ACTIVE", None, "state B BROKEN"]
    assert await titles(3, 4) == ["state B BROKEN", "state A ACTIVE"]
    asked = [parse_qs(urlsplit(each.target).query)["codes"] for each in states.heard]
    assert asked == [["A"], ["B"]], "A is kept, NOPE cannot be said, and the last has all"


async def test_rows_of_tables_are_kept_by_what_their_database_calls_them(house: tuple[Gateway, RawServer]) -> None:
    opened, _ = house
    tally = opened.snapshot.tallies["store"].cache
    query = """query ($ids: [Int!]) { things(where: { id: { in: $ids } }, orderBy: { id: ASC }) {
      part { no name } sold(orderBy: { id: ASC }) { id no at } } }"""
    rope = {
        "part": {"no": 7, "name": "rope"},
        "sold": [{"id": 1, "no": 7, "at": "2026-01-31"}, {"id": 2, "no": 7, "at": None}],
    }
    lamp = {"part": {"no": 8, "name": "lamp"}, "sold": [{"id": 3, "no": 8, "at": "2026-02-01"}]}
    none: dict[str, object] = {"part": None, "sold": []}
    assert (await opened.ask(query, ids=[1]))["data"]["things"] == [rope]
    before = tally.misses, tally.hits
    assert (await opened.ask(query, ids=[1, 2, 3, 4]))["data"]["things"] == [rope, none, lamp, none]
    assert (tally.misses - before[0], tally.hits - before[1]) == (4, 2), (
        "of two columns 8 and 9 are asked for, and 7 is not"
    )
    before = tally.misses, tally.hits
    assert (await opened.ask(query, ids=[4, 3, 1]))["data"]["things"] == [rope, lamp, none]
    assert tally.misses == before[0]
