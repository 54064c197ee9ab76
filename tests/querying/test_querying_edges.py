"""Edges: each row with its own cursor, which leads on from there and back, made for who asks for it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from schema import Principal
from tests.querying.shop import Shop, shop

EDGES = """query(
    $first: Int, $after: String, $last: Int, $before: String, $orderBy: [OrderOrderBy!], $where: OrderWhere
) {
    ordersConnection(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy, where: $where) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}"""
ANN, EVE = Principal("ann"), Principal("eve")
TIES: list[list[dict[str, Any]]] = [
    [],
    [{"total": "ASC"}],
    [{"placed": "DESC_NULLS_FIRST"}],
    [{"customer": {"city": "ASC_NULLS_LAST"}}, {"state": "DESC"}],
]


async def edges(house: Shop, principal: Principal = ANN, **asked: Any) -> list[tuple[int, str]]:
    """Id and cursor of each row of a part, which costs one statement and whose ends are those of its rows."""
    query = EDGES.replace("hasNextPage hasPreviousPage", "")
    part = (await house.data(query, principal, **asked))["ordersConnection"]
    assert len(house.statements) == 1
    found = [(edge["node"]["id"], edge["cursor"]) for edge in part["edges"]]
    if found:
        assert part["pageInfo"] == {"startCursor": found[0][1], "endCursor": found[-1][1]}
    return found


async def test_every_row_comes_once_by_the_cursor_of_a_row_in_the_middle(house: Shop) -> None:
    query = "query($orderBy: [OrderOrderBy!]) { orders(orderBy: $orderBy, limit: 100) { id } }"
    for order in TIES:
        whole = [row["id"] for row in (await house.data(query, orderBy=order))["orders"]]
        found: list[int] = []
        after = None
        while part := await edges(house, first=3, after=after, orderBy=order):
            used = part[:2]  # the last row of three comes again
            found += [row for row, _ in used]
            after = used[-1][1]
        assert found == whole, order
        found, before = [], None
        while part := await edges(house, last=3, before=before, orderBy=order):
            used = part[-2:]
            found = [row for row, _ in used] + found
            before = used[0][1]
        assert found == whole, order


async def test_what_lies_on_both_sides_of_a_row_is_told_from_its_cursor(house: Shop) -> None:
    order = [{"id": "ASC"}]
    cursors = dict(await edges(house, orderBy=order))
    for asked, expected in (
        ({"first": 2, "after": cursors[2]}, ([3, 4], True, True)),
        ({"last": 2, "before": cursors[6]}, ([4, 5], True, True)),
        ({"first": 9, "after": cursors[2], "before": cursors[5]}, ([3, 4], True, True)),
        ({"first": 1, "after": cursors[7]}, ([], True, False)),
    ):
        part = (await house.data(EDGES, ANN, orderBy=order, **asked))["ordersConnection"]
        info = part["pageInfo"]
        told = [edge["node"]["id"] for edge in part["edges"]], info["hasPreviousPage"], info["hasNextPage"]
        assert told == expected, asked


async def test_the_cursor_of_a_row_tells_nothing_and_serves_its_question_and_caller_alone(house: Shop) -> None:
    order = [{"customer": {"name": "ASC_NULLS_LAST"}}, {"total": "DESC"}]
    (_, cursor), *_ = await edges(house, orderBy=order)
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"Ann" not in raw
    await house.data(EDGES, ANN, after=cursor, orderBy=order)
    for principal, asked in (
        (EVE, {"after": cursor, "orderBy": order}),
        (ANN, {"after": cursor}),
        (ANN, {"after": cursor, "orderBy": order, "where": {"id": {"gt": 0}}}),
        (ANN, {"last": 1, "before": f"{cursor[:-2]}AA", "orderBy": order}),
    ):
        assert (await house.refusal(EDGES, principal, **asked))[0] == "BAD_REQUEST"
        assert house.statements == []


async def test_rows_and_edges_together_are_asked_once_and_each_has_what_it_asks_for(house: Shop) -> None:
    query = """{ ordersConnection(first: 2, orderBy: [{ id: ASC }]) {
        nodes { id customer { name } } edges { cursor node { state customer { city } } } edges { node { placed } }
    } }"""
    found = (await house.data(query))["ordersConnection"]
    assert found["nodes"] == [{"id": 1, "customer": {"name": "Ann"}}, {"id": 2, "customer": {"name": "Ann"}}]
    nodes = [edge["node"] for edge in found["edges"]]
    assert nodes == [
        {"state": "open", "customer": {"city": "Bern"}, "placed": "2026-01-31"},
        {"state": "paid", "customer": {"city": "Bern"}, "placed": "2026-02-01"},
    ]
    assert [each for each in house.statements if "orders" in each] == ["SELECT orders"]
    alone = "{ ordersConnection(first: 1, orderBy: [{ id: ASC }]) { edges { cursor } } }"
    (edge,) = (await house.data(alone))["ordersConnection"]["edges"]
    assert isinstance(edge["cursor"], str)


async def test_a_cursor_that_nobody_asks_for_is_not_made(kind: str, tmp_path: Path) -> None:
    script = "CREATE TABLE pages (id INTEGER PRIMARY KEY, body TEXT);"
    script += f"INSERT INTO pages VALUES (1, 'short'), (2, '{'x' * 20_000}'), (3, 'y');"
    async with shop(kind, tmp_path, script=script) as house:
        query = "{ pagesConnection(orderBy: [{ body: ASC }]) { edges { %s node { id } } nodes { id } } }"
        found = (await house.data(query % ""))["pagesConnection"]
        assert found["edges"] == [{"node": row} for row in found["nodes"]]
        assert (await house.refusal(query % "cursor"))[0] == "BAD_REQUEST"  # one is too long for a cursor


REST = """
    access:
      default: anonymous
      rules: { Customer.email: { scopes: [pii] }, Staff: { roles: [sales] } }
    hide: [Order.state]
    rename: { Order.placed: since, OrderEdge: Place }
    limits: { max_depth: 5, cost: { max: 100 } }
