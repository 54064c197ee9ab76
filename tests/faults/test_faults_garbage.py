"""A request that fails, or whose caller leaves, is freed at once: a search for what is in circles stops everybody."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolvers import Context
from tests.faults.injector import Fault, Garbage, Latency, ResetAfterRequest, ResetOnAccept
from tests.faults.world import FILE, World, codes, world

READ = (
    '{ orders { ref customer { name } buyer { name } invoice { number } } getInvoices(numbers: { item: ["1"] }) '
    "{ number } products { sku } }"
)
KEPT = FILE.replace('url: "${env:SHOP}", ', 'url: "${env:SHOP}", cache: { ttl_s: 1 }, ')
FILES = pytest.mark.parametrize("file", [FILE, KEPT], ids=["", "kept"])
ENOUGH = 15
"""The first find out that a source is not well, the others are refused by a breaker."""


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """Of the requests of the block nothing is left but the last ones, though nobody searches."""
    gc.collect()
    gc.disable()
    try:
        yield
        assert sum(isinstance(each, Context) for each in gc.get_objects()) <= 3
    finally:
        gc.enable()


@pytest.mark.parametrize("fault", [ResetOnAccept(), ResetAfterRequest(), Garbage()], ids=str)
@FILES
async def test_a_failed_request_leaves_nothing_in_circles(tmp_path: Path, file: str, fault: Fault) -> None:
    async with world(tmp_path, file) as there:
        for failing in ([there.to_shop], [there.to_billing], [there.to_shop, there.to_billing]):
            for each in failing:
                each.choose(fault)
                await each.drop()
            with nothing_left():
                for _ in range(ENOUGH):
                    assert codes(await there.ask(READ))


async def left_early(there: World, after_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(after_s):
            await there.ask(READ)


@FILES
async def test_a_caller_who_leaves_leaves_nothing_in_circles(tmp_path: Path, file: str) -> None:
    async with world(tmp_path, file) as there:
        for each in (there.to_shop, there.to_billing):
            each.choose(Latency(5))
        with nothing_left():
            for _ in range(ENOUGH):
                await left_early(there, 0.05)
            await there.to_shop.until_open(0)
            await there.to_billing.until_open(0)
