"""One rule on the rows of a type, and every route to a row: what is hidden is not there by any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.access.rows_house import RowsHouse, rows_house
from tests.writing.stores import KINDS

ACCESS = """
access:
  default: authenticated
  rules:
    Customer:
      rows: { or: [ { region: { in: $claims.regions } }, { ownerId: { eq: $claims.sub } } ] }
      unless: { roles: [staff] }
    Order: { rows: { customer: { ownerId: { eq: $claims.sub } } }, unless: { roles: [staff] } }
    Agent: { rows: { boss: { eq: $claims.sub } }, unless: { roles: [staff] } }
    Invoice: { rows: { desk: { in: $claims.desks } }, unless: { roles: [staff] } }
    Ticket: { rows: { expert: { boss: { eq: $claims.sub } } }, unless: { roles: [staff] } }
    Person: { rows: { team: { eq: red } }, unless: { roles: [staff] } }
"""
ANN = {"sub": "ann", "desks": ["red", "green"]}
STAFF = {"sub": "boss", "roles": ["staff"]}
A1, A3 = {"id": "a1"}, {"id": "a3"}

READS: list[tuple[str, Any]] = [
    ("a: customers { id } b: customers(limit: 1, offset: 1) { id }", {"a": [{"id": 1}, {"id": 3}], "b": [{"id": 3}]}),
    ("a: customer(id: 2) { id } b: customer(id: 3) { ...F }", {"a": None, "b": {"name": "Cid"}}),
    (
        "orders { id customer { id } }",
        {"orders": [{"id": 10, "customer": {"id": 1}}, {"id": 11, "customer": {"id": 1}}]},
    ),
    (
        "customers { id orders { id } few: orders(limit: 1, orderBy: [{ id: DESC }]) { id } }",
        {
            "customers": [
                {"id": 1, "orders": [{"id": 10}, {"id": 11}], "few": [{"id": 11}]},
                {"id": 3, "orders": [], "few": []},
            ]
        },
    ),
    (
        (
            "a: customers(where: { orders: { some: {} } }) { id } b: customers(where: { orders: { none: {} } }) { id }"
            " c: customers(where: { orders: { every: { total: { lt: 50 } } } }) { id }"
        ),
        {"a": [{"id": 1}], "b": [{"id": 3}], "c": [{"id": 3}]},
    ),
    ('orders(where: { customer: { name: { gte: "A" } } }) { id }', {"orders": [{"id": 10}, {"id": 11}]}),
    ("orders(where: { not: { customer: { id: { eq: 2 } } } }) { id }", {"orders": [{"id": 10}, {"id": 11}]}),
    ("orders(orderBy: [{ customer: { name: DESC } }, { id: DESC }]) { id }", {"orders": [{"id": 11}, {"id": 10}]}),
    (
        "ordersAggregate { count sum { total } max { total } }",
        {"ordersAggregate": [{"count": 2, "sum": {"total": "55"}, "max": {"total": 50}}]},
    ),
    (
        "ordersAggregate(groupBy: [STATUS], orderBy: [{ key: { status: ASC } }]) { key { status } count }".replace(
            "STATUS", "status"
        ),
        {"ordersAggregate": [{"key": {"status": "open"}, "count": 1}, {"key": {"status": "paid"}, "count": 1}]},
    ),
    (
        "ordersConnection(first: 1) { totalCount nodes { id } pageInfo { hasNextPage } }",
        {"ordersConnection": {"totalCount": 2, "nodes": [{"id": 10}], "pageInfo": {"hasNextPage": True}}},
    ),
    (
        "ordersConnection(first: 2) { nodes { id } pageInfo { hasNextPage } }",
        {"ordersConnection": {"nodes": [{"id": 10}, {"id": 11}], "pageInfo": {"hasNextPage": False}}},
    ),
    ('a: agent(id: "a1") { id } b: agent(id: "a2") { id } c: agent(id: "zz") { id }', {"a": A1, "b": None, "c": None}),
    ("agents { id orders { id } }", {"agents": [{"id": "a3", "orders": []}, {"id": "a1", "orders": [{"id": 10}]}]}),
    ("orders { id agent { id } }", {"orders": [{"id": 10, "agent": A1}, {"id": 11, "agent": None}]}),
    (
        "orders { invoices { number } } getInvoices { n: number }",
        {"orders": [{"invoices": [{"number": "i10"}]}, {"invoices": []}], "getInvoices": [{"n": "i10"}, {"n": "i12"}]},
    ),
    (
        "tickets { id agent { id } watchers { id } byRole { key value { id } } customer { name } }",
        {
            "tickets": [
                {
                    "id": number,
                    "agent": agent,
                    "watchers": [A1, A3],
                    "byRole": [{"key": "role a1", "value": A1}, {"key": "role a3", "value": A3}],
                    "customer": customer,
                }
                for number, agent, customer in ((1, A1, {"name": "Ada"}), (3, A3, {"name": "Cid"}), (5, A1, None))
            ]
        },
    ),
    (
        "customers { tickets { text } }",
        {"customers": [{"tickets": [{"text": "one"}]}, {"tickets": [{"text": "three"}]}]},
    ),
    ("ticketPages { total data { id } }", {"ticketPages": {"total": None, "data": [{"id": 1}]}}),
    (
        "ticketPagesConnection(first: 2) { totalCount nodes { id } pageInfo { hasNextPage } }",
        {
            "ticketPagesConnection": {
                "totalCount": None,
                "nodes": [{"id": 1}, {"id": 3}],
                "pageInfo": {"hasNextPage": True},
            }
        },
    ),
    (
        "ticketPagesConnection(first: 3) { nodes { id } pageInfo { hasNextPage endCursor } }",
        {
            "ticketPagesConnection": {
                "nodes": [{"id": 1}, {"id": 3}, {"id": 5}],
                "pageInfo": {"hasNextPage": False, "endCursor": None},
            }
        },
    ),
    (
        "parties { __typename ... on Person { age } ... { ... on Firm { vat } } }",
        {
            "parties": [
                {"__typename": "Person", "age": 30},
                {"__typename": "Firm", "vat": "v2"},
                {"__typename": "Firm", "vat": "v4"},
            ]
        },
    ),
]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_hidden_is_not_there_by_any_route(kind: str, tmp_path: Path) -> None:
    async with rows_house(kind, tmp_path, ACCESS) as house:
        for query, expected in READS:
            fragment = " fragment F on Customer { name }" if "...F" in query else ""
            body = await house.ask(f"{{ {query} }}{fragment}", **ANN)
            assert body == {"data": expected}, query
        await pages_go_on(house)
        await cursors_are_their_own(house)
        await staff_sees_everything(house)


async def pages_go_on(house: RowsHouse) -> None:
    for field, expected in (("ordersConnection", [10, 11]), ("ticketPagesConnection", [1, 3, 5])):
        after, found = None, []
        wanted = "nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor }"
        query = f"query($a: String) {{ {field}(first: 1, after: $a) {{ {wanted} }} }}"
        for _ in expected:
            page = (await house.data(query, {"a": after}, **ANN))[field]
            found += [node["id"] for node in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            assert page["pageInfo"]["hasNextPage"] is (len(found) < len(expected))
            assert page["pageInfo"]["hasPreviousPage"] is (len(found) > 1)
        assert found == expected
        query = query.replace(wanted, "edges { cursor node { id } } nodes { name: __typename } pageInfo { endCursor }")
        after, found = None, []
        while edges := (part := (await house.data(query.replace("first: 1", "first: 2"), {"a": after}, **ANN))[field])[
            "edges"
        ]:
            assert len(part["nodes"]) == len(edges)
            found.append(edges[0]["node"]["id"])
            after = edges[0]["cursor"]
        assert found == expected


async def cursors_are_their_own(house: RowsHouse) -> None:
    """Neither another caller nor the same one with other claims goes on where a cursor leads."""
    for field in ("ordersConnection", "ticketPagesConnection"):
        query = f"query($a: String) {{ {field}(first: 1, after: $a) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        cursor = (await house.data(query, **ANN))[field]["pageInfo"]["endCursor"]
        edges = query.replace("nodes { id } pageInfo { endCursor }", "edges { cursor }")
        of_row = (await house.data(edges, **ANN))[field]["edges"][0]["cursor"]
        assert len(of_row) == len(cursor)  # how long it is tells of no rows between
        for other in ({"sub": "ben"}, STAFF):
            for given in (cursor, of_row):
                (error,) = (await house.ask(query, {"a": given}, **other))["errors"]
                assert error["extensions"]["code"] == "BAD_REQUEST"


async def staff_sees_everything(house: RowsHouse) -> None:
    data = await house.data(
        "{ customers { id } ordersAggregate { count } agents { id } getInvoices { number } parties { __typename }"
        ' ticketPages { total } tickets { id } agent(id: "a2") { boss } }',
        **STAFF,
    )
    assert {key: len(value) for key, value in data.items() if isinstance(value, list)} == {
        "customers": 4, "ordersAggregate": 1, "agents": 3, "getInvoices": 3, "parties": 4, "tickets": 5
    }  # fmt: skip
    assert data["ordersAggregate"] == [{"count": 5}]
    assert data["ticketPages"] == {"total": 5}
    assert data["agent"] == {"boss": "ben"}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_written_is_seen_before_and_afterwards(kind: str, tmp_path: Path) -> None:
    async with rows_house(kind, tmp_path, ACCESS) as house:
        before = await house.store.ask("SELECT id, customer_id, total FROM orders ORDER BY id")
        forbidden = [
            "updateOrder(id: 10, set: { customerId: 2 }) { id }",
            "updateOrder(id: 10, set: { customerId: null }) { id }",
            "insertOrder(row: { id: 77, customerId: 2 }) { id }",
            "insertOrder(row: { id: 77 }) { id }",
            "insertOrders(rows: [{ id: 77, customerId: 1 }, { id: 78, customerId: 4 }]) { affected }",
            "upsertOrder(row: { id: 12, customerId: 1 }) { id }",
            "upsertOrder(row: { id: 10, customerId: 2 }) { id }",
            "updateOrders(where: { id: { gt: 0 } }, set: { customerId: 2 }) { affected }",
        ]
        for each in forbidden:
            body = await house.ask(f"mutation {{ w: {each} }}", **ANN)
            assert [(error["extensions"]["code"], error["path"]) for error in body["errors"]] == [
                ("FORBIDDEN", ["w"])
            ], each
            assert body["data"] == {"w": None}
        absent = [
            "updateOrder(id: 12, set: { total: 1 }) { id }",
            "updateOrder(id: 12, set: { total: 1 }, ifMatch: { total: { eq: 1 } }) { id }",
            "deleteOrder(id: 12) { id }",
            "deleteOrder(id: 12, ifMatch: { total: { eq: 1 } }) { id }",
        ]
        for each in absent:
            hidden = await house.post(f"mutation {{ w: {each} }}", **ANN)
            missing = await house.post(f"mutation {{ w: {each.replace('12', '99')} }}", **ANN)
            assert hidden.json() == {"data": {"w": None}}, each
            assert hidden.content == missing.content
        (error,) = (await house.ask("mutation { insertOrder(row: { id: 12, customerId: 1 }) { id } }", **ANN))["errors"]
        assert set(error["extensions"]) == {"code", "requestId"}
        assert error["extensions"]["code"] == "CONFLICT"
        assert await house.store.ask("SELECT id, customer_id, total FROM orders ORDER BY id") == before
        done = [
            (
                "updateOrder(id: 10, set: { total: 6 }) { id total customer { name } }",
                {"id": 10, "total": 6, "customer": {"name": "Ada"}},
            ),
            ("updateOrder(id: 10, set: { customerId: 3 }) { customer { name } }", {"customer": {"name": "Cid"}}),
            ("insertOrder(row: { id: 77, customerId: 1 }) { id agent { id } }", {"id": 77, "agent": None}),
            (
                "insertOrders(rows: [{ id: 78, customerId: 1 }]) { affected returning { id } }",
                {"affected": 1, "returning": [{"id": 78}]},
            ),
            ("upsertOrder(row: { id: 79, customerId: 1 }) { id }", {"id": 79}),
            ("upsertOrder(row: { id: 10, total: 3 }) { id total }", {"id": 10, "total": 3}),
            ('updateOrders(where: { id: { gt: 0 } }, set: { status: "x" }) { affected }', {"affected": 5}),
            ("deleteOrder(id: 11) { id total }", {"id": 11, "total": 50}),
            ("deleteOrders(where: { id: { gt: 0 } }) { affected }", {"affected": 4}),
        ]
        for each, expected in done:
            assert await house.data(f"mutation {{ w: {each} }}", **ANN) == {"w": expected}
        left = await house.store.ask("SELECT id, status FROM orders ORDER BY id")
        assert left == [(12, "open"), (13, "paid"), (14, "open")]


@pytest.mark.parametrize("kind", KINDS[:2])
async def test_rows_without_a_key_are_not_written_by_whom_a_rule_restricts(kind: str, tmp_path: Path) -> None:
    access = "access: { default: authenticated, rules: { Note: { rows: { author: { eq: $claims.sub } } } } }\n"
    async with rows_house(kind, tmp_path, access) as house:
        assert await house.data("{ notes { body } }", **ANN) == {"notes": [{"body": "hello"}]}
        for each in (
            'insertNotes(rows: [{ author: "ann" }])',
            'updateNotes(where: { body: { ne: "" } }, set: { body: "x" })',
        ):
            (error,) = (await house.ask(f"mutation {{ {each} {{ affected }} }}", **ANN))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
        changed = await house.data('mutation { deleteNotes(where: { body: { ne: "" } }) { affected } }', **ANN)
        assert changed == {"deleteNotes": {"affected": 1}}
        assert await house.store.ask("SELECT body FROM notes") == [("hush",)]


async def test_hidden_and_absent_are_the_same_bytes(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS) as house:
        for query in (
            "{ x: customer(id: NUMBER) { id email orders { id } } }",
            "{ x: ordersAggregate(where: { id: { eq: NUMBER } }) { count } }",
            "{ x: orders(where: { id: { in: [NUMBER] } }) { id } }",
            '{ x: agent(id: "aNUMBER") { id } y: customers(where: { id: { in: [1, NUMBER] } }) { id } }',
        ):
            hidden, missing = [await house.post(query.replace("NUMBER", number), **ANN) for number in ("2", "99")]
            assert hidden.content == missing.content
            assert _headers(hidden) == _headers(missing)


def _headers(reply: Any) -> dict[str, str]:
    return {name: value for name, value in reply.headers.items() if name not in {"date", "x-request-id"}}


async def test_a_restricted_caller_costs_no_more_calls_and_a_denied_one_sees_nothing(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS) as house:
        query = "{ customers { tickets { id } orders { agent { id } invoices { number } } } }"
        heard = []
        for claims in (STAFF, ANN):
            house.desk.heard.clear()
            await house.data(query, **claims)
            heard.append(sorted({each.partition("?")[0].partition(" ")[0] for each in house.desk.heard}))
        assert heard[0] == heard[1]
        nobody = await house.data(
            "{ customers { id } orders { id } agents { id } tickets { id } getInvoices { number } }", sub="zoe"
        )
        assert nobody == {"customers": [], "orders": [], "agents": [], "tickets": [], "getInvoices": []}


@pytest.mark.parametrize("kind", KINDS[:2])
async def test_a_claim_that_its_column_cannot_hold_shows_no_row_wherever_it_stands(kind: str, tmp_path: Path) -> None:
    conditions = {
        "none": "{ orders: { none: { status: { ne: $claims.status } } } }",
        "not": "{ not: { status: { eq: $claims.status } } }",
        "some": "{ not: { customer: { orders: { some: { status: { nin: [$claims.status] } } } } } }",
    }
    access = f"""
access:
  default: authenticated
  rules:
    Customer: {{ rows: {conditions["none"]} }}
    Order: {{ rows: {{ or: [{conditions["not"]}, {conditions["some"]}] }} }}
"""
    asked = "{ customers { id } ordersAggregate { count } seen: orders(where: { customer: {} }) { id } }"
    async with rows_house(kind, tmp_path, access) as house:
        seen = await house.data(asked, status="open")
        assert seen["customers"] == [{"id": 2}, {"id": 3}]
        without_orders = await house.data(asked, status="a\0")
        assert without_orders == {"customers": [{"id": 3}], "ordersAggregate": [{"count": 1}], "seen": []}
