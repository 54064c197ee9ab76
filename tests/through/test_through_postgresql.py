"""PostgreSQL behind the gateway: untidy rows, exact values, joins, and a database that goes away and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.raw_server import RawServer, raw_server, reply, says
from tests.through.conftest import Depot
from tests.through.crm import orders_document
from tests.through.gateway import Gateway, codes, gateway

FILE = """
    sources:
      crm: { openapi: ./crm.json, url: "${env:CRM}" }
      depot: { database: "${env:DEPOT}", schemas: ["${env:SCHEMA}"], timeout_s: 2 }
    links:
      Order.product: { one: depot.products, match: { sku: sku } }
      Order.supplier: { one: depot.suppliers, match: { supplierNo: no } }
      Order.seller: { one: depot.suppliers, match: { sellerId: id } }
      Order.products: { many: depot.products, match: { skus: sku } }
    access: { default: anonymous }
"""
TABLES = """
CREATE TABLE suppliers (id uuid PRIMARY KEY, no integer UNIQUE, name text NOT NULL, since date);
CREATE TABLE products (
  sku text PRIMARY KEY, supplier_id uuid, price numeric(30,10), units bigint, seen timestamptz, booked timestamp,
  "order" text, tags text[]
);
CREATE TABLE parts (sku text REFERENCES products, line integer, note varchar(10), PRIMARY KEY (sku, line));
CREATE VIEW sleepy AS SELECT 1 AS id, pg_sleep(20)::text AS z;
INSERT INTO suppliers VALUES
  ('0b1e2d3c-0000-4000-8000-00000000000A', 7, 'Ann & Søn', '2026-02-01'),
  ('0b1e2d3c-0000-4000-8000-00000000000B', NULL, '', NULL);
INSERT INTO products VALUES
  ('a', '0b1e2d3c-0000-4000-8000-00000000000a', 12345678901234567890.0123456789, 9007199254740993,
   '2026-01-31 13:00:00.123456+01', '2026-01-31 12:00:00', 'x', '{one,NULL}'),
  ('B ', '0b1e2d3c-0000-4000-8000-00000000000a', 0.10, -1, '1970-01-01 00:00:00Z', NULL, '100%', NULL),
  ('c''; --', '99999999-0000-4000-8000-000000000000', NULL, NULL, NULL, NULL, NULL, '{}'),
  ('d', NULL, 1, 0, NULL, NULL, '', NULL);
