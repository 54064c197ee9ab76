"""Scenes of a MariaDB that is away: tables, statements, functions and changes, recorded and written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.mariadb import own_database
from tests.scenes.conftest import Command

TABLES = """
CREATE TABLE customers (
  id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, last_name VARCHAR(40) NOT NULL, state ENUM('open', 'closed') NOT NULL,
  balance DECIMAL(12, 2), since DATETIME(3), active TINYINT(1), meta JSON
);
INSERT INTO customers VALUES
  (7, 'Kowalski', 'open', 10.5, '2026-01-02 03:04:05.678', 1, '{"n": 1}'), (8, 'Nowak', 'closed', NULL, NULL, 0, NULL);
CREATE FUNCTION owed(least DECIMAL(12, 2)) RETURNS DECIMAL(12, 2) READS SQL DATA
  RETURN (SELECT SUM(balance) FROM customers WHERE balance >= least);
"""
FILE = """
sources:
  shop:
    database: "URL"
    writes: true
    functions: [owed]
    statements:
      openCustomers:
        sql: "SELECT last_name, balance FROM customers WHERE state = :state ORDER BY id"
        arguments: { state: String }
        returns: { many: { last_name: String, balance: Decimal } }
      closeAll:
        sql: "UPDATE customers SET state = 'closed' WHERE balance < :most"
        arguments: { most: Decimal }
        effect: write
        returns: affected
access: { default: anonymous }
"""
QUERY = """query ($state: String!) {
  customers(where: { active: { eq: true } }) { id lastName state balance since active meta }
  customersAggregate { count sum { balance } }
  openCustomers(state: $state) { lastName balance }
  owed(least: "1")
}"""
MUTATION = """mutation ($name: String!) {
  insertCustomer(row: { lastName: $name, state: open, balance: "3.50" }) { lastName state balance }
  updateCustomers(where: { lastName: { eq: $name } }, set: { balance: "4" }) { affected returning { lastName balance } }
  closeAll(most: "5")
}"""
BY_HAND = """
variables: { state: open }
sources:
  shop:
    tables:
      customers:
      - { id: 7, last_name: Kowalski, state: open, balance: "10.50", since: "2026-01-02T03:04:05.678", active: true,
          meta: { n: 1 } }
      - { id: 8, last_name: Nowak, state: closed, active: false }
    statements:
    - sql: SELECT last_name, balance FROM customers WHERE state = %s ORDER BY id
      values: [open]
      columns: [last_name, balance]
      rows: [[Kowalski, { $decimal: "10.50" }]]
"""
AWAY = "mariadb://nobody@127.0.0.1:1/test"


def scene(name: str, part: str = "reply.json") -> Any:
    text = Path("scenes", name, part).read_text("utf-8")
    return json.loads(text) if part.endswith("json") else text


def test_what_mariadb_said_is_played_without_it(
    tmp_path: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = Path("isthmus.yaml")
    with own_database() as there:
        there.run(TABLES)
        file.write_text(FILE.replace("URL", there.url), "utf-8")
        read = isthmus(
            "record", "--query", QUERY, "--variables", '{"state": "open"}', "--keep", "*.*", "-o", "scenes/read"
        )
        assert read.exit_code == 0, read.output
        said = ("record", "--query", MUTATION, "--variables", '{"name": "Abelmann"}', "-o", "scenes/write")
        refused = isthmus(*said)
        assert "say --mutation, which really changes the systems once" in refused.stderr
        assert there.ask("SELECT COUNT(*) FROM customers") == [(2,)]
        written = isthmus(*said, "--mutation")
        assert written.exit_code == 0, written.output
        assert "asked for changes: shop.customers.insert, shop.customers.updateMany, shop.closeAll\n" in written.output
        assert there.ask("SELECT last_name, balance, state FROM customers WHERE id > 8") == [("Abelmann", 4, "closed")]
        pulled = isthmus("pull", "shop")
        assert pulled.exit_code == 0, pulled.output
    file.write_text(FILE.replace("URL", AWAY), "utf-8")
    for path in Path(".isthmus").iterdir():
        path.unlink()
    Path("scenes/hand").mkdir()
    query = QUERY.replace('owed(least: "1")', "").replace("sum { balance }", "")
    Path("scenes/hand/query.graphql").write_text(query, "utf-8")
    Path("scenes/hand/scene.yaml").write_text(BY_HAND, "utf-8")
    played = isthmus("test", "-k", "r")
    assert played.output.startswith("2 passed"), played.output
    by_hand = isthmus("test", "--update", "-k", "hand")
    assert by_hand.exit_code == 0, by_hand.output
    live, made = scene("read")["data"], scene("hand")["data"]
    assert live["owed"] == "10.50"
    assert made["customers"] == live["customers"]
    assert made["openCustomers"] == live["openCustomers"]
    assert scene("write")["data"]["closeAll"] == 1
    assert "Abelmann" not in scene("write", "scene.yaml"), "what is written is masked as what is read"
    assert "affected: 1" in scene("write", "scene.yaml")
    file = Path("scenes/write/query.graphql")
    file.write_text(file.read_text("utf-8").replace('balance: "3.50"', 'balance: "3.60"'), "utf-8")
    changed = isthmus("test", "-k", "write")
    assert changed.exit_code == 1
    assert "there is an answer to this statement with the values" in changed.output
