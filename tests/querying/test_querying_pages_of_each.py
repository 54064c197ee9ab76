"""A page of the rows of each parent, in one statement for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.querying.shop import Shop, shop


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("orderBy: { total: DESC_NULLS_LAST }, limit: 1", {1: [1], 2: [4], 3: [], 4: [5], 5: []}),
        ("orderBy: { id: ASC }, limit: 2", {1: [1, 2], 2: [4], 3: [], 4: [5, 7], 5: []}),
        ("orderBy: { id: DESC }, limit: 2, offset: 1", {1: [2, 1], 2: [], 3: [], 4: [5], 5: []}),
        ("orderBy: { id: ASC }, offset: 2", {1: [6], 2: [], 3: [], 4: [], 5: []}),
        ("limit: 0", {1: [], 2: [], 3: [], 4: [], 5: []}),
        ("orderBy: { total: ASC_NULLS_FIRST }, limit: 1", {1: [2], 2: [4], 3: [], 4: [7], 5: []}),
        ('where: { state: { eq: "open" } }, orderBy: { id: DESC }, limit: 1', {1: [6], 2: [], 3: [], 4: [], 5: []}),
        ("orderBy: { staff: { name: DESC_NULLS_LAST } }, limit: 1", {1: [6], 2: [4], 3: [], 4: [5], 5: []}),
        ("where: { orderLines: { some: {} } }, limit: 1", {1: [1], 2: [4], 3: [], 4: [5], 5: []}),
    ],
)
async def test_each_parent_has_its_own_page_and_all_of_them_one_statement(
    house: Shop, arguments: str, found: dict[int, list[int]]
) -> None:
    rows = (await house.data(f"{{ customers {{ id orders({arguments}) {{ id state }} }} }}"))["customers"]
    assert {row["id"]: [order["id"] for order in row["orders"]] for row in rows} == found
    assert len(house.statements) == 2
    assert "(page of each)" in house.statements[1]


async def test_pages_of_one_field_by_two_names_and_below_each_other(house: Shop) -> None:
    found = await house.data("""{ customer(id: 1) {
        first: orders(orderBy: { id: ASC }, limit: 1) { id orderLines(orderBy: { lineNo: DESC }, limit: 1) { lineNo } }
        last: orders(orderBy: { id: DESC }, limit: 1) { id orderLines(orderBy: { lineNo: DESC }, limit: 1) { lineNo } }
        orders { id }
    } }""")
    assert found["customer"]["first"] == [{"id": 1, "orderLines": [{"lineNo": 2}]}]
    assert found["customer"]["last"] == [{"id": 6, "orderLines": [{"lineNo": 1}]}]
    assert sorted(order["id"] for order in found["customer"]["orders"]) == [1, 2, 6]
    assert len(house.statements) <= 6


async def test_a_page_of_each_is_bounded_and_all_of_them_together(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, max_rows=5) as house:
        assert (await house.refusal("{ customer(id: 1) { orders(limit: 6) { id } } }"))[0] == "LIMIT_EXCEEDED"
        assert (await house.refusal("{ customer(id: 1) { orders(limit: -1) { id } } }"))[0] == "BAD_REQUEST"
        found = await house.data("{ customers(where: { id: { in: [1, 4] } }) { orders(limit: 2) { id } } }")
        assert [len(row["orders"]) for row in found["customers"]] == [2, 2]
        body = await house.ask("{ customers { orders(offset: 0, limit: 5) { id } } }")
        assert {error["extensions"]["code"] for error in body["errors"]} == {"LIMIT_EXCEEDED"}


async def test_a_relation_of_two_columns_has_pages_and_a_row_of_the_same_table_too(house: Shop) -> None:
    found = await house.data("{ staff(orderBy: { id: ASC }) { id staff(orderBy: { id: DESC }, limit: 1) { id } } }")
    assert [[row["id"] for row in each["staff"]] for each in found["staff"]] == [[2], [4], [], []]


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_an_index_in_the_order_of_the_page_is_read_no_further(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path) as house:

        async def text(arguments: str) -> str:
            query = f"{{ orders(orderBy: {{ id: ASC }}) {{ orderLines({arguments}) {{ lineNo quantity }} }} }}"
            rows = (await house.data(query))["orders"]
            assert [len(row["orderLines"]) for row in rows][:2] == [1, 1]
            return house.texts[1]

        by_key = await text("limit: 1")
        assert "LATERAL" in by_key
        assert "LATERAL" in await text("limit: 1, orderBy: { lineNo: DESC }, where: { lineNo: { gt: 0 } }")
        for without in ("limit: 1, orderBy: { quantity: ASC }", "limit: 1, orderBy: { order: { id: ASC } }"):
            assert "PARTITION BY" in await text(without)


async def test_pages_along_a_key_of_two_columns_are_the_same_either_way(house: Shop) -> None:
    query = """query($o: [OrderLineOrderBy!]) { orders(orderBy: { id: ASC }) {
        orderLines(orderBy: $o, limit: 2, offset: 1, where: { not: { quantity: { eq: 99 } } }) { lineNo }
    } }"""
    for order, lines in (
        ([], [[2], [], [], [], [2, 3], [], []]),
        ([{"lineNo": "DESC"}], [[1], [], [], [], [2, 1], [], []]),
    ):
        found = (await house.data(query, o=order))["orders"]
        # An unknown quantity is not unequal to 99: its row is not there.
        assert [[line["lineNo"] for line in row["orderLines"]] for row in found] == lines
        assert len(house.statements) == 2
