"""Rules on rows hold for filters through links as well: what a caller does not see fulfils nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schema import Principal
from tests.across.systems import systems
from tests.through.gateway import codes

ANN = Principal("ann", claims={"sub": "ann", "segment": "A", "owner": "Ann"})
BOSS = Principal("boss", roles=frozenset({"boss"}), claims={"sub": "boss"})
QUERY = """query($w: OrderWhere) {
  orders(where: $w, orderBy: { id: ASC }) { id }
  ordersAggregate(where: $w) { count }
}"""


def access(*rules: str) -> str:
    return "access:\n  default: authenticated\n  rules:\n" + "".join(f"    {rule}\n" for rule in rules)


ROWS = access(
    "Customer: { rows: { segment: { eq: $claims.segment } }, unless: { roles: [boss] } }",
    "Account: { rows: { owner: { eq: $claims.owner } }, unless: { roles: [boss] } }",
    "Order: { rows: { total: { gte: 5 } }, unless: { roles: [boss] } }",
)


@pytest.mark.parametrize("stated", [{}, {"filters": {"segment": "segment"}}], ids=["keys", "list"])
async def test_rows_that_a_caller_does_not_see_fulfil_no_filter(stated: dict[str, Any], tmp_path: Path) -> None:
    async with systems(tmp_path, rest=ROWS, **stated) as house:
        held = house.held

        def wanted(principal: Principal, link: str, **asked: Any) -> list[int]:
            rows, mine, theirs, mark = {
                "customer": (held.customers, "customer_id", "id", ("segment", "A")),
                "account": (held.accounts, "account_no", "no", ("owner", "Ann")),
            }[link]  # fmt: skip
            sees = principal is BOSS
            keys = {
                row[theirs]
                for row in rows
                if (sees or row[mark[0]] == mark[1]) and all(row[name] == value for name, value in asked.items())
            }
            return [row["id"] for row in held.orders if row[mine] in keys and (sees or (row["total"] or 0) >= 5)]

        for principal in (ANN, BOSS):
            for link, asked in (
                ("customer", {"segment": "A"}),
                ("customer", {"segment": "B"}),
                ("customer", {}),
                ("account", {"owner": "Bob"}),
                ("account", {}),
            ):
                where = {link: {name: {"eq": value} for name, value in asked.items()}}
                found = await house.data(QUERY, principal, w=where)
                ids = wanted(principal, link, **asked)
                assert [row["id"] for row in found["orders"]] == ids, (principal, where)
                assert found["ordersAggregate"] == [{"count": len(ids)}], (principal, where)


@pytest.mark.parametrize("field", ["Order.customerId", "Customer.id", "Customer.segment"])
async def test_a_value_that_is_seen_in_some_rows_alone_is_no_filter(field: str, tmp_path: Path) -> None:
    condition = "{ total: { gte: 5 } }" if field.startswith("Order") else "{ credit: { gte: 1 } }"
    rest = access(f"{field}: {{ rows: {condition}, unless: {{ roles: [boss] }} }}")
    links = "\n  Order.customer: { one: crm.customers, match: { customerId: id } }\n"
    where = {"customer": {"segment": {"eq": "A"}}}
    async with systems(tmp_path, rest=rest, links=links) as house:
        body = await house.ask(QUERY, ANN, w=where)
        assert codes(body) == [("FORBIDDEN", ["orders"]), ("FORBIDDEN", ["ordersAggregate"])]
        assert house.calls == house.crm.calls == []
        assert (await house.data(QUERY, BOSS, w=where))["orders"]
