"""Statements that change something: Mutation fields where writes allow them, each one transaction, in each database."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.statements.shop import DATABASES, House, stated
from tests.through.gateway import codes

SECRET = "a secret of this test, long enough for HMAC"
GUARDED = f"""
access:
  default: authenticated
  rules:
    Mutation.close: {{ roles: [clerk] }}
    Customer.credit: {{ scopes: [money] }}
    Query.rich: {{ roles: [clerk] }}
server:
  jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }}
"""
WRITES: dict[str, dict[str, object]] = {
    "close": {
        "sql": "update §orders set state = :state where state = 'open' and customer_id = :customer",
        "arguments": {"state": "String!", "customer": "Int!"},
        "effect": "write",
    },
    "addNote": {
        "sql": "insert into §notes (body) values (:body) returning body",
        "arguments": {"body": "String"},
        "returns": {"one": {"body": "String"}},
        "effect": "write",
    },
    "addCustomer": {
        "sql": "insert into §customers (id, name, email) values (:id, :name, :email) returning *",
        "arguments": {"id": "Int!", "name": "String", "email": {"type": "String"}},
        "returns": {"one": "customers"},
        "effect": "write",
    },
    "rich": {
        "sql": "select * from §customers where credit > 1",
        "returns": {"many": "customers"},
    },
}


async def states(shop: House) -> list[Any]:
    return [row["state"] for row in (await shop.data("{ orders(orderBy: { id: ASC }) { state } }"))["orders"]]


@pytest.mark.parametrize("kind", DATABASES)
async def test_what_writes_is_a_mutation_and_one_transaction(kind: str, tmp_path: Path) -> None:
    async with stated(kind, tmp_path, WRITES, more={"writes": True, "max_rows": 20}) as shop:
        query = 'mutation { close(state: "it\'s shut", customer: 1) again: close(state: "x", customer: 1) }'
        assert await shop.data(query) == {"close": 2, "again": 0}
        assert (await states(shop)).count("it's shut") == 2
        added = await shop.data('mutation { addNote(body: ":x; drop") { body } }')
        assert added == {"addNote": {"body": ":x; drop"}}
        query = """mutation ($id: Int!, $email: String) {
            addCustomer(id: $id, name: "N", email: $email) { id email orders { id } }
        }"""
        assert await shop.data(query, id=9, email="n@x") == {"addCustomer": {"id": 9, "email": "n@x", "orders": []}}
        for given, constraint in (({"id": 9}, "unique"), ({"id": 10, "email": "n@x"}, "unique")):
            (error,) = (await shop.ask(query, **given))["errors"]
            assert (error["extensions"]["code"], error["extensions"]["constraint"]) == ("CONFLICT", constraint)
            assert "customers" not in str(error)
        (error,) = (await shop.ask("mutation { addCustomer(id: 11, name: null) { id } }"))["errors"]
        assert error["extensions"]["constraint"] == "notNull"
        assert [row["id"] for row in (await shop.data("{ customers(orderBy: { id: ASC }) { id } }"))["customers"]] == [
            1, 2, 3, 4, 5, 9
        ]  # fmt: skip


@pytest.mark.parametrize("kind", DATABASES)
async def test_writes_must_allow_it_by_name(kind: str, tmp_path: Path) -> None:
    async with stated(kind, tmp_path, WRITES, more={"writes": ["addNote"]}) as shop:
        fields = (await shop.data("{ __schema { mutationType { fields { name } } } }"))["__schema"]["mutationType"][
            "fields"
        ]
        assert [field["name"] for field in fields] == ["addNote"]
        left_out = {item.operation: item.reason for item in shop.served.snapshot.sources["shop"].model.left_out}
        assert left_out["close"] == "not among writes"


@pytest.mark.parametrize("kind", DATABASES)
async def test_what_is_served_as_a_query_changes_nothing_whatever_it_is(kind: str, tmp_path: Path) -> None:
    hidden = {
        "postgresql": "with gone as (delete from §notes returning body) select body from gone",
        "sqlite": "with two as (select 1) select body from §notes",
        "mariadb": "with two as (select 1) select body from §notes",
    }
    statements: dict[str, dict[str, object]] = {
        "sly": {"sql": hidden[kind], "returns": {"many": {"body": "String"}}},
        "close": WRITES["close"],
    }
    more = {"writes": True, "operations": {"close": {"effect": "read"}}}
    async with stated(kind, tmp_path, statements, more=more) as shop:
        body = await shop.ask('{ close(state: "x", customer: 1) }')
        assert codes(body) == [("SOURCE_REJECTED", ["close"])]
        assert "x" not in await states(shop)
        body = await shop.ask("{ sly { body } }")
        assert codes(body) == ([("SOURCE_REJECTED", ["sly"])] if kind == "postgresql" else [])
        assert len((await shop.data("{ notes { body } }"))["notes"]) == 3


async def asked(shop: House, query: str, **claims: object) -> Any:
    now = int(time.time())
    whole = {"iss": "https://id", "aud": "isthmus", "sub": "s", "iat": now, "exp": now + 600, **claims}
    token = jwt.encode(whole, SECRET, "HS256", headers={"typ": "at+jwt"})
    answer = await shop.served.client.post(
        "/graphql", json={"query": query}, headers={"Authorization": f"Bearer {token}"}
    )
    return answer.json()


@pytest.mark.parametrize("kind", DATABASES)
async def test_a_refused_field_makes_no_statement_and_rules_of_the_rows_hold(kind: str, tmp_path: Path) -> None:
    async with stated(kind, tmp_path, WRITES, more={"writes": True}, rest=GUARDED) as shop:
        change = 'mutation { close(state: "x", customer: 1) }'
        assert codes(await asked(shop, change)) == [("FORBIDDEN", ["close"])]
        assert codes(await asked(shop, "{ rich { id } }")) == [("FORBIDDEN", ["rich"])]
        body = await asked(shop, 'mutation { addCustomer(id: 12, name: "x") { id credit } }')
        assert [code for code, _ in codes(body)] == ["FORBIDDEN"]
        body = await asked(shop, "{ customers(orderBy: { id: ASC }) { id } orders { state } }", roles=["clerk"])
        assert [row["id"] for row in body["data"]["customers"]] == [1, 2, 3, 4, 5, 12]
        assert {"state": "x"} not in body["data"]["orders"]
        body = await asked(shop, "{ rich { id credit } }", roles=["clerk"])
        assert codes(body) == [("FORBIDDEN", ["rich", "credit"])]
        assert [row["id"] for row in body["data"]["rich"]] == [1, 4]
        assert (await asked(shop, change, roles=["clerk"]))["data"] == {"close": 2}


RULED = f"""
access:
  default: authenticated
  rules:
    Customer: {{ rows: {{ name: {{ eq: $claims.sub }} }}, unless: {{ roles: [all] }} }}
    Note: {{ rows: {{ body: {{ eq: same }} }}, unless: {{ roles: [all] }} }}
    Mutation.addCustomer: {{ roles: [clerk, all] }}
