"""Functions and procedures of PostgreSQL as fields, with untidy names and types, asked through the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from resolvers import Context, Journal
from schema import ANONYMOUS, GraphQLRequest, Principal
from tests.postgresql import OwnSchema, own_schema
from tests.through.gateway import Gateway, codes, gateway

TABLES = """
CREATE TYPE mood AS ENUM ('so-so', 'great');
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL, feels mood, address inet);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer REFERENCES customers, total numeric(12,2));
CREATE TABLE log (line text);
INSERT INTO customers VALUES (1, 'Ann', 'great', '10.0.0.1'), (2, 'O''Neil "x"', NULL, NULL), (3, 'Cy', 'so-so', NULL);
INSERT INTO orders VALUES (1, 1, 10.10), (2, 1, 0.20), (3, 2, 5), (4, 1, NULL);
CREATE FUNCTION worth(customer integer, minimum numeric DEFAULT 0, "the Most" numeric DEFAULT NULL) RETURNS numeric
  STABLE LANGUAGE sql AS $$
    SELECT sum(total) FROM SCHEMA.orders WHERE customer_id = customer AND total >= minimum
    AND ("the Most" IS NULL OR total <= "the Most") $$;
COMMENT ON FUNCTION worth IS 'What a customer has bought.';
CREATE FUNCTION named_like(part text) RETURNS SETOF customers STABLE LANGUAGE sql AS
  $$ SELECT * FROM SCHEMA.customers WHERE name LIKE '%' || part || '%' $$;
CREATE FUNCTION best() RETURNS customers STABLE LANGUAGE sql AS
  $$ SELECT * FROM SCHEMA.customers WHERE id = 1 $$;
CREATE FUNCTION nobody() RETURNS customers STABLE LANGUAGE sql AS $$ SELECT * FROM SCHEMA.customers WHERE false $$;
CREATE FUNCTION totals(moods mood[], wait interval DEFAULT '1 day') RETURNS TABLE (feels mood, n bigint, after interval)
  STABLE LANGUAGE sql AS $$ SELECT c.feels, count(*), wait FROM SCHEMA.customers c
    WHERE c.feels = ANY (moods) GROUP BY 1 ORDER BY 1 $$;
CREATE FUNCTION ends(a integer, OUT low integer, OUT "the High" integer) IMMUTABLE LANGUAGE sql AS
  $$ SELECT a - 1, a + 1 $$;
CREATE FUNCTION numbers(upto integer) RETURNS SETOF integer IMMUTABLE LANGUAGE sql AS
  $$ SELECT generate_series(1, upto) $$;
