"""Keys of several fields, systems that are missing at the start, and rules on the key itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from tests.entities.world import FILE, OPEN, world
from tests.serving import serving, unhurried

TWO = """\
sources:
  claims: {{ database: "sqlite:///{folder}/claims.db", operations: {{ claims: {{ compare: [trim] }} }} }}
  premiums: {{ database: "sqlite:///{folder}/premiums.db", operations: {{ premiums: {{ compare: [trim] }} }} }}
entities:
  Policy:
    key: [branch, number]
    from:
      claims.Claim: {{ by: claims.claims, match: {{ number: policy }} }}
      premiums.Premium: {{ by: premiums.premiums }}
access: {{ default: anonymous }}
"""


def _fill(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()


async def test_a_key_of_two_fields_joins_padded_values(tmp_path: Path) -> None:
    _fill(
        tmp_path / "claims.db",
        "create table claims (branch text, policy text, amount integer, primary key (branch, policy))",
        "insert into claims values ('A', '7  ', 100), ('B', '7', 200), ('A', '8', 300)",
    )
    _fill(
        tmp_path / "premiums.db",
        "create table premiums (branch text, number text, premium integer, primary key (branch, number))",
        "insert into premiums values ('A', '7', 10), ('B', '7', 20), ('C', '9', 30)",
    )
    (tmp_path / "isthmus.yaml").write_text(TWO.format(folder=tmp_path))
    chosen = read(tmp_path / "isthmus.yaml")
    snapshot = await load(chosen)
    async with (
        serving(make_app(Holder(snapshot), unhurried(chosen.settings.server))) as base,
        httpx.AsyncClient() as client,
    ):
        query = "{ claims { branch number amount premium } premiums { branch number amount premium } }"
        reply = (await client.post(f"{base}/graphql", json={"query": query})).json()
    await snapshot.close()
    assert "errors" not in reply, reply
    found = {(row["branch"], row["number"].strip()): (row["amount"], row["premium"]) for row in reply["data"]["claims"]}
    assert found == {("A", "7"): (100, 10), ("B", "7"): (200, 20), ("A", "8"): (300, None)}
    other = {(row["branch"], row["number"]): row["premium"] for row in reply["data"]["premiums"]}
    assert other == {("A", "7"): 10, ("B", "7"): 20, ("C", "9"): 30}


async def test_a_part_that_is_missing_at_the_start_is_left_out(tmp_path: Path) -> None:
    async with world(tmp_path):
        pass
    (tmp_path / "billing.wsdl").unlink()
    text = FILE.format(crm="http://127.0.0.1:9", billing="http://127.0.0.1:9", folder=tmp_path, more=OPEN)
    (tmp_path / "isthmus.yaml").write_text(text)
    snapshot = await load(read(tmp_path / "isthmus.yaml"))
    sdl = snapshot.graph.sdl()
    await snapshot.close()
    assert "type Customer {" in sdl
    assert "depot: String" in sdl
    assert "balance" not in sdl


async def test_who_may_not_see_the_key_gets_nothing_by_it(tmp_path: Path) -> None:
    rules = (
        "access: { default: anonymous, rules: { Customer.id: { scopes: [ids] } } }\n"
        'server: { jwt: { issuer: "https://id/", audience: isthmus, secret: "${env:SECRET}" } }\n'
    )
    async with world(tmp_path, rules) as here:
        reply = await here.ask("{ listInvoices { party { name balance } } }")
        assert {error["extensions"]["code"] for error in reply["errors"]} == {"FORBIDDEN"}
        assert here.calls["crm"] == []
