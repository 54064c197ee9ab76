"""Values that mean nothing are null in results, filters, groups and rules, and stand for null where none may be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from resolvers import Scalar, ShapeSettings
from resolvers.shaping.coding import UNREADABLE
from tests.shaping.crm import DOCUMENT, Crm, crm
from tests.shaping.test_shaping_settings import found, told
from tests.through.gateway import Gateway, codes, gateway

FILE = """
sources:
  shop: { database: "sqlite:///shop.db", writes: true }
access:
  default: anonymous
  rules:
    Secret: { rows: { not: { or: [{ owner: { eq: boss } }, { owner: { isNull: true } }] } }, anonymous: true }
    Customer: { rows: { or: [{ no: { gt: 0 } }, { not: { email: { in: [x] } } }] }, anonymous: true }
shape:
  Customer.email: { nulls: [""] }
  Customer.born: { format: YYYYMMDD, nulls: ["", "00000000"] }
  Customer.gender: { values: { M: MALE, F: FEMALE, "": null } }
  Customer.points: { nulls: [0, -1] }
  Secret.owner: { nulls: ["", "nobody"] }
"""
TABLES = """
CREATE TABLE customers (
    no INTEGER PRIMARY KEY, email VARCHAR(30) NOT NULL, born CHAR(8), gender CHAR(1) NOT NULL, points INTEGER NOT NULL
);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, owner VARCHAR(9));
INSERT INTO customers VALUES
    (1, 'a@b', '19700131', 'F', 7), (2, '', '00000000', '', 0), (3, '', '', 'X', -1), (4, 'c@d', NULL, 'M', 3);
INSERT INTO secrets VALUES (1, 'ann'), (2, 'boss'), (3, ''), (4, 'nobody'), (5, NULL);
"""


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Gateway]:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.executescript(TABLES)
    made.close()
    async with gateway(tmp_path, FILE) as opened:
        yield opened


async def test_what_means_nothing_is_null_without_an_error(shop: Gateway) -> None:
    body = await shop.ask("{ customers { no email born gender points } }")
    assert sorted(tuple(row.values()) for row in body["data"]["customers"]) == [
        (1, "a@b", "1970-01-31", "FEMALE", 7),
        (2, None, None, None, None),
        (3, None, None, None, None),
        (4, "c@d", None, "MALE", 3),
    ]
    assert codes(body) == [("SOURCE_BAD_RESPONSE", ["customers", 2, "gender"])]


async def test_conditions_and_rules_agree_with_what_is_shown(shop: Gateway) -> None:
    data = await shop.data(
        """{
          none: customers(where: { born: { isNull: true } }, orderBy: { no: ASC }) { no }
          some: customers(where: { not: { email: { isNull: true } } }, orderBy: { no: ASC }) { no }
          code: customers(where: { gender: { isNull: false } }, orderBy: { no: ASC }) { no }
          before: customers(where: { born: { lt: "1980-01-01" } }) { no }
          not: customers(where: { not: { born: { gte: "1980-01-01" } } }) { no }
          less: customers(where: { points: { lt: 5 } }) { no }
          text: customers(where: { not: { email: { startsWith: "c" } } }) { no }
          groups: customersAggregate(groupBy: [email], orderBy: { count: DESC }) { key { email } count }
          secrets { owner }
          all: customersAggregate { count }
        }"""
    )
    numbers = {name: [row["no"] for row in rows] for name, rows in data.items() if rows and "no" in rows[0]}
    assert numbers == {
        "none": [2, 3, 4], "some": [1, 4], "code": [1, 3, 4], "before": [1], "not": [1], "less": [4], "text": [1],
    }  # fmt: skip
    assert data["groups"][0] == {"key": {"email": None}, "count": 2}
    assert len(data["groups"]) == 3
    assert data["secrets"] == [{"owner": "ann"}]
    assert data["all"] == [{"count": 4}]


@pytest.mark.parametrize(
    "query",
    [
        "{ customers(orderBy: { email: ASC }) { no } }",
        "{ customers(orderBy: { points: ASC }) { no } }",
        "{ customersAggregate(groupBy: [born]) { count } }",
        "{ customers(distinct: [points]) { no } }",
        "{ customersAggregate { countDistinct { email } } }",
        "{ customersAggregate { min { points } } }",
        "{ customersAggregate { sum { points } } }",
        "{ customersAggregate { key { born } } }",
        '{ customers(where: { email: { eq: "" } }) { no } }',
        "{ customers(where: { points: { eq: 0 } }) { no } }",
        'mutation { updateCustomer(no: 1, set: { email: "" }) { no } }',
    ],
)
async def test_what_cannot_be_right_is_not_offered(shop: Gateway, query: str) -> None:
    body = await shop.ask(query)
    assert not any((body.get("data") or {}).values()), query
    assert {code for code, _ in codes(body)} == {"BAD_REQUEST"}


async def test_null_is_written_as_null_or_as_the_first_that_means_it(shop: Gateway, tmp_path: Path) -> None:
    data = await shop.data(
        """mutation {
          insertCustomer(row: { no: 7, email: null, born: null }) { no email born gender points }
          updateCustomer(no: 1, set: { email: null, points: null, born: null }) { email born gender points }
          updateCustomers(where: { email: { isNull: true }, points: { isNull: true } }, set: { points: 5 }) { affected }
        }"""
    )
    assert data["insertCustomer"] == {"no": 7, "email": None, "born": None, "gender": None, "points": None}
    assert data["updateCustomer"] == {"email": None, "born": None, "gender": "FEMALE", "points": None}
    assert data["updateCustomers"] == {"affected": 4}
    with sqlite3.connect(tmp_path / "shop.db") as opened:
        rows = opened.execute("SELECT * FROM customers WHERE no IN (1, 7)").fetchall()
    opened.close()
    assert rows == [(1, "", None, "F", 5), (7, "", None, "", 5)]


DESCRIBED: dict[str, Any] = json.loads(json.dumps(DOCUMENT))
DESCRIBED["components"]["schemas"]["Customer"] |= {"required": ["no", "name", "born", "gender"]}
DESCRIBED["components"]["schemas"]["Customer"]["properties"]["seen"] = {"type": "string", "format": "date"}
REST = """
sources:
  crm: {{ openapi: ./crm.json, url: "{url}", writes: true }}
