"""Groups that are too small are not told of: whoever may aggregate rows learns of several at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.access.rows_house import rows_house
from tests.writing.stores import KINDS

ACCESS = """
access:
  default: authenticated
  rules:
    Order: { min_group: 2, unless: { roles: [staff] } }
    Customer: { rows: { ownerId: { eq: $claims.sub } }, min_group: 3, when: { claims: { kind: guest } } }
"""
ORDER = "orderBy: [{ key: { status: ASC } }]"
BY_STATUS = f"ordersAggregate(groupBy: [status], {ORDER}) {{ key {{ status }} count sum {{ total }} }}"
OPEN = {"key": {"status": "open"}, "count": 3, "sum": {"total": "514"}}
PAID = {"key": {"status": "paid"}, "count": 2, "sum": {"total": "57"}}
STAFF = {"sub": "boss", "roles": ["staff"]}


@pytest.mark.parametrize("kind", KINDS)
async def test_no_aggregate_tells_of_a_group_that_is_too_small(kind: str, tmp_path: Path) -> None:
    async with rows_house(kind, tmp_path, ACCESS) as house:
        assert (await house.data(f"{{ {BY_STATUS} }}"))["ordersAggregate"] == [OPEN, PAID]
        by_agent = "ordersAggregate(groupBy: [agentId], HAVING) { key { agentId } count max { total } }"
        plain = by_agent.replace(", HAVING", "")
        found = (await house.data(f"{{ {plain} }}"))["ordersAggregate"]
        assert found == [{"key": {"agentId": "a1"}, "count": 2, "max": {"total": 500}}]
        assert len((await house.data(f"{{ {plain} }}", **STAFF))["ordersAggregate"]) == 4
        for having in ("having: { count: { lt: 2 } }", "having: { max: { total: { eq: 50 } } }", "limit: 1, offset: 1"):
            query = by_agent.replace("HAVING", having)
            assert (await house.data(f"{{ {query} }}"))["ordersAggregate"] == [], having
        for where, told in (("id: { eq: 12 }", []), ("id: { gt: 99 }", []), ("id: { in: [10, 12] }", [{"count": 2}])):
            whole = f"ordersAggregate(where: {{ {where} }}) {{ count }}"
            assert (await house.data(f"{{ {whole} }}"))["ordersAggregate"] == told
        assert (await house.data("{ ordersAggregate(where: { id: { eq: 12 } }) { sum { total } } }", **STAFF)) == {
            "ordersAggregate": [{"sum": {"total": "500"}}]
        }


async def test_rows_that_are_hidden_fill_no_group(tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, ACCESS) as house:
        query = "{ customersAggregate { count } }"
        assert await house.data(query, kind="guest") == {"customersAggregate": []}  # two of four are hers
        assert await house.data(query) == {"customersAggregate": [{"count": 4}]}


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ("Agent: { min_group: 5 }", "access.rules.Agent.min_group"),
        ("Order.total: { min_group: 5 }", "access.rules.Order.total.min_group"),
        ("Order: [{ min_group: 5 }, { roles: hr }]", "access.rules.Order"),
    ],
)
async def test_what_has_no_groups_is_refused_when_it_is_loaded(rules: str, where: str, tmp_path: Path) -> None:
    async with rows_house("sqlite", tmp_path, "access: { default: authenticated }\n") as house:
        text = (tmp_path / "isthmus.yaml").read_text("utf-8")
        text = text.replace("default: authenticated }", f"default: authenticated, rules: {{ {rules} }} }}")
        (tmp_path / "other.yaml").write_text(text, "utf-8")
        assert house.configuration is not None
        with pytest.raises(ConfigurationError) as caught:
            await load(read(tmp_path / "other.yaml", {"URL": f"sqlite:///{tmp_path}/shop.db"}))
        assert [".".join(map(str, problem.where)) for problem in caught.value.problems] == [where]
