"""Links from and to entities: they start wherever the row came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from schema import Executor
from tests.entities.world import OPEN, world

LINKS = """\
links:
  Customer.group: { one: warehouse.segments, match: { segment: code } }
  Shipment.client: { one: crm.clients, match: { account: id } }
extensions: [more.py]
"""
MORE = """\
import strawberry

from schema import Extension

more = Extension()


@more.field("Customer", needs=["name", "segment"])
def label(root: strawberry.Parent[dict]) -> str:
    return f"{root['name']} ({root['segment']})"
"""


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_a_link_by_the_key_starts_from_any_part(tmp_path: Path, executor: Executor) -> None:
    async with world(tmp_path, executor=executor) as here:
        reply = await here.ask(
            "{ clients { id shipments { number } } listInvoices { party { id shipments { number } } } }"
        )
        assert "errors" not in reply, reply
        rows = {row["id"]: [each["number"] for each in row["shipments"]] for row in reply["data"]["clients"]}
        assert rows == {1: ["S1"], 2: [], 3: ["S2"], 4: [], 5: [], 6: []}
        parties = {row["party"]["id"]: row["party"]["shipments"] for row in reply["data"]["listInvoices"]}
        assert parties == {1: [{"number": "S1"}], 9: [{"number": "S3"}], 2: []}
        assert here.calls["crm"] == [[]]  # the key is all that is needed


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_a_link_by_another_field_goes_by_the_part_that_has_it(tmp_path: Path, executor: Executor) -> None:
    (tmp_path / "more.py").write_text(MORE)
    async with world(tmp_path, LINKS + OPEN, executor) as here:
        reply = await here.ask("{ listInvoices { number party { group { title } label } } }")
        assert "errors" not in reply, reply
        rows = {row["number"]: row["party"] for row in reply["data"]["listInvoices"]}
        assert rows["R1"] == {"group": {"title": "Small"}, "label": "Customer 1 (B)"}
        assert rows["R3"] == {"group": {"title": "Large"}, "label": "Customer 2 (A)"}
        assert rows["R2"] == {"group": None, "label": None}  # the CRM does not know number 9
        if executor == "columns":
            assert [sorted(ids) for ids in here.calls["crm"]] == [[1, 2, 9]]
        reply = await here.ask("{ shipments { number client { id name balance depot } } }")
        assert "errors" not in reply, reply
        found = {row["number"]: row["client"] for row in reply["data"]["shipments"]}
        assert found["S1"] == {"id": 1, "name": "Customer 1", "balance": "10.50", "depot": "Depot 1"}
        assert found["S3"] is None
