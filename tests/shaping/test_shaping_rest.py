"""Coded values of a REST source: replies, arguments, bodies, by-key reads; whatever JSON type they are sent as."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.shaping.crm import DOCUMENT, Crm, crm
from tests.through.gateway import Gateway, codes, gateway

SHAPE = """
  Customer.gender: { values: { M: MALE, F: FEMALE } }
  Customer.born: { format: YYYYMMDD }
  Customer.owes: { format: "1.234,56" }
  Customer.active: { format: J/N }
  Customer.level: { values: { 1: LOW, 2: HIGH } }
  Customer.no: { type: Int }
  Customer.tags: { values: { n: NEW, o: OLD } }
  Customer.rate: { type: Decimal }
  Customer.seen: { format: unix-ms }
  Customer.email: { nullable: false }
  Query.customers(gender:): { values: { M: MALE, F: FEMALE } }
  Query.customers(bornAfter:): { format: YYYYMMDD }
"""
ANN = {
    "no": "7", "name": "Ann", "gender": "F", "born": "19700131", "owes": "-1.234,50", "active": "J", "level": 2,
    "tags": ["n", "o"], "rate": 0.1, "seen": 1_700_000_000_123, "email": "a@b",
    "partner": {"no": 8, "gender": "M", "level": "1"},
}  # fmt: skip
BOB = {
    "no": 8, "name": "Bob", "gender": "m", "born": 19691231, "owes": "1234,5", "active": True, "level": 9,
    "tags": ["n", "?", None], "rate": "1e2", "seen": "soon", "email": None, "partner": None,
}  # fmt: skip
ALL = "no name gender born owes active level tags rate seen partner { no gender level }"


@asynccontextmanager
async def opened(folder: Path, source: str = "", shape: str = SHAPE) -> AsyncIterator[tuple[Gateway, Crm]]:
    (folder / "crm.json").write_text(json.dumps(DOCUMENT))
    async with crm(ANN, BOB) as made:
        text = f"""
sources:
  crm: {{ openapi: ./crm.json, url: "{made.url}", writes: true{source} }}
access: {{ default: anonymous }}
shape:{shape}"""
        async with gateway(folder, text) as running:
            yield running, made


async def test_replies_say_what_is_meant_and_errors_stand_in_their_places(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with opened(tmp_path) as (running, _):
        body = await running.ask(f"{{ customers {{ {ALL} }} }}")
        ann, bob = body["data"]["customers"]
        assert list(ann.values()) == [
            7, "Ann", "FEMALE", "1970-01-31", "-1234.50", True, "HIGH", ["NEW", "OLD"], "0.1",
            "2023-11-14T22:13:20.123000+00:00", {"no": 8, "gender": "MALE", "level": "LOW"},
        ]  # fmt: skip
        assert list(bob.values()) == [
            8, "Bob", None, "1969-12-31", None, None, None, ["NEW", None, None], "100", None, None
        ]  # fmt: skip
        assert "owes: not written as " in caplog.text, caplog.text
        assert "it is written otherwise" not in caplog.text
        at = ["customers", 1]
        assert sorted(map(str, codes(body))) == sorted(
            str(("SOURCE_BAD_RESPONSE", [*at, *path]))
            for path in (["gender"], ["owes"], ["active"], ["level"], ["tags", 1], ["seen"])
        )


async def test_what_is_sent_is_what_the_source_writes(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, made):
        found = await running.data(
            """query ($born: Date) {
              customers(gender: FEMALE, bornAfter: $born) { name }
              customer(no: 7) { name gender }
            }""",
            born="1969-01-01",
        )
        assert found == {"customers": [{"name": "Ann"}], "customer": {"name": "Ann", "gender": "FEMALE"}}
        assert sorted(map(str, made.heard)) == sorted(map(str, [{"gender": "F", "bornAfter": "19690101"}, "7"]))
        made.heard.clear()
        made_row = await running.data(
            """mutation { createCustomer(body: {
              no: 9, gender: MALE, born: "2000-02-29", owes: "1000", active: false, level: LOW, tags: [OLD],
              rate: "0.25", seen: "2023-11-14T22:13:20.123Z", partner: { no: 3, gender: FEMALE } }) {
                no gender born owes active level tags rate seen partner { no gender } } }"""
        )
        assert made.heard == [
            {
                "no": "9", "gender": "M", "born": "20000229", "owes": "1.000,00", "active": "N", "level": 1,
                "tags": ["o"], "rate": 0.25, "seen": 1_700_000_000_123, "partner": {"no": "3", "gender": "F"},
            }
        ]  # fmt: skip
        assert made_row["createCustomer"]["gender"] == "MALE"
        assert made_row["createCustomer"]["owes"] == "1000.00"


async def test_what_the_source_cannot_say_is_refused_and_nothing_is_asked(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, made):
        for query in (
            "{ customers(gender: OTHER) { no } }",
            "{ customers(gender: M) { no } }",
            '{ customers(bornAfter: "20000101") { no } }',
            'mutation { createCustomer(body: { no: 1, owes: "0.001" }) { no } }',
            'mutation { createCustomer(body: { no: 1, seen: "2023-11-14T22:13:20.1234Z" }) { no } }',
            'mutation { createCustomer(body: { no: 1, seen: "2023-11-14T22:13:20" }) { no } }',
        ):
            body = await running.ask(query)
            assert {code for code, _ in codes(body)} == {"BAD_REQUEST"}, (query, body)
        assert made.heard == []


async def test_kept_answers_are_shaped_as_well(tmp_path: Path) -> None:
    async with opened(tmp_path, ", cache: { ttl_s: 60 }") as (running, made):
        query = "{ customers { no level partner { gender } } customer(no: 7) { level } }"
        first = await running.ask(query)
        assert await running.ask(query) | {"errors": 0} == first | {"errors": 0}
        assert first["data"]["customers"][0] == {"no": 7, "level": "HIGH", "partner": {"gender": "MALE"}}
        assert len(made.heard) == 2


async def test_replies_are_read_in_the_encoding_that_they_declare_or_that_the_file_says(tmp_path: Path) -> None:
    for number, (media, encoding, stated) in enumerate(
        [
            ("application/json; charset=ISO-8859-1", "cp1252", ""),
            ("application/json; charset=windows-1252", "cp1252", ""),
            ("application/json; charset=utf-16", "utf-16", ""),
            ("application/json", "cp1252", ", encoding: windows-1252"),
            ("application/json; charset=utf-8", "iso8859-15", ", encoding: iso-8859-15"),
            ("application/json", "utf-8", ""),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with opened(folder, stated, " {}") as (running, made):
            made.rows = [{"no": "1", "name": "Zoë, 5 €, Łódź" if encoding.startswith("utf") else "Zoë, 5 €"}]
            made.media, made.encoding = media, encoding
            assert await running.data("{ customers { name } }") == {"customers": [{"name": made.rows[0]["name"]}]}


async def test_what_is_no_text_in_its_encoding_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, "", " {}") as (running, made):
        made.rows = [{"no": "1", "name": "Zoë"}]
        for media, encoding in (
            ("application/json", "latin-1"),
            ("application/json; charset=ascii", "latin-1"),
            ("application/json; charset=zip", "utf-8"),
            ("application/json; charset=idna", "utf-8"),
        ):
            made.media, made.encoding = media, encoding
            assert codes(await running.ask("{ customers { name } }")) == [("SOURCE_BAD_RESPONSE", ["customers"])]
