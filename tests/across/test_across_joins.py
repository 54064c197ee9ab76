"""Fields that links and foreign keys make: their names, their constants, and where a refusal of a filter points."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from resolvers import ConfigurationError
from schema import LinkSettings, Principal
from tests.across.systems import systems
from tests.graph.company import LINKS, company
from tests.querying.shop import shop
from tests.through.gateway import gateway

SCRIPT = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total INTEGER);
INSERT INTO customers VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO orders VALUES (1, 1, 5), (2, 1, 7), (3, 2, 5);
"""
BUYER = "rename: { Order.customer: buyer }"
OPEN = "sources: { shop: { database: 'sqlite:///shop.db' } }\naccess: { default: anonymous }\n"


def database(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.executescript(SCRIPT)
    connection.close()


async def test_fields_of_foreign_keys_and_links_are_renamed_and_hidden(tmp_path: Path) -> None:
    database(tmp_path)
    links = "links: { Customer.mine: { many: shop.orders, match: { id: customerId } } }\n"
    rename = "rename: { Order.customer: buyer, Customer.mine: bought, Customer: Client }\nhide: [Customer.orders]\n"
    rules = "  rules: { Order.buyer: { roles: [sales] } }\n"
    file = OPEN.replace("access: { default: anonymous }\n", f"access:\n  default: anonymous\n{rules}")
    async with gateway(tmp_path, f"{file}{links.replace('Customer.', 'Client.')}{rename}") as opened:
        data = await opened.data(
            "{ clients: customers(where: { bought: { some: { total: { gt: 6 } } } }) { bought { id } } }"
        )
        assert data == {"clients": [{"bought": [{"id": 1}, {"id": 2}]}]}
        sdl = opened.snapshot.graph.sdl()
        assert "buyer: Client" in sdl
        assert "buyer: CustomerWhere" in sdl
        assert "buyer: CustomerOrderBy" in sdl
        assert "customer:" not in sdl
        assert "\n  orders(" not in sdl.partition("type Client ")[2].partition("}")[0]
        assert "orders:" not in sdl.partition("input CustomerWhere ")[2].partition("}")[0]
        refused = await opened.ask("{ orders(where: { buyer: {} }) { id } }")
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("section", "where", "what"),
    [
        ("rename: { Order.customer: total }", ("rename", "Order.customer"), '"Order" has a field "total" already'),
        ("rename: { Order.custommer: buyer }", ("rename", "Order.custommer"), '"Order" has no field "custommer"'),
        ("hide: [Order.buyer]", ("hide", 0), '"Order" has no field "buyer"'),
        (
            "links: { Order.buyer: { one: shop.customers, match: { customerId: id } } }\n" + BUYER,
            ("rename", "Order.customer"),
            '"Order" has a field "buyer" already',
        ),
    ],
)
async def test_a_name_that_cannot_be_is_refused(
    section: str, where: tuple[object, ...], what: str, tmp_path: Path
) -> None:
    database(tmp_path)
    with pytest.raises(ConfigurationError) as raised:
        async with gateway(tmp_path, f"{OPEN}{section}\n"):
            pass
    assert [(problem.where, problem.what) for problem in raised.value.problems] == [(where, what)]


def searching(constants: object) -> dict[str, LinkSettings]:
    stated = {"many": "crm.search", "match": {"cost": "limit"}, "with": {"by": constants}}
    return {**LINKS, "Orders.found": LinkSettings.model_validate(stated)}


@pytest.mark.parametrize(
    ("constants", "where", "what"),
    [
        ({"text": "a", "internl": "b"}, ("internl",), 'NoteInput has no field "internl"'),
        ({"text": 5}, ("text",), "this is no String"),
        ("secret", (), "NoteInput is a mapping"),
        ([{"text": "secret"}], (), "NoteInput is a mapping"),
    ],
)
def test_constants_are_checked_at_every_depth_and_never_shown(
    constants: object, where: tuple[str, ...], what: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        company(links=searching(constants))
    (problem,) = raised.value.problems
    assert problem.where == ("links", "Orders.found", "with", "by", *where)
    assert problem.what == what
    assert "secret" not in f"{problem.what} {problem.mend}"


async def test_constants_arrive_as_those_of_a_caller_would() -> None:
    house = company(links=searching({"text": "a", "internal": None}))
    await house.ask("{ orders { found { id } } }")
    assert [call.arguments for call in house.crm.of("search")] == [{"by": {"text": "a"}, "limit": 5}]


async def test_what_leads_to_several_rows_is_noted(tmp_path: Path) -> None:
    async with systems(tmp_path) as house:
        built = house.snapshot.built
        assert built is not None
        assert {each.coordinate: each.note for each in built.filtered if each.note} == {
            "Order.depot": "nothing says that ledger.depots has one row at most for each region, no; of several it is "
            "LINK_AMBIGUOUS",
            "Order.bill": "nothing says that ledger.bills has one row at most for each number; of several it is "
            "LINK_AMBIGUOUS",
            "Order.keeper": "ledger.account is asked once for each key, ledger.accounts once for all of them",
        }


ACCESS = "access: { default: anonymous, rules: { Customer.segment: { roles: [sales] } } }"


async def test_a_refused_filter_is_pointed_at(tmp_path: Path) -> None:
    async def places(query: str, **variables: Any) -> Any:
        body = await house.ask(query, Principal("ann"), **variables)
        (error,) = body["errors"]
        assert (error["extensions"]["code"], error["path"]) == ("FORBIDDEN", ["orders"])
        lines = query.splitlines()
        return [lines[place["line"] - 1][place["column"] - 1 :] for place in error["locations"]]

    async with systems(tmp_path, rest=ACCESS) as house:
        written = """{
          orders(where: { id: { eq: 1 }, customer: { name: { eq: "Ann" },
            segment: { eq: "A" } } }) { id }
        }"""
        assert await places(written) == ['segment: { eq: "A" } } }) { id }']
        listed = """{ orders(where: { or: [{ id: { eq: 1 } },
          { customer: { segment: { eq: "A" } } }] }) { id } }"""
        assert await places(listed) == ['segment: { eq: "A" } } }] }) { id } }']
        inner = "query($c: CustomerWhere) { orders(where: { id: { eq: 1 },\n customer: $c }) { id } }"
        assert await places(inner, c={"segment": {"eq": "A"}}) == ["customer: $c }) { id } }"]
        whole = "query($w: OrderWhere) { orders(\nwhere: $w) { id } }"
        assert await places(whole, w={"customer": {"segment": {"eq": "A"}}}) == ["where: $w) { id } }"]


async def test_what_no_rule_opens_is_no_filter_where_nothing_else_is_open(tmp_path: Path) -> None:
    opened = "{ roles: [a] }"
    rules = f"{{ Query.orders: {opened}, Order.id: {opened}, Order.customer: {opened}, Customer.name: {opened} }}"
    caller = Principal("ann", roles=frozenset({"a"}))
    async with shop("sqlite", tmp_path, f"access: {{ default: deny, rules: {rules} }}", SCRIPT) as house:
        query = "query($w: OrderWhere) { orders(where: $w) { id } }"
        found = await house.data(query, caller, w={"customer": {"name": {"eq": "Bob"}}, "id": {"gt": 1}})
        assert found == {"orders": [{"id": 3}]}
        for where in ({"total": {"eq": 5}}, {"customer": {"id": {"eq": 1}}}):
            assert (await house.refusal(query, caller, w=where))[0] == "FORBIDDEN", where
