"""Statements of the configuration as Query fields, in each database there is, asked through the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from resolvers import Context, Journal
from schema import ANONYMOUS, GraphQLRequest
from tests.statements.shop import DATABASES, House, stated

STATEMENTS: dict[str, dict[str, object]] = {
    "topCustomers": {
        "sql": """select c.id, c.name, sum(o.total) as revenue -- :not an argument; nor 'a string
            from §customers c join §orders o on o.customer_id = c.id
            where o.placed >= :since group by c.id, c.name having sum(o.total) > 0
            order by revenue desc limit :limit ;""",
        "arguments": {"since": "Date!", "limit": {"type": "Int", "default": 10}},
        "returns": {"many": {"id": "ID!", "name": "String", "revenue": "Decimal"}},
        "description": "Who buys most.",
    },
    "bigOrders": {
        "sql": "select * from §orders where total > :least order by id",
        "arguments": {"least": "Decimal!"},
        "returns": {"many": "Order"},
    },
    "customers_by_ids": {
        "sql": "select * from §customers where id in (:ids) order by id desc",
        "arguments": {"ids": "[ID!]!"},
        "returns": {"many": "customers"},
        "keys": "ids",
        "by": "id",
        "max_keys": 2,
    },
    "others": {
        "sql": "select id from §customers where id NOT /* :ids */ IN ( :ids ) order by id",
        "arguments": {"ids": "[Int!]!"},
        "returns": {"many": {"id": "Int"}},
    },
    "turnover": {
        "sql": "select sum(total) from §orders where state = :state or (:state = '' and state is null)",
        "arguments": {"state": "String!"},
        "returns": {"value": "Decimal"},
    },
    "lastOrder": {
        "sql": "select id, ':id' as colon, placed from §orders where customer_id = :buyer order by id desc limit 1",
        "arguments": {"buyer": "Int!"},
        "returns": {"one": {"id": "Int!", "colon": "String", "placed": "Date"}},
    },
    "odd rows": {
        "sql": """select "the Id", "a:b", '50%' as "50%", '\\:x' as "select" from §"Odd Things"
            where "a:b" = :value order by 1""",
        "arguments": {"value": "String"},
        "returns": {"many": {"the Id": "Int!", "a:b": "String", "50%": "String", "select": "String"}},
    },
}
LINKS = """
links:
  Order.buyer: { one: shop.customers_by_ids, match: { customerId: id } }
  Customer.latest: { one: shop.lastOrder, match: { id: buyer } }
