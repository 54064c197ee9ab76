"""Scenes of a PostgreSQL that is away: its own types are served as ever, whoever answers in its place."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.postgresql import own_schema
from tests.scenes.conftest import Command

TABLES = """
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE customers (
  id uuid PRIMARY KEY, last_name text NOT NULL, tags text[], state state NOT NULL, balance numeric(12, 2),
  since timestamptz, born date, meta jsonb
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id uuid REFERENCES customers (id), total numeric(10, 2)
);
INSERT INTO customers VALUES
  ('7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01', 'Kowalski', '{a,b}', 'open', 10.5, '2026-01-02 03:04:05+02', '1980-05-06',
   '{"mail": "jan@private.example", "n": 1}'),
  ('7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a02', 'Nowak', NULL, 'closed', NULL, NULL, NULL, NULL);
INSERT INTO orders (customer_id, total) VALUES
  ('7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01', 5), ('7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01', 7.25);
"""
QUERY = """{
  customers(orderBy: [{ lastName: ASC }]) { id lastName tags state balance since born meta orders { id total } }
  ordersAggregate { count sum { total } }
}"""
FILE = """
sources:
  shop: {{ database: "{url}", schemas: [{schema}] }}
access:
  default: authenticated
  rules:
    Customer: {{ rows: {{ state: {{ eq: open }} }}, unless: {{ roles: [staff] }} }}
"""
AWAY = "postgresql://nobody@127.0.0.1:1/test"
BY_HAND = """
as: {as}
sources:
  shop:
    tables:
      customers:
      - {{ id: 7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01, last_name: Kowalski, tags: [a, b], state: open, balance: "10.50",
          since: "2026-01-02T03:04:05+02:00", born: "1980-05-06", meta: {{ n: 1 }} }}
      - {{ id: 7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a02, last_name: Nowak, state: closed }}
      orders:
      - {{ id: 1, customer_id: 7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01, total: 5 }}
      - {{ id: 2, customer_id: 7b1e8f3e-0c1d-4f6b-9a57-2f6f0e3c9a01, total: "7.25" }}
"""


def reply(folder: Path) -> Any:
    return json.loads((folder / "reply.json").read_text("utf-8"))


async def test_a_catalogue_that_was_kept_serves_rows_written_by_hand_and_recorded_ones(
    tmp_path: Path, isthmus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "q.graphql").write_text(QUERY, "utf-8")
    file = tmp_path / "isthmus.yaml"
    async with own_schema() as there:
        await there.connection.execute(TABLES)
        live = there.url.render_as_string(hide_password=False)
        file.write_text(FILE.format(url=live, schema=there.name), "utf-8")
        arguments = ("record", "--query", "q.graphql", "--as", "staff")
        recorded = await asyncio.to_thread(isthmus, *arguments, "-o", "scenes/recorded")
        kept = await asyncio.to_thread(isthmus, *arguments, "--keep", "*.*", "-o", "scenes/kept")
        file.write_text(FILE.format(url=AWAY, schema=there.name), "utf-8")
    assert recorded.exit_code == 0, recorded.output
    assert kept.exit_code == 0, kept.output
    text = (tmp_path / "scenes" / "recorded" / "scene.yaml").read_text("utf-8")
    assert "Kowalski" not in text
    assert "jan@private.example" not in text
    for name, who in (("staff", "staff"), ("guest", "{ sub: ann }")):
        folder = tmp_path / "scenes" / name
        folder.mkdir()
        (folder / "query.graphql").write_text(QUERY, "utf-8")
        (folder / "scene.yaml").write_text(BY_HAND.replace("{as}", who).replace("{{", "{").replace("}}", "}"), "utf-8")
    made = await asyncio.to_thread(isthmus, "test", "--update")
    assert made.output.startswith("4 passed"), made.output
    real = reply(tmp_path / "scenes" / "kept")
    assert "errors" not in real
    assert real["data"]["customers"][0]["balance"] == "10.50"
    by_hand = reply(tmp_path / "scenes" / "staff")
    real["data"]["customers"][0]["meta"].pop("mail")
    assert by_hand["data"] == real["data"], "SQLite gives what PostgreSQL gave"
    guest = reply(tmp_path / "scenes" / "guest")
    assert [each["lastName"] for each in guest["data"]["customers"]] == ["Kowalski"], "the row rule holds"
