"""Three systems that write the same things in three ways: links, filters through them, rules, masks and entities."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.attack.house import TRUSTED, token
from tests.shaping.billing import WSDL, Billing, billing
from tests.shaping.crm import DOCUMENT, Crm, crm
from tests.through.gateway import Gateway, codes, gateway

TABLES = """
CREATE TABLE people (no CHAR(4) PRIMARY KEY, name TEXT, sex CHAR(1), born CHAR(8), vip CHAR(1));
INSERT INTO people VALUES ('0007', 'Ann', 'w', '19700131', 'J'), ('0010', 'Bob', 'm', '19691231', 'N'),
    ('0011', 'Cem', '?', '19500101', 'x'), ('0012', 'Dee', NULL, NULL, NULL);
"""
FILE = """
sources:
  crm: {{ openapi: ./crm.json, url: "{crm}", operations: {{ customers: {{ filters: {{ gender: gender }} }} }} }}
  billing:
    wsdl: ./billing.wsdl
    operations: {{ GetInvoices: {{ effect: read, at: invoice, keys: customer, by: customer }} }}
  shop: {{ database: "sqlite:///shop.db" }}
shape:
  Customer.no: {{ type: Int }}
  Customer.gender: {{ values: {{ M: MALE, F: FEMALE }} }}
  Customer.level: {{ values: {{ 1: LOW, 2: HIGH }} }}
  Person.no: {{ format: "0000" }}
  Person.sex: {{ values: {{ m: MALE, w: FEMALE }} }}
  Person.born: {{ format: YYYYMMDD }}
  Person.vip: {{ format: J/N }}
  Invoice.customer: {{ type: Int }}
  Invoice.total: {{ format: "1.234,56-" }}
  Invoice.issued: {{ format: DD.MM.YYYY }}
  Invoice.paid: {{ format: X/ }}
  Invoice.count: {{ type: Int }}
  Invoice.weight: {{ type: Decimal }}
  Invoice.state: {{ values: {{ 1: OPEN, 2: CLOSED }} }}
  Query.getInvoices(state:): {{ values: {{ 1: OPEN, 2: CLOSED }} }}
links:
  Person.profile: {{ one: crm.customer, match: {{ no: no }} }}
  Customer.person: {{ one: shop.people, match: {{ no: no }} }}
  Person.invoices: {{ many: billing.GetInvoices, match: {{ no: customer }} }}
{access}
"""
OPEN = "access: { default: anonymous }"
INVOICES = (
    ("1", "7", "1.234,50", "01.02.2020", "X", "3", "7"),
    ("2", "10", "0,75-", "31.12.2019", "", "12", "+2.50"),
    ("9", "10", "12", "2020-01-01", "Y", "0x3", "heavy"),
)


@asynccontextmanager
async def opened(folder: Path, access: str = OPEN) -> AsyncIterator[tuple[Gateway, Crm, Billing]]:
    with sqlite3.connect(folder / "shop.db") as made:
        made.executescript(TABLES)
    made.close()
    (folder / "crm.json").write_text(json.dumps(DOCUMENT))
    rows: list[dict[str, Any]] = [
        {"no": "7", "gender": "F", "level": 2},
        {"no": "10", "gender": "M", "level": 1},
        {"no": "11", "gender": "Z"},
    ]
    async with crm(*rows) as rest, billing(*INVOICES) as soap:
        (folder / "billing.wsdl").write_text(WSDL.replace("ADDRESS", soap.url))
        async with gateway(folder, FILE.format(crm=rest.url, access=access)) as running:
            yield running, rest, soap


async def test_links_join_what_is_meant_by_keys_as_each_source_writes_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, rest, soap):
        body = await running.ask(
            """{ people(where: { no: { in: [7, 10, 12] } }, orderBy: { no: ASC }) {
              no sex vip profile { no gender }
              invoices { customer total issued paid count weight state } } }"""
        )
        ann, bob, dee = body["data"]["people"]
        assert ann == {
            "no": 7, "sex": "FEMALE", "vip": True, "profile": {"no": 7, "gender": "FEMALE"},
            "invoices": [{
                "customer": 7, "total": "1234.50", "issued": "2020-02-01", "paid": True, "count": 3, "weight": "7",
                "state": "OPEN",
            }],
        }  # fmt: skip
        assert bob["invoices"] == [
            {
                "customer": 10, "total": "-0.75", "issued": "2019-12-31", "paid": False, "count": 12,
                "weight": "2.50", "state": "CLOSED",
            },
            {
                "customer": 10, "total": None, "issued": None, "paid": None, "count": None, "weight": None,
                "state": None,
            },
        ]  # fmt: skip
        assert dee == {"no": 12, "sex": None, "vip": None, "profile": None, "invoices": []}
        at = ["people", 1, "invoices", 1]
        assert sorted(map(str, codes(body))) == sorted(
            str(("SOURCE_BAD_RESPONSE", [*at, name]))
            for name in ("total", "issued", "paid", "count", "weight", "state")
        )
        assert soap.heard == [(["7", "10", "12"], [])]
        assert sorted(rest.heard) == ["10", "12", "7"]


async def test_filters_go_through_links_by_what_is_meant(tmp_path: Path) -> None:
    async with opened(tmp_path) as (running, _, _):
        found = await running.data(
            """{
              women: people(where: { profile: { gender: { eq: FEMALE } }, no: { lt: 11 } }) { name }
              open: people(where: { invoices: { some: { state: { eq: OPEN } } }, no: { lte: 7 } }) { name }
              lost: people(where: { invoices: { some: { state: { ne: OPEN } } }, no: { lte: 7 } }) { name }
              customers { no person { name no } }
              state: getInvoices(customer: [7], state: OPEN) { state }
            }"""
        )
        assert found["women"] == [{"name": "Ann"}]
        assert found["open"] == [{"name": "Ann"}]
        assert found["lost"] == []
        assert found["customers"][:2] == [
            {"no": 7, "person": {"name": "Ann", "no": 7}},
            {"no": 10, "person": {"name": "Bob", "no": 10}},
        ]


async def test_rules_on_rows_know_what_is_meant_and_hide_what_nobody_knows(tmp_path: Path) -> None:
    access = f"""
access:
  default: authenticated
  rules:
    Person: {{ rows: {{ or: [{{ sex: {{ eq: $claims.sex }} }}, {{ not: {{ vip: {{ eq: true }} }} }}] }} }}
    Customer: {{ rows: {{ gender: {{ ne: $claims.sex }} }} }}
    Person.born: {{ roles: [hr], else: null }}
server: {{ {TRUSTED} }}"""
    access = access.replace(", else: null", "")
    async with opened(tmp_path, access) as (running, rest, _):

        async def ask(query: str, **claims: object) -> object:
            answer = await running.client.post("/graphql", json={"query": query}, headers=token("eve", **claims))
            return answer.json()["data"]

        people = "{ people(orderBy: { no: ASC }) { name } }"
        assert await ask(people, sex="FEMALE") == {"people": [{"name": "Ann"}, {"name": "Bob"}]}
        assert await ask(people, sex="MALE") == {"people": [{"name": "Bob"}]}
        assert await ask(people, sex="m") == {"people": [{"name": "Bob"}]}
        assert await ask(people) == {"people": [{"name": "Bob"}]}
        assert await ask("{ customers { no gender } }", sex="FEMALE") == {"customers": [{"no": 10, "gender": "MALE"}]}
        assert await ask("{ customers { no } }", sex="MALE") == {"customers": [{"no": 7}]}
        assert rest.heard