CREATE FUNCTION "Odd: Näme"(integer, text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS $$ SELECT $1 || ':' || $2 $$;
CREATE FUNCTION echo(j jsonb) RETURNS jsonb IMMUTABLE LANGUAGE sql AS $$ SELECT j $$;
CREATE FUNCTION twice(n integer) RETURNS integer IMMUTABLE STRICT LANGUAGE sql AS $$ SELECT 2 * n $$;
CREATE FUNCTION twice(t text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT t || t $$;
CREATE FUNCTION note(line text) RETURNS integer LANGUAGE sql AS $$ INSERT INTO SCHEMA.log VALUES (line) RETURNING 1 $$;
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS $$ DELETE FROM SCHEMA.log $$;
CREATE FUNCTION liar() RETURNS integer STABLE LANGUAGE plpgsql AS
  $$ BEGIN PERFORM SCHEMA.note('x'); RETURN 1; END $$;
CREATE FUNCTION refuse() RETURNS integer STABLE LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'secret words'; END $$;
CREATE FUNCTION hire(id integer, name text) RETURNS customers LANGUAGE sql AS
  $$ INSERT INTO SCHEMA.customers VALUES (id, name) RETURNING * $$;
CREATE PROCEDURE move(INOUT a integer, INOUT b integer, word text DEFAULT 'moved') LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO SCHEMA.log VALUES (word); a := a + 1; b := b - 1; END $$;
CREATE PROCEDURE wipe() LANGUAGE sql AS $$ DELETE FROM SCHEMA.log $$;
CREATE FUNCTION any_of(VARIADIC parts text[]) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT parts[1] $$;
CREATE FUNCTION first_of(a anyelement) RETURNS anyelement IMMUTABLE LANGUAGE sql AS $$ SELECT a $$;
CREATE FUNCTION loose() RETURNS SETOF record STABLE LANGUAGE sql AS $$ SELECT 1, 2 $$;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION initial(c customers) RETURNS text STABLE LANGUAGE sql AS $$ SELECT left(c.name, 1) $$;
"""


@dataclass(frozen=True, slots=True)
class House:
    made: OwnSchema
    served: Gateway

    async def data(self, query: str, **variables: object) -> Any:
        return await self.served.data(query, **variables)

    async def ask(self, query: str, **variables: object) -> Any:
        return await self.served.ask(query, **variables)


@contextlib.asynccontextmanager
async def depot(
    folder: Path,
    functions: bool | list[str] = True,  # noqa: FBT001, FBT002  # as the setting is
    rest: str = "access: { default: anonymous }",
    **more: object,
) -> AsyncIterator[House]:
    async with own_schema() as made:
        await made.connection.execute(TABLES.replace("SCHEMA", made.name))
        source = {
            "database": made.url.render_as_string(hide_password=False), "schemas": [made.name], "functions": functions,
        }  # fmt: skip
        text = f"sources:\n  depot: {json.dumps({**source, **more})}\n{rest}\n"
        async with gateway(folder, text.replace("SCHEMA", made.name)) as served:
            yield House(made, served)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with depot(tmp_path, writes=True) as made:
        yield made


async def test_functions_are_fields_of_the_types_that_they_declare(house: House) -> None:
    found = await house.data(
        """{
        all: worth(customer: 1) some: worth(customer: 1, minimum: "1") few: worth(customer: 1, theMost: "1")
        numbers(upto: 3) ends(a: 5) { low theHigh } echo(j: {a: [1, null]}) twiceByN(n: 4) twiceByT(t: ":t")
        oddNaeme(argument1: 7, argument2: "it's") best { id address feels } nobody { id }
        totals(moods: [so_so, great], wait: "2 hours") { feels n after }
    }""".replace("so_so", "SO_SO")
    )
    assert found == {
        "all": "10.30", "some": "10.10", "few": "0.20", "numbers": [1, 2, 3], "ends": {"low": 4, "theHigh": 6},
        "echo": {"a": [1, None]}, "twiceByN": 8, "twiceByT": ":t:t", "oddNaeme": "7:it's",
        "best": {"id": 1, "address": "10.0.0.1/32", "feels": "great"}, "nobody": None,
        "totals": [
            {"feels": "SO_SO", "n": "1", "after": "02:00:00"}, {"feels": "great", "n": "1", "after": "02:00:00"},
        ],
    }  # fmt: skip
    told = await house.data('{ __type(name: "Query") { fields { name description args { name type { kind } } } } }')
    fields = {field["name"]: field for field in told["__type"]["fields"]}
    assert fields["worth"]["description"] == "What a customer has bought."
    assert [argument["type"]["kind"] for argument in fields["oddNaeme"]["args"]] == ["NON_NULL", "NON_NULL"], "strict"
    assert await house.data("{ twiceByT }") == {"twiceByT": None}


async def test_rows_of_a_table_are_filtered_ordered_and_followed(house: House) -> None:
    query = """query ($part: String) { namedLike(
        part: $part, where: { or: [{ id: { gt: 1 } }, { orders: { some: { total: { gt: "9" } } } }] },
        orderBy: [{ id: DESC }], limit: 2, offset: 0
    ) { __typename id name address orders(orderBy: { id: ASC }) { id customer { name } } } }"""
    rows = (await house.data(query, part=""))["namedLike"]
    assert [row["id"] for row in rows] == [3, 2]
    assert rows[1] == {
        "__typename": "Customer", "id": 2, "name": 'O\'Neil "x"', "address": None,
        "orders": [{"id": 3, "customer": {"name": 'O\'Neil "x"'}}],
    }  # fmt: skip
    assert [row["id"] for row in (await house.data(query, part="'"))["namedLike"]] == [2]
    for nasty in ("'; drop table log; --", "\\", ":isthmus_0", "%(x)s $1"):
        assert (await house.data(query, part=nasty))["namedLike"] == []


async def test_a_function_is_the_target_of_links(tmp_path: Path) -> None:
    rest = """
links:
  Order.likely: { one: depot.named_like, match: { customerId: id }, with: { part: "n" } }
access: { default: anonymous }
"""
    async with depot(tmp_path, rest=rest) as house:
        context = Context(asyncio.get_running_loop().time() + 20, "test", journal=Journal(detailed=True))
        query = GraphQLRequest("{ orders(orderBy: { id: ASC }) { id likely { name } } }")
        answer = await house.served.snapshot.graph.execute(query, ANONYMOUS, context, read_only=True)
        rows = json.loads(answer.encode())["data"]["orders"]
        assert [row["likely"] for row in rows] == [{"name": "Ann"}, {"name": "Ann"}, None, {"name": "Ann"}]
        assert [call.wire for call in context.journal.calls][1:] == [f"FUNCTION {house.made.name}.named_like WHERE id"]


async def test_what_changes_something_is_a_mutation_where_writes_allow_it(house: House, tmp_path: Path) -> None:
    found = await house.data("""mutation {
        note(line: ":x; '") hire(id: 9, name: "N") { id name orders { id } } move(a: 1, b: 2) { a b }
        said: move(a: null, b: 0, word: "x") { a b }
    }""")
    assert found == {
        "note": 1, "hire": {"id": 9, "name": "N", "orders": []}, "move": {"a": 2, "b": 1}, "said": {"a": None, "b": -1},
    }  # fmt: skip
    lines = [row["line"] for row in await house.made.connection.fetch("SELECT line FROM log ORDER BY line")]
    assert sorted(lines) == [":x; '", "moved", "x"]
    (error,) = (await house.ask('mutation { hire(id: 9, name: "again") { id } }'))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["constraint"]) == ("CONFLICT", "unique")
    assert await house.data("mutation { wipe forget }") == {"wipe": True, "forget": True}
    assert await house.made.connection.fetch("SELECT FROM log") == []
    async with depot(tmp_path) as closed:
        left_out = {item.operation: item.reason for item in closed.served.snapshot.sources["depot"].model.left_out}
        assert left_out["note"] == left_out["move"] == "writes are off"
    async with depot(tmp_path, writes=["move"]) as some:
        told = await some.data("{ __schema { mutationType { fields { name } } } }")
        assert told == {"__schema": {"mutationType": {"fields": [{"name": "move"}]}}}


async def test_who_says_that_it_reads_cannot_change_anything(house: House) -> None:
    body = await house.ask("{ liar refuse }")
    assert codes(body) == [("SOURCE_REJECTED", ["liar"]), ("SOURCE_REJECTED", ["refuse"])]
    assert "secret" not in json.dumps(body)
    assert await house.made.connection.fetch("SELECT FROM log") == []


async def test_what_cannot_be_served_is_told_with_its_reason(house: House) -> None:
    left_out = house.served.snapshot.sources["depot"].model.left_out
    own = f"{house.made.name}."
    reasons = {item.operation.removeprefix(own).partition("(")[0]: item.reason for item in left_out}
    assert {name: reasons[name] for name in ("any_of", "first_of", "loose", "touched", "initial")} == {
        "any_of": "it takes any number of arguments (VARIADIC)",
        "first_of": "its types hang on what it is given (polymorphic)",
        "loose": "the columns of its rows are not declared",
        "touched": "it is called by a trigger alone",
        "initial": 'its argument "c" takes a value that has parts',
    }


async def test_only_those_that_are_named_are_served_and_rules_hold_for_them(tmp_path: Path) -> None:
    rest = """
access:
  default: anonymous
  rules:
    Customer: { roles: [staff] }
    Query.worth: { roles: [staff] }
"""
    async with depot(tmp_path, ["wor*", "named_like", "SCHEMA.best"], rest) as house:
        names = house.served.snapshot.sources["depot"].model.operations.keys()
        assert {"worth", "named_like", "best"} <= names
        assert not names & {"numbers", "echo", "nobody"}
        context = Context(asyncio.get_running_loop().time() + 20, "test", journal=Journal())
        query = GraphQLRequest(
            '{ worth(customer: 1) best { id } namedLike(part: "n", where: { id: { eq: 1 } }) { id } }'
        )
        answer = json.loads(
            (await house.served.snapshot.graph.execute(query, ANONYMOUS, context, read_only=True)).encode()
        )
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
        assert not any(answer["data"].values())
        assert context.journal.calls == []


async def test_rules_on_rows_hold_for_the_rows_of_a_table_that_a_function_gives(tmp_path: Path) -> None:
    rest = """
access:
  default: anonymous
  rules:
    Customer: { rows: { feels: { eq: SO_SO } } }
"""
    async with depot(tmp_path, rest=rest, writes=True) as house:
        query = """{
            best { id } namedLike(part: "", limit: 5) { id } all: namedLike(part: "", where: { id: { eq: 1 } }) { id }
        }"""
        context = Context(asyncio.get_running_loop().time() + 20, "test", journal=Journal())
        graph = house.served.snapshot.graph
        answer = await graph.execute(GraphQLRequest(query), Principal("x"), context, read_only=True)
        assert json.loads(answer.encode())["data"] == {"best": None, "namedLike": [{"id": 3}], "all": []}
        change = GraphQLRequest('mutation { hire(id: 9, name: "N") { id } }')
        answer = await graph.execute(change, Principal("x"), context, read_only=False)
        assert codes(json.loads(answer.encode())) == [("FORBIDDEN", ["hire"])]
        assert await house.made.connection.fetch("SELECT FROM customers WHERE id = 9") == []
