"""Scenes of files and of a SQLite database that are both gone: what was pulled of them says what is served."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.scenes.conftest import Command

FILE = """
sources:
  sales:
    files: ./sales
    tables: { orders: { key: [id], types: { placed: Date } }, lines: { key: [id] } }
  shop: { database: "sqlite:///shop.sqlite", writes: true }
links:
  Order.buyer: { one: shop.customers, match: { customer: id } }
  Order.lines: { many: sales.lines, match: { id: orderId } }
access: { default: anonymous }
"""
QUERY = """{
  orders(where: { total: { gt: "5" } }, orderBy: [{ id: DESC }]) {
    id placed total buyer { lastName } lines { sku }
  }
  ordersAggregate { count sum { total } }
}"""
BY_HAND = """
sources:
  sales:
    tables:
      orders:
      - { id: 1, customer: 7, placed: "2026-01-31", total: "10.50" }
      - { id: 2, customer: 8, placed: "2026-02-01", total: "7.25" }
      - { id: 3, customer: 8, total: "1.00" }
      lines: [{ id: 1, order_id: 1, sku: A }, { id: 2, order_id: 1, sku: B }]
  shop:
    tables: { customers: [{ id: 7, last_name: Kowalski }, { id: 8, last_name: Nowak }] }
"""


def reply(name: str) -> Any:
    return json.loads(Path("scenes", name, "reply.json").read_text("utf-8"))


def test_rows_of_files_and_of_a_database_that_are_gone_are_played(
    tmp_path: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    Path("isthmus.yaml").write_text(FILE, "utf-8")
    Path("sales").mkdir()
    Path("sales/orders.csv").write_text(
        "id,customer,placed,total\n1,7,2026-01-31,10.50\n2,8,2026-02-01,7.25\n3,8,,1.00\n", "utf-8"
    )
    Path("sales/lines.csv").write_text("id,order_id,sku\n1,1,A\n2,1,B\n", "utf-8")
    with closing(sqlite3.connect("shop.sqlite")) as made:
        made.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY, last_name TEXT NOT NULL)")
        made.execute("INSERT INTO customers VALUES (7, 'Kowalski'), (8, 'Nowak')")
        made.commit()
    live = isthmus("record", "--query", QUERY, "--keep", "*.*", "-o", "scenes/live")
    assert live.exit_code == 0, live.output
    change = 'mutation { insertCustomer(row: { id: 9, lastName: "Abelmann" }) { id lastName } }'
    written = isthmus("record", "--query", change, "--mutation", "-o", "scenes/change")
    assert written.exit_code == 0, written.output
    pulled = isthmus("pull")
    assert pulled.exit_code == 0, pulled.output
    for gone in ("sales", ".isthmus"):
        shutil.rmtree(gone)
    Path("shop.sqlite").unlink()
    Path("scenes/hand").mkdir()
    Path("scenes/hand/query.graphql").write_text(QUERY, "utf-8")
    Path("scenes/hand/scene.yaml").write_text(BY_HAND, "utf-8")
    made_up = isthmus("test", "--update", "-k", "hand")
    assert made_up.exit_code == 0, made_up.output
    played = isthmus("test")
    assert played.output.startswith("3 passed"), played.output
    assert reply("hand") == reply("live"), "SQLite gives what DuckDB gave"
    assert reply("live")["data"]["orders"][1]["lines"] == [{"sku": "A"}, {"sku": "B"}]
    text = Path("scenes/change/scene.yaml").read_text("utf-8")
    assert "INSERT INTO customers" in text
    assert "Abelmann" not in text
    assert not Path("shop.sqlite").exists()
    Path("scenes/live/query.graphql").write_text(QUERY.replace("id: DESC", "id: ASC"), "utf-8")
    told = isthmus("test", "-k", "live").output
    assert "the nearest answer is to" in told, told
    assert "mend: write what it gives under sources.sales.statements, or record the scene again" in told
    assert "if this is right: isthmus test scenes/live --update" in told
