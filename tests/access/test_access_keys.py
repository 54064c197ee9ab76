"""Rows that are asked for by a column: who may not see the column learns nothing by naming its values."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from tests.access.rows_house import SERVER, token
from tests.through.gateway import Gateway, codes, gateway

TABLES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, boss TEXT);
CREATE TABLE badges ("set" TEXT PRIMARY KEY, holder TEXT);
INSERT INTO people VALUES (1, 'Ann', 'ann@x', 'ann'), (2, 'Bob', 'bob@x', 'zoe');
INSERT INTO badges VALUES ('b1', 'Ann');
"""
BY_EMAIL = '{ personByEmail(email: "ADDRESS") { id } }'


@asynccontextmanager
async def house(folder: Path, access: str, more: str = "") -> AsyncIterator[Gateway]:
    with closing(sqlite3.connect(folder / "people.db")) as connection:
        connection.executescript(TABLES)
    text = f"sources:\n  staff: {{ database: 'sqlite:///people.db', writes: true }}\n{access}\n{more}\n{SERVER}"
    async with gateway(folder, text, {}) as served:
        yield served


async def asked(served: Gateway, query: str, view: str = "", **claims: object) -> Any:
    headers = {"Authorization": f"Bearer {token(**claims)}"}
    return (await served.client.post(f"/graphql{view}", json={"query": query}, headers=headers)).json()


async def refused_alike(served: Gateway, view: str = "") -> list[str]:
    """The codes for an address that is there, which are those for one that is not."""
    found, missing = [codes(await asked(served, BY_EMAIL.replace("ADDRESS", each), view)) for each in ("bob@x", "no@x")]
    assert found == missing
    return [code for code, _ in found]


async def test_a_row_is_named_by_a_column_by_those_alone_who_may_see_it(tmp_path: Path) -> None:
    access = """
access:
  default: authenticated
  tags: { pii: [Person.email] }
  views: { partner: { exclude: [Person.email] }, lookup: { include: [Query.personByEmail, Person.id] } }
  rules:
    "#pii": { scopes: pii, mask: last4 }
    Badge.set: { roles: guard }
"""
    async with house(tmp_path, access) as served:
        for path in ("", "/lookup"):
            assert await refused_alike(served, path) == ["FORBIDDEN"]
        assert await refused_alike(served, "/partner") == ["BAD_REQUEST"]
        there = {"data": {"personByEmail": {"id": 2}}}
        for path in ("", "/lookup"):
            assert await asked(served, BY_EMAIL.replace("ADDRESS", "bob@x"), path, scope="pii") == there
        shown = await asked(served, '{ __type(name: "Query") { fields { name } } }')
        assert "personByEmail" not in {each["name"] for each in shown["data"]["__type"]["fields"]}
        for change in ('updateBadge(set: "b1", values: { holder: "x" })', 'deleteBadge(set: "b1")'):
            told = await asked(served, f"mutation {{ w: {change} {{ holder }} }}")
            assert codes(told) == [("FORBIDDEN", ["w"])], change
            assert (await asked(served, '{ badge(set: "b1") { holder } }', roles=["guard"]))["data"]["badge"]
        assert await asked(served, "{ person(id: 1) { name } }") == {"data": {"person": {"name": "Ann"}}}


async def test_a_column_that_some_rows_show_names_none(tmp_path: Path) -> None:
    rule = "{ rows: { boss: { eq: $claims.sub } }, unless: { roles: [staff] } }"
    async with house(tmp_path, f"access: {{ default: authenticated, rules: {{ Person.email: {rule} }} }}") as served:
        assert await refused_alike(served) == ["FORBIDDEN"]
        query = BY_EMAIL.replace("ADDRESS", "bob@x")
        assert await asked(served, query, roles=["staff"]) == {"data": {"personByEmail": {"id": 2}}}


async def test_a_rule_on_the_argument_says_who_may_all_the_same(tmp_path: Path) -> None:
    access = """
access:
  default: deny
  rules:
    Person.email: { scopes: pii }
    Query.personByEmail: {}
    Query.personByEmail(email:): {}
    Query.person: {}
    Person.id: {}
"""
    async with house(tmp_path, access) as served:
        for query, field in (
            (BY_EMAIL.replace("ADDRESS", "bob@x"), "personByEmail"),
            ("{ person(id: 2) { id } }", "person"),
        ):
            assert await asked(served, query) == {"data": {field: {"id": 2}}}


async def test_a_column_that_is_hidden_names_no_row(tmp_path: Path) -> None:
    more = "hide: [Person.email]"
    async with house(tmp_path, "access: { default: authenticated }", more) as served:
        assert await refused_alike(served) == ["BAD_REQUEST"]
        assert await asked(served, "{ person(id: 1) { name } }") == {"data": {"person": {"name": "Ann"}}}
