"""Conditions and orders that go through foreign keys, and what they may not tell of hidden columns and rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schema import Principal
from tests.querying.shop import Shop, shop

FILTERS: list[tuple[str, str, list[int]]] = [
    ("orders", '{ customer: { city: { eq: "Bern" } } }', [1, 2, 6]),
    ("orders", "{ customer: {} }", [1, 2, 4, 5, 6, 7]),
    ("orders", "{ not: { customer: {} } }", [3]),
    ("orders", '{ not: { customer: { name: { eq: "Ann" } } } }', [3, 4, 5, 7]),
    ("orders", "{ customer: { email: { isNull: true } } }", [4]),
    ("orders", '{ staff: { boss: { boss: { name: { eq: "top" } } } } }', [1, 4, 5]),
    ("customers", "{ orders: { some: {} } }", [1, 2, 4]),
    ("customers", "{ orders: { none: {} } }", [3, 5]),
    ("customers", '{ orders: { some: { total: { gt: "10" } } } }', [1, 4]),
    ("customers", '{ orders: { every: { total: { lt: "50" } } } }', [1, 3, 5]),
    ("customers", '{ orders: { none: { state: { eq: "paid" } } } }', [2, 3, 5]),
    ("customers", '{ orders: { some: {}, every: { total: { gte: "0.20" } } } }', [1, 4]),
    ("customers", '{ orders: { some: { state: { eq: "open" } }, none: { state: { eq: "paid" } } } }', []),
    ("customers", '{ or: [{ orders: { none: {} } }, { name: { startsWith: "Z" } }] }', [3, 4, 5]),
    ("customers", '{ orders: { some: { orderLines: { some: { product: { label: { eq: "kettle" } } } } } } }', [4]),
    ("customers", "{ orders: { every: { orderLines: { some: { quantity: { gte: 2 } } } } } }", [2, 3, 5]),
    ("staff", '{ boss: { name: { eq: "mid" } } }', [3, 4]),
    ("staff", '{ staff: { some: { staff: { some: { name: { contains: "too" } } } } } }', [1]),
    ("staff", "{ staff: { every: { orders: { some: {} } } } }", [1, 2, 3, 4]),
    ("products", "{ orderLines: { none: {} } }", [4]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "where", "found"), FILTERS)
async def test_a_filter_goes_through_foreign_keys_in_one_statement(
    house: Shop, table: str, where: str, found: list[int]
) -> None:
    rows = (await house.data(f"{{ {table}(where: {where}, orderBy: [{{ id: ASC }}]) {{ id }} }}"))[table]
    assert [row["id"] for row in rows] == found
    assert len(house.statements) == 1


async def test_a_filter_may_be_a_variable(house: Shop) -> None:
    query = "query($w: CustomerWhere) { customers(where: $w, orderBy: [{ id: ASC }]) { id } }"
    where: dict[str, Any] = {"orders": {"some": {"orderLines": {"some": {"product": {"label": {"eq": "cup"}}}}}}}
    assert await house.data(query, w=where) == {"customers": [{"id": 1}, {"id": 4}]}
    assert house.statements == ["SELECT customers WHERE orders.order_lines.products.label"]


async def test_a_filter_goes_through_a_foreign_key_of_two_columns_and_inside_a_link(house: Shop) -> None:
    found = await house.data("""{ customers(where: { orders: { some: {} } }, orderBy: [{ id: ASC }]) {
        id orders(where: { orderLines: { some: { quantity: { gt: 1 } } } }, orderBy: [{ staff: { name: DESC } }]) { id }
    } }""")
    assert found["customers"] == [
        {"id": 1, "orders": [{"id": 6}, {"id": 1}]},
        {"id": 2, "orders": [{"id": 4}]},
        {"id": 4, "orders": [{"id": 5}]},
    ]
    assert len(house.statements) == 2


@pytest.mark.parametrize(
    ("table", "order", "found"),
    [
        ("orders", "{ customer: { name: ASC_NULLS_LAST } }, { id: DESC }", [6, 2, 1, 4, 7, 5, 3]),
        ("orders", "{ customer: { name: DESC_NULLS_FIRST } }, { id: ASC }", [3, 5, 7, 4, 1, 2, 6]),
        ("orders", "{ staff: { boss: { name: ASC_NULLS_FIRST } } }, { id: ASC }", [3, 6, 7, 1, 4, 5, 2]),
        ("staff", "{ boss: { name: DESC_NULLS_LAST } }, { id: ASC }", [2, 3, 4, 1]),
        (
            "orders",
            "{ staff: { boss: { id: ASC_NULLS_FIRST } } }, { customer: { id: DESC_NULLS_LAST } }, { id: ASC }",
            [7, 6, 3, 2, 5, 4, 1],
        ),
    ],
)
async def test_rows_are_ordered_by_what_a_relation_to_one_leads_to(
    house: Shop, table: str, order: str, found: list[int]
) -> None:
    # Names have one order in every collation: Ann, Bob, Zoë.
    rows = (await house.data(f"{{ {table}(orderBy: [{order}]) {{ id }} }}"))[table]
    assert [row["id"] for row in rows] == found
    assert len(house.statements) == 1


async def test_a_page_of_an_order_through_a_relation_has_a_last_word(house: Shop) -> None:
    shown = []
    for offset in range(0, 8, 2):
        query = f"{{ orders(orderBy: [{{ customer: {{ city: ASC }} }}], limit: 2, offset: {offset}) {{ id }} }}"
        shown += [row["id"] for row in (await house.data(query))["orders"]]
    assert sorted(shown) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_relation_to_many_orders_nothing(house: Shop) -> None:
    body = await house.ask("{ customers(orderBy: [{ orders: { id: ASC } }]) { id } }")
    assert "not to include unknown field 'orders'" in body["errors"][0]["message"]


def _chain(length: int) -> dict[str, Any]:
    where: dict[str, Any] = {"id": {"eq": 1}}
    for _ in range(length):
        where = {"boss": where}
    return where


async def test_a_chain_of_relations_and_their_number_are_bounded(house: Shop) -> None:
    query = "query($w: StaffWhere) { staff(where: $w) { id } }"
    await house.data(query, w=_chain(5))
    code, message = await house.refusal(query, w=_chain(6))
    assert (code, message) == ("BAD_REQUEST", "a filter may go through at most 5 relations, one after the other")
    many = {"or": [{"boss": {"id": {"eq": 1}}} for _ in range(19)]}
    assert "at most 200 conditions" in (await house.refusal(query, w=many))[1]
    assert house.statements == []
    order: dict[str, Any] = {"id": "ASC"}
    for _ in range(6):
        order = {"boss": order}
    query = "query($o: [StaffOrderBy!]) { staff(orderBy: $o) { id } }"
    assert "at most 5 relations" in (await house.refusal(query, o=[order]))[1]


@pytest.mark.parametrize("where", ["{ customer: null }", "{ customer: { name: null } }"])
async def test_null_is_no_condition(house: Shop, where: str) -> None:
    assert (await house.refusal(f"{{ orders(where: {where}) {{ id }} }}"))[0] == "BAD_REQUEST"


RULES = """
access:
  default: anonymous
  rules:
    Customer.email: { scopes: [pii] }
    Staff: { roles: [hr] }
    OrderLine.quantity: { roles: [stock] }
