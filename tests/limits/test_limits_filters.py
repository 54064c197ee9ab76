"""Filters that are small and dear: what is asked of each row, of each row of those, is counted and bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from resolvers import Context
from schema import ANONYMOUS, GraphQLRequest
from tests.querying.shop import shop

DEEP = "{ orders: { some: { orderLines: { every: { product: { orderLines: { some: { quantity: { gt: 1 } } } } } } } } }"


async def test_a_filter_that_asks_too_much_of_each_row_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    query = f"{{ customers(where: {DEEP}) {{ id }} products {{ id }} }}"
    async with shop("sqlite", tmp_path) as house:
        code, message = await house.refusal(query)
        assert (code, message) == (
            "LIMIT_EXCEEDED", "a filter goes through more than 2 relations to many rows inside each other"
        )  # fmt: skip
        assert house.statements == []
        mutual = "query($w: CustomerWhere) { a: customers(limit: 1) { id } b: customers(where: $w) { id } }"
        deep: dict[str, Any] = {"id": {"gt": 0}}
        for _ in range(2):
            deep = {"orders": {"none": {"not": {"or": [{"customer": deep}]}}}}
        await house.data(mutual, w=deep)
        code, _ = await house.refusal(mutual, w={"and": [{"orders": {"some": {"customer": deep}}}]})
        assert code == "LIMIT_EXCEEDED"
        assert house.statements == []
    other = tmp_path / "other"
    other.mkdir()
    async with shop("sqlite", other, "access: { default: anonymous }\nlimits: { filter_depth: 3 }") as house:
        await house.data(query)


async def test_a_filter_costs_what_is_asked_of_each_row(tmp_path: Path) -> None:
    rest = """
access: { default: anonymous }
limits:
  cost: { max: 600, list_size: 10, sizes: { Customer.orders: 20 }, weights: { Order.orderLines: 3 }, report: true }
"""
    nested = "orders: { some: { orderLines: { some: { quantity: { gt: 1 } } } } }"
    async with shop("sqlite", tmp_path, rest) as house:
        for where, cost in (
            ("id: { eq: 1 }", 0),
            ("orders: { some: {} }", 1),
            ("orders: { some: {}, none: {} }", 2),
            (nested, 1 + 20 * 3),
            (f"or: [{{ {nested} }}, {{ {nested} }}]", 2 * (1 + 20 * 3)),
        ):
            request = GraphQLRequest(
                f"{{ customers(limit: 1, where: {{ {where} }}) {{ id }} }}", extensions={"cost": True}
            )
            context = Context(asyncio.get_running_loop().time() + 20, "test")
            answer = await house.snapshot.graph.execute(request, ANONYMOUS, context, read_only=True)
            assert answer.body["extensions"] == {"cost": {"estimated": 2 + cost, "max": 600}}, where
        many = ", ".join([f"{{ {nested} }}"] * 10)
        assert (await house.refusal(f"{{ customers(where: {{ or: [{many}] }}) {{ id }} }}"))[0] == "LIMIT_EXCEEDED"
        assert house.statements == []
