"""``distinct``: of rows that are equal in some fields the first one, in lists, along links and in connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schema import Principal
from tests.querying.shop import Shop, shop

LIST = """query($d: [OrderColumn!], $o: [OrderOrderBy!], $w: OrderWhere, $l: Int, $s: Int) {
    orders(distinct: $d, orderBy: $o, where: $w, limit: $l, offset: $s) { id }
}"""


@pytest.mark.parametrize(
    ("distinct", "order", "more", "found"),
    [
        (["state"], [{"id": "ASC"}], {}, [1, 2, 4, 7]),
        (["state"], [{"id": "DESC"}], {}, [7, 6, 5, 4]),
        # The order need not begin with what is distinct, and holds for what is left.
        (["customerId"], [{"total": "DESC_NULLS_LAST"}], {}, [5, 1, 3, 4]),
        (["customerId", "state"], [{"total": "ASC_NULLS_LAST"}, {"id": "ASC"}], {}, [2, 6, 7, 3, 5, 4]),
        (["state"], [{"customer": {"name": "DESC_NULLS_LAST"}}, {"id": "ASC"}], {}, [5, 7, 4, 1]),
        (["state"], [{"id": "ASC"}], {"w": {"id": {"gt": 1}}}, [2, 3, 4, 7]),
        (["state"], [{"id": "ASC"}], {"l": 2, "s": 1}, [2, 4]),
        (["id"], [{"id": "DESC"}], {"l": 2}, [7, 6]),
        (["state", "state"], [{"id": "ASC"}], {}, [1, 2, 4, 7]),
        ([], [{"id": "ASC"}], {"l": 2}, [1, 2]),
        (None, [{"id": "ASC"}], {"l": 2}, [1, 2]),
    ],
)
async def test_the_first_of_equal_rows_is_left(
    house: Shop, distinct: Any, order: Any, more: dict[str, Any], found: list[int]
) -> None:
    rows = (await house.data(LIST, d=distinct, o=order, **more))["orders"]
    assert [row["id"] for row in rows] == found
    assert len(house.statements) == 1


async def test_what_is_distinct_is_said_in_the_journal(house: Shop) -> None:
    await house.data(LIST, d=["state", "placed"], w={"id": {"gt": 0}})
    assert house.statements == ["SELECT orders DISTINCT state, placed WHERE id"]


async def test_each_parent_has_its_own_distinct_rows_and_pages_of_them(house: Shop) -> None:
    query = """query($l: Int, $s: Int) { customers(orderBy: { id: ASC }) {
        orders(distinct: [placed], orderBy: [{ total: ASC_NULLS_LAST }, { id: ASC }], limit: $l, offset: $s) {
            id state
        }
    } }"""
    pages: list[tuple[dict[str, Any], list[list[int]]]] = [
        ({}, [[2, 1], [4], [], [7, 5], []]),
        ({"l": 1}, [[2], [4], [], [7], []]),
        ({"l": 5, "s": 1}, [[1], [], [], [5], []]),
    ]
    for page, found in pages:
        rows = (await house.data(query, **page))["customers"]
        assert [[row["id"] for row in each["orders"]] for each in rows] == found, page
        assert len(house.statements) == 2


async def test_a_connection_of_distinct_rows_is_whole_and_its_cursor_is_of_that_question(house: Shop) -> None:
    query = """query($d: [OrderColumn!], $a: String) {
        ordersConnection(distinct: $d, orderBy: [{ total: DESC_NULLS_LAST }], first: 1, after: $a) {
            totalCount nodes { id } pageInfo { hasNextPage endCursor }
        }
    }"""
    found, after = [], None
    for _ in range(4):
        part = (await house.data(query, d=["customerId"], a=after))["ordersConnection"]
        assert part["totalCount"] == 4
        found += [row["id"] for row in part["nodes"]]
        after, more = part["pageInfo"]["endCursor"], part["pageInfo"]["hasNextPage"]
    assert (found, more) == ([5, 1, 3, 4], False)
    for other in (["state"], None):
        assert (await house.refusal(query, d=other, a=after))[0] == "BAD_REQUEST"


async def test_rows_without_a_key_have_distinct_values_and_no_first_row(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE notes (body VARCHAR(9), author VARCHAR(9));"
    script += "INSERT INTO notes VALUES ('a', 'x'), ('a', 'y'), (NULL, 'x'), (NULL, 'y');"
    async with shop(kind, tmp_path, script=script) as house:
        found = await house.data("{ notes(distinct: [body], orderBy: [{ body: ASC_NULLS_LAST }]) { body } }")
        assert found == {"notes": [{"body": "a"}, {"body": None}]}
        code, message = await house.refusal("{ notes(distinct: [body]) { body author } }")
        assert code == "BAD_REQUEST"
        assert "has no key" in message
        assert house.statements == []


RULES = """
access: { default: anonymous, rules: { Customer.email: { scopes: [pii] } } }
hide: [Customer.credit]
"""


async def test_a_column_that_a_caller_may_not_see_tells_no_rows_apart(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, RULES) as house:
        for field in ("customers", "customersConnection"):
            inner = "{ id }" if field == "customers" else "{ nodes { id } }"
            query = f"query($d: [CustomerColumn!]) {{ {field}(distinct: $d) {inner} }}"
            assert (await house.refusal(query, d=["city", "email"]))[0] == "FORBIDDEN"
            assert house.statements == []
            able = Principal("eve", scopes=frozenset({"pii"}))
            assert "errors" not in await house.ask(query, able, d=["city", "email"])
            body = await house.ask(query, d=["credit"])
            assert "does not exist in 'CustomerColumn'" in body["errors"][0]["message"]
