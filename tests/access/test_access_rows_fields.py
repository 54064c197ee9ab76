"""Rules on rows that reach further: through links to other systems, on single fields, on arguments, and for whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.access.rows_house import SERVER, Desk, RowsHouse, World, rows_house
from tests.through.gateway import gateway
from tests.writing.stores import KINDS, SqliteStore

ANN = {"sub": "ann"}
BEN = {"sub": "ben"}


def access(*rules: str) -> str:
    return "access:\n  default: authenticated\n  rules:\n" + "".join(f"    {rule}\n" for rule in rules)


def codes(body: Any) -> list[tuple[str, list[Any]]]:
    return [(error["extensions"]["code"], error["path"]) for error in body.get("errors", ())]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_rule_of_a_database_through_a_link_to_another_system(kind: str, tmp_path: Path) -> None:
    rules = access("Order: { rows: { agent: { boss: { eq: $claims.sub } } }, unless: { roles: [staff] } }")
    async with rows_house(kind, tmp_path, rules) as house:
        query = (
            "{ orders(orderBy: [{ id: ASC }]) { id } ordersAggregate { count sum { total } }"
            " page: orders(limit: 1, offset: 1) { id }"
            " ordersConnection(first: 1) { totalCount nodes { id } pageInfo { hasNextPage } }"
            " customers(where: { orders: { some: { total: { gt: 0 } } } }) { id orders { id } } }"
        )
        found = await house.data(query, **ANN)
        assert found == {
            "orders": [{"id": 10}, {"id": 12}],
            "ordersAggregate": [{"count": 2, "sum": {"total": "505"}}],
            "page": [{"id": 12}],
            "ordersConnection": {"totalCount": 2, "nodes": [{"id": 10}], "pageInfo": {"hasNextPage": True}},
            "customers": [{"id": 1, "orders": [{"id": 10}]}, {"id": 2, "orders": [{"id": 12}]}],
        }
        # One batch of the keys that there are, whatever is asked how often.
        assert {each for each in house.desk.heard if each.startswith("/agents")} == {"/agents?ids=a1,a2,gone"}
        assert await house.data("{ orders { id } }", **BEN) == {"orders": [{"id": 11}]}
        assert len((await house.data("{ orders { id } }", roles=["staff"]))["orders"]) == 5
        done = await house.data('mutation { insertOrder(row: { id: 77, agentId: "a3" }) { id agent { id } } }', **ANN)
        assert done == {"insertOrder": {"id": 77, "agent": {"id": "a3"}}}
        for each in (
            'insertOrder(row: { id: 78, agentId: "a2" }) { id }',
            "insertOrder(row: { id: 78 }) { id }",
            'updateOrder(id: 77, set: { agentId: "zz" }) { id }',
        ):
            assert codes(await house.ask(f"mutation {{ w: {each} }}", **ANN)) == [("FORBIDDEN", ["w"])]
        house.desk.world = house.desk.world.with_rows(agents=())
        assert await house.data("{ orders { id } ordersAggregate { count } }", **ANN) == {
            "orders": [],
            "ordersAggregate": [{"count": 0}],
        }


async def test_under_not_what_a_link_does_not_decide_is_refused_too(tmp_path: Path) -> None:
    rules = access(
        "Order: { rows: { not: { agent: { boss: { eq: ben } } } } }",
        "Ticket: { rows: { not: { expert: { team: { eq: blue } } } } }",
        "Customer: { rows: { region: { nin: $claims.regions } } }",
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        data = await house.data("{ orders { id } tickets { id } customers { id } }", regions=["south"])
        assert data == {"orders": [{"id": 10}, {"id": 12}], "tickets": [{"id": 1}, {"id": 5}], "customers": [{"id": 1}]}
        for regions in (None, "south", [7], ["south", None]):  # no list of texts
            assert (await house.data("{ customers { id } }", regions=regions)) == {"customers": []}


async def test_a_field_has_its_value_in_some_rows_alone_and_tells_nothing_of_the_others(tmp_path: Path) -> None:
    rules = access(
        "Customer.email: { rows: { ownerId: { eq: $claims.sub } }, unless: { scopes: [pii] } }",
        "Order.total: { rows: { customer: { ownerId: { eq: $claims.sub } } }, unless: { scopes: [pii] } }",
        "Agent.team: { rows: { id: { eq: a2 } }, unless: { scopes: [pii] } }",
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = (
            "{ customers { id e: email orders { total } } agents { team orders { total } } tickets { agent { team } } }"
        )
        data = await house.data(query, **ANN)
        assert [row["e"] for row in data["customers"]] == ["ada@x", None, "cid@x", None]
        assert [row["orders"] for row in data["customers"]] == [
            [{"total": 5}, {"total": 50}], [{"total": None}], [], [{"total": None}]
        ]  # fmt: skip
        assert [row["team"] for row in data["agents"]] == [None, "blue", None]
        assert {each["agent"]["team"] for each in data["tickets"]} == {None, "blue"}
        refused = [
            'customers(where: { email: { eq: "bob@x" } }) { id }',
            "customers(where: { not: { email: { isNull: true } } }) { id }",
            "customers(orderBy: [{ email: ASC }]) { id }",
            "customersAggregate(groupBy: [email]) { count }",
            'orders(where: { customer: { email: { like: "b%" } } }) { id }',
            "customersConnection(orderBy: [{ email: ASC }]) { totalCount }",
        ]
        for each in refused:
            body = await house.ask(f"{{ x: {each} }}", **ANN)
            assert codes(body) == [("FORBIDDEN", ["x"])] or {
                error["extensions"]["code"] for error in body["errors"]
            } == {"BAD_REQUEST"}, each
            assert "x" in (await house.data(f"{{ x: {each} }}", scope="pii")), each
        body = await house.ask("{ x: customersAggregate { max { email } } }", **ANN)
        assert codes(body) == [("FORBIDDEN", ["x", "max", "email"])]
        body = await house.ask('mutation { x: insertCustomer(row: { id: 9, name: "n", email: "mine" }) { id } }', **ANN)
        assert codes(body) == [("FORBIDDEN", ["x"])]
        written = await house.data('mutation { updateCustomer(id: 2, set: { name: "n" }) { name email } }', **ANN)
        assert written == {"updateCustomer": {"name": "n", "email": None}}


async def test_rules_of_an_interface_and_of_what_implements_it_are_both_needed(tmp_path: Path) -> None:
    rules = access(
        "Agent: { rows: { boss: { eq: $claims.sub } } }",
        '"*gent": { rows: { team: { eq: red } } }',
        "Firm: { rows: { team: { in: [blue] } } }",
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        data = await house.data("{ agents { id } parties { __typename } }", **ANN)
        assert data["agents"] == [{"id": "a1"}]
        assert [each["__typename"] for each in data["parties"]] == ["Person", "Person", "Firm"]


async def test_a_rule_on_arguments_holds_for_reads_and_writes(tmp_path: Path) -> None:
    rules = access(
        "Ticket: { rows: { expert: { boss: { eq: $claims.sub } } }, unless: { roles: [staff] } }",
        "Mutation.deleteTicket: { rows: { desk: { in: $claims.desks } }, unless: { roles: [staff] } }",
        "Query.agent: { rows: { id: { startsWith: a } } }",
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = "mutation($d: String) { x: deleteTicket(id: 1, desk: $d) }"
        assert await house.data(query, {"d": "red"}, sub="ann", desks=["red"]) == {"x": True}
        for given in ({"d": "blue"}, {"d": None}, {}):
            assert codes(await house.ask(query, given, sub="ann", desks=["red"])) == [("FORBIDDEN", ["x"])]
        house.desk.heard.clear()
        both = 'mutation { a: deleteTicket(id: 1, desk: "red") b: deleteTicket(id: 2, desk: "blue") }'
        assert codes(await house.ask(both, sub="ann", desks=["red"])) == [("FORBIDDEN", ["a"]), ("FORBIDDEN", ["b"])]
        add = 'mutation { addTicket(body: { agentId: "a1", text: "t" }) { id } }'
        assert codes(await house.ask(add, sub="ann", desks=["red"])) == [("FORBIDDEN", ["addTicket"])]
        assert house.desk.heard == []
        assert await house.data(both, roles=["staff"]) == {"a": True, "b": True}
        assert await house.data(add, roles=["staff"]) == {"addTicket": {"id": 99}}
        assert codes(await house.ask('{ a: agent(id: "b1") { id } b: agent(id: "a1") { id } }')) == [
            ("FORBIDDEN", ["a"])
        ]


async def test_a_write_with_a_rule_of_its_own_shows_what_it_gives_as_far_as_it_may_be_seen(tmp_path: Path) -> None:
    rules = access("Ticket: { rows: { expert: { boss: { eq: $claims.sub } } } }", "Mutation.addTicket: {}")
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = 'mutation($a: String!) { addTicket(body: { agentId: $a, text: "t" }) { id agent { id } } }'
        assert await house.data(query, {"a": "a1"}) == {"addTicket": {"id": 99, "agent": {"id": "a1"}}}
        assert await house.data(query, {"a": "a2"}) == {"addTicket": None}


async def test_for_whom_a_rule_holds_is_said_by_scopes_roles_and_claims(tmp_path: Path) -> None:
    rules = access(
        "Customer: { rows: { region: { eq: north } }, when: { claims: { kind: [guest, bot] } } }",
        "Order: { rows: { status: { eq: open } }, unless: { claims: { org.admin: true } } }",
        "Agent: { rows: { team: { eq: red } }, when: { roles: [junior] }, unless: { scopes: [all, more] } }",
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = "{ customers { id } orders { id } agents { id } }"

        async def counts(**claims: object) -> list[int]:
            return [len(rows) for rows in (await house.data(query, **claims)).values()]

        assert await counts() == [4, 3, 3]
        assert await counts(kind="guest", roles=["junior"]) == [1, 3, 1]
        assert await counts(kind=["x", "bot"], org={"admin": True}) == [1, 5, 3]
        assert await counts(org={"admin": 1}, roles=["junior"], scope="all") == [4, 3, 1]
        assert await counts(org={"admin": "true"}, roles=["junior"], scope="all more") == [4, 3, 3]


async def test_strangers_see_the_rows_that_a_rule_opens_to_everyone(tmp_path: Path) -> None:
    rules = (
        "access:\n  default: anonymous\n  rules:\n"
        "    Customer:\n      anonymous: true\n"
        "      rows: { or: [{ region: { eq: south } }, { ownerId: { eq: $claims.sub } }] }\n"
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        assert await house.served.data("{ customers { id } }") == {"customers": [{"id": 2}, {"id": 4}]}
        assert await house.data("{ customers { id } }", **ANN) == {
            "customers": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 4}]
        }


async def test_a_claim_is_a_value_of_its_field_or_nothing_at_all(tmp_path: Path) -> None:
    rules = access(
        "Customer: { rows: { id: { eq: $claims.customer } } }", "Agent: { rows: { id: { eq: $claims.org.agent } } }"
    )
    async with rows_house("sqlite", tmp_path, rules, world=World()) as house:
        numbers: list[tuple[object, list[int]]] = [
            (2, [2]),
            ("2", [2]),
            ("02", []),
            (" 2", []),
            (2.0, [2]),
            (True, []),
            (None, []),
            ([2], []),
            ("x", []),
            (2**70, []),
        ]
        for claim, seen in numbers:
            data = await house.data("{ customers { id } }", customer=claim)
            assert [row["id"] for row in data["customers"]] == seen, claim
        texts: list[tuple[object, list[str]]] = [("a1", ["a1"]), (1, []), (["a1"], []), ("a1\0", [])]
        for name, agents in texts:
            data = await house.data("{ agents { id } }", org={"agent": name})
            assert [row["id"] for row in data["agents"]] == agents, name
        assert await house.data("{ agents { id } }", **{"org.agent": "a3"}) == {"agents": [{"id": "a3"}]}


async def test_callers_side_by_side_see_their_own_rows_alone(tmp_path: Path) -> None:
    """Callers whose requests come side by side see their own rows alone."""
    rules = access(
        "Customer: { rows: { ownerId: { eq: $claims.sub } } }", "Agent: { rows: { boss: { eq: $claims.sub } } }"
    )
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = "{ customers { ownerId } agents { boss } }"
        callers = ["ann", "ben", "zoe"] * 20
        for caller, data in zip(
            callers, await asyncio.gather(*(house.data(query, sub=each) for each in callers)), strict=True
        ):
            assert {row["ownerId"] for row in data["customers"]} | {row["boss"] for row in data["agents"]} <= {caller}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_order_through_a_relation_does_not_tell_of_hidden_rows(kind: str, tmp_path: Path) -> None:
    rules = access("Customer: { rows: { region: { eq: north } } }")
    async with rows_house(kind, tmp_path, rules) as house:
        query = (
            "{ orders(orderBy: [{ customer: { name: DESC } }, { id: ASC }]) { id }"
            " customers { orders(limit: 5, orderBy: [{ customer: { name: ASC } }, { id: DESC }]) { id } }"
            " ordersConnection(first: 3, orderBy: [{ customer: { name: ASC } }]) { nodes { id } } }"
        )
        answers = []
        for name in ("Bob", "Aaa", "Zed"):
            hidden = {"id": 2, "name": name, "region": "south", "owner_id": "ben", "email": "x"}
            await house.put(World(customers=(World().customers[0], hidden, *World().customers[2:])))
            answers.append(await house.data(query))
        assert answers[0] == answers[1] == answers[2]
        assert [row["id"] for row in answers[0]["orders"] if row["id"] > 11] == [12, 13, 14]


async def test_what_is_kept_of_a_reply_is_looked_at_for_each_caller(tmp_path: Path) -> None:
    rules = access("Agent: { rows: { boss: { eq: $claims.sub } }, unless: { roles: [staff] } }")
    async with rows_house("sqlite", tmp_path, rules) as house:
        house.desk.headers = {"Cache-Control": "max-age=60, public"}
        query = "{ agents { id boss team } }"
        counts = [
            len((await house.data(query, **each))["agents"])
            for each in ({"roles": ["staff"]}, ANN, BEN, {"sub": "zoe"})
        ]
        assert counts == [3, 2, 1, 0]
        again = await house.data(query, roles=["staff"])
        assert [row["team"] for row in again["agents"]] == [None, "blue", "red"]
        assert len(house.desk.heard) == 1


async def test_rows_of_files_are_rows_of_tables(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    (tmp_path / "drops.csv").write_text("id,owner,weight\n1,ann,5\n2,ben,7\n3,ann,9\n", "utf-8")
    file = (
        "sources:\n  drop:\n    files: .\n    tables: { drops: { path: drops.csv, key: id } }\n"
        + access("Drop: { rows: { owner: { eq: $claims.sub } } }")
        + SERVER
    )
    async with gateway(tmp_path, file) as served:
        house = RowsHouse(served, SqliteStore(tmp_path), Desk(World()))
        query = (
            "{ drops { id } few: drops(limit: 1, offset: 1) { id } dropsAggregate { count sum { weight } }"
            " dropsConnection(first: 1) { totalCount } hidden: drop(id: 2) { id } }"
        )
        assert await house.data(query, **ANN) == {
            "drops": [{"id": 1}, {"id": 3}],
            "few": [{"id": 3}],
            "dropsAggregate": [{"count": 2, "sum": {"weight": "14"}}],
            "dropsConnection": {"totalCount": 2},
            "hidden": None,
        }


async def test_a_row_that_cannot_be_read_is_hidden_from_whom_a_rule_restricts(tmp_path: Path) -> None:
    rules = access("Agent: { rows: { boss: { eq: $claims.sub } }, unless: { roles: [staff] } }")
    untidy: Any = (
        {"id": "a1", "team": "red", "boss": "ann"},
        {"id": "a2", "team": "red", "boss": {"name": "ann"}},
        {"id": "a3", "team": 5, "boss": "ann"},
        {"id": "a4", "team": "red"},
        "no row at all",
    )
    async with rows_house("sqlite", tmp_path, rules, world=World(agents=untidy, tickets=())) as house:
        assert await house.data("{ agents { id } }", **ANN) == {"agents": [{"id": "a3"}, {"id": "a1"}]}
        body = await house.ask("{ agents { id team } }", **ANN)
        assert body["data"] == {"agents": [{"id": "a3", "team": None}, {"id": "a1", "team": "red"}]}
        assert codes(body) == [("SOURCE_BAD_RESPONSE", ["agents", 0, "team"])]


async def test_a_cursor_goes_on_whatever_other_systems_say_of_a_rule_by_then(tmp_path: Path) -> None:
    rules = access("Order: { rows: { agent: { boss: { eq: $claims.sub } } } }")
    async with rows_house("sqlite", tmp_path, rules) as house:
        query = "query($a: String) { ordersConnection(first: 1, after: $a) { nodes { id } pageInfo { endCursor } } }"
        first = (await house.data(query, **ANN))["ordersConnection"]
        house.desk.world = house.desk.world.with_rows(agents=[{**row, "boss": "ann"} for row in World().agents])
        then = (await house.data(query, {"a": first["pageInfo"]["endCursor"]}, **ANN))["ordersConnection"]
        assert [first["nodes"], then["nodes"]] == [[{"id": 10}], [{"id": 11}]]


@pytest.mark.parametrize("kind", KINDS)
async def test_letters_count_in_a_rule_whatever_the_database_heeds(kind: str, tmp_path: Path) -> None:
    rules = access(
        "Customer: { rows: { ownerId: { eq: $claims.sub } } }",
        "Order: { rows: { customer: { ownerId: { in: $claims.subs } } } }",
    )
    async with rows_house(kind, tmp_path, rules) as house:
        for sub, seen in (("ann", [1, 3]), ("ANN", []), ("Ann", []), ("ann ", []), (" ann", [])):
            data = await house.data(
                "{ customers { id } orders { id } customersAggregate { count } }", sub=sub, subs=[sub]
            )
            assert [row["id"] for row in data["customers"]] == seen, sub
            assert data["customersAggregate"] == [{"count": len(seen)}]
            assert bool(data["orders"]) is bool(seen)
    folder = tmp_path / "not"
    folder.mkdir()
    rules = access("Customer: { rows: { ownerId: { ne: $claims.sub } } }")
    async with rows_house(kind, folder, rules) as house:
        assert await house.data("{ customers { id } }", sub="ann") == {"customers": [{"id": 2}]}
        if kind == "mariadb":
            assert await house.data("{ customers { id } }", sub="ANN") == {"customers": [{"id": 2}]}
