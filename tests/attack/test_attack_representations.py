"""Representations: a key that a caller made up leads no further than the row that it is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.house import TRUSTED, database, gateway, token

TABLES = [
    "create table accounts (no text primary key, depot text)",
    "create table shipments (number text primary key, account text references accounts (no))",
    "insert into accounts values ('1', 'Depot 1'), ('3', 'Depot 3')",
    "insert into shipments values ('S1', '1'), ('S3', '3')",
]
FILE = """
sources: {{ db: {{ database: "sqlite:///{folder}/x.db" }} }}
entities: {{ Account: {{ key: no, from: {{ db.Account: {{ by: db.accounts }} }} }} }}
access:
  default: authenticated
  rules:
    Account: {{ rows: {{ no: {{ eq: $claims.no }} }} }}
server: {{ subgraph: true, {trusted} }}
{more}
"""
QUERY = """query($all: [_Any!]!) {
  _entities(representations: $all) { ... on Account { depot shipments { number } } } }"""


async def test_a_rule_on_rows_holds_for_what_hangs_on_a_row(tmp_path: Path) -> None:
    database(tmp_path / "x.db", TABLES)
    async with gateway(tmp_path, FILE.format(folder=tmp_path, trusted=TRUSTED, more="")) as asking:
        given = [{"__typename": "Account", "no": number} for number in ("1", "3")]
        found = (await asking.ask(QUERY, token("ann", no="1"), all=given))["data"]["_entities"]
        assert found[0] == {"depot": "Depot 1", "shipments": [{"number": "S1"}]}
        assert found[1]["depot"] is None
        assert not found[1]["shipments"], "of a row that the caller may not see"


async def test_what_many_representations_cost_is_counted(tmp_path: Path) -> None:
    database(tmp_path / "x.db", TABLES)
    more = "limits: { cost: { max: 1000 } }"
    async with gateway(tmp_path, FILE.format(folder=tmp_path, trusted=TRUSTED, more=more)) as asking:
        given = [{"__typename": "Account", "no": str(number)} for number in range(2000)]
        query = "query($all: [_Any!]!) { _entities(representations: $all) { ... on Account { depot } } }"
        assert "errors" not in await asking.ask(query, token("ann", no="1"), all=given[:100])
        reply = await asking.ask(query, token("ann", no="1"), all=given)
        assert reply["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED", reply


ITEMS = ["create table items (id integer primary key, name text)", "insert into items values (1, 'Axe')"]
SEVERAL = """
sources: {{ db: {{ database: "sqlite:///{folder}/x.db" }} }}
entities:
  Account: {{ key: no, from: {{ db.Account: {{ by: db.accounts }} }} }}
  Item: {{ key: id, from: {{ db.Item: {{ by: db.items }} }} }}
access:
  default: {default}
  rules: {{ {rule}, Item: {{}} }}
server: {{ subgraph: true, {trusted} }}
"""
ITEM, ACCOUNT = {"__typename": "Item", "id": 1}, {"__typename": "Account", "no": "1"}


def _several(folder: Path, rule: str, default: str = "authenticated") -> str:
    database(folder / "x.db", [*TABLES, *ITEMS])
    return SEVERAL.format(folder=folder, trusted=TRUSTED, rule=rule, default=default)


@pytest.mark.parametrize("default", ["authenticated", "deny"])
async def test_a_rule_on_one_entity_closes_no_other(tmp_path: Path, default: str) -> None:
    query = """query($all: [_Any!]!) {
      _entities(representations: $all) { ... on Item { name } ... on Account { depot } } }"""
    async with gateway(tmp_path, _several(tmp_path, "Account: { scopes: [staff] }", default)) as asking:
        reply = await asking.ask(query, token("ann"), all=[ITEM, ACCOUNT])
        assert reply["data"]["_entities"] == [{"name": "Axe"}, {"depot": None}]
        assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN"]
        reply = await asking.ask(query, token("bob", scope="staff"), all=[ITEM, ACCOUNT])
        assert reply["data"]["_entities"] == [{"name": "Axe"}, {"depot": "Depot 1"}]
        reply = await asking.ask(query, {}, all=[ITEM])
        assert reply["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_entity_that_is_hidden_is_answered_as_one_that_does_not_exist(tmp_path: Path) -> None:
    query = "query($all: [_Any!]!) { _entities(representations: $all) { __typename ... on Item { name } } }"
    rule = "Account: { scopes: [staff], refused: hidden }"
    async with gateway(tmp_path, _several(tmp_path, rule)) as asking:
        nothing = {"__typename": "Nothing", "no": "1"}
        found, made_up = [await asking.ask(query, token("ann"), all=[ITEM, each]) for each in (ACCOUNT, nothing)]
        for each in (found, made_up):
            assert each["data"]["_entities"] == [{"__typename": "Item", "name": "Axe"}, None]
        assert found["errors"][0]["message"] == made_up["errors"][0]["message"]
        seen = await asking.ask(query, token("bob", scope="staff"), all=[ACCOUNT])
        assert seen == {"data": {"_entities": [{"__typename": "Account"}]}}
