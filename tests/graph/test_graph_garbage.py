"""What a request leaves behind is freed at once: garbage in circles is found by a search that stops everybody."""

from __future__ import annotations

import gc

import pytest

from tests.graph.company import LINKS, company

QUERIES = (
    "{ orders(limit: 3) { id } }",
    "{ orders(limit: 3) { id person { name orders { id } } } }",
    "{ orders(limit: 3) { nothing } }",
)


@pytest.mark.parametrize("query", QUERIES)
async def test_no_request_leaves_garbage_in_circles(query: str) -> None:
    made = company(links=LINKS)
    for _ in range(3):
        await made.ask(query)
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            await made.ask(query)
        assert gc.collect() < 50
    finally:
        gc.enable()
