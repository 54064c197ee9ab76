from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from gateway.demo import warehouse
from gateway.demo.records import orders


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stock") / "stock.sqlite"
    warehouse.write(made)
    return made


@pytest.fixture
def stock(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def test_a_few_thousand_rows_and_the_same_at_every_start(path: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    warehouse.write(again)
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(again)) as two:
        dump = list(one.iterdump())
        assert dump == list(two.iterdump())
    rows = sum(line.startswith("INSERT") for line in dump)
    assert 2_000 < rows < 10_000


def test_nothing_is_written_over(path: Path) -> None:
    with pytest.raises(FileExistsError):
        warehouse.write(path)


def test_the_catalogue_has_keys_of_every_kind(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    found = inspect(engine)
    tables = {
        "locations", "products", "shipment_lines", "shipments", "stock_counts", "stock_levels", "suppliers",
    }  # fmt: skip
    assert set(found.get_table_names()) == tables
    assert found.get_view_names() == ["low_stocks"]
    assert found.get_pk_constraint("stock_levels")["constrained_columns"] == ["sku", "location_code"]
    assert found.get_pk_constraint("shipment_lines")["constrained_columns"] == ["shipment_id", "line_no"]
    assert [key["constrained_columns"] for key in found.get_foreign_keys("stock_counts")] == [["sku", "location_code"]]
    assert [key["referred_table"] for key in found.get_foreign_keys("locations")] == ["locations"]
    assert [key["column_names"] for key in found.get_unique_constraints("shipments")] == [["carrier", "tracking_code"]]
    joined = {(table, key["referred_table"]) for table in tables for key in found.get_foreign_keys(table)}
    assert ("products", "suppliers") in joined
    assert ("shipment_lines", "shipments") in joined
    engine.dispose()


def test_rows_break_the_rules_of_their_own_tables(stock: sqlite3.Connection) -> None:
    orphans = {(table, parent) for table, _, parent, _ in stock.execute("PRAGMA foreign_key_check")}
    assert orphans == {("locations", "locations"), ("products", "suppliers"), ("shipment_lines", "products")}
    (nobody,) = stock.execute("SELECT COUNT(*) FROM products WHERE supplier_id IS NULL").fetchone()
    (half,) = stock.execute("SELECT COUNT(*) FROM stock_counts WHERE location_code IS NULL").fetchone()
    (empty,) = stock.execute("SELECT COUNT(*) FROM low_stocks WHERE quantity IS NULL").fetchone()
    assert nobody
    assert half
    assert empty


def test_shipments_name_orders_of_the_crm_and_some_that_nobody_has(stock: sqlite3.Connection) -> None:
    named = [number for (number,) in stock.execute("SELECT order_number FROM shipments")]
    known = {order["number"] for order in orders()}
    assert {number for number in named if number not in known} == {None, "SO-00000"}
    assert len(set(named) & known) > 300
    assert len(named) > len(set(named))
