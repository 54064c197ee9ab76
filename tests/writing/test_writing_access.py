"""Who may write what: rules on the fields of Mutation, on columns, on the type of the rows; all before any write."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.through.gateway import codes
from tests.writing.stores import KINDS, House, house

SECRET = "a secret of this test, long enough for HMAC"
FILE = f"""
sources:
  shop: {{ database: "${{env:URL}}", schemas: [SCHEMAS], SETTINGS }}
access:
  default: authenticated
  rules:
    Customer.balance: {{ scopes: [money] }}
    CustomerSet.version: {{ roles: [admin] }}
    Mutation.deleteCustomers: {{ roles: [admin] }}
    "Mutation.upsertCustomer(on:)": {{ roles: [admin] }}
    Tag: {{ roles: [tagger] }}
    Note: {{ roles: [tagger] }}
server:
  jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }}
"""


@pytest.fixture(params=KINDS[:2])
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with house(request.param, tmp_path, text=FILE) as opened:
        await opened.store.run("INSERT INTO customers (name, version, balance) VALUES ('Ann', 1, 5), ('Bob', 1, 6)")
        yield opened


async def ask(shop: House, query: str, variables: dict[str, object] | None = None, **claims: object) -> Any:
    now = int(time.time())
    whole = {"iss": "https://id", "aud": "isthmus", "sub": "s", "iat": now, "exp": now + 600, **claims}
    token = jwt.encode(whole, SECRET, "HS256", headers={"typ": "at+jwt"})
    headers = {"Authorization": f"Bearer {token}"}
    given = {"query": query, "variables": variables or {}}
    return (await shop.served.client.post("/graphql", json=given, headers=headers)).json()


FORBIDDEN = (
    'insertCustomer(row: { name: "x", balance: "1" }) { id }',
    'insertCustomers(rows: [{ name: "x" }, { name: "y", balance: null }]) { affected }',
    'upsertCustomer(row: { name: "x", id: 1, balance: "1" }) { id }',
    'upsertCustomer(row: { name: "x", email: "e" }, on: email) { id }',
    'updateCustomer(id: 1, set: { balance: "1" }) { id }',
    "updateCustomer(id: 1, set: { version: 7 }) { id }",
    'updateCustomers(where: { id: { eq: 1 } }, set: { name: "x", balance: "1" }) { affected }',
    'updateCustomers(where: { balance: { gt: "5" } }, set: { name: "x" }) { affected }',
    'updateCustomers(where: { or: [{ not: { balance: { isNull: true } } }] }, set: { name: "x" }) { affected }',
    'updateCustomer(id: 1, set: { name: "x" }, ifMatch: { balance: { eq: "5" } }) { id }',
    'deleteCustomer(id: 1, ifMatch: { balance: { eq: "5" } }) { id }',
    "deleteCustomers(where: { id: { eq: 1 } }) { affected }",
    'insertTag(row: { word: "x" }) { word }',
    'insertTags(rows: [{ word: "x" }]) { affected }',
    'deleteTags(where: { word: { eq: "x" } }) { affected }',
    'deleteTags(where: { word: { eq: "x" } }) { __typename }',
    "insertNotes(rows: [{}]) { affected }",
    "deleteNotes(where: { not: { and: [] } }) { affected }",
)


async def test_a_refused_part_refuses_the_whole_mutation_before_anything_is_written(shop: House) -> None:
    for change in FORBIDDEN:
        body = await ask(
            shop, f'mutation {{ first: updateCustomer(id: 2, set: {{ name: "changed" }}) {{ id }} {change} }}'
        )
        assert {code for code, _ in codes(body)} == {"FORBIDDEN"}, change
        assert not any(body["data"].values())
    assert sorted(await shop.rows("SELECT name, version, balance FROM customers")) == [("Ann", 1, 5), ("Bob", 1, 6)]


async def test_what_stands_in_variables_is_looked_at_as_well(shop: House) -> None:
    query = """mutation ($set: CustomerSet!, $where: CustomerWhere!) {
        updateCustomers(where: $where, set: $set) { affected }
    }"""
    free, secret = {"name": "x"}, {"balance": "1"}
    for given in (
        {"set": secret, "where": {"id": {"eq": 1}}},
        {"set": free, "where": {"and": [{"balance": {"gt": "1"}}]}},
    ):
        assert [code for code, _ in codes(await ask(shop, query, given))] == ["FORBIDDEN"]
    assert "errors" not in await ask(shop, query, {"set": free, "where": {"id": {"eq": 1}}})


async def test_who_meets_the_rules_may(shop: House) -> None:
    query = """mutation {
        updateCustomer(id: 1, set: { balance: "7", version: 2 }, ifMatch: { balance: { eq: "5" } }) { version balance }
        insertTag(row: { word: "x" }) { word }
        deleteCustomers(where: { id: { eq: 2 } }) { affected }
    }"""
    body = await ask(shop, query, scope="money", roles=["admin", "tagger"])
    assert "errors" not in body
    assert body["data"]["deleteCustomers"] == {"affected": 1}


async def test_rules_on_reading_hold_for_what_a_change_gives_back(shop: House) -> None:
    query = """mutation {
        updateCustomer(id: 1, set: { name: "x" }) { name balance }
        updateCustomers(where: { id: { eq: 2 } }, set: { name: "y" }) { affected returning { name balance } }
    }"""
    body = await ask(shop, query)
    assert body["data"] == {
        "updateCustomer": {"name": "x", "balance": None},
        "updateCustomers": {"affected": 1, "returning": [{"name": "y", "balance": None}]},
    }
    assert codes(body) == [
        ("FORBIDDEN", ["updateCustomer", "balance"]),
        ("FORBIDDEN", ["updateCustomers", "returning", "balance"]),
    ]


async def test_an_anonymous_caller_writes_nothing(shop: House) -> None:
    answer = await shop.served.client.post("/graphql", json={"query": "mutation { deleteCustomer(id: 1) { id } }"})
    assert answer.status_code == 401
    assert await shop.rows("SELECT count(*) FROM customers") == [(2,)]


async def test_a_change_is_never_made_over_get(shop: House) -> None:
    query = {"query": "mutation { deleteCustomer(id: 1) { id } }"}
    assert (await shop.served.client.get("/graphql", params=query)).status_code in {401, 405}
    assert await shop.rows("SELECT count(*) FROM customers") == [(2,)]
