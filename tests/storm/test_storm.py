"""A small share of ``python -m tests.storm``: no odd request makes the edge fail."""

from __future__ import annotations

from pathlib import Path

from tests.storm.house import house
from tests.storm.throwing import throw


async def test_no_odd_request_is_a_failure_of_the_gateway(tmp_path: Path) -> None:
    async with house(tmp_path) as made:
        statuses = await throw(made, 3000, 1)
    assert statuses[200] > 300, "most of them must reach the graph, or nothing is shown"
    assert {400, 401, 404, 405, 415} <= statuses.keys()
