"""MariaDB behind the gateway: keys of other systems, matched as its collations compare them, and a server that goes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.mariadb import OwnDatabase, own_database
from tests.raw_server import RawServer, raw_server, reply, says
from tests.through.crm import orders_document
from tests.through.gateway import Gateway, codes, gateway
from tests.through.proxy import Proxy, proxy

FILE = """
    sources:
      crm: { openapi: ./crm.json, url: "${env:CRM}" }
      depot: { database: "${env:DEPOT}", timeout_s: 2 }
    links:
      Order.product: { one: depot.products, match: { sku: sku } }
      Order.exact: { one: depot.products, match: { sku: code } }
      Order.supplier: { one: depot.suppliers, match: { supplierNo: no } }
      Order.products: { many: depot.products, match: { skus: sku } }
    access: { default: anonymous, rules: { Supplier.secret: { roles: [hr] } } }
"""
TABLES = """
CREATE TABLE suppliers (id uuid PRIMARY KEY, no int unsigned UNIQUE, name text NOT NULL, secret varchar(9));
CREATE TABLE products (
  sku varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, code varchar(20) COLLATE utf8mb4_nopad_bin UNIQUE,
  region char(4), supplier_id uuid REFERENCES suppliers (id), units bigint unsigned, price decimal(30,10),
  booked datetime(6), seen timestamp(6) NULL, flag boolean, due date
);
CREATE TABLE parts (
  product varchar(20) COLLATE utf8mb4_general_ci, no int, PRIMARY KEY (product, no),
  FOREIGN KEY (product) REFERENCES products (sku)
);
INSERT INTO suppliers VALUES ('0b1e2d3c-0000-4000-8000-00000000000a', 4294967295, 'Ann & Søn', 'x'),
  ('0b1e2d3c-0000-4000-8000-00000000000b', NULL, '', NULL);
INSERT INTO products VALUES
  ('Abc', 'Abc', 'EU', '0b1e2d3c-0000-4000-8000-00000000000a', 18446744073709551615, 12345678901234567890.0123456789,
   '2026-01-31 12:00:00.5', '2026-01-31 12:00:00.5', true, '2026-02-01'),
  ('d\\\\e%', 'x ', NULL, NULL, NULL, NULL, NULL, NULL, 7, NULL),
  ('z', 'x', NULL, NULL, 0, 1, '0000-00-00 00:00:00', NULL, false, '0000-00-00');
