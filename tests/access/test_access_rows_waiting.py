"""Rules on rows that look behind a link whose source is missing at the start: all else is served, those rows not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.access.rows_house import DOCUMENT, SERVER, token
from tests.through.gateway import gateway

FILE = """
sources:
  shop: {{ database: "sqlite:///{folder}/shop.db", writes: true }}
  desk: {{ openapi: desk.json, url: "http://127.0.0.1:9", operations: {{ agents: {{ keys: ids, by: id }} }} }}
links:
  Order.agent: {{ one: desk.agents, match: {{ agentId: id }} }}
  Note.agent: {{ one: desk.agents, match: {{ author: id }} }}
access:
  default: authenticated
  rules:
    Order: {{ rows: {rows}, unless: {{ roles: [staff] }} }}
    Note.body: {{ rows: {{ not: {{ agent: {{ boss: {{ eq: ben }} }} }} }} }}
{server}"""
NOT_BEN = "{ not: { agent: { boss: { eq: ben } } } }"
ASKED = (
    "{ orders { id } order(id: 1) { id } ordersAggregate { count } ordersConnection { totalCount } notes { id body } }"
)


def written(folder: Path, rows: str) -> str:
    """The text of the file over a database that is there; its description of the other system is not."""
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table orders (id integer primary key, agent_id text)")
        database.execute("create table notes (id integer primary key, author text, body text)")
        database.execute("insert into orders values (1, 'a1'), (2, null)")
        database.execute("insert into notes values (1, 'a1', 'hush')")
    database.close()
    return FILE.format(folder=folder, rows=rows, server=SERVER)


@pytest.mark.parametrize(
    ("rows", "seen"),
    [
        (NOT_BEN, []),
        ("{ agent: { boss: { ne: ben } } }", []),
        (f"{{ or: [{{ id: {{ eq: 2 }} }}, {NOT_BEN}] }}", [2]),
    ],
)
async def test_what_lies_behind_it_is_unknown_under_not_too(tmp_path: Path, rows: str, seen: list[int]) -> None:
    async with gateway(tmp_path, written(tmp_path, rows)) as house:

        async def ask(query: str, **claims: object) -> Any:
            headers = {"Authorization": f"Bearer {token(**claims)}"}
            return (await house.client.post("/graphql", json={"query": query}, headers=headers)).json()

        assert set((await house.client.get("/readyz")).json()["degraded"]) == {"desk"}
        assert await ask(ASKED) == {
            "data": {
                "orders": [{"id": number} for number in seen],
                "order": None,
                "ordersAggregate": [{"count": len(seen)}],
                "ordersConnection": {"totalCount": len(seen)},
                "notes": [{"id": 1, "body": None}],
            }
        }
        changes = "a: updateOrder(id: 1, set: { agentId: null }) { id } b: deleteOrders(where: $where) { affected }"
        changes = changes.replace("$where", "{ id: { gt: 0 } }")
        assert await ask(f"mutation {{ {changes} }}") == {"data": {"a": None, "b": {"affected": len(seen)}}}
        assert len((await ask("{ orders { id } }", roles=["staff"]))["data"]["orders"]) == 2 - len(seen)


@pytest.mark.parametrize("described", [False, True])
async def test_what_no_link_is_called_is_told_all_the_same(tmp_path: Path, *, described: bool) -> None:
    if described:
        (tmp_path / "desk.json").write_text(json.dumps(DOCUMENT))
    file = tmp_path / "isthmus.yaml"
    file.write_text(written(tmp_path, "{ agnt: { boss: { eq: ben } } }"))
    chosen = read(file, {})
    with pytest.raises(ConfigurationError) as raised:
        await load(chosen)
    assert '"Order" has no field "agnt"' in chosen.describe(raised.value.problems)