ALTER TABLE products ADD FOREIGN KEY (supplier_id) REFERENCES suppliers NOT VALID;
INSERT INTO parts VALUES ('a', 1, 'first'), ('a', 2, NULL), ('d', 1, 'only');
"""
ANN = "0b1e2d3c-0000-4000-8000-00000000000a"
TEXT = {"type": "string", "nullable": True}
CRM = orders_document({
    "sku": TEXT,
    "supplierNo": {"type": "integer", "format": "int64", "nullable": True},
    "skus": {"type": "array", "items": {"type": "string"}},
    "sellerId": TEXT,
})  # fmt: skip
ORDERS: list[dict[str, Any]] = [
    {"sku": "a", "supplierNo": 7, "skus": ["d", "a", "gone", "a"], "sellerId": ANN.upper()},
    {"sku": "B", "supplierNo": 8, "skus": [], "sellerId": "nobody's"},
    {"sku": "B ", "supplierNo": 7, "skus": ["c'; --"]},
    {"sku": None, "supplierNo": None, "skus": None},
    {"sku": "a", "supplierNo": 99_999_999_999_999_999_999},
    {"sku": "c'; --", "supplierNo": 7, "skus": ["A"]},
]


@pytest.fixture
async def crm() -> AsyncIterator[RawServer]:
    async with raw_server(says(reply(json.dumps(ORDERS).encode()))) as server:
        yield server


@pytest.fixture
async def house(depot: Depot, crm: RawServer, tmp_path: Path) -> AsyncIterator[Gateway]:
    await depot.connection.execute(TABLES)
    (tmp_path / "crm.json").write_text(CRM)
    environment = {"CRM": crm.url, "DEPOT": depot.url, "SCHEMA": depot.schema}
    async with gateway(tmp_path, FILE, environment) as served:
        yield served


async def test_a_text_leads_to_a_row_whose_key_is_a_uuid(house: Gateway) -> None:
    data = await house.data("{ orders { seller { name } } }")
    assert [order["seller"] for order in data["orders"]] == [{"name": "Ann & Søn"}, *[None] * 5]


async def test_values_are_exact(house: Gateway) -> None:
    found = await house.data("{ products { sku supplierId price units seen booked order tags } }")
    rows = {row.pop("sku"): row for row in found["products"]}
    assert rows == {
        "a": {
            "supplierId": ANN, "price": "12345678901234567890.0123456789", "units": "9007199254740993",
            "seen": "2026-01-31T12:00:00.123456+00:00", "booked": "2026-01-31T12:00:00", "order": "x",
            "tags": ["one", None],
        },
        "B ": {
            "supplierId": ANN, "price": "0.1000000000", "units": "-1", "seen": "1970-01-01T00:00:00+00:00",
            "booked": None, "order": "100%", "tags": None,
        },
        "c'; --": {
            "supplierId": "99999999-0000-4000-8000-000000000000", "price": None, "units": None, "seen": None,
            "booked": None, "order": None, "tags": [],
        },
        "d": {
            "supplierId": None, "price": "1.0000000000", "units": "0", "seen": None, "booked": None, "order": "",
            "tags": None,
        },
    }  # fmt: skip


async def test_by_key(house: Gateway) -> None:
    query = """{
        product(sku: "c'; --") { sku price }
        none: product(sku: "C") { sku }
        supplier(id: "0B1E2D3C-0000-4000-8000-00000000000A") { name since }
        part(sku: "a", line: 2) { note }
    }"""
    assert await house.data(query) == {
        "product": {"sku": "c'; --", "price": None},
        "none": None,
        "supplier": {"name": "Ann & Søn", "since": "2026-02-01"},
        "part": {"note": None},
    }


LISTS: list[tuple[str, list[str]]] = [
    ('where: { sku: { in: ["d", "a"] } }, orderBy: [{ sku: DESC }]', ["d", "a"]),
    ("orderBy: [{ units: ASC_NULLS_FIRST }], limit: 2", ["c'; --", "B "]),
    ("orderBy: [{ units: DESC_NULLS_LAST }, { sku: ASC }], limit: 2, offset: 1", ["d", "B "]),
    ("orderBy: [{ price: ASC_NULLS_LAST }], offset: 3", ["c'; --"]),
    ("limit: 0", []),
    ('where: { units: { gt: "9007199254740992" } }', ["a"]),
    ('where: { price: { eq: "12345678901234567890.0123456789" } }', ["a"]),
    ('where: { price: { eq: "12345678901234567890.0123456788" } }', []),
    ('where: { seen: { lte: "2026-01-31T12:00:00.123456Z", gt: "1970-01-01T00:00:00Z" } }', ["a"]),
    (f'where: {{ supplierId: {{ eq: "{ANN.upper()}" }}, sku: {{ ne: "a" }} }}', ["B "]),
    ('where: { order: { contains: "%" } }', ["B "]),
    ("where: { order: { isNull: true } }", ["c'; --"]),
    ('where: { sku: { in: ["d", "zz", "c\'; --"] } }, orderBy: [{ sku: ASC }]', ["c'; --", "d"]),
    ("where: { sku: { in: [] } }", []),
    (
        'where: { or: [{ sku: { eq: "a" } }, { not: { units: { gte: "0" } } }] }, orderBy: [{ units: DESC }]',
        ["a", "B "],
    ),
]


async def test_lists_are_filtered_ordered_and_cut_by_the_database(house: Gateway) -> None:
    for arguments, skus in LISTS:
        found = await house.data(f"{{ products({arguments}) {{ sku }} }}")
        assert [row["sku"] for row in found["products"]] == skus, arguments


async def test_foreign_keys_lead_both_ways(house: Gateway) -> None:
    found = await house.data("""{
        products { sku supplier { name products { sku } } parts { line note } }
        parts { line product { sku } }
    }""")
    rows = {row["sku"]: row for row in found["products"]}
    assert rows["a"]["supplier"]["name"] == "Ann & Søn"
    assert sorted(row["sku"] for row in rows["a"]["supplier"]["products"]) == ["B ", "a"]
    assert [rows[sku]["supplier"] for sku in ("c'; --", "d")] == [None, None]
    assert sorted((row["line"], row["note"]) for row in rows["a"]["parts"]) == [(1, "first"), (2, None)]
    assert [len(rows[sku]["parts"]) for sku in ("B ", "c'; --", "d")] == [0, 0, 1]
    assert sorted(row["product"]["sku"] for row in found["parts"]) == ["a", "a", "d"]


async def journal(house: Gateway, query: str) -> tuple[Any, list[tuple[str, str]]]:
    """The answer, and each call that it took: source and what was sent."""
    context = Context(asyncio.get_running_loop().time() + 5, "test")
    assert house.snapshot.graph is not None
    answer = await house.snapshot.graph.execute(GraphQLRequest(query, None, {}), ANONYMOUS, context, read_only=True)
    return answer.body, [(call.source, call.wire) for call in context.journal.calls]


async def test_a_link_is_one_statement_for_all_keys(house: Gateway, depot: Depot) -> None:
    depot.proxy.sent.clear()
    body, calls = await journal(house, "{ orders { product { sku units } } }")
    assert [order["product"] and order["product"]["sku"] for order in body["data"]["orders"]] == [
        "a", None, "B ", None, "a", "c'; --",
    ]  # fmt: skip
    assert [source for source, _ in calls] == ["crm", "depot"]
    assert depot.proxy.sent.count(b"= ANY") == 1
    assert depot.proxy.sent.count(b"c'; --") == 1


async def test_a_key_that_the_column_cannot_hold_matches_nothing_and_spoils_nothing(house: Gateway) -> None:
    found = await house.data("{ orders { supplier { name } } }")
    ann = {"name": "Ann & Søn"}
    assert [order["supplier"] for order in found["orders"]] == [ann, None, ann, None, None, ann]


async def test_a_list_of_keys_gives_rows_in_the_order_of_its_keys(house: Gateway) -> None:
    body, calls = await journal(house, "{ orders { products { sku } } }")
    assert "errors" not in body
    found = [[row["sku"] for row in order["products"]] for order in body["data"]["orders"]]
    assert found == [["d", "a", "a"], [], ["c'; --"], [], [], []]
    assert len(calls) == 2


SKUS = "{ products { sku } }"


async def recovered(house: Gateway) -> None:
    """Asks until the database answers again."""
    ends = asyncio.get_running_loop().time() + 20  # a breaker that opened asks again within these
    body = await house.ask(SKUS)
    while "errors" in body and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.05)
        body = await house.ask(SKUS)
    assert sorted(row["sku"] for row in body["data"]["products"]) == ["B ", "a", "c'; --", "d"]


async def test_a_database_that_goes_away_and_comes_back(house: Gateway, depot: Depot) -> None:
    await recovered(house)
    await depot.proxy.stop()
    body = await house.ask("{ orders { sku product { units } } }")
    assert codes(body) == [("SOURCE_UNAVAILABLE", ["orders", index, "product"]) for index in (0, 1, 2, 4, 5)]
    assert [order["sku"] for order in body["data"]["orders"]] == [order["sku"] for order in ORDERS]
    for _ in range(3):
        assert codes(await house.ask(SKUS)) == [("SOURCE_UNAVAILABLE", ["products"])]
    assert (await house.client.get("/readyz")).status_code == 200
    await depot.proxy.start()
    await recovered(house)


async def test_connections_that_were_cut_while_idle_cost_nobody_an_error(house: Gateway, depot: Depot) -> None:
    await asyncio.gather(*(house.data(SKUS) for _ in range(5)))
    await depot.proxy.stop()
    await depot.proxy.start()
    for body in await asyncio.gather(*(house.ask(SKUS) for _ in range(5))):
        assert "errors" not in body


async def test_a_connection_that_is_cut_during_a_statement(house: Gateway, depot: Depot) -> None:
    await recovered(house)
    asked = asyncio.create_task(house.ask("{ sleepy { z } }"))
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%FROM ' || $1 || '.sleepy%'"
    ends = asyncio.get_running_loop().time() + 5
    while not await depot.connection.fetchval(running, depot.schema):
        assert asyncio.get_running_loop().time() < ends
        await asyncio.sleep(0.02)
    await depot.proxy.stop()
    body = await asked
    assert [code for code, _ in codes(body)] == ["SOURCE_UNAVAILABLE"]
    await depot.proxy.start()
    await recovered(house)


async def test_a_database_that_hangs_is_given_up_in_time_and_used_again(house: Gateway, depot: Depot) -> None:
    await recovered(house)
    depot.proxy.hang()
    hung = asyncio.get_running_loop().time()
    body = await house.ask("{ orders { sku } products { sku } }")
    assert asyncio.get_running_loop().time() - hung < 3.5, "its time is 2 s, and no more than a margin on top"
    assert codes(body) == [("SOURCE_TIMEOUT", ["products"])]
    assert len(body["data"]["orders"]) == len(ORDERS)
    depot.proxy.flow()
    await recovered(house)


async def test_a_slow_statement_is_ended_by_the_database_itself(house: Gateway, depot: Depot) -> None:
    body = await house.ask("{ sleepy { z } }")
    assert [code for code, _ in codes(body)] == ["SOURCE_TIMEOUT"]
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%' || $1 || '.sleepy%'"
    assert await depot.connection.fetchval(running + " AND pid <> pg_backend_pid()", depot.schema) == 0


GUARDED = FILE.replace(
    "access: { default: anonymous }",
    """
    access: { default: anonymous, rules: { Supplier: { roles: [hr] }, Query.parts: { roles: [hr] } } }
