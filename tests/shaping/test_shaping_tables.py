"""Coded columns of a table: results, filters, orders, aggregates, writes and relations say what is meant."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.through.gateway import Gateway, codes, gateway

FILE = """
sources:
  shop: { database: "sqlite:///shop.db", writes: true }
access: { default: anonymous }
shape:
  Customer.gender: { values: { M: MALE, F: FEMALE } }
  Customer.born: { format: YYYYMMDD }
  Customer.left: { format: DD.MM.YYYY }
  Customer.owes: { format: "1.234,56" }
  Customer.active: { format: Y/N }
  Customer.level: { values: { 1: LOW, 2: HIGH } }
  Customer.no: { type: Int }
"""
TABLES = """
CREATE TABLE customers (
    no VARCHAR(9) NOT NULL PRIMARY KEY, name TEXT NOT NULL, gender CHAR(1), born CHAR(8), "left" VARCHAR(10),
    owes VARCHAR(20), active CHAR(1), level INTEGER
);
CREATE TABLE purchases (
    id INTEGER PRIMARY KEY, customer_no VARCHAR(9) REFERENCES customers(no), what TEXT
);
INSERT INTO customers VALUES
    ('7', 'Ann', 'F', '19700131', '01.02.2020', '1.234,50', 'Y', 2),
    ('10', 'Bob', 'M', '19691231', '31.01.2021', '-0,75', 'N', 1),
    ('11', 'Cem', 'X', '19990230', '2020-01-01', '12,5', 'j', 3),
    ('12', 'Dee', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO purchases VALUES (1, '7', 'tea'), (2, '10', 'rum'), (3, NULL, 'air');
"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Gateway]:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.executescript(TABLES)
    made.close()
    async with gateway(tmp_path, FILE) as opened:
        yield opened


async def test_values_are_what_they_mean_and_what_is_not_written_so_is_an_error_in_its_place(shop: Gateway) -> None:
    body = await shop.ask(
        "{ customers(orderBy: { name: ASC }) { no name gender born left owes active level } }",
    )
    rows = [tuple(row.values()) for row in body["data"]["customers"]]
    assert rows == [
        (7, "Ann", "FEMALE", "1970-01-31", "2020-02-01", "1234.50", True, "HIGH"),
        (10, "Bob", "MALE", "1969-12-31", "2021-01-31", "-0.75", False, "LOW"),
        (11, "Cem", None, None, None, None, None, None),
        (12, "Dee", None, None, None, None, None, None),
    ]
    fields = ("gender", "born", "left", "owes", "active", "level")
    assert sorted(codes(body)) == sorted(("SOURCE_BAD_RESPONSE", ["customers", 2, name]) for name in fields)


async def test_filters_compare_what_is_meant(shop: Gateway) -> None:
    found = await shop.data(
        """{
          code: customers(where: { gender: { eq: FEMALE } }) { name }
          codes: customers(where: { level: { in: [LOW, HIGH] } }, orderBy: { name: ASC }) { name }
          date: customers(where: { born: { lt: "1970-01-01" } }) { name }
          day: customers(where: { left: { eq: "2020-02-01" } }) { name }
          owes: customers(where: { owes: { eq: "1234.5" } }) { name }
          flag: customers(where: { active: { eq: false } }) { name }
          no: customers(where: { no: { in: [7, 8] } }) { name }
          key: customer(no: 10) { name }
          through: purchases(where: { customer: { gender: { eq: MALE } } }) { what customer { no name } }
          order: customers(where: { born: { isNull: false } }, orderBy: { born: DESC }) { name }
        }"""
    )
    names = {name: [row.get("name") for row in rows] for name, rows in found.items() if isinstance(rows, list)}
    assert names == {
        "code": ["Ann"], "codes": ["Ann", "Bob"], "date": ["Bob"], "day": ["Ann"], "owes": ["Ann"], "flag": ["Bob"],
        "no": ["Ann"], "through": [None], "order": ["Cem", "Ann", "Bob"],
    }  # fmt: skip
    assert found["key"] == {"name": "Bob"}
    assert found["through"] == [{"what": "rum", "customer": {"no": 10, "name": "Bob"}}]


async def test_aggregates_say_what_is_meant_and_nothing_that_the_source_would_reckon_from_what_is_written(
    shop: Gateway,
) -> None:
    found = await shop.data(
        """{
          groups: customersAggregate(groupBy: [gender], where: { gender: { in: [MALE, FEMALE] } }) {
            key { gender } count
          }
          all: customersAggregate { count countDistinct { gender owes } min { born } }
          some: customersAggregate(groupBy: [level], having: { max: { born: { lt: "1970-01-01" } } }) { key { level } }
        }"""
    )
    assert sorted(found["groups"], key=lambda row: row["key"]["gender"]) == [
        {"key": {"gender": "FEMALE"}, "count": 1},
        {"key": {"gender": "MALE"}, "count": 1},
    ]
    assert found["some"] == [{"key": {"level": "LOW"}}]
    (told,) = found["all"]
    assert told["countDistinct"] == {"gender": 3, "owes": 3}
    assert told["min"] == {"born": "1969-12-31"}


async def test_what_the_source_would_reckon_wrongly_or_does_not_know_is_refused_before_it_is_asked(
    shop: Gateway,
) -> None:
    for query in (
        '{ customers(where: { left: { lt: "2020-01-01" } }) { no } }',
        '{ customers(where: { owes: { gt: "1" } }) { no } }',
        "{ customers(where: { no: { gt: 1 } }) { no } }",
        "{ customers(orderBy: { left: ASC }) { no } }",
        "{ customers(orderBy: { owes: ASC }) { no } }",
        "{ customers(orderBy: { gender: ASC }) { no } }",
        "{ customers(where: { gender: { eq: OTHER } }) { no } }",
        '{ customers(where: { born: { eq: "19700131" } }) { no } }',
        "{ customersAggregate { max { owes } } }",
        "{ customersAggregate { max { left } } }",
        "{ customersAggregate { sum { level } } }",
        'mutation { insertCustomer(row: { no: 1, name: "x", gender: M }) { no } }',
    ):
        body = await shop.ask(query)
        assert "data" not in body, query
        assert {code for code, _ in codes(body)} == {"BAD_REQUEST"}, query


async def test_changes_write_what_the_source_writes(shop: Gateway, tmp_path: Path) -> None:
    made = await shop.data(
        """mutation {
          insertCustomer(row: { no: 20, name: "Eve", gender: FEMALE, born: "2001-02-03", left: "2021-12-31",
            owes: "1000000", active: true, level: HIGH }) { no gender born left owes active level }
          updateCustomer(no: 10, set: { gender: FEMALE, owes: "-1234.5" }) { no gender owes }
          updateCustomers(where: { level: { eq: HIGH }, born: { lt: "2000-01-01" } }, set: { active: false }) {
            affected returning { no active }
          }
          deleteCustomer(no: 12) { no gender }
        }"""
    )
    assert list(made["insertCustomer"].values()) == [
        20, "FEMALE", "2001-02-03", "2021-12-31", "1000000.00", True, "HIGH"
    ]  # fmt: skip
    assert made["updateCustomers"] == {"affected": 1, "returning": [{"no": 7, "active": False}]}
    assert made["deleteCustomer"] == {"no": 12, "gender": None}
    with sqlite3.connect(tmp_path / "shop.db") as opened:
        rows = opened.execute("SELECT * FROM customers WHERE no IN ('20', '10') ORDER BY no").fetchall()
    opened.close()
    assert rows == [
        ("10", "Bob", "F", "19691231", "31.01.2021", "-1.234,50", "N", 1),
        ("20", "Eve", "F", "20010203", "31.12.2021", "1.000.000,00", "Y", 2),
    ]
