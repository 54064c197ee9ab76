"""A request whose sources fail is freed with its answer: a search for what is left in circles would stop everybody."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from resolvers import Context
from tests.faults.injector import Fault, Garbage, ResetAfterRequest, ResetOnAccept
from tests.faults.world import FILE, codes, world

READ = (
    '{ orders { ref customer { name } buyer { name } invoice { number } } getInvoices(numbers: { item: ["1"] }) '
    "{ number } products { sku } }"
)
KEPT = FILE.replace('url: "${env:SHOP}", ', 'url: "${env:SHOP}", cache: { ttl_s: 1 }, ')


@pytest.mark.parametrize("fault", [ResetOnAccept(), ResetAfterRequest(), Garbage()])
@pytest.mark.parametrize("file", [FILE, KEPT], ids=["", "kept"])
async def test_a_failed_request_leaves_nothing_in_circles(tmp_path: Path, file: str, fault: Fault) -> None:
    async with world(tmp_path, file) as there:
        for failing in ([there.to_shop], [there.to_billing], [there.to_shop, there.to_billing]):
            for each in failing:
                each.choose(fault)
                await each.drop()
            gc.collect()
            gc.disable()
            try:
                for _ in range(15):  # the first find out, the others are refused by a breaker
                    assert codes(await there.ask(READ))
                left = [each for each in gc.get_objects() if isinstance(each, Context)]
            finally:
                gc.enable()
            assert len(left) <= 3  # the last one, and what is about to go