""",
)
REFUSED = (
    "{ products { sku ",
    "{ products { nothing } }",
    "{ products(limit: -1) { sku } }",
    "{ products(limit: 10001) { sku } }",
    "{ products(limit: 1.5) { sku } }",
    '{ products(where: { units: { eq: "9223372036854775808" } }) { sku } }',
    '{ products(where: { sku: { eq: "a\\u0000b" } }) { sku } }',
    '{ products(where: { sku: { in: ["\\ud800"] } }) { sku } }',
    '{ product(sku: "\\u0000") { sku } }',
    '{ products(where: { seen: { eq: "yesterday" } }) { sku } }',
    "{ parts { line } }",
    "{ suppliers { name } }",
    "mutation { products { sku } }",
    "query($no: Int!) { supplierByNo(no: $no) { name } }",
)


async def test_a_request_that_is_refused_takes_no_connection(depot: Depot, crm: RawServer, tmp_path: Path) -> None:
    await depot.connection.execute(TABLES)
    (tmp_path / "crm.json").write_text(CRM)
    environment = {"CRM": crm.url, "DEPOT": depot.url, "SCHEMA": depot.schema}
    async with gateway(tmp_path, GUARDED, environment) as served:
        depot.proxy.sent.clear()
        accepted = depot.proxy.accepted
        for query in REFUSED:
            assert "errors" in await served.ask(query), query
            assert (bytes(depot.proxy.sent), depot.proxy.accepted) == (b"", accepted), query
        assert "errors" not in await served.ask(SKUS)
        assert depot.proxy.sent
