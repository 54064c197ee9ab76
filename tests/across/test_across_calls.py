"""What filters through links cost, and what becomes of them when something is wrong: every system counts its calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolvers import ConfigurationError, Context
from schema import GraphQLRequest, Principal
from tests.across.systems import LINKS, Records, systems
from tests.through.gateway import codes

SEGMENT = {"customer": {"segment": {"eq": "A"}}}
OPEN = "access: { default: anonymous }"
KNOWN = Principal("ann")


def found(held: Records, link: str, **wanted: Any) -> list[int]:
    rows, mine, theirs = {
        "customer": (held.customers, "customer_id", "id"), "account": (held.accounts, "account_no", "no"),
    }[link]  # fmt: skip
    keys = {row[theirs] for row in rows if all(row[name] == value for name, value in wanted.items())}
    return [row["id"] for row in held.orders if row[mine] in keys]


async def test_each_system_is_asked_once(tmp_path: Path) -> None:
    async with systems(tmp_path, "postgresql") as house:
        held = house.held
        assert await house.ids(SEGMENT) == found(held, "customer", segment="A") != []
        assert house.statements == [
            "SELECT orders (aggregate) WHERE customer_id GROUP BY customer_id", "SELECT orders WHERE customer_id",
        ]  # fmt: skip
        (call,) = house.crm.calls
        asked = {part.removeprefix("ids=") for part in call.removeprefix("/customers?").split("&")}
        assert asked == {row["customer_id"] for row in held.orders if row["customer_id"] is not None}

        assert await house.ids({"account": {"owner": {"eq": "Ann"}}}) == found(held, "account", owner="Ann") != []
        assert house.statements == [
            "SELECT accounts (aggregate) WHERE owner, no GROUP BY no",
            "SELECT orders WHERE account_no",
        ]
        assert await house.ids({"keeper": {"owner": {"eq": "Ann"}}}) == found(held, "account", owner="Ann")
        assert len(house.calls) == 2

        # Keys that are null, dangling, double or spelled with spaces: no more than the distinct ones are asked for.
        await house.ids({"invoice": {"paid": {"eq": True}}})
        assert [entry.operation for entry in house.billing] == ["GetInvoices"]
        given = house.billing[0].detail.split(",")
        assert len(given) == len(set(given)) == len({(row["invoice_no"] or "").strip() for row in held.orders} - {""})

        # What narrows the rows themselves narrows the keys that are looked up, not what stands under or and not.
        await house.ids({"id": {"lte": 2}, "or": [SEGMENT, {"total": {"isNull": True}}], "not": {"id": {"eq": 1}}})
        assert len(house.crm.calls[0].split("&")) <= 1 + sum(row["id"] == 2 for row in held.orders)
        await house.ids({**SEGMENT, "customerId": {"eq": "nobody"}})
        assert house.crm.calls == []


async def test_fields_that_ask_the_same_ask_once(tmp_path: Path) -> None:
    both = """query($w: OrderWhere) {
      ordersConnection(where: $w, first: 5) { totalCount nodes { id customer { segment } } }
      ordersAggregate(where: $w, groupBy: [customerId]) { key { customerId } count }
      orders(where: $w) { id }
    }"""
    async with systems(tmp_path, filters={"segment": "segment"}) as house:
        data = await house.data(both, w=SEGMENT)
        wanted = found(house.held, "customer", segment="A")
        assert data["ordersConnection"]["totalCount"] == len(data["orders"]) == len(wanted)
        assert sum(group["count"] for group in data["ordersAggregate"]) == len(wanted)
        assert house.crm.calls[0] == "/customers?segment=A"
        assert len(house.crm.calls) == 1 + any(row["customer"] for row in data["ordersConnection"]["nodes"])


async def test_arguments_that_filter_are_used_and_what_comes_is_judged(tmp_path: Path) -> None:
    stated: dict[str, Any] = {"filters": {"segment": "segment"}}
    async with systems(tmp_path, **stated) as house:
        for deaf in (False, True):  # one that ignores the argument gives too much, and no row comes of it
            house.crm.deaf = deaf
            assert await house.ids({**SEGMENT, "id": {"lte": 30}}) == [
                number for number in found(house.held, "customer", segment="A") if number <= 30
            ]
            assert house.crm.calls == ["/customers?segment=A"]
            both = {"customer": {"segment": {"eq": "A"}, "not": {"name": {"eq": "Ann"}}}}
            wanted = {
                row["id"] for row in house.held.customers if row["segment"] == "A" and row["name"] not in {None, "Ann"}
            }
            assert await house.ids(both) == [row["id"] for row in house.held.orders if row["customer_id"] in wanted]
            assert house.crm.calls == ["/customers?segment=A"]
        # What no argument says is found by the keys that there are.
        await house.ids({"customer": {"or": [{"segment": {"eq": "A"}}]}})
        assert house.crm.calls[0].startswith("/customers?ids=")


async def test_a_link_by_single_calls_is_filtered_by_a_list_that_it_names(tmp_path: Path) -> None:
    links = LINKS.replace("crm.customer,", "crm.customer, filter_by: crm.everyone,")
    operations = {"everyone": {"filters": {"segment": "segment"}}}
    async with systems(tmp_path, links=links, operations=operations) as house:
        assert await house.ids({"person": {"segment": {"eq": "A"}}}) == found(house.held, "customer", segment="A")
        assert house.crm.calls == ["/all?segment=A"]


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_too_many_keys_are_refused_with_what_to_do(executor: str, tmp_path: Path) -> None:
    rest = f"{OPEN}\nlimits: {{ filter_keys: 3 }}"
    links = LINKS.replace("ledger.notes,", "ledger.notes, filter_keys: 5,")
    query = "query($w: OrderWhere) { orders(where: $w) { id } accounts(limit: 1) { no } }"
    near = "Order.{0} would be looked up for more than 3 different keys: "
    near += "add conditions on Order itself beside those on {0}"
    far = "more than {1} different keys fulfil the filter on Order.{0}: add conditions inside {0}"
    async with systems(tmp_path, links=links, rest=rest, executor=executor) as house:
        for where, message in (
            (SEGMENT, near.format("customer")),
            ({"person": {"segment": {"eq": "A"}}}, near.format("person")),
            ({"not": {"account": {}}}, far.format("account", 3)),
            ({"or": [{"notes": {"some": {}}}, SEGMENT]}, far.format("notes", 5)),
        ):
            body = await house.ask(query, w=where)
            (error,) = body["errors"]
            assert (error["extensions"]["code"], error["path"]) == ("LIMIT_EXCEEDED", ["orders"])
            assert error["message"] in {message, near.format("customer")}
            assert body["data"] == {"orders": None, "accounts": [{"no": 1}]}
            assert house.crm.calls == []
        three = {**SEGMENT, "id": {"in": [1, 2, 3]}}
        assert await house.ids(three) == [number for number in found(house.held, "customer", segment="A") if number < 4]


async def test_a_filter_costs_what_its_links_cost(tmp_path: Path) -> None:
    rest = f"{OPEN}\nlimits: {{ cost: {{ max: 20, list_size: 0, weights: {{ Order.customer: 19 }} }} }}"
    query = "query($w: OrderWhere) { orders(where: $w) { id } }"
    async with systems(tmp_path, rest=rest) as house:
        assert "errors" not in await house.ask(query, w=SEGMENT)
        body = await house.ask(query, w={"or": [SEGMENT, {"account": {}}]})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["LIMIT_EXCEEDED"]
        assert house.calls == []


async def test_a_system_that_fails_costs_the_field_that_asked_it(tmp_path: Path) -> None:
    query = "query($w: OrderWhere) { orders(where: $w) { id } accounts(limit: 1) { no } }"
    async with systems(tmp_path) as house:
        house.crm.status = 503
        body = await house.ask(query, w={"or": [SEGMENT, {"id": {"eq": 1}}]})
        assert codes(body) == [("SOURCE_UNAVAILABLE", ["orders"])] or codes(body) == [("SOURCE_FAULT", ["orders"])]
        assert "secret" not in str(body)
        assert body["data"] == {"orders": None, "accounts": [{"no": 1}]}
        house.crm.status = 200
        house.max_calls = 2
        body = await house.ask(query, w={"person": {"segment": {"eq": "A"}}})
        assert codes(body)[0][0] == "LIMIT_EXCEEDED"
        assert len(house.crm.calls) <= 2


ACCESS = """access:
  default: anonymous
  rules:
    Customer.segment: { roles: [sales] }
    Order.account: { roles: [sales] }
    Order.keeper: { roles: [sales] }
    Invoice: { roles: [sales] }
    Order.invoice: { roles: [sales] }