access: {{ default: anonymous }}
shape:
  Customer.born: {{ format: YYYYMMDD, nulls: ["00000000", ""] }}
  Customer.name: {{ nulls: ["N/A", ""] }}
  Customer.gender: {{ values: {{ M: MALE, "?": null }} }}
  Customer.level: {{ nulls: [0] }}
  Customer.rate: {{ nulls: [-1, 0.5] }}
  Customer.seen: {{ nulls: ["", "0001-01-01"] }}
  Customer.tags: {{ nulls: ["-"] }}
  Customer.email: {{ nulls: [""] }}
"""


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[tuple[Gateway, Crm]]:
    (tmp_path / "crm.json").write_text(json.dumps(DESCRIBED))
    async with crm() as made, gateway(tmp_path, REST.format(url=made.url)) as opened:
        yield opened, made


async def test_json_of_any_type_means_nothing(service: tuple[Gateway, Crm]) -> None:
    running, made = service
    made.rows = [
        {"no": "1", "born": "00000000", "name": "N/A", "gender": "?", "level": 0, "rate": 0.5, "seen": "",
         "tags": ["-"]},
        {"no": "2", "born": "", "name": "", "gender": "M", "level": 4, "rate": -1, "seen": "0001-01-01", "tags": ["a"]},
        {"no": "3", "born": "20000102", "name": "n/a", "gender": "M", "level": 1, "rate": 0, "seen": "2000-01-02"},
    ]  # fmt: skip
    rows = (await running.data("{ customers { born name gender level rate seen tags } }"))["customers"]
    assert [tuple(row.values()) for row in rows] == [
        (None, None, None, None, None, None, [None]),
        (None, None, "MALE", 4, None, None, ["a"]),
        ("2000-01-02", "n/a", "MALE", 1, 0, "2000-01-02", None),
    ]


async def test_what_a_property_cannot_be_is_given_as_the_first_that_means_it(service: tuple[Gateway, Crm]) -> None:
    running, made = service
    await running.data('mutation { createCustomer(body: { no: "9", name: null, level: null, email: null }) { no } }')
    assert made.heard == [
        {"no": "9", "name": "N/A", "level": 0, "email": None, "born": "00000000", "gender": "?"}
    ]  # fmt: skip


async def test_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    expected = [
        ("Customer.level: { nulls: [0, none] }", 'no value of the type Int is "none"', ""),
        ('Customer.born: { nulls: ["", ""] }', "one value stands there twice", "write each once"),
        ("Customer.gender: { values: { M: MALE }, nulls: [M] }", '"M" stands for a word and for nothing', "one of the"),
        ('Customer.no: { nulls: [""] }', "no of customers is a key", "remove nulls"),
        ('Query.crmCustomers(gender:): { nulls: [""] }', "is left out", "say it of the field"),
        ('Customer.active: { format: X/, nulls: [""] }', '"" stands for a word and for nothing', "one of the two"),
    ]
    problems = found(await told(tmp_path, *(line for line, _, _ in expected)))
    assert [line for line, _, _ in problems] == [f"isthmus.yaml:{number + 6}" for number in range(len(expected))]
    for (_, what, mend), (_, said, mended) in zip(expected, problems, strict=True):
        assert what in said
        assert mend in mended
    problems = found(
        await told(
            tmp_path,
            "Customer.gender: { values: { M: null } }",
            'Customer.born: { nulls: [""], nullable: false }',
            'Customer.left: { nulls: [""], take: x }',
            "Customer.level: { nulls: [true] }",
        )
    )
    assert {line for line, _, _ in problems} == {f"isthmus.yaml:{number}" for number in range(6, 10)}


@pytest.mark.parametrize(
    ("said", "base", "nothing", "something"),
    [
        ({"nulls": [0]}, Scalar.INT, [0, "0", "000"], [1, -1]),
        ({"nulls": ["", 0]}, Scalar.INT, ["", 0], ["7"]),
        ({"nulls": [0]}, Scalar.STRING, ["0", 0], ["", "00"]),
        ({"nulls": ["0"]}, Scalar.JSON, ["0"], [0, False, ["0"], {"0": 1}]),
        ({"nulls": ["0001-01-01"]}, Scalar.DATE, ["0001-01-01"], ["2000-01-01"]),
        ({"format": "0000", "nulls": ["", "9999"]}, Scalar.STRING, ["", "9999"], ["0000"]),
    ],
)
def test_one_value_is_told_in_all_its_forms(
    said: dict[str, Any], base: Scalar, nothing: list[object], something: list[object]
) -> None:
    coding = ShapeSettings.model_validate(said).coding(base, tables=False)
    assert [coding.read(raw) for raw in nothing] == [None] * len(nothing)
    assert all(coding.read(raw) is not None for raw in something)
    for value in coding.nulls if coding.plain else ():
        with pytest.raises(UNREADABLE):
            coding.back(value)