"""


async def test_rules_names_and_limits_hold_through_edges_as_through_nodes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for executor in ("columns", "reference"):
        monkeypatch.setenv("ISTHMUS_EXECUTOR", executor)
        (folder := tmp_path / executor).mkdir()
        async with shop(kind, folder, REST) as house:
            said = [await house.ask(f"{{ {query} }}") for query in THROUGH]
        answers.append(said)
        email, staff, state, renamed, deep, dear = said
        for refused, path in ((email, "email"), (staff, "staff")):
            (error,) = refused["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert error["path"][-1] == path
        assert email["data"]["customersConnection"]["edges"] == [{"node": {"id": 1, "email": None}}]
        assert "Cannot query field 'state' on type 'Order'" in state["errors"][0]["message"]
        (edge,) = renamed["data"]["ordersConnection"]["edges"]
        assert edge == {"__typename": "Place", "node": {"since": "2026-01-31"}}
        assert [each["errors"][0]["extensions"]["code"] for each in (deep, dear)] == ["LIMIT_EXCEEDED"] * 2
    assert answers[0] == answers[1]


THROUGH = (
    "customersConnection(first: 1, orderBy: [{ id: ASC }]) { edges { node { id email } } }",
    "ordersConnection(first: 1, orderBy: [{ id: ASC }]) { edges { node { id staff { name } } } }",
    "ordersConnection { edges { node { state } } }",
    "ordersConnection(first: 1, orderBy: [{ id: ASC }]) { edges { __typename node { since } } }",
    "ordersConnection(first: 1) { edges { node { customer { orders { id } } } } }",
    "ordersConnection(first: 60) { edges { node { id } } }",
)


async def test_an_edge_takes_no_name_that_a_table_bears_nor_one_that_is_locked(kind: str, tmp_path: Path) -> None:
    script = """
    CREATE TABLE orders (id INTEGER PRIMARY KEY);
    CREATE TABLE order_edges (id INTEGER PRIMARY KEY, cursor_at INTEGER);
    INSERT INTO orders VALUES (1); INSERT INTO order_edges VALUES (1, 5);
    """
    async with shop(kind, tmp_path, script=script) as house:
        found = await house.data("""{
            orderEdges { __typename cursorAt } ordersConnection { edges { __typename node { id } } }
        }""")
        assert found["orderEdges"] == [{"__typename": "OrderEdge", "cursorAt": 5}]
        (edge,) = found["ordersConnection"]["edges"]
        assert edge["__typename"] != "OrderEdge"
        assert edge["node"] == {"id": 1}
        assert house.snapshot.built is not None
        assert edge["__typename"] in house.snapshot.built.given["shop"].types.values()  # what the lock keeps
