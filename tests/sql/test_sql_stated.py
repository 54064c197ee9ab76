"""Keys and foreign keys that the file states of views and tables, and what is said of those that do not fit."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from resolvers.errors import LinkAmbiguous
from resolvers.problem import ConfigurationError
from resolvers.source import Call
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.sql.asking import NewContext, fields
from tests.through.gateway import gateway

TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE lines (order_id INTEGER, no INTEGER, sku TEXT, PRIMARY KEY (order_id, no));
CREATE TABLE parcels (id INTEGER PRIMARY KEY, order_id INTEGER, line INTEGER);
CREATE TABLE spent (customer INTEGER, total INTEGER);
CREATE VIEW spenders AS SELECT customer, sum(total) AS total FROM spent GROUP BY customer;
CREATE VIEW doubled AS SELECT customer, total FROM spent;
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid');
INSERT INTO lines VALUES (1, 1, 'a'), (1, 2, 'b');
INSERT INTO parcels VALUES (7, 1, 2), (8, 9, 9);
INSERT INTO spent VALUES (1, 5), (1, 6), (2, 1);
"""
STATED: dict[str, Any] = {
    "spenders": {"key": "customer", "references": [{"columns": "customer", "table": "customers"}]},
    "doubled": {"key": ["customer"]},
    "parcels": {"references": [{"columns": ["order_id", "line"], "table": "lines"}]},
    "customers": {"references": [{"columns": "id", "table": "spenders"}]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(TABLES)
    connection.close()
    return tmp_path


async def opened(folder: Path, tables: dict[str, Any]) -> SqlSource:
    settings = DatabaseSettings.model_validate({"database": "sqlite:///shop.db", "tables": tables})
    return await open_database("shop", settings, folder)


async def test_a_view_with_a_stated_key_is_read_by_it(folder: Path, context: NewContext) -> None:
    source = await opened(folder, STATED)
    try:
        assert source.model.operations["spender"].by == {"customer": "customer"}
        call = Call("spender", {"customer": 1}, fields("total"))
        assert await source.execute(call, context()) == {"total": 11}
        assert await source.execute(Call("spender", {"customer": 3}), context()) is None
    finally:
        await source.close()


async def test_a_stated_key_that_tells_no_rows_apart_is_told(folder: Path, context: NewContext) -> None:
    source = await opened(folder, STATED)
    try:
        assert await source.execute(Call("doubled_by_customer", {"customer": 2}, fields("total")), context()) == {
            "total": 1
        }
        with pytest.raises(LinkAmbiguous):
            await source.execute(Call("doubled_by_customer", {"customer": 1}), context())
    finally:
        await source.close()


async def test_stated_foreign_keys_lead_both_ways(folder: Path, tmp_path: Path) -> None:
    file = """
        sources:
          shop:
            database: sqlite:///shop.db
            tables:
              spenders: { key: customer, references: [{ columns: customer, table: customers }] }
              parcels: { references: [{ columns: [order_id, line], table: lines, to: [order_id, no] }] }
        access: { default: anonymous }
    """
    async with gateway(tmp_path, file) as house:
        found = await house.data("""{
          customers(orderBy: [{ id: ASC }]) { name spenders { total } }
          spender(customer: 2) { total customer }
          parcels(orderBy: [{ id: ASC }]) { id line_: lineByOrderIdLine { sku } }
        }""")
    assert found == {
        "customers": [
            {"name": "Ann", "spenders": [{"total": 11}]},
            {"name": "Bob", "spenders": [{"total": 1}]},
            {"name": "Cid", "spenders": []},
        ],
        "spender": {"total": 1, "customer": 2},
        "parcels": [{"id": 7, "line_": {"sku": "b"}}, {"id": 8, "line_": None}],
    }


@pytest.mark.parametrize(
    ("tables", "where", "what", "mend"),
    [
        ({"spendrs": {}}, ("tables", "spendrs"), 'no table or view "spendrs"', 'did you mean "spenders"'),
        (
            {"spenders": {"key": "custmer"}},
            ("tables", "spenders", "key"),
            'no column "custmer"',
            'did you mean "customer"',
        ),
        ({"lines": {"key": "sku"}}, ("tables", "lines", "key"), "a primary key of its own", "leave key out"),
        (
            {"spenders": {"references": [{"columns": "x", "table": "customers"}]}},
            ("tables", "spenders", "references", 0, "columns"),
            'no column "x"',
            "",
        ),
        (
            {"spenders": {"references": [{"columns": "customer", "table": "custmers"}]}},
            ("tables", "spenders", "references", 0, "table"),
            'no table or view "custmers"',
            'did you mean "customers"',
        ),
        (
            {"spenders": {"references": [{"columns": "customer", "table": "customers", "to": "nme"}]}},
            ("tables", "spenders", "references", 0, "to"),
            'no column "nme"',
            'did you mean "name"',
        ),
        (
            {"parcels": {"references": [{"columns": "order_id", "table": "lines"}]}},
            ("tables", "parcels", "references", 0),
            "1 columns refer to 2",
            "name as many columns with to",
        ),
        (
            {"parcels": {"references": [{"columns": "order_id", "table": "spenders"}]}},
            ("tables", "parcels", "references", 0),
            '"spenders" has no primary key',
            "state a key of it",
        ),
    ],
)
async def test_what_does_not_fit_is_told_with_its_place(
    folder: Path, tables: dict[str, Any], where: tuple[object, ...], what: str, mend: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await opened(folder, tables)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert what in problem.what
    assert mend in problem.mend


async def test_statements_about_tables_do_not_change_the_catalogue_that_is_compared(folder: Path) -> None:
    digests = set()
    for _ in range(2):
        source = await opened(folder, STATED)
        digests.add(source.model.digest)
        await source.close()
    assert len(digests) == 1


async def test_tables_are_chosen_by_patterns_and_no_field_leads_to_what_is_left_out(folder: Path) -> None:
    file = """
        sources:
          shop:
            database: sqlite:///shop.db
            exclude: ["spent*", "line*"]
            tables: { parcels: { references: [{ columns: [order_id, line], table: lines, to: [order_id, no] }] } }
        access: { default: anonymous }
    """
    async with gateway(folder, file) as house:
        found = await house.data("{ __schema { types { name fields { name } } } }")
        fields = {each["name"]: {one["name"] for one in each["fields"] or ()} for each in found["__schema"]["types"]}
        assert not {name for name in fields["Query"] if name.startswith(("spent", "line"))}
        assert {"customers", "customer", "parcels", "parcel", "spenders"} <= fields["Query"]
        assert fields["Parcel"] == {"id", "orderId", "line"}
        assert "Line" not in fields
