"""Untidy files behind the whole gateway: every value as it stands there, and all that tables of databases have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.files.shop import Shop, shop


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(tmp_path) as made:
        yield made


async def test_values_are_what_stands_in_the_files(town: Shop) -> None:
    found = await town.house.data(
        "{ deliveries(orderBy: [{ id: ASC }]) { id betrag datum notiz strichcode notiz2 lager kunde }"
        "  products(orderBy: [{ code: ASC }]) { code price seen at weight day }"
        "  customers(orderBy: [{ id: ASC }]) { id name tags address since } }"
    )
    assert [tuple(row.values()) for row in found["deliveries"]] == [
        ("007", "1.234,50", "2024-01-03", "Zürich, 5 €", "12345678901234567890", None, None, 1),
        ("008", "2,25", "2024-01-04", "mit; Strich und\nzwei Zeilen", "12345678901234567891", "b", None, 2),
        ("010", None, None, None, "00000000000000000001", None, None, 1),
        ("011", "-0,75", "2024-02-29", "kurz", "99999999999999999999", None, "Bern", 2),
    ]
    assert [tuple(row.values()) for row in found["products"]] == [
        ("0815", "1.50", True, "2024-01-01T10:00:00", "1.5e3", "2024-01-31"),
        ("4711", "2.00", False, "2024-01-02T11:30:15", "2", "2024-02-01"),
    ]
    assert [tuple(row.values()) for row in found["customers"]] == [
        (1, "Ann", ["a", "b"], {"city": "Bern", "zip": "03000"}, None),
        (2, "Bob", [], None, "2020-02-29"),
    ]


async def test_filters_orders_keys_and_aggregates(town: Shop) -> None:
    found = await town.house.data(
        """{
          one: delivery(id: "007") { id } none: delivery(id: "7") { id }
          like: deliveries(where: { notiz: { contains: "%" } }) { id }
          text: deliveries(where: { notiz: { ilike: "zÜRICH%" } }) { id }
          dates: deliveries(where: { datum: { gte: "2024-01-04" }, kunde: { eq: 2 } }, orderBy: { datum: DESC }) { id }
          nulls: deliveries(where: { notiz: { isNull: true } }) { id }
          page: deliveries(orderBy: [{ datum: ASC }, { id: ASC }], limit: 2, offset: 1) { id }
          through: deliveries(where: { customer: { name: { eq: "Bob" } } }, orderBy: [{ id: ASC }]) { id }
          prices: products(where: { price: { gt: "1.500000000000000000000000000000000000001" } }) { code }
          equal: products(where: { price: { eq: "1.5" } }) { code }
          between: products(where: { price: { eq: "1.5000000000000000000000000000000000000001" } }) { code }
          deliveriesAggregate(groupBy: [kunde]) { key { kunde } count max { datum } }
          productsAggregate { count sum { price } avg { price } min { code } }
        }"""
    )
    ids = {
        name: [row["id"] for row in rows]
        for name, rows in found.items()
        if isinstance(rows, list) and rows and "id" in rows[0]
    }
    assert found["one"] == {"id": "007"}
    assert found["none"] is None
    assert found["like"] == found["between"] == []
    assert ids == {
        "text": ["007"], "dates": ["011", "008"], "nulls": ["010"], "page": ["007", "008"], "through": ["008", "011"],
    }  # fmt: skip
    assert found["prices"] == [{"code": "4711"}]
    assert found["equal"] == [{"code": "0815"}]
    assert found["deliveriesAggregate"] == [
        {"key": {"kunde": 1}, "count": 2, "max": {"datum": "2024-01-03"}},
        {"key": {"kunde": 2}, "count": 2, "max": {"datum": "2024-02-29"}},
    ]
    assert found["productsAggregate"] == [
        {"count": 2, "sum": {"price": "3.50"}, "avg": {"price": "1.75"}, "min": {"code": "0815"}}
    ]


async def test_connections_go_on_by_the_place_of_the_last_row_nulls_too(town: Shop) -> None:
    query = """query($after: String) { deliveriesConnection(first: 1, after: $after, orderBy: [{ datum: DESC }]) {
      nodes { id } totalCount pageInfo { hasNextPage endCursor } } }"""
    seen, after = [], None
    for _ in range(4):
        part = (await town.house.data(query, after=after))["deliveriesConnection"]
        assert part["totalCount"] == 4
        seen += [row["id"] for row in part["nodes"]]
        after = part["pageInfo"]["endCursor"]
    assert part["pageInfo"]["hasNextPage"] is False
    assert seen == ["011", "008", "007", "010"]


async def test_links_lead_from_and_to_files_in_one_call_each(town: Shop) -> None:
    found = await town.house.data("{ orders { no delivery { id customer { name } } } }")
    assert found["orders"] == [
        {"no": "A", "delivery": {"id": "007", "customer": {"name": "Ann"}}},
        {"no": "B", "delivery": None},
        {"no": "C", "delivery": {"id": "011", "customer": {"name": "Bob"}}},
        {"no": "D", "delivery": {"id": "007", "customer": {"name": "Ann"}}},
    ]
    town.asked.clear()
    found = await town.house.data(
        """{ customers(orderBy: [{ id: ASC }]) { name
             deliveries(limit: 1, orderBy: [{ id: DESC }]) { id orders { no } } } }"""
    )
    assert found["customers"] == [
        {"name": "Ann", "deliveries": [{"id": "010", "orders": []}]},
        {"name": "Bob", "deliveries": [{"id": "011", "orders": [{"no": "C"}]}]},
    ]
    assert town.asked == [["010", "011"]]


async def test_rows_of_files_are_distinct_chosen_by_groups_and_gone_through_backwards(town: Shop) -> None:
    found = await town.house.data("""{
        deliveries(distinct: [kunde], orderBy: [{ id: DESC }]) { id }
        deliveriesAggregate(groupBy: [kunde], having: { count: { lte: 2 }, max: { datum: { gt: "2024-01-04" } } }) {
            count
        }
        none: productsAggregate(having: { sum: { price: { gt: "3.5" } } }) { count }
        all: productsAggregate(having: { sum: { price: { eq: "3.5" } }, avg: { price: { lt: "2" } } }) { count }
    }""")
    assert found["deliveries"] == [{"id": "011"}, {"id": "010"}]
    assert (found["deliveriesAggregate"], found["none"], found["all"]) == ([{"count": 2}], [], [{"count": 2}])
    query = """query($before: String) { deliveriesConnection(last: 3, before: $before, orderBy: [{ datum: DESC }]) {
        nodes { id } pageInfo { hasPreviousPage hasNextPage startCursor }
    } }"""
    shown: list[str] = []
    before, more = None, True
    while more:
        part = (await town.house.data(query, before=before))["deliveriesConnection"]
        assert part["pageInfo"]["hasNextPage"] == bool(shown)
        shown = [row["id"] for row in part["nodes"]] + shown
        before, more = part["pageInfo"]["startCursor"], part["pageInfo"]["hasPreviousPage"]
    forth = await town.house.data("{ deliveries(orderBy: [{ datum: DESC }], limit: 9) { id } }")
    assert shown == [row["id"] for row in forth["deliveries"]]
