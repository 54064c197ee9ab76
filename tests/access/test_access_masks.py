"""A masked column of a real database leaks through nothing beside it: counts, groups, pages, changes, the log."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from resolvers import ConfigurationError
from tests.raw_server import raw_server, reply, says
from tests.through.crm import orders_document
from tests.through.gateway import codes, gateway

IBAN = "CH9300762011623852957"
SECRET = IBAN[:-4]
FILE = """
    sources:
      shop: { database: "sqlite:///shop.db", writes: true }
    access:
      default: anonymous
      rules:
        "*.iban": { scopes: pii, mask: last4 }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(f"""
            CREATE TABLE customers(id integer primary key, name text not null, iban text unique);
            CREATE TABLE orders(id integer primary key, customer_id integer references customers(id));
            INSERT INTO customers VALUES (1, 'Ada', '{IBAN}'), (2, 'Bob', NULL), (3, 'Cy', 'short');
            INSERT INTO orders VALUES (10, 1);
        """)
    connection.close()
    return tmp_path


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_it_is_masked_by_every_way_that_leads_to_its_rows(folder: Path, executor: str) -> None:
    shown = f"{'*' * 12}{IBAN[-4:]}"
    async with gateway(folder, f"{FILE}\n    server: {{ executor: {executor} }}") as house:
        for query, path in (
            ("{ customers(where: { id: { eq: 1 } }) { iban } }", ["customers", 0, "iban"]),
            ("{ customer(id: 1) { x: iban id } }", ["customer", "x"]),
            ("{ orders { customer { ...F } } } fragment F on Customer { iban }", ["orders", 0, "customer", "iban"]),
            (
                "{ customersConnection(first: 1) { nodes { id iban } pageInfo { endCursor } totalCount } }",
                ["customersConnection", "nodes", 0, "iban"],
            ),
            (
                'mutation { updateCustomer(id: 1, set: { name: "Eve" }) { name iban } }',
                ["updateCustomer", "iban"],
            ),
        ):
            body = await house.ask(query)
            assert codes(body) == [], query
            found = body["data"]
            for key in path:
                found = found[key]
            assert found == shown
            assert SECRET not in str(body)
        found = await house.data("{ customers(orderBy: [{ id: ASC }]) { iban orders { id } } }")
        assert [each["iban"] for each in found["customers"]] == [shown, None, "*" * 12]


OVER_HTTP = """
    sources: { crm: { openapi: ./crm.json, url: "${env:CRM}" } }
    access: { default: anonymous, rules: { Order.iban: { scopes: pii, mask: last4 } } }
"""


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_rows_of_a_rest_source_do_not_stand_in_the_answer_as_they_came(tmp_path: Path, executor: str) -> None:
    text = {"type": "string"}
    (tmp_path / "crm.json").write_text(orders_document({"id": text, "iban": text}, "id"))
    body = f'[{{"id": "1", "iban": "{IBAN}"}}, {{"id": "2", "iban": null}}]'.encode()
    async with raw_server(says(reply(body))) as crm:
        server = f"\n    server: {{ executor: {executor} }}"
        async with gateway(tmp_path, f"{OVER_HTTP}{server}", {"CRM": crm.url}) as house:
            # Only replies that come again and again are decoded into what could stand in the answer.
            (found, *more) = [await house.data("{ orders { id iban } }") for _ in range(12)]
    assert all(each == found for each in more)
    assert found == {"orders": [{"id": "1", "iban": f"{'*' * 12}{IBAN[-4:]}"}, {"id": "2", "iban": None}]}


async def test_no_mask_stands_for_the_least_or_the_greatest(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        async with gateway(folder, FILE.replace('"*.iban"', "CustomerExtremes.iban")):
            pass
    assert "a mask stands for texts" in raised.value.problems[0].what


ASKS = [
    'customers(where: { iban: { like: "CH%" } }) { id }',
    "customers(where: { not: { iban: { isNull: true } } }) { id }",
    'orders(where: { customer: { iban: { gt: "C" } } }) { id }',
    "customers(orderBy: [{ iban: ASC }]) { id }",
    "orders(orderBy: [{ customer: { iban: DESC } }]) { id }",
    "customersConnection(first: 1, orderBy: [{ iban: ASC }]) { pageInfo { endCursor } }",
    "customersAggregate { min { iban } }",
    "customersAggregate { max { iban } }",
    "customersAggregate { countDistinct { iban } }",
    "customersAggregate(groupBy: [iban]) { count }",
    "customersAggregate(groupBy: [id]) { key { iban } }",
    "customersAggregate(groupBy: [id], orderBy: [{ min: { iban: ASC } }]) { count }",
]


async def test_nothing_is_compared_counted_grouped_or_ordered_by_it(folder: Path) -> None:
    async with gateway(folder, FILE) as house:
        for asked in ASKS:
            body = await house.ask(f"{{ {asked} }}")
            assert {code for code, _ in codes(body)} == {"FORBIDDEN"}, asked
            assert IBAN[-4:] not in str(body), asked


async def test_no_change_and_no_conflict_tells_of_it_and_the_log_has_only_names(
    folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with gateway(folder, FILE) as house:
        query = "mutation($row: CustomerInsert!) { insertCustomer(row: $row) { id iban } }"
        rows: list[dict[str, Any]] = [{"id": 9, "name": "Z", "iban": IBAN}, {"id": 1, "name": "Z"}]
        refused, conflict = [await house.ask(query, row=row) for row in rows]
        assert codes(refused) == [("FORBIDDEN", ["insertCustomer"])]
        assert codes(conflict) == [("CONFLICT", ["insertCustomer"])]
        await house.data("{ customers { iban } }")
        assert "iban" not in str(conflict["errors"][0]["extensions"])
        assert len((await house.data("{ customers { id } }"))["customers"]) == 3
    assert SECRET not in caplog.text + "".join(capsys.readouterr())
