"""A rule on rows is sent as the argument that the file says is equal to a field, and never widens what was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.access.rows_house import RowsHouse, rows_house

ACCESS = """
access:
  default: authenticated
  rules:
    Ticket: { rows: { customerId: { eq: $claims.customer } }, unless: { roles: [staff] } }
    Invoice: { rows: { desk: { eq: $claims.desk } }, unless: { roles: [staff] } }
"""
ANN = {"sub": "ann", "customer": 1, "desk": "red"}
STAFF = {"sub": "boss", "roles": ["staff"]}
NOBODY = {"sub": "zoe"}
PAGES = "ticketPagesConnection(first: %d) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }"


async def asked(house: RowsHouse, query: str, /, **claims: object) -> tuple[Any, list[str]]:
    """The answer, and what the services were asked for it."""
    house.desk.asked.clear()
    return await house.data(query, **claims), list(house.desk.asked)


async def test_a_list_is_asked_for_the_callers_own_rows(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        data, calls = await asked(house, "{ tickets { id } }", **ANN)
        assert (data, calls) == ({"tickets": [{"id": 1}, {"id": 4}]}, ["/tickets?customerId=1"])
        data, calls = await asked(house, "{ tickets { id } }", **STAFF)
        assert (len(data["tickets"]), calls) == (5, ["/tickets?"])
        data, calls = await asked(house, "{ getInvoices { number } }", **ANN)
        assert data == {"getInvoices": [{"number": "i10"}, {"number": "i12"}]}
        assert calls == ["GetInvoices [] ['red']"]


async def test_totals_and_pages_are_the_callers_own(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        data, calls = await asked(house, "{ ticketPages(page: 1, size: 1) { total data { id } } }", **ANN)
        assert data == {"ticketPages": {"total": 2, "data": [{"id": 1}]}}
        assert calls == ["customerId=1 agentIds=None"]
        data, calls = await asked(house, f"{{ {PAGES % 1} }}", **ANN)
        page = data["ticketPagesConnection"]
        assert (page["totalCount"], page["nodes"], page["pageInfo"]["hasNextPage"]) == (2, [{"id": 1}], True)
        assert set(calls) == {"customerId=1 agentIds=None"}
        cursor = page["pageInfo"]["endCursor"]
        rest = (
            f'{{ ticketPagesConnection(first: 2, after: "{cursor}") {{ nodes {{ id }} pageInfo {{ hasNextPage }} }} }}'
        )
        data, _ = await asked(house, rest, **ANN)
        assert data == {"ticketPagesConnection": {"nodes": [{"id": 4}], "pageInfo": {"hasNextPage": False}}}
        other = await house.ask(rest, sub="ben", customer=2)
        assert other["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        for query in ("totalCount", "totalCount nodes { id }", "totalCount pageInfo { hasNextPage }"):
            for first in (0, 1, 2, 3):
                data, _ = await asked(house, f"{{ ticketPagesConnection(first: {first}) {{ {query} }} }}", **ANN)
                assert data["ticketPagesConnection"]["totalCount"] == 2


async def test_an_argument_of_the_callers_is_narrowed_and_never_replaced(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        data, calls = await asked(house, "{ tickets(customerId: 1) { id } }", **ANN)
        assert (data, calls) == ({"tickets": [{"id": 1}, {"id": 4}]}, ["/tickets?customerId=1"])
        for query, nothing in (
            ("tickets(customerId: 2) { id }", []),
            ('getInvoices(desk: "blue") { number }', []),
            (
                "ticketPagesConnection(customerId: 2) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }",
                {"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
            ),
        ):
            data, calls = await asked(house, f"{{ x: {query} }}", **ANN)
            assert (data, calls) == ({"x": nothing}, [])
        data, _ = await asked(house, "{ ticketPages(customerId: 2) { total data { id } } }", **ANN)
        assert data == {"ticketPages": {"total": None, "data": []}}
        data, calls = await asked(house, "{ tickets(customerId: null) { id } }", **ANN)
        assert (data, calls) == ({"tickets": [{"id": 1}, {"id": 4}]}, ["/tickets?customerId=1"])


async def test_who_has_no_such_claim_is_shown_nothing_and_nothing_is_asked(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        query = "{ tickets { id } getInvoices { number } ticketPagesConnection { totalCount nodes { id } } }"
        for claims in (NOBODY, {**NOBODY, "customer": "1x", "desk": 7}, {**NOBODY, "customer": None, "desk": ["red"]}):
            data, calls = await asked(house, query, **claims)
            assert data == {
                "tickets": [], "getInvoices": [], "ticketPagesConnection": {"totalCount": 0, "nodes": []}
            }  # fmt: skip
            assert calls == []


async def test_a_link_is_narrowed_as_well(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        data, calls = await asked(house, "{ customers { tickets { id } } }", **ANN)
        assert data == {
            "customers": [{"tickets": [{"id": 1}, {"id": 4}]}, {"tickets": []}, {"tickets": []}, {"tickets": []}]
        }
        assert calls == ["/tickets?customerId=1"]


async def test_several_values_are_sent_where_the_argument_takes_a_list(tmp_path: Path) -> None:
    access = """
