"""A gateway that is killed between what a source did and what its caller hears, who then asks for it again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.faults.served import served
from tests.faults.world import FILE, systems, write_files

PLACE = "mutation($no: String!) { placeOrder(body: { ref: $no }) { ref } }"
KEYED = FILE.replace('url: "${env:SHOP}",', 'url: "${env:SHOP}", idempotency_key: Idempotency-Key,')


@pytest.mark.parametrize(
    ("file", "key", "times"),
    [(KEYED, "order-7-of-ann", 1), (KEYED, None, 2), (FILE, "order-7-of-ann", 2)],
    ids=["with a key", "without one", "to a source that knows none"],
)
async def test_what_is_repeated_after_a_crash_is_done_once_where_the_source_knows_keys(
    tmp_path: Path, file: str, key: str | None, times: int
) -> None:
    write_files(tmp_path, file)
    headers: Mapping[str, str] = {} if key is None else {"Idempotency-Key": key}
    async with (
        systems() as (shop, shop_server, to_shop, _, _, to_billing),
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as client,
    ):
        environment = {"SHOP": to_shop.url, "BILLING": to_billing.url, "STOCK": "sqlite:///stock.db"}
        shop.hold = asyncio.Event()
        async with served(tmp_path, environment) as gateway:
            asked = asyncio.create_task(gateway.ask(client, PLACE, headers, no="7"))
            async with asyncio.timeout(30):
                while not shop.placed["7"]:  # noqa: ASYNC110  # the source's journal is what is waited for
                    await asyncio.sleep(0.01)
            gateway.process.kill()
            assert await asked in {"ServerDisconnectedError", "ClientOSError"}, "the caller heard nothing of it"
        shop.hold.set()
        async with served(tmp_path, environment) as gateway:
            assert await gateway.ask(client, PLACE, headers, no="7") == ""
        assert shop.placed["7"] == times
        assert len(shop_server.heard) == 2
