"""Lists part by part: every row once whatever the order, and cursors that tell nothing and serve nobody else."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from resolvers import ConfigurationError
from schema import Principal
from tests.querying.shop import ROWS, TABLES, Shop, shop
from tests.querying.untidy import UNTIDY

PARTS = """query($first: Int, $after: String, $where: OrderWhere, $orderBy: [OrderOrderBy!]) {
    ordersConnection(first: $first, after: $after, where: $where, orderBy: $orderBy) {
        nodes { id } pageInfo { hasNextPage endCursor }
    }
}"""
ANN, EVE = Principal("ann"), Principal("eve")


async def walk(house: Shop, first: int, principal: Principal = ANN, **asked: Any) -> list[int]:
    """The ids of all parts."""
    found: list[int] = []
    after = None
    for _ in range(20):
        part = (await house.data(PARTS, principal, first=first, after=after, **asked))["ordersConnection"]
        assert len(house.statements) == 1
        found += [row["id"] for row in part["nodes"]]
        after = part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            return found
        assert len(part["nodes"]) == first
    raise AssertionError("the parts do not end")


DIRECTIONS = ["ASC", "DESC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"]
ORDERS: list[list[dict[str, Any]]] = [[], [{"id": "DESC"}], [{"total": "DESC"}, {"id": "DESC"}]]
for direction in DIRECTIONS:
    ORDERS += [
        [{"placed": direction}],
        [{"total": direction}],
        [{"state": direction}, {"placed": "DESC"}],
        [{"customer": {"city": direction}}],
        [{"staff": {"boss": {"name": direction}}}, {"total": "ASC_NULLS_LAST"}],
    ]


async def test_every_row_comes_once_in_the_order_of_the_list(house: Shop) -> None:
    query = "query($orderBy: [OrderOrderBy!]) { orders(orderBy: $orderBy, limit: 100) { id } }"
    for order in ORDERS:
        whole = [row["id"] for row in (await house.data(query, orderBy=order))["orders"]]
        for first in (1, 2, 3, 7, 50):
            assert await walk(house, first, orderBy=order) == whole, (order, first)


BACK = """query(
    $last: Int, $before: String, $after: String, $first: Int, $where: OrderWhere, $orderBy: [OrderOrderBy!]
) {
    ordersConnection(last: $last, before: $before, after: $after, first: $first, where: $where, orderBy: $orderBy) {
        nodes { id } pageInfo { hasPreviousPage hasNextPage startCursor endCursor }
    }
}"""


async def test_every_row_comes_once_from_the_end_too(house: Shop) -> None:
    query = "query($orderBy: [OrderOrderBy!]) { orders(orderBy: $orderBy, limit: 100) { id } }"
    for order in ORDERS:
        whole = [row["id"] for row in (await house.data(query, orderBy=order))["orders"]]
        for last in (1, 3, 7, 50):
            found: list[int] = []
            before, more = None, True
            while more:
                part = (await house.data(BACK, last=last, before=before, orderBy=order))["ordersConnection"]
                info = part["pageInfo"]
                assert info["hasNextPage"] == (before is not None)
                found = [row["id"] for row in part["nodes"]] + found
                before, more = info["startCursor"], info["hasPreviousPage"]
                assert len(found) <= len(whole), (order, last)
            assert found == whole, (order, last)


async def test_whether_there_is_more_is_asked_of_the_rows_there_are(house: Shop) -> None:
    def told(part: Any) -> tuple[list[int], bool, bool]:
        info = part["ordersConnection"]["pageInfo"]
        return [row["id"] for row in part["ordersConnection"]["nodes"]], info["hasPreviousPage"], info["hasNextPage"]

    order = [{"id": "ASC"}]
    first = await house.data(BACK, first=2, orderBy=order)
    assert told(first) == ([1, 2], False, True)
    assert len(house.statements) == 1
    info = first["ordersConnection"]["pageInfo"]
    middle = await house.data(BACK, first=3, after=info["endCursor"], orderBy=order)
    assert told(middle) == ([3, 4, 5], True, True)
    assert house.statements == ["SELECT orders", "SELECT orders (any)"]
    start, end = (middle["ordersConnection"]["pageInfo"][name] for name in ("startCursor", "endCursor"))
    assert told(await house.data(BACK, last=2, before=start, orderBy=order)) == ([1, 2], False, True)
    assert told(await house.data(BACK, last=1, before=start, orderBy=order)) == ([2], True, True)
    assert told(await house.data(BACK, first=9, after=end, orderBy=order)) == ([6, 7], True, False)
    assert told(await house.data(BACK, last=9, before=info["startCursor"], orderBy=order)) == ([], False, True)
    # Between two cursors, from either side.
    between = {"after": info["startCursor"], "before": end, "orderBy": order}
    assert told(await house.data(BACK, first=2, **between)) == ([2, 3], True, True)
    assert told(await house.data(BACK, last=2, **between)) == ([3, 4], True, True)
    assert told(await house.data(BACK, first=9, **between)) == ([2, 3, 4], True, True)
    nothing = {"after": end, "before": start, "orderBy": order}
    assert told(await house.data(BACK, first=9, **nothing)) == ([], True, True)
    assert told(await house.data(BACK, first=0, orderBy=order)) == ([], False, True)
    assert told(await house.data(BACK, last=0, orderBy=order)) == ([], True, False)
    # A filter holds for what lies beyond, too.
    some: dict[str, Any] = {"where": {"id": {"gt": 5}}, "orderBy": order}
    assert told(await house.data(BACK, last=2, **some)) == ([6, 7], False, False)


async def test_a_row_that_is_gone_is_no_row_before(tmp_path: Path) -> None:
    async with shop("sqlite", tmp_path) as house:
        part = (await house.data(BACK, first=1, orderBy=[{"id": "ASC"}]))["ordersConnection"]
        with sqlite3.connect(tmp_path / "shop.db") as connection:
            connection.executescript("DELETE FROM order_lines; DELETE FROM orders WHERE id IN (1, 2);")
        connection.close()
        after = part["pageInfo"]["endCursor"]
        part = (await house.data(BACK, first=1, after=after, orderBy=[{"id": "ASC"}]))["ordersConnection"]
        assert ([row["id"] for row in part["nodes"]], part["pageInfo"]["hasPreviousPage"]) == ([3], False)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"first": 1, "last": 1}, "two ways"),
        ({"last": -1}, "negative"),
        ({"last": 1001}, "1000 at most"),
        ({"before": "anything"}, "last"),
        ({"last": 1, "before": "anything"}, "cursor"),
    ],
)
async def test_a_way_back_that_cannot_be_is_refused(house: Shop, asked: Any, said: str) -> None:
    code, message = await house.refusal(BACK, **asked)
    assert (code, said in message) == ("BAD_REQUEST", True), message
    assert house.statements == []


async def test_a_cursor_of_a_start_serves_its_own_question_and_caller_alone(house: Shop) -> None:
    order = [{"total": "DESC_NULLS_LAST"}]
    part = (await house.data(BACK, ANN, last=2, orderBy=order))["ordersConnection"]
    before = part["pageInfo"]["startCursor"]
    assert (await house.data(BACK, ANN, last=2, before=before, orderBy=order))["ordersConnection"]["nodes"]
    for principal, asked in (
        (EVE, {"orderBy": order}),
        (ANN, {}),
        (ANN, {"orderBy": order, "where": {"id": {"gt": 0}}}),
    ):
        assert (await house.refusal(BACK, principal, last=2, before=before, **asked))[0] == "BAD_REQUEST"
        assert house.statements == []


async def test_a_part_obeys_its_filter(house: Shop) -> None:
    where = {"customer": {"city": {"ilike": "b%"}}}
    assert await walk(house, 2, where=where, orderBy=[{"placed": "DESC_NULLS_LAST"}]) == [2, 4, 6, 1, 5, 7]


async def test_the_total_is_counted_when_it_is_asked_for_and_of_what_is_filtered(house: Shop) -> None:
    found = await house.data('{ ordersConnection(first: 1, where: { state: { eq: "open" } }) { totalCount } }')
    assert found == {"ordersConnection": {"totalCount": 3}}
    assert house.statements == ["SELECT orders WHERE state (count)"]
    found = await house.data("{ ordersConnection(first: 0) { totalCount nodes { id } pageInfo { hasNextPage } } }")
    assert found == {"ordersConnection": {"totalCount": 7, "nodes": [], "pageInfo": {"hasNextPage": True}}}
    assert len(house.statements) == 2


async def test_links_below_a_part_are_asked_once_for_all_its_rows(house: Shop) -> None:
    found = await house.data("""{ customersConnection(first: 4) {
        nodes { name orders(where: { total: { gt: "1" } }, orderBy: { id: ASC }) { id staff { name } } }
    } }""")
    assert found["customersConnection"]["nodes"][0] == {
        "name": "Ann", "orders": [{"id": 1, "staff": {"name": "low"}}],
    }  # fmt: skip
    assert len(house.statements) == 3


async def test_a_row_that_comes_before_moves_nothing(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path) as house:
        part = (await house.data(PARTS, first=3, orderBy=[{"id": "ASC"}]))["ordersConnection"]
        assert [row["id"] for row in part["nodes"]] == [1, 2, 3]
        where = {"id": {"gt": 1}}
        after = part["pageInfo"]["endCursor"]
        code, _ = await house.refusal(PARTS, first=3, after=after, where=where, orderBy=[{"id": "ASC"}])
        assert code == "BAD_REQUEST"


async def _cursor(house: Shop, principal: Principal = ANN, **asked: Any) -> str:
    part = (await house.data(PARTS, principal, first=2, **asked))["ordersConnection"]
    return str(part["pageInfo"]["endCursor"])


async def test_a_cursor_tells_nothing(house: Shop) -> None:
    order = [{"customer": {"name": "ASC_NULLS_LAST"}}, {"total": "DESC"}]
    first, second = [await _cursor(house, orderBy=order) for _ in range(2)]
    assert first != second
    raw = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4))
    assert b"Ann" not in raw
    assert b"10.1" not in raw


async def test_a_cursor_serves_its_own_question_and_caller_alone(house: Shop) -> None:
    order = [{"total": "ASC"}]
    cursor = await _cursor(house, orderBy=order)
    await house.data(PARTS, ANN, first=5, after=cursor, orderBy=order)
    edited = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]
    for principal, asked in (
        (EVE, {"after": cursor, "orderBy": order}),
        (ANN, {"after": cursor, "orderBy": [{"total": "DESC"}]}),
        (ANN, {"after": cursor}),
        (ANN, {"after": cursor, "orderBy": order, "where": {"state": {"eq": "open"}}}),
        (ANN, {"after": edited, "orderBy": order}),
        (ANN, {"after": cursor[:20], "orderBy": order}),
        (ANN, {"after": "", "orderBy": order}),
        (ANN, {"after": "ä", "orderBy": order}),
        (ANN, {"after": "A" * 20_000, "orderBy": order}),
    ):
        code, message = await house.refusal(PARTS, principal, first=2, **asked)
        assert code == "BAD_REQUEST"
        assert "cursor" in message
        assert house.statements == []
    other = "query($after: String) { customersConnection(after: $after) { nodes { id } } }"
    assert (await house.refusal(other, ANN, after=cursor))[0] == "BAD_REQUEST"


async def test_a_cursor_is_good_in_every_process_that_has_the_key(kind: str, tmp_path: Path) -> None:
    script = TABLES + ROWS
    key = {"cursor_key": "any text of thirty-two characters"}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "three").mkdir()
    async with (
        shop(kind, tmp_path / "one", script=script, **key) as one,
        shop(kind, tmp_path / "two", script=script, **key) as two,
        shop(kind, tmp_path / "three", script=script, cursor_key="another text of thirty-two letters") as three,
    ):
        cursor = await _cursor(one)
        part = (await two.data(PARTS, ANN, first=2, after=cursor))["ordersConnection"]
        assert [row["id"] for row in part["nodes"]] == [3, 4]
        assert (await three.refusal(PARTS, ANN, first=2, after=cursor))[0] == "BAD_REQUEST"


@pytest.mark.parametrize("first", [-1, 1001])
async def test_a_part_is_bounded(house: Shop, first: int) -> None:
    assert (await house.refusal(PARTS, first=first))[0] == "BAD_REQUEST"


async def test_a_table_without_a_key_has_no_connection(house: Shop) -> None:
    body = await house.ask("{ notesConnection { nodes { body } } }")
    assert "Cannot query field 'notesConnection'" in body["errors"][0]["message"]


async def test_who_may_not_see_rows_may_not_count_them(kind: str, tmp_path: Path) -> None:
    rest = """
    access:
      default: anonymous
      rules: { Order: { roles: [sales] }, Customer.email: { scopes: [pii] } }
    """
    async with shop(kind, tmp_path, rest) as house:
        for field in (
            "ordersConnection { totalCount }",
            "ordersConnection { pageInfo { hasNextPage } }",
            "ordersConnection { __typename }",
            "customersConnection(where: { email: { isNull: true } }) { totalCount }",
            "customersConnection(where: { orders: { some: {} } }) { totalCount }",
            "customersConnection(orderBy: [{ email: ASC }]) { nodes { id } }",
        ):
            body = await house.ask(f"{{ {field} }}")
            assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"], field
            assert house.statements == []
        able = Principal("ann", roles=frozenset({"sales"}))
        assert await house.data("{ ordersConnection { totalCount } }", able) == {"ordersConnection": {"totalCount": 7}}


async def test_hidden_types_have_no_connection_and_excluded_lists_none_either(kind: str, tmp_path: Path) -> None:
    rest = "access: { default: anonymous }\nhide: [Staff]"
    async with shop(kind, tmp_path, rest, exclude=["products"]) as house:
        sdl = house.snapshot.graph.sdl()
        assert "ordersConnection" in sdl
        assert "staffConnection" not in sdl
        assert "StaffConnection" not in sdl
        assert "productsConnection" not in sdl


async def test_views_that_are_excluded_are_not_there_and_their_lists_are(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, exclude=["*Aggregate", "ordersConnection"]) as house:
        sdl = house.snapshot.graph.sdl()
        assert "Aggregate" not in sdl
        assert "ordersConnection" not in sdl
        assert "OrderConnection" not in sdl
        assert "customersConnection" in sdl
        assert len((await house.data("{ orders { id } }"))["orders"]) == 7
    (tmp_path / "again").mkdir()
    with pytest.raises(ConfigurationError) as raised:
        async with shop(kind, tmp_path / "again", exclude=["noneConnection"]):
            pass
    assert raised.value.problems[0].where == ("sources", "shop", "exclude", 0)


async def test_a_chain_of_hundreds_of_tables_is_a_schema(tmp_path: Path) -> None:
    script = "CREATE TABLE t0 (id INTEGER PRIMARY KEY, above INTEGER);"
    for number in range(1, 500):
        script += f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, above INTEGER REFERENCES t{number - 1} (id));"
    async with shop("sqlite", tmp_path, script=script, timeout_s=30) as house:
        query = "{ t499(where: { t498: { t497: { id: { eq: 1 } } } }) { id } }"
        assert await house.data(query) == {"t499": []}


async def test_rows_ordered_by_a_value_too_long_for_a_cursor_are_refused(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT);"
    script += f"INSERT INTO pages VALUES (1, '{'x' * 20_000}'), (2, 'short');"
    async with shop(kind, tmp_path, script=script) as house:
        query = "query($o: [PageOrderBy!]) { pagesConnection(orderBy: $o, first: 1) { pageInfo { endCursor } } }"
        assert (await house.refusal(query, o=[{"body": "DESC"}]))[0] == "BAD_REQUEST"
        await house.data(query, o=[{"body": "ASC"}])
        query = query.replace("pageInfo { endCursor }", "nodes { id }")
        assert await house.data(query, o=[{"body": "DESC"}]) == {"pagesConnection": {"nodes": [{"id": 1}]}}


async def test_every_row_comes_once_whatever_a_column_holds_and_is_ordered_by(kind: str, tmp_path: Path) -> None:
    async with shop(kind, tmp_path, script=UNTIDY[kind]) as house:
        typed: Any = house.snapshot.graph.schema.type_map["ThingOrderBy"]
        count = len((await house.data("{ things { code } }"))["things"])
        for column in typed.fields:
            for direction in DIRECTIONS:
                order = [{column: direction}]
                query = "query($o: [ThingOrderBy!]) { things(orderBy: $o, limit: 99) { code } }"
                whole = [row["code"] for row in (await house.data(query, o=order))["things"]]
                assert len(whole) == count
                query = """query($o: [ThingOrderBy!], $after: String) {
                    thingsConnection(orderBy: $o, first: 1, after: $after) {
                        nodes { code } pageInfo { hasNextPage endCursor }
                    }
                }"""
                found, after, more = [], None, True
                while more:
                    part = (await house.data(query, o=order, after=after))["thingsConnection"]
                    found += [row["code"] for row in part["nodes"]]
                    more, after = part["pageInfo"]["hasNextPage"], part["pageInfo"]["endCursor"]
                    assert len(found) <= count, (column, direction, found)
                assert found == whole, (column, direction)
                query = """query($o: [ThingOrderBy!], $before: String) {
                    thingsConnection(orderBy: $o, last: 2, before: $before) {
                        nodes { code } pageInfo { hasPreviousPage startCursor }
                    }
                }"""
                found, before, more = [], None, True
                while more:
                    part = (await house.data(query, o=order, before=before))["thingsConnection"]
                    found = [row["code"] for row in part["nodes"]] + found
                    more, before = part["pageInfo"]["hasPreviousPage"], part["pageInfo"]["startCursor"]
                    assert len(found) <= count, (column, direction, found)
                assert found == whole, (column, direction)


STATED = """
    CREATE TABLE parts (no INTEGER, label VARCHAR(9));
    CREATE TABLE uses (id INTEGER PRIMARY KEY, part_no INTEGER);
    INSERT INTO parts VALUES (1, 'a'), (2, 'b'), (2, 'c'), (3, 'd');
    INSERT INTO uses VALUES (1, 1), (2, 2);
"""


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])  # elsewhere the tables have a schema of a random name
async def test_a_key_that_is_only_stated_orders_nothing_and_loses_no_row(kind: str, tmp_path: Path) -> None:
    tables = {"parts": {"key": "no"}, "uses": {"references": [{"columns": "part_no", "table": "parts"}]}}
    async with shop(kind, tmp_path, script=STATED, tables=tables) as house:
        found = await house.data('{ uses(where: { part: { label: { eq: "c" } } }) { id } }')
        assert found == {"uses": [{"id": 2}]}
        body = await house.ask("{ uses(orderBy: [{ part: { label: ASC } }]) { id } }")
        assert "not to include unknown field 'part'" in body["errors"][0]["message"]
        query = "query($f: Int) { partsConnection(first: $f) { nodes { label } } }"
        assert await house.data(query, f=1) == {"partsConnection": {"nodes": [{"label": "a"}]}}
        assert (await house.refusal(query, f=2))[0] == "LINK_AMBIGUOUS"