access:
  default: authenticated
  rules:
    Ticket: { rows: { agentId: { in: $claims.agents }, customerId: { in: $claims.customers } } }
"""
    async with rows_house("sqlite", tmp_path, access, filters=True) as house:
        claims = {"sub": "ann", "agents": ["a1", "a3", "a1", 5], "customers": [1, 3]}
        query = "ticketPagesConnection { totalCount nodes { id } }"
        data, calls = await asked(house, f"{{ {query} }}", **claims)
        # Two customers are no one argument: their rows are looked at when they have come, and not counted.
        assert data == {"ticketPagesConnection": {"totalCount": None, "nodes": [{"id": 1}, {"id": 3}]}}
        first = query.replace("Connection", "Connection(first: 1)")
        data, calls = await asked(house, f"{{ {first} }}", **claims)
        assert data == {"ticketPagesConnection": {"totalCount": None, "nodes": [{"id": 1}]}}
        assert set(calls) == {"customerId=None agentIds=a1,a3"}
        mine = query.replace("Connection", 'Connection(agentIds: ["a2", "a3"], customerId: 3)')
        data, calls = await asked(house, f"{{ {mine} }}", **claims)
        assert data == {"ticketPagesConnection": {"totalCount": 1, "nodes": [{"id": 3}]}}
        assert set(calls) == {"customerId=3 agentIds=a3"}
        claims["customers"] = [1]
        data, calls = await asked(house, f"{{ {query} }}", **claims)
        assert data == {"ticketPagesConnection": {"totalCount": 1, "nodes": [{"id": 1}]}}
        assert set(calls) == {"customerId=1 agentIds=a1,a3"}


async def test_a_source_that_does_not_heed_the_argument_shows_no_hidden_row(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS, filters=True) as house:
        house.desk.ignores = True
        data, _ = await asked(house, "{ ticketPages(size: 3) { total data { id } } }", **ANN)
        assert data == {"ticketPages": {"total": None, "data": [{"id": 1}]}}
        for first, nodes in ((1, [1]), (2, [1, 4]), (5, [1, 4])):
            data, _ = await asked(house, f"{{ {PAGES % first} }}", **ANN)
            page = data["ticketPagesConnection"]
            assert ([node["id"] for node in page["nodes"]], page["pageInfo"]["hasNextPage"]) == (nodes, first == 1)
            assert page["totalCount"] is None or first == 1


async def test_a_rule_that_says_more_than_its_arguments_shows_no_total(tmp_path: Path) -> None:
    access = """
access:
  default: authenticated
  rules:
    Ticket: { rows: { customerId: { eq: $claims.customer }, expert: { boss: { eq: $claims.sub } } } }
"""
    async with rows_house("sqlite", tmp_path, access, filters=True) as house:
        data, calls = await asked(house, "{ ticketPagesConnection { totalCount nodes { id } } }", **ANN)
        assert data == {"ticketPagesConnection": {"totalCount": None, "nodes": [{"id": 1}]}}
        assert "customerId=1 agentIds=None" in calls
        data, _ = await asked(house, "{ ticketPagesConnection(first: 1) { totalCount nodes { id } } }", **ANN)
        assert data == {"ticketPagesConnection": {"totalCount": None, "nodes": [{"id": 1}]}}