INSERT INTO parts VALUES ('aBC', 1), ('ABC ', 2), ('z', 1);
"""
TEXT = {"type": "string", "nullable": True}
CRM = orders_document({
    "sku": TEXT,
    "supplierNo": {"type": "integer", "format": "int64", "nullable": True},
    "skus": {"type": "array", "items": {"type": "string"}},
})  # fmt: skip
ORDERS: list[dict[str, Any]] = [
    {"sku": "abc", "supplierNo": 4294967295, "skus": ["z", "ABC", "gone", "abc  "]},
    {"sku": "ABC ", "supplierNo": 4294967296, "skus": []},
    {"sku": "d\\e%", "supplierNo": -1, "skus": ["' OR 1=1 -- "]},
    {"sku": "x", "supplierNo": None, "skus": None},
    {"sku": "x ", "supplierNo": 99_999_999_999_999_999_999},
    {"sku": None},
]


@dataclass(frozen=True, slots=True)
class Depot:
    own: OwnDatabase
    proxy: Proxy
    url: str


@pytest.fixture(scope="module")
def own() -> Iterator[OwnDatabase]:
    with own_database() as made:
        made.run("SET time_zone = '+00:00', sql_mode = '';" + TABLES)
        yield made


@pytest.fixture
async def depot(own: OwnDatabase) -> AsyncIterator[Depot]:
    url = make_url(own.url)
    async with proxy(url.host or "127.0.0.1", url.port or 3306) as between:
        there = url.set(host="127.0.0.1", port=between.port)
        yield Depot(own, between, there.render_as_string(hide_password=False))


@pytest.fixture
async def crm() -> AsyncIterator[RawServer]:
    async with raw_server(says(reply(json.dumps(ORDERS).encode()))) as made:
        yield made


@pytest.fixture
async def house(depot: Depot, crm: RawServer, tmp_path: Path) -> AsyncIterator[Gateway]:
    (tmp_path / "crm.json").write_text(CRM)
    async with gateway(tmp_path, FILE, {"CRM": crm.url, "DEPOT": depot.url}) as served:
        yield served


async def test_values_are_exact(house: Gateway) -> None:
    query = "{ products(orderBy: [{ sku: ASC }]) { sku region supplierId units price booked seen flag due } }"
    assert (await house.data(query))["products"] == [
        {
            "sku": "Abc", "region": "EU", "supplierId": "0b1e2d3c-0000-4000-8000-00000000000a",
            "units": "18446744073709551615", "price": "12345678901234567890.0123456789",
            "booked": "2026-01-31T12:00:00.500000", "seen": "2026-01-31T12:00:00.500000+00:00", "flag": True,
            "due": "2026-02-01",
        },
        {
            "sku": "d\\e%", "region": None, "supplierId": None, "units": None, "price": None, "booked": None,
            "seen": None, "flag": True, "due": None,
        },
        {
            "sku": "z", "region": None, "supplierId": None, "units": "0", "price": "1.0000000000", "booked": None,
            "seen": None, "flag": False, "due": None,
        },
    ]  # fmt: skip


async def asked(house: Gateway, query: str) -> tuple[Any, list[str]]:
    """The answer, and what it took of the depot."""
    context = Context(asyncio.get_running_loop().time() + 5, "test")
    assert house.snapshot.graph is not None
    answer = await house.snapshot.graph.execute(GraphQLRequest(query, None, {}), ANONYMOUS, context, read_only=True)
    return answer.body, [call.wire for call in context.journal.calls if call.source == "depot"]


async def test_keys_match_as_the_collation_compares_them_in_one_statement(house: Gateway) -> None:
    body, calls = await asked(house, "{ orders { product { sku } } }")
    assert [order["product"] and order["product"]["sku"] for order in body["data"]["orders"]] == [
        "Abc", "Abc", "d\\e%", None, None, None,
    ]  # fmt: skip
    assert len(calls) == 1


async def test_where_the_collation_heeds_every_letter_and_space_keys_do_so_too(house: Gateway) -> None:
    body, _ = await asked(house, "{ orders { exact { sku } } }")
    assert [order["exact"] and order["exact"]["sku"] for order in body["data"]["orders"]] == [
        None, None, None, "z", "d\\e%", None,
    ]  # fmt: skip


async def test_a_key_that_the_column_cannot_hold_matches_nothing_and_spoils_nothing(house: Gateway) -> None:
    found = await house.data("{ orders { supplier { name } } }")
    assert [order["supplier"] for order in found["orders"]] == [{"name": "Ann & Søn"}, None, None, None, None, None]


async def test_lists_of_keys_and_foreign_keys_match_alike(house: Gateway) -> None:
    found = await house.data("""{
        orders { products { sku } }
        products(where: { sku: { in: ["ABC", "Z"] } }, orderBy: [{ sku: ASC }]) {
          sku parts(orderBy: [{ no: ASC }]) { no }
        }
        parts(orderBy: [{ product: ASC }, { no: ASC }]) { product row: productByProduct { sku } }
    }""")
    assert [[row["sku"] for row in order["products"]] for order in found["orders"][:2]] == [["z", "Abc", "Abc"], []]
    assert found["products"] == [
        {"sku": "Abc", "parts": [{"no": 1}, {"no": 2}]},
        {"sku": "z", "parts": [{"no": 1}]},
    ]
    assert [part["row"]["sku"] for part in found["parts"]] == ["Abc", "Abc", "z"]


async def recovered(house: Gateway) -> None:
    async with asyncio.timeout(5):
        while "errors" in await house.ask("{ parts { no } }"):  # noqa: ASYNC110  # it is asked, it sets no event
            await asyncio.sleep(0.05)


async def test_a_server_that_goes_away_hangs_and_comes_back(house: Gateway, depot: Depot) -> None:
    await recovered(house)
    await depot.proxy.stop()
    body = await house.ask("{ orders { sku } parts { no } }")
    assert codes(body) == [("SOURCE_UNAVAILABLE", ["parts"])]
    assert len(body["data"]["orders"]) == len(ORDERS)
    await depot.proxy.start()
    await recovered(house)
    depot.proxy.hang()
    assert codes(await house.ask("{ parts { no } }")) == [("SOURCE_TIMEOUT", ["parts"])]
    depot.proxy.flow()
    await recovered(house)


async def test_connections_that_were_cut_while_idle_cost_nobody_an_error(house: Gateway, depot: Depot) -> None:
    await asyncio.gather(*(house.data("{ parts { no } }") for _ in range(5)))
    await depot.proxy.stop()
    await depot.proxy.start()
    for body in await asyncio.gather(*(house.ask("{ parts { no } }") for _ in range(5))):
        assert "errors" not in body


async def test_a_request_that_is_refused_takes_no_connection(house: Gateway, depot: Depot) -> None:
    await recovered(house)
    depot.proxy.sent.clear()
    accepted = depot.proxy.accepted
    for query in (
        "{ parts { no ",
        "{ parts { nothing } }",
        "{ parts(limit: -1) { no } }",
        '{ products(where: { units: { eq: "18446744073709551616" } }) { sku } }',
        '{ products(where: { units: { eq: "-1" } }) { sku } }',
        '{ products(where: { sku: { eq: "\\u0000" } }) { sku } }',
        "{ suppliers { secret } }",
    ):
        body = await house.ask(query)
        assert "errors" in body, query
        if "secret" not in query:
            assert (bytes(depot.proxy.sent), depot.proxy.accepted) == (b"", accepted), query


async def test_a_column_of_several_words_is_compared_as_its_collation_does(tmp_path: Path, own: OwnDatabase) -> None:
    own.run(
        "CREATE TABLE parties (id int PRIMARY KEY, party_no varchar(9) COLLATE utf8mb4_general_ci, name text);"
        "INSERT INTO parties VALUES (1, 'P1', 'One');"
    )
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE bills (id INTEGER PRIMARY KEY, party TEXT)")
        shop.executemany("INSERT INTO bills VALUES (?, ?)", [(1, "p1"), (2, "P1 "), (3, "p2")])
    shop.close()
    file = f"""
        sources:
          shop: {{ database: "sqlite:///{tmp_path}/shop.db" }}
          depot: {{ database: "{own.url}" }}
        links: {{ Bill.party_: {{ one: depot.parties, match: {{ party: partyNo }} }} }}
        access: {{ default: anonymous }}
    """
    async with gateway(tmp_path, file) as served:
        found = await served.data("{ bills(orderBy: { id: ASC }) { party_ { name } } }")
    assert [each["party_"] for each in found["bills"]] == [{"name": "One"}, {"name": "One"}, None]