"""


@pytest.mark.parametrize(
    "where",
    [
        SEGMENT,
        {"not": SEGMENT},
        {"or": [{"id": {"eq": 1}}, {"and": [{"customer": {"not": {"segment": {"isNull": True}}}}]}]},
        {"account": {}},
        {"invoice": {"paid": {"eq": True}}},
        {"notes": {"none": {}}, "person": {"segment": {"in": []}}},
    ],
)
async def test_who_may_not_see_a_field_may_not_filter_by_it_and_nothing_is_asked(
    where: dict[str, Any], tmp_path: Path
) -> None:
    query = "query($w: OrderWhere) { orders(where: $w) { id } }"
    async with systems(tmp_path, rest=ACCESS) as house:
        body = await house.ask(query, KNOWN, w=where)
        assert codes(body) == [("FORBIDDEN", ["orders"])]
        assert house.calls == house.crm.calls == house.billing == []
        body = await house.ask(query, Principal("bob", roles=frozenset({"sales"})), w=where)
        assert "errors" not in body


async def test_a_change_is_not_filtered_by_what_another_system_says(tmp_path: Path) -> None:
    async with systems(tmp_path) as house:
        change = "updateOrders(where: $w, set: { total: 0 }) { affected }"
        body = await house.ask(f"mutation($w: OrderWhere!) {{ {change} }}", w=SEGMENT)
        assert [code for code, _ in codes(body)] == ["BAD_REQUEST"]
        assert body["errors"][0]["message"] == "a change cannot be filtered through a link to another source"
        assert house.calls == house.crm.calls == []


async def test_what_is_wrong_with_a_filter_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    query = "query($w: OrderWhere) { orders(where: $w) { id } }"
    deep: dict[str, Any] = SEGMENT
    for _ in range(3):
        deep = {"account": {"orders": {"some": deep}}}
    async with systems(tmp_path) as house:
        for where in (
            {"customer": {"segment": {"eq": None}}},
            {**SEGMENT, "person": None},
            {**SEGMENT, "notes": {"some": None}},
            {"and": [SEGMENT] * 21},
            deep,
        ):
            body = await house.ask(query, w=where)
            expected = "LIMIT_EXCEEDED" if where is deep else "BAD_REQUEST"
            assert [code for code, _ in codes(body)] == [expected], where
            assert house.calls == house.crm.calls == []
        # As long as it may be: five links, one after the other, each of them asked once.
        where = {"account": {"orders": {"some": {"account": {"orders": {"some": SEGMENT}}}}}}
        wanted = {
            row["account_no"] for row in house.held.orders if row["id"] in found(house.held, "customer", segment="A")
        }
        known = {row["no"] for row in house.held.accounts}
        assert await house.ids(where) == [row["id"] for row in house.held.orders if row["account_no"] in wanted & known]
        assert len(house.crm.calls) == 1
        assert len(house.statements) == 6


async def test_a_cursor_goes_on_though_the_other_system_says_something_else_by_then(tmp_path: Path) -> None:
    query = """query($w: OrderWhere, $a: String, $f: Int = 30) {
      ordersConnection(where: $w, after: $a, first: $f) { nodes { id } pageInfo { endCursor } }
    }"""
    async with systems(tmp_path, filters={"segment": "segment"}) as house:
        wanted = found(house.held, "customer", segment="A")
        first = (await house.data(query, w=SEGMENT, f=3))["ordersConnection"]
        assert [row["id"] for row in first["nodes"]] == wanted[:3]
        house.crm.rows.reverse()
        joined = next(row for row in house.crm.rows if row["segment"] == "B")
        joined["segment"] = "A"
        after = [number for number in found(house.held, "customer", segment="A") if number > wanted[2]]
        end = first["pageInfo"]["endCursor"]
        second = (await house.data(query, w=SEGMENT, a=end))["ordersConnection"]
        assert [row["id"] for row in second["nodes"]] == after != wanted[3:]
        other = await house.ask(query, w={"customer": {"segment": {"eq": "B"}}}, a=end)
        assert [code for code, _ in codes(other)] == ["BAD_REQUEST"]


async def test_the_plan_tells_what_filters_ask(tmp_path: Path) -> None:
    async with systems(tmp_path, filters={"segment": "segment"}) as house:
        graph = house.snapshot.graph
        query = """query($w: OrderWhere) {
          orders(where: $w) { id }
          accounts { orders(where: { customer: { name: { eq: "Ann" } } }) { id } }
        }"""
        where = {**SEGMENT, "account": {"owner": {"eq": "Ann"}}, "person": {"name": {"eq": "Ann"}}}
        steps = graph.steps(GraphQLRequest(query, None, {"w": where}), KNOWN, Context(1e9, "test"))
        assert isinstance(steps, tuple)
        told = [(step.field, f"{step.source}.{step.operation}", step.how) for step in steps]
        assert told == [
            ("where Order.customer", "crm.customers", "one list by segment, for up to 1000 distinct id"),
            ("where Order.person", "shop.orders", "up to 100 distinct customer_id"),
            ("where Order.person", "crm.customer", "a call for each of them, whose rows are judged"),
            ("where Order.account", "ledger.accounts", "up to 1000 distinct no of rows that fulfil the filter"),
            ("Query.orders", "shop.orders", "one call"),
            ("Query.accounts", "ledger.accounts", "one call"),
            ("where Order.customer", "shop.orders", "up to 1000 distinct customer_id"),
            ("where Order.customer", "crm.customers", "a call for up to 100 of them, whose rows are judged"),
            ("Account.orders", "shop.orders", "one call for up to 1000 distinct no of its parents"),
        ]


async def test_the_lists_of_parents_look_up_their_own_rows_alone(tmp_path: Path) -> None:
    query = (
        '{ accounts(where: { no: { in: [1, 2] } }) { no orders(where: { customer: { name: { eq: "Ann" } } }) { id } } }'
    )
    async with systems(tmp_path) as house:
        data = await house.data(query)
        anns = {row["id"] for row in house.held.customers if row["name"] == "Ann"}
        for account in data["accounts"]:
            assert [row["id"] for row in account["orders"]] == [
                row["id"]
                for row in house.held.orders
                if row["account_no"] == account["no"] and row["customer_id"] in anns
            ]
        asked = {part.partition("=")[2] for part in house.crm.calls[0].partition("?")[2].split("&")}
        assert asked == {
            row["customer_id"] for row in house.held.orders if row["account_no"] in {1, 2} and row["customer_id"]
        }


@pytest.mark.parametrize(
    ("filters", "what"),
    [
        ({"segmen": "segment"}, 'the result has no field "segmen"'),
        ({"segment": "sigment"}, '"customers" has no argument "sigment"'),
        ({"credit": "segment"}, 'the field "credit" and the argument "segment" are of two types'),
    ],
)
async def test_statements_that_do_not_fit_are_refused(filters: dict[str, str], what: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with systems(tmp_path, filters=filters):
            pass
    assert what in [problem.what for problem in refused.value.problems]
