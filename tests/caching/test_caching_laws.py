"""A cache changes no answer: whatever is asked, written and left out in whatever order, it is as if there were none.

What is written goes through the gateway, so nothing that it gives may be older than the last write; the clock runs on
by chance, and so do the sizes of the store.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.caching.house import SECRET, House, house
from tests.caching.test_caching_apart import bearing

SOURCE = """
  operations:
    customers: { keys: ids, by: id%s }
    customer: { %s }
    orders: { %s }
"""
QUESTIONS = (
    "{ orders { id customer { id name } } }",
    "{ orders { customer { name } } customers { id } }",
    'query($id: String!) { customer(id: $id) { name id } other: customer(id: "2") { name } }',
    "query($id: String!) { customers(ids: [$id]) { name } }",
    'query($id: String!) { customers(ids: [$id, "3"], q: "x") { id } orders { customerId } }',
)
RENAME = 'mutation($id: String!) { rename(id: $id, body: { name: "x" }) { name } }'
RULES = "Customer: { rows: { id: { ne: $claims.hidden } }, unless: { roles: [all] } }"
SERVER = f"jwt: {{ issuer: 'https://id', audience: isthmus, secret: '{SECRET}', claims: {{ roles: roles }} }}"


async def _steps(made: House, chance: random.Random, steps: int) -> list[object]:
    callers = [bearing(sub="a", roles=["all"]), bearing(sub="b", hidden="2"), bearing(sub="c", hidden="1"), {}]
    told: list[object] = []
    for _ in range(steps):
        key = str(chance.randrange(1, 12))
        made.clock.now += chance.choice((0, 0, 0.5, 3, 30))
        dice = chance.random()
        if dice < 0.08:
            told.append(await made.ask(RENAME, callers[0], id=key))
        elif dice < 0.12:
            number = chance.randrange(2, 6)
            made.crm.orders = [str(chance.randrange(1, 11)) for _ in range(number)]
            # It changed behind the gateway, which is told so as a write would tell it.
            told.append(await made.ask(RENAME, callers[0], id="8"))
        else:
            asked = [(chance.choice(QUESTIONS), chance.choice(callers)) for _ in range(chance.choice((1, 1, 3)))]
            told += await asyncio.gather(*(made.ask(question, headers, id=key) for question, headers in asked))
    return [_plain(each) for each in told]


def _plain(body: object) -> object:
    """An answer without the ids of requests."""
    if isinstance(body, dict):
        return {name: _plain(each) for name, each in body.items() if name not in {"requestId", "freshness"}}
    return [_plain(each) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("max_bytes", [3_000, 10_000_000])
async def test_answers_are_those_of_a_gateway_that_keeps_nothing(tmp_path: Path, seed: int, max_bytes: int) -> None:
    found = []
    for kept in (True, False):
        folder = tmp_path / str(kept)
        folder.mkdir()
        cache = "cache: { ttl_s: 40, stale_if_error_s: 100 }"
        source = SOURCE % ((f", {cache}", cache, cache) if kept else ("", "cache: false", "cache: false"))
        async with house(folder, source, server=SERVER, rules=RULES, max_bytes=max_bytes) as made:
            found.append(await _steps(made, random.Random(seed), 50))  # to be the same again
            if kept and max_bytes > 3_000:
                assert made.counted.hits > 5
    assert found[0] == found[1]
