"""One type out of three systems, asked from whichever of them knows the row."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import Context
from schema import ANONYMOUS, Executor, GraphQLRequest
from tests.entities.world import ACCOUNTS, CUSTOMERS, INVOICES, PARTIES, world


async def test_a_row_of_one_system_has_the_fields_of_all(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        reply = await here.ask("{ clients { id name balance rating depot points } }")
        assert "errors" not in reply
        rows = {row["id"]: row for row in reply["data"]["clients"]}
        assert rows[1] == {
            "id": 1, "name": "Customer 1", "balance": "10.50", "rating": "A+", "depot": "Depot 1", "points": 100,
        }  # fmt: skip
        assert rows[2]["balance"] == "20.50"
        assert rows[2]["depot"] is None
        assert rows[6] == {
            "id": 6,
            "name": "Customer 6",
            "balance": None,
            "rating": None,
            "depot": None,
            "points": None,
        }
        assert here.calls["crm"] == [[]]
        assert [(name, sorted(numbers)) for name, numbers in here.calls["billing"]] == [
            ("GetParties", [1, 2, 3, 4, 5, 6])
        ]


async def test_a_row_of_any_system_is_the_same_thing(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        reply = await here.ask("{ listInvoices { number party { __typename id name balance depot } } }")
        assert "errors" not in reply, reply
        rows = {row["number"]: row["party"] for row in reply["data"]["listInvoices"]}
        assert rows["R1"] == {
            "__typename": "Customer",
            "id": 1,
            "name": "Customer 1",
            "balance": "10.50",
            "depot": "Depot 1",
        }
        assert rows["R2"] == {"__typename": "Customer", "id": 9, "name": None, "balance": "90.50", "depot": "Depot 9"}
        assert here.calls["billing"] == [("ListInvoices", [])]
        assert [sorted(ids) for ids in here.calls["crm"]] == [[1, 2, 9]]
        reply = await here.ask(
            "{ accounts(orderBy: [{ points: DESC }]) { id depot name rating shipments { number } } }"
        )
        assert "errors" not in reply, reply
        assert [row["id"] for row in reply["data"]["accounts"]] == [9, 5, 3, 1]
        assert reply["data"]["accounts"][2] == {
            "id": 3, "depot": "Depot 3", "name": "Customer 3", "rating": "A+", "shipments": [{"number": "S2"}],
        }  # fmt: skip


RULED = """\
access:
  default: anonymous
  rules:
    Customer.balance: { scopes: [money] }
    Customer.name: { scopes: [names] }
server: { jwt: { issuer: "https://id/", audience: isthmus, secret: "${env:SECRET}" } }
"""


async def test_a_part_whose_system_is_down_fails_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.down.add("billing")
        reply = await here.ask("{ clients { id name balance depot } }")
        assert {error["extensions"]["code"] for error in reply["errors"]} <= {"SOURCE_FAULT", "SOURCE_UNAVAILABLE"}
        assert {tuple(error["path"])[0::2] for error in reply["errors"]} == {("clients", "balance")}
        rows = {row["id"]: row for row in reply["data"]["clients"]}
        assert rows[1] == {"id": 1, "name": "Customer 1", "balance": None, "depot": "Depot 1"}
        here.down = {"crm"}
        reply = await here.ask("{ accounts { id name balance } }")
        rows = {row["id"]: row for row in reply["data"]["accounts"]}
        assert rows[9] == {"id": 9, "name": None, "balance": "90.50"}
        assert {error["path"][-1] for error in reply["errors"]} == {"name"}


async def test_rules_hold_on_the_common_coordinate_from_every_side(tmp_path: Path) -> None:
    async with world(tmp_path, RULED) as here:
        for query in ("{ clients { id balance name } }", "{ listInvoices { party { id balance name } } }"):
            reply = await here.ask(query)
            assert [error["extensions"]["code"] for error in reply["errors"]] == ["FORBIDDEN", "FORBIDDEN"]
            assert '"balance":null,"name":null' in json.dumps(reply, separators=(",", ":"))
        assert here.calls["crm"] == []
        reply = await here.ask('{ getParties(no: ["1"]) { id balance } }')
        assert reply["data"] == {"getParties": [{"id": 1, "balance": None}]}


async def test_explain_tells_the_step_to_another_part(tmp_path: Path) -> None:
    async with world(tmp_path):
        chosen = read(tmp_path / "isthmus.yaml")
        snapshot = await load(chosen)
        context = Context(1e18, "explain")
        request = GraphQLRequest("{ clients { balance } }")
        told = snapshot.graph.steps(request, ANONYMOUS, context)
        assert isinstance(told, tuple)
        assert [(step.field, step.source, step.operation) for step in told] == [
            ("Query.clients", "crm", "clients"),
            ("Customer.balance", "billing", "GetParties"),
        ]
        await snapshot.close()


@given(
    asked=st.lists(
        st.sampled_from(["id", "name", "segment", "balance", "rating", "depot", "points"]), min_size=1, unique=True
    ),
    root=st.sampled_from(["clients", "accounts", "listInvoices"]),
    executor=st.sampled_from(["columns", "reference"]),
)
@settings(max_examples=30, deadline=None)
def test_the_rows_are_the_join_computed_by_hand(asked: list[str], root: str, executor: Executor) -> None:
    async def ask() -> object:
        with TemporaryDirectory() as folder:
            async with world(Path(folder), executor=executor) as here:
                inner = "party {" if root == "listInvoices" else ""
                reply = await here.ask(f"{{ {root} {{ {inner} {' '.join(asked)} {'}' if inner else ''} }} }}")
                assert "errors" not in reply, reply
                return [row["party"] if inner else row for row in reply["data"][root]]

    numbers = {
        "clients": list(CUSTOMERS)[::-1], "accounts": [int(number) for number in sorted(map(str, ACCOUNTS))],
        "listInvoices": list(INVOICES.values()),
    }[root]  # fmt: skip
    assert asyncio.run(ask()) == [{name: whole(number)[name] for name in asked} for number in numbers]


def whole(number: int) -> dict[str, object]:
    """The customer as the three systems know it together."""
    client, party, account = CUSTOMERS.get(number), PARTIES.get(number), ACCOUNTS.get(number)
    return {
        "id": number,
        "name": client and client["name"],
        "segment": client and client["segment"],
        "balance": party and party["balance"],
        "rating": party and party["rating"],
        "depot": account and account[1],
        "points": account and account[2],
    }