access: { default: anonymous }
"""


@pytest.fixture(params=DATABASES)
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with stated(request.param, tmp_path, STATEMENTS, rest=LINKS) as opened:
        yield opened


def number(value: Any) -> float:
    return float(value)


async def test_a_statement_is_a_field_with_typed_arguments_and_rows(shop: House) -> None:
    query = "query ($since: Date!, $limit: Int) { topCustomers(since: $since, limit: $limit) { id name revenue } }"
    found = (await shop.data('{ topCustomers(since: "2025-12-31") { id name revenue } }'))["topCustomers"]
    assert [(row["id"], row["name"], round(number(row["revenue"]), 2)) for row in found] == [
        ("4", "Zoë", 99.99),
        ("1", "Ann", 10.5),
    ]
    (first,) = (await shop.data(query, since="2026-02-01", limit=1))["topCustomers"]
    assert (first["id"], first["name"], number(first["revenue"])) == ("1", "Ann", 0.4)


async def test_rows_of_a_table_have_its_type_with_all_that_leads_on_from_it(shop: House) -> None:
    query = """{ bigOrders(least: "5") {
        __typename id customer { name } orderLines { product { label } } buyer { email }
    } }"""
    found = (await shop.data(query))["bigOrders"]
    assert [row["id"] for row in found] == [1, 3, 5]
    assert found[0] == {
        "__typename": "Order",
        "id": 1,
        "customer": {"name": "Ann"},
        "orderLines": [{"product": {"label": "cup"}}, {"product": {"label": "tea"}}],
        "buyer": {"email": "ann@x"},
    }
    assert found[1]["customer"] is found[1]["buyer"] is None


async def test_links_ask_a_statement_that_takes_keys_for_many_at_once(shop: House) -> None:
    context = Context(asyncio.get_running_loop().time() + 20, "test", journal=Journal(detailed=True))
    query = "{ orders(orderBy: { id: ASC }) { id buyer { name latest { id colon placed } } } }"
    answer = await shop.served.snapshot.graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=True)
    rows = json.loads(answer.encode())["data"]["orders"]
    assert [row["buyer"] and row["buyer"]["name"] for row in rows] == ["Ann", "Ann", None, "Bob", "Zoë", "Ann", "Zoë"]
    assert rows[0]["buyer"]["latest"] == {"id": 6, "colon": ":id", "placed": "2026-02-01"}
    wires = [call.wire for call in context.journal.calls]
    assert wires.count("STATEMENT customers_by_ids") == 2  # three keys, at most two in one call
    assert wires.count("STATEMENT lastOrder") == 3  # it takes one key
    by_ids = [call for call in context.journal.calls if call.operation == "customers_by_ids"]
    assert [call.rows for call in by_ids] == [2, 1]
    assert all("select * from" in call.text and "POSTCOMPILE" not in call.text for call in by_ids)


async def test_a_list_may_be_empty_and_not_in_holds_then_for_all(shop: House) -> None:
    query = "query ($ids: [Int!]!) { others(ids: $ids) { id } }"
    assert [row["id"] for row in (await shop.data(query, ids=[1, 4]))["others"]] == [2, 3, 5]
    assert [row["id"] for row in (await shop.data(query, ids=[]))["others"]] == [1, 2, 3, 4, 5]
    query = "query ($ids: [ID!]!) { customersByIds(ids: $ids) { id } }"
    assert (await shop.data(query, ids=[]))["customersByIds"] == []
    assert [row["id"] for row in (await shop.data(query, ids=["2", "1", "77"]))["customersByIds"]] == [2, 1]


async def test_one_row_one_value_or_none(shop: House) -> None:
    found = await shop.data('{ a: turnover(state: "paid") b: turnover(state: "none") c: lastOrder(buyer: 5) { id } }')
    assert round(number(found["a"]), 2) == 100.19
    assert found["b"] is found["c"] is None


async def test_untidy_names_and_values_go_through(shop: House) -> None:
    schema = await shop.data('{ __type(name: "OddRowsRow") { fields { name } } }')
    names = [field["name"] for field in schema["__type"]["fields"]]
    assert len(names) == 4
    query = f"query ($v: String) {{ oddRows(value: $v) {{ {' '.join(names)} }} }}"
    (row,) = (await shop.data(query, v="x:y"))["oddRows"]
    backslash = "" if shop.kind == "mariadb" else "\\"
    assert [row[name] for name in names] == [1, "x:y", "50%", f"{backslash}:x"]
    assert (await shop.data(query, v=None))["oddRows"] == []
    assert [row[names[0]] for row in (await shop.data(query, v="50%"))["oddRows"]] == [2]


NASTY = (
    "' or '1'='1",
    '" or 1=1 --',
    "\\' or 1=1 -- ",
    "x'; drop table customers; --",
    "%s %(a)s $1 ? :since :id",
    "\\",
    "%",
    "a\nb",
    "*/ or 1=1 /*",
    "$$ ß😀",
)


async def test_no_value_of_text_becomes_sql(shop: House) -> None:
    query = """query ($v: String!, $l: [ID!]!) {
        turnover(state: $v) oddRows(value: $v) { theId } c: customersByIds(ids: $l) { id }
    }"""
    for value in NASTY:
        body = await shop.ask(query, v=value, l=[value])
        assert body["data"]["turnover"] is None
        assert body["data"]["oddRows"] == []
        if shop.kind == "postgresql":  # the key is a number there, and this is none
            assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_REQUEST"]
        else:
            assert body["data"]["c"] == []
        assert value not in json.dumps(body.get("errors", []))
    assert len((await shop.data("{ customers { id } }"))["customers"]) == 5


async def test_what_an_argument_cannot_take_is_refused_before_the_database_is_asked(shop: House) -> None:
    context = Context(asyncio.get_running_loop().time() + 20, "test", journal=Journal())
    query = '{ lastOrder(buyer: 1) { id } turnover(state: "a\\u0000b") }'
    answer = await shop.served.snapshot.graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=True)
    body = json.loads(answer.encode())
    assert [(error["extensions"]["code"], error["path"]) for error in body["errors"]] == [("BAD_REQUEST", ["turnover"])]
    assert [call.operation for call in context.journal.calls] == ["lastOrder"]
