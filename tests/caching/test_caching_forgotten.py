"""A write through the gateway is seen by everybody who asks after it: what it may have changed is forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from textwrap import dedent

import pytest

from tests.caching.house import house
from tests.through.gateway import gateway

NAME = "query($id: String!) { customer(id: $id) { name } }"
RENAME = 'mutation { rename(id: "1", body: { name: "x" }) { name } }'
BOTH = '{ customer(id: "1") { name } orders { id } }'


async def test_a_write_forgets_all_of_its_source_where_nothing_is_said(tmp_path: Path) -> None:
    async with house(tmp_path, "  cache: { ttl_s: 60 }") as made:
        await made.data(BOTH)
        made.crm.taken()
        await made.data(RENAME)
        assert (await made.data(BOTH))["customer"] == {"name": "name 1!"}
        assert sorted(made.crm.taken()) == ["GET /customers/1", "GET /orders", "POST /customers/1"]


async def test_a_write_forgets_the_tags_that_are_stated_and_nothing_else(tmp_path: Path) -> None:
    source = """
  operations:
    customer: { cache: { ttl_s: 60, tags: [people] } }
    orders: { cache: { ttl_s: 60, tags: [trade] } }
    rename: { invalidates: [people] }
"""
    async with house(tmp_path, source) as made:
        await made.data(BOTH)
        made.crm.taken()
        await made.data(RENAME)
        assert (await made.data(BOTH))["customer"] == {"name": "name 1!"}
        assert made.crm.taken() == ["POST /customers/1", "GET /customers/1"]


@pytest.mark.parametrize("status", [500, 503])
async def test_a_write_that_fails_may_have_changed_something(tmp_path: Path, status: int) -> None:
    async with house(tmp_path, "  cache: { ttl_s: 60 }") as made:
        await made.data(NAME, id="1")
        made.crm.broken = status
        assert "errors" in await made.ask(RENAME)
        made.crm.broken = None
        made.crm.taken()
        await made.data(NAME, id="1")
        assert made.crm.taken() == ["GET /customers/1"]


async def test_a_write_that_was_refused_before_it_was_sent_empties_nothing(tmp_path: Path) -> None:
    async with house(tmp_path, "  cache: { ttl_s: 60 }", rules="Mutation.rename: { scopes: [admin] }") as made:
        await made.data(NAME, id="1")
        made.crm.taken()
        assert "errors" in await made.ask(RENAME)
        assert "errors" in await made.ask('mutation { rename(id: "..", body: { name: "x" }) { name } }')
        await made.data(NAME, id="1")
        assert made.crm.taken() == []


DATABASE = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id) ON DELETE CASCADE, total INTEGER
);
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO orders VALUES (1, 1, 10), (2, 1, 20), (3, 2, 5);
INSERT INTO notes VALUES (1, 'hello');
"""
FILE = """
    sources:
      stock:
        database: sqlite:///stock.db
        writes: true
        cache: { ttl_s: 60 }
    access: { default: anonymous }
"""


async def test_a_change_of_rows_forgets_what_looks_at_their_table_and_nothing_else(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "stock.db") as made:
        made.executescript(dedent(DATABASE))
    everything = """{
      customers { name orders { total } } ordersAggregate { count } totals { total } notes { body }
      rich: customers(where: { orders: { some: { total: { gt: 15 } } } }) { name }
      sorted: orders(orderBy: [{ customer: { name: ASC } }]) { id }
    }"""
    async with gateway(tmp_path, FILE) as isthmus:
        counted = isthmus.snapshot.tallies["stock"].cache
        before = await isthmus.data(everything)
        misses = counted.misses
        assert await isthmus.data(everything) == before
        assert counted.misses == misses
        await isthmus.data('mutation { insertNotes(rows: [{ id: 2, body: "x" }]) { affected } }')
        after = await isthmus.data(everything)
        assert len(after["notes"]) == 2
        # Of a view nobody knows what it looks at.
        assert counted.misses == misses + 2
        misses = counted.misses
        await isthmus.data("mutation { updateOrders(where: { id: { eq: 3 } }, set: { total: 50 }) { affected } }")
        after = await isthmus.data(everything)
        assert [each["name"] for each in after["rich"]] == ["Ada", "Bob"]
        assert {each["total"] for each in after["totals"]} == {30, 50}
        assert counted.misses < misses + 8  # customers and notes were kept
        await isthmus.data("mutation { deleteCustomers(where: { id: { eq: 2 } }) { affected } }")
        after = await isthmus.data(everything)
        assert [each["name"] for each in after["customers"]] == ["Ada"]
        assert [each["id"] for each in after["sorted"]] == [1, 2] or len(after["sorted"]) == 3  # as the database says
        assert await isthmus.data(everything) == after
