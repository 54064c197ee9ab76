"""Rows taken together: exact numbers, groups, and nothing that tells of columns and rows a caller may not see."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schema import Principal
from tests.querying.shop import ROWS, TABLES, Shop, shop


async def test_all_rows_are_one_object(house: Shop) -> None:
    found = await house.data("""{ ordersAggregate {
        count countDistinct { customerId placed state } sum { id total } min { placed state total } max { placed total }
    } }""")
    (one,) = found["ordersAggregate"]
    assert Decimal(one["min"].pop("total")) == Decimal("0.20")
    assert one == {
        "count": 7,
        "countDistinct": {"customerId": 3, "placed": 3, "state": 3},
        "sum": {"id": "28", "total": "118.49"},
        "min": {"placed": "2025-12-31", "state": "lost"},
        "max": {"placed": "2026-02-01", "total": "99.99"},
    }
    assert house.statements == ["SELECT orders (aggregate)"]


async def test_sums_and_means_are_exact(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE sums (id INTEGER PRIMARY KEY, big BIGINT, price DECIMAL(14,4), rate DOUBLE PRECISION);"
    script += "INSERT INTO sums VALUES (1, 9007199254740993, 0.1, 0.5), (2, 2, 0.2, 0.25), (3, NULL, NULL, NULL),"
    script += " (4, 5, 1234567890.1234, 0.25);"
    async with shop(kind, tmp_path, script=script) as house:
        (one,) = (await house.data("{ sumsAggregate { sum { big price rate } avg { big price rate } } }"))[
            "sumsAggregate"
        ]
        assert one["sum"]["big"] == "9007199254741000"
        assert Decimal(one["sum"]["price"]) == Decimal("1234567890.4234")
        assert one["sum"]["rate"] == 1.0
        assert Decimal(one["avg"]["big"]).quantize(Decimal("0.001")) == Decimal("3002399751580333.333")
        assert Decimal(one["avg"]["price"]).quantize(Decimal("0.0001")) == Decimal("411522630.1411")
        assert abs(one["avg"]["rate"] - 1 / 3) < 1e-9


async def test_no_rows_have_a_count_and_nothing_else(house: Shop) -> None:
    query = "{ ordersAggregate(where: { id: { lt: 0 } }) { count sum { total } avg { id } max { placed } key { id } } }"
    nothing = {"count": 0, "sum": {"total": None}, "avg": {"id": None}, "max": {"placed": None}, "key": None}
    assert await house.data(query) == {"ordersAggregate": [nothing]}
    grouped = "{ ordersAggregate(where: { id: { lt: 0 } }, groupBy: [state]) { count } }"
    assert await house.data(grouped) == {"ordersAggregate": []}


async def test_rows_are_grouped_filtered_and_ordered_by_the_database(house: Shop) -> None:
    found = await house.data("""{ ordersAggregate(
        where: { customer: {} }, groupBy: [customerId], having: { count: { gte: 1, lt: 3 } },
        orderBy: [{ sum: { total: DESC_NULLS_LAST } }]
    ) { key { customerId state } count sum { total } } }""")
    assert found["ordersAggregate"] == [
        {"key": {"customerId": 4, "state": None}, "count": 2, "sum": {"total": "100.99"}},
        {"key": {"customerId": 2, "state": None}, "count": 1, "sum": {"total": None}},
    ]
    assert len(house.statements) == 1


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("groupBy: [state], orderBy: [{ count: DESC }, { key: { state: ASC } }]", ["open", "paid", "lost", None]),
        ("groupBy: [state], orderBy: [{ key: { state: DESC_NULLS_FIRST } }]", [None, "paid", "open", "lost"]),
        ("groupBy: [state], orderBy: [{ max: { id: ASC } }], limit: 2, offset: 1", ["paid", "open"]),
        ("groupBy: [state], orderBy: { sum: { total: DESC_NULLS_LAST } }", ["paid", "open", "lost", None]),
        ("groupBy: [state], orderBy: { avg: { total: DESC_NULLS_LAST } }, limit: 2", ["paid", "open"]),
        ("groupBy: [state], orderBy: { countDistinct: { customerId: DESC } }, limit: 1", ["paid"]),
    ],
)
async def test_groups_have_an_order_and_pages(house: Shop, arguments: str, found: list[str | None]) -> None:
    groups = (await house.data(f"{{ ordersAggregate({arguments}) {{ key {{ state }} }} }}"))["ordersAggregate"]
    shown = [group["key"]["state"] for group in groups]
    if "count: DESC" in arguments:  # equal counts are told apart by state, and where null stands is the database's way
        assert [state for state in shown if state is not None] == [state for state in found if state is not None]
    else:
        assert shown == found


@pytest.mark.parametrize(
    ("having", "found"),
    [
        ('sum: { total: { gt: "11.1" } }', ["open", "paid"]),
        ('sum: { total: { eq: "17.30" } }', ["open"]),
        ('sum: { total: { in: ["1", "100.19"] } }', ["lost", "paid"]),
        ('sum: { total: { nin: ["1", "100.19"] } }', ["open"]),
        ("sum: { total: { isNull: true } }", [None]),
        ('sum: { id: { lt: "8", gte: "7" } }', ["lost", "paid"]),
        ('avg: { total: { lte: "1" } }', ["lost"]),
        ('avg: { id: { eq: "3.5" } }', ["paid"]),
        ("min: { placed: { lt: 2026-01-31 } }".replace("2026-01-31", '"2026-01-31"'), ["paid"]),
        ('max: { state: { startsWith: "o" } }', ["open"]),
        ('max: { state: { in: ["lost", "none"] } }', ["lost"]),
        ("max: { state: { isNull: true } }", [None]),
        ("countDistinct: { customerId: { eq: 2 } }", ["paid"]),
        ("countDistinct: { customerId: { in: [0, 1] }, placed: { gt: 1 } }", ["open"]),
        ("count: { in: [3, 2] }", ["open", "paid"]),
        ("count: { nin: [1] }, max: { id: { lt: 6 } }", ["paid"]),
        ("count: { isNull: true }", []),
        ("", ["lost", "open", "paid", None]),
    ],
)
async def test_groups_are_chosen_by_what_they_come_to(house: Shop, having: str, found: list[str | None]) -> None:
    query = f"{{ ordersAggregate(groupBy: [state], having: {{ {having} }}) {{ key {{ state }} }} }}"
    groups = (await house.data(query))["ordersAggregate"]
    assert sorted((group["key"]["state"] for group in groups), key=lambda state: (state is None, state)) == found
    assert len(house.statements) == 1


async def test_sums_are_compared_exactly(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE sums (id INTEGER PRIMARY KEY, name VARCHAR(9), price DECIMAL(14,4), rate DOUBLE PRECISION);"
    script += "INSERT INTO sums VALUES (1, 'a', 0.1, 0.5), (2, 'a', 0.2, 0.25), (3, 'b', 9, 0.25), (4, 'b', 0.5, 2);"
    async with shop(kind, tmp_path, script=script) as house:
        for having in (
            'sum: { price: { eq: "0.3" } }',
            'sum: { price: { lt: "9" } }',
            'sum: { price: { lt: "0.3000000000000000000000001" } }',
            "sum: { rate: { eq: 0.75 } }",
            "avg: { rate: { eq: 0.375 } }",
            'avg: { price: { eq: "0.15" } }',
            'max: { price: { eq: "0.2" } }',
        ):
            query = f"{{ sumsAggregate(groupBy: [name], having: {{ {having} }}) {{ key {{ name }} }} }}"
            assert await house.data(query) == {"sumsAggregate": [{"key": {"name": "a"}}]}, having


async def test_the_values_of_a_column_are_its_groups(house: Shop) -> None:
    found = await house.data(
        "{ notesAggregate(groupBy: [body], orderBy: [{ key: { body: ASC_NULLS_LAST } }]) { key { body } count } }"
    )
    assert found["notesAggregate"] == [{"key": {"body": "same"}, "count": 2}, {"key": {"body": None}, "count": 1}]


@pytest.mark.parametrize(
    "field",
    [
        "ordersAggregate(orderBy: [{ sum: { state: ASC } }], groupBy: [id]) { count }",
        "ordersAggregate(orderBy: [{ key: { state: ASC } }], groupBy: [id]) { count }",
        "ordersAggregate(orderBy: [{ max: { customer: { id: ASC } } }], groupBy: [id]) { count }",
        "ordersAggregate(groupBy: [id], limit: -1) { count }",
        "ordersAggregate(groupBy: [id], having: { count: { in: [1, null] } }) { count }",
        "ordersAggregate(groupBy: [id], having: { sum: null }) { count }",
        "ordersAggregate(groupBy: [id], having: { sum: { total: null } }) { count }",
        "ordersAggregate(groupBy: [id], having: { avg: { total: { lt: null } } }) { count }",
        'ordersAggregate(groupBy: [id], having: { max: { state: { like: "a\\\\" } } }) { count }',
        "ordersAggregate(groupBy: [id], having: { count: { gt: null } }) { count }",
    ],
)
async def test_what_cannot_be_taken_together_is_refused_before_a_statement(house: Shop, field: str) -> None:
    assert (await house.refusal(f"{{ {field} }}"))[0] == "BAD_REQUEST"
    assert house.statements == []


async def test_too_many_groups_are_an_error_and_never_a_part(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, max_rows=3) as house:
        assert (await house.refusal("{ ordersAggregate(groupBy: [id]) { count } }"))[0] == "LIMIT_EXCEEDED"
        await house.data("{ ordersAggregate(groupBy: [id], limit: 3) { count } }")


RULES = """
access:
  default: anonymous
  rules:
    Customer.email: { scopes: [pii] }
    Staff: { roles: [hr] }