hide: [Customer.credit]
"""
HIDDEN = [
    "customers(where: { email: { isNull: true } }) { id }",
    'orders(where: { customer: { email: { like: "a%" } } }) { id }',
    'orders(where: { not: { or: [{ customer: { and: [{ email: { in: ["ann@x"] } }] } }] } }) { id }',
    "orders(orderBy: [{ customer: { email: ASC } }]) { id }",
    "orders(where: { staff: {} }) { id }",
    "orders(where: { staff: { id: { eq: 1 } } }) { id }",
    "orders(orderBy: [{ staff: { id: ASC } }]) { id }",
    "customers(where: { orders: { none: { staff: { boss: {} } } } }) { id }",
    "customers(where: { orders: { some: { orderLines: { every: { quantity: { gt: 1 } } } } } }) { id }",
    "products { orderLines(where: { order: { customer: { email: { ne: null } } } }) { lineNo } }",
]


@pytest.mark.parametrize("field", HIDDEN)
async def test_what_a_caller_may_not_see_filters_and_orders_nothing(kind: str, tmp_path: Path, field: str) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        body = await house.ask(f"{{ {field} }}")
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
        assert all("path" in error for error in body["errors"])
        assert house.statements in ([], ["SELECT products"])
        able = Principal("eve", scopes=frozenset({"pii"}), roles=frozenset({"hr", "stock"}))
        body = await house.ask(f"{{ {field} }}", able)
        assert "FORBIDDEN" not in str(body)


async def test_a_variable_does_not_get_round_a_rule(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        query = "query($w: OrderWhere) { orders(where: $w) { id } }"
        free: dict[str, Any] = {"customer": {"name": {"eq": "Ann"}}}
        assert len((await house.data(query, w=free))["orders"]) == 3
        assert (await house.refusal(query, w={"customer": {"email": {"eq": "ann@x"}}}))[0] == "FORBIDDEN"
        assert len((await house.data(query, w=free))["orders"]) == 3


async def test_a_hidden_column_is_in_no_filter_at_the_end_of_a_relation(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, "access: { default: anonymous }\nhide: [Customer.credit, Staff]") as house:
        body = await house.ask('{ orders(where: { customer: { credit: { gt: "0" } } }) { id } }')
        assert "not to include unknown field 'credit'" in body["errors"][0]["message"]
        sdl = house.snapshot.graph.sdl()
        assert "credit" not in sdl
        assert "Staff" not in sdl
        assert "staff:" not in sdl


async def test_a_rule_on_a_compared_column_holds_for_the_filter_of_its_join(kind: str, tmp_path: Path) -> None:
    rules = """
    access:
      default: anonymous
      rules: { Order.customerId: { scopes: [join] } }
    """
    async with shop(kind, tmp_path, rules) as house:
        for field in (
            "orders { customer { name } }",
            'orders(where: { customer: { name: { eq: "Ann" } } }) { id }',
            "customers(where: { orders: { some: {} } }) { id }",
            "orders(orderBy: [{ customer: { name: ASC } }]) { id }",
        ):
            assert "FORBIDDEN" in str(await house.ask(f"{{ {field} }}")), field
            body = await house.ask(f"{{ {field} }}", Principal("eve", scopes=frozenset({"join"})))
            assert "errors" not in body, field


async def test_a_link_inside_one_database_filters_and_orders_as_its_foreign_keys_do(kind: str, tmp_path: Path) -> None:
    rest = """
    links:
      Order.buyer: { one: shop.customers, match: { customerId: id } }
      Customer.neighbours: { many: shop.customers, match: { city: city } }
    access: { default: anonymous }
    """
    async with shop(kind, tmp_path, rest) as house:
        found = await house.data('{ orders(where: { buyer: { name: { eq: "Bob" } } }) { id buyer { name } } }')
        assert found == {"orders": [{"id": 4, "buyer": {"name": "Bob"}}]}
        rows = await house.data(
            "{ orders(orderBy: [{ buyer: { id: DESC_NULLS_LAST } }, { id: ASC }], limit: 2) { id } }"
        )
        assert rows == {"orders": [{"id": 5}, {"id": 7}]}
        query = "{ customers(where: { neighbours: { some: { id: { eq: 5 } } } }, orderBy: { id: ASC }) { id } }"
        assert await house.data(query) == {"customers": [{"id": 4}, {"id": 5}]}
        body = await house.ask("{ customers(orderBy: [{ neighbours: { id: ASC } }]) { id } }")
        assert "not to include unknown field" in body["errors"][0]["message"]
