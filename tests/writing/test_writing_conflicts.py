"""What a database refuses is an error that names the kind of constraint and its fields, and nothing of any row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.through.gateway import codes
from tests.writing.stores import FILE, KINDS, House, conflict, house

SECRET = "s3cret-v4lue"
ROWS = f"""mutation {{
    insertCustomer(row: {{ name: "Ann", email: "{SECRET}", balance: "5" }}) {{ id }}
    insertOrderLine(row: {{ order: 1, groesse: "L", select: "x", customerId: 1 }}) {{ order }}
}}"""
CONFLICTS = [
    (f'insertCustomer(row: {{ name: "B", email: "{SECRET}" }}) {{ id }}', "unique", ["email"]),
    (f'insertCustomers(rows: [{{ name: "B" }}, {{ name: "C", email: "{SECRET}" }}]) {{ affected }}',
     "unique", ["email"]),
    ('insertCustomer(row: { name: "B", id: 1 }) { id }', "unique", ["id"]),
    ('insertOrderLine(row: { order: 1, groesse: "L", select: "y" }) { order }', "unique", ["order", "groesse"]),
    ('insertCustomer(row: { name: "B", balance: "-0.01" }) { id }', "check", ["balance"]),
    ('updateCustomers(where: { id: { eq: 1 } }, set: { balance: "-1" }) { affected }', "check", ["balance"]),
    ('insertOrderLine(row: { order: 7, groesse: "L", select: "y" }) { order }', "check", ["order", "where"]),
    ("updateCustomer(id: 1, set: { version: null }) { id }", "notNull", ["version"]),
    ("updateCustomers(where: { id: { eq: 1 } }, set: { name: null, version: null }) { affected }", "notNull",
     ["name", "version"]),
]  # fmt: skip


async def test_a_constraint_is_told_by_its_kind_and_its_fields(shop: House) -> None:
    await shop.data(ROWS)
    for change, kind, fields in CONFLICTS:
        body = await shop.ask(f"mutation {{ {change} }}")
        assert conflict(body) == [("CONFLICT", kind, fields)], change
        told = json.dumps(body["errors"])
        assert not any(word in told for word in (SECRET, "solvent", "odd", "PRIMARY", "INSERT", "customers_")), told
    assert await shop.rows("SELECT count(*), sum(balance) FROM customers") == [(1, 5)]


async def test_a_foreign_key_is_told_both_ways(shop: House) -> None:
    await shop.data(ROWS)
    known = ["customerId"] if shop.store.kind != "sqlite" else []  # SQLite does not say which key it was
    body = await shop.ask(
        'mutation { insertOrderLine(row: { order: 2, groesse: "L", select: "x", customerId: 9 }) { order } }'
    )
    assert conflict(body) == [("CONFLICT", "foreignKey", known)]
    # A row that others refer to: which ones is not said.
    for change in ("deleteCustomer(id: 1) { id }", "deleteCustomers(where: { id: { eq: 1 } }) { affected }"):
        assert conflict(await shop.ask(f"mutation {{ {change} }}")) == [("CONFLICT", "foreignKey", [])]


async def test_all_rows_are_written_or_none(shop: House) -> None:
    rows = [{"name": f"n{number}", "email": f"{number % 700}@x"} for number in range(900)]
    query = "mutation ($rows: [CustomerInsert!]!) { insertCustomers(rows: $rows) { affected } }"
    assert conflict(await shop.ask(query, rows=rows)) == [("CONFLICT", "unique", ["email"])]
    assert await shop.rows("SELECT count(*) FROM customers") == [(0,)]


async def test_each_field_is_a_transaction_of_its_own(shop: House) -> None:
    body = await shop.ask("""mutation {
        a: insertTag(row: { word: "a" }) { word }
        again: insertTag(row: { word: "a" }) { word }
        b: insertTag(row: { word: "b" }) { word }
    }""")
    assert body["data"] == {"a": {"word": "a"}, "again": None, "b": {"word": "b"}}
    assert codes(body) == [("CONFLICT", ["again"])]
    assert sorted(await shop.rows("SELECT word FROM tags")) == [("a",), ("b",)]


async def test_what_a_trigger_says_goes_no_further(shop: House) -> None:
    await shop.data(ROWS)
    body = await shop.ask(
        'mutation { updateOrderLine(order: 1, groesse: "L", set: { select: "forbidden" }) { order } }'
    )
    assert codes(body) == [("SOURCE_REJECTED", ["updateOrderLine"])]
    assert "secret words" not in json.dumps(body)
    assert await shop.rows('SELECT "select" FROM "Order Lines"') == [("x",)]


async def test_a_value_that_a_column_cannot_keep_exactly_is_refused_before_there_is_a_statement(shop: House) -> None:
    for given in (
        'name: "123456789012345678901"', 'name: "x", balance: "1.005"', 'name: "x", balance: "12345678901"',
        'name: "x", balance: "1e-30"',
    ):  # fmt: skip
        body = await shop.ask(f"mutation {{ insertCustomer(row: {{ {given} }}) {{ id }} }}")
        assert codes(body) == [("BAD_REQUEST", ["insertCustomer"])], given
    assert await shop.rows("SELECT count(*) FROM customers") == [(0,)]
    found = await shop.data('mutation { insertCustomer(row: { name: "x", balance: "9999999999.99" }) { balance } }')
    assert found == {"insertCustomer": {"balance": "9999999999.99"}}


RULES = """
sources:
  shop: { database: "${env:URL}", schemas: [SCHEMAS], SETTINGS }
access:
  default: anonymous
  rules: { Customer.email: { scopes: [pii] } }
"""


@pytest.mark.parametrize("kind", KINDS)
async def test_a_field_that_is_hidden_from_the_caller_is_not_named(kind: str, tmp_path: Path) -> None:
    tables = {
        "sqlite": "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT DEFAULT 'x' UNIQUE);",
        "postgresql": "CREATE TABLE customers (id integer PRIMARY KEY, email text DEFAULT 'x' UNIQUE);",
        "mariadb": "CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(9) DEFAULT 'x' UNIQUE);",
    }
    async with house(kind, tmp_path, text=RULES, tables=tables) as shop:
        await shop.data("mutation { insertCustomer(row: { id: 1 }) { id } }")
        body = await shop.ask("mutation { insertCustomer(row: { id: 2 }) { id } }")
        assert conflict(body) == [("CONFLICT", "unique", [])]
        assert "email" not in json.dumps(body)


async def test_both_executors_say_the_same(tmp_path: Path) -> None:
    answers = []
    for executor in ("columns", "reference"):
        text = FILE + f"server: {{ executor: {executor} }}\n"
        folder = tmp_path / executor
        folder.mkdir()
        async with house("sqlite", folder, text=text) as shop:
            bodies = [await shop.ask(ROWS), *[await shop.ask(f"mutation {{ {change} }}") for change, _, _ in CONFLICTS]]
            answers.append([(body["data"], conflict(body)) for body in bodies])
    assert answers[0] == answers[1]