hide: [Order.total, Product.price, Note]
"""


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("customersAggregate { countDistinct { email } }", ["customersAggregate", "countDistinct", "email"]),
        ("customersAggregate { max { email } min { email } }", ["customersAggregate", "max", "email"]),
        ("customersAggregate(groupBy: [email]) { count }", ["customersAggregate"]),
        ("customersAggregate(groupBy: [id]) { key { email } }", ["customersAggregate", "key", "email"]),
        ("customersAggregate(where: { email: { isNull: true } }) { count }", ["customersAggregate"]),
        ("customersAggregate(groupBy: [id], orderBy: [{ min: { email: ASC } }]) { count }", ["customersAggregate"]),
        (
            'customersAggregate(groupBy: [id], having: { max: { email: { gt: "b" } } }) { count }',
            ["customersAggregate"],
        ),
        ("customersAggregate(having: { countDistinct: { email: { gt: 1 } } }) { count }", ["customersAggregate"]),
        ("ordersAggregate(where: { staff: {} }) { count }", ["ordersAggregate"]),
        ("staffAggregate { count }", ["staffAggregate"]),
        ("staffAggregate { __typename }", ["staffAggregate"]),
    ],
)
async def test_what_a_caller_may_not_see_is_not_counted_grouped_or_compared(
    kind: str, tmp_path: Path, field: str, path: list[str]
) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        body = await house.ask(f"{{ {field} }}")
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
        assert body["errors"][0]["path"] == path
        if len(path) == 1:
            assert house.statements == []
        able = Principal("eve", scopes=frozenset({"pii"}), roles=frozenset({"hr"}))
        assert "errors" not in await house.ask(f"{{ {field} }}", able)


async def test_a_variable_groups_by_nothing_hidden(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        query = "query($by: [CustomerColumn!]) { customersAggregate(groupBy: $by) { count } }"
        assert len((await house.data(query, by=["city"]))["customersAggregate"]) > 1
        assert (await house.refusal(query, by=["city", "email"]))[0] == "FORBIDDEN"
        assert len((await house.data(query, by=["id"]))["customersAggregate"]) == 5


async def test_hidden_columns_and_types_are_in_no_aggregate(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        schema = house.snapshot.graph.schema
        for name in ("OrderSums", "OrderAverages", "OrderExtremes", "OrderGroupKey", "OrderDistinctCounts"):
            fields: Any = schema.type_map[name]
            assert "total" not in fields.fields, name
            assert "id" in fields.fields, name
            if name != "OrderGroupKey":
                conditions: Any = schema.type_map[f"{name}Having"]
                assert "total" not in conditions.fields, name
                assert "id" in conditions.fields, name
        column: Any = schema.type_map["OrderColumn"]
        assert "total" not in column.values
        assert not [name for name in schema.type_map if name.startswith("Note")]


async def test_an_aggregate_type_goes_with_its_last_field(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE things (label VARCHAR(9), weight INTEGER, PRIMARY KEY (label));"
    rest = "access: { default: anonymous }\nhide: [Thing.weight]"
    async with shop(kind, tmp_path, rest, script=script) as house:
        sdl = house.snapshot.graph.sdl()
        assert "weight" not in sdl
        assert "ThingSums" not in sdl
        assert "sum" not in sdl.partition("input ThingAggregateHaving")[2].partition("}")[0]
        assert "sum:" not in sdl.partition("type ThingAggregate")[2].partition("}")[0]
        assert await house.data("{ thingsAggregate { count min { label } } }") == {
            "thingsAggregate": [{"count": 0, "min": {"label": None}}]
        }


async def test_tables_that_are_called_like_aggregates_keep_their_names(kind: str, tmp_path: Path) -> None:
    script = TABLES + ROWS
    script += (
        "CREATE TABLE order_sums (id INTEGER PRIMARY KEY); CREATE TABLE orders_aggregate (id INTEGER PRIMARY KEY);"
    )
    script += "CREATE TABLE customer_connection (id INTEGER PRIMARY KEY);"
    async with shop(kind, tmp_path, script=script) as house:
        schema = house.snapshot.graph.schema
        for name in ("OrderSum", "OrdersAggregate", "CustomerConnection"):
            fields: Any = schema.type_map[name]
            assert set(fields.fields) == {"id"}, name
        assert await house.data("{ ordersAggregate { id } }") == {"ordersAggregate": []}