server:
  jwt: {{ issuer: "https://id", audience: isthmus, secret: "{SECRET}" }}
"""


@pytest.mark.parametrize("kind", DATABASES)
async def test_rules_on_rows_hold_for_the_rows_of_a_table_that_a_statement_gives(kind: str, tmp_path: Path) -> None:
    statements: dict[str, dict[str, object]] = {
        **WRITES,
        "first": {"sql": "select * from §customers where id = 1", "returns": {"one": "customers"}},
        "notes_of": {"sql": "select * from §notes", "returns": {"many": "notes"}},
    }
    async with stated(kind, tmp_path, statements, more={"writes": True}, rest=RULED) as shop:
        for who, rich, first in (("Ann", [1], {"name": "Ann"}), ("Zoë", [4], None), ("x", [], None)):
            found = await asked(shop, "{ rich { id } first { name } }", sub=who)
            assert [row["id"] for row in found["data"]["rich"]] == rich
            assert found["data"]["first"] == first
        everything = (await asked(shop, "{ rich { id } first { name } notesOf { body } }", roles=["all"]))["data"]
        assert [row["id"] for row in everything["rich"]] == [1, 4]
        assert len(everything["notesOf"]) == 3
        # Rows without a key cannot be told apart, so who does not see all of them sees none.
        assert codes(await asked(shop, "{ notesOf { body } }")) == [("FORBIDDEN", ["notesOf"])]
        # What changes rows that nobody looks at is closed, unless its own rule says who may.
        assert codes(await asked(shop, 'mutation { close(state: "x", customer: 1) }')) == [("FORBIDDEN", ["close"])]
        change = 'mutation { addCustomer(id: %d, name: "mine") { id } }'
        assert (await asked(shop, change % 20, roles=["clerk"], sub="mine"))["data"] == {"addCustomer": {"id": 20}}
        assert (await asked(shop, change % 21, roles=["clerk"], sub="other"))["data"] == {"addCustomer": None}
        assert (await asked(shop, change % 22, roles=["all"]))["data"] == {"addCustomer": {"id": 22}}
