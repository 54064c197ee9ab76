"""A caller who leaves: what was read for him ends where it runs, what he changes goes on to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.injector import Blackhole, HalfOpen
from tests.faults.world import FILE, POST_INVOICE, World, world
from tests.postgresql import own_schema

SOON_S = 5
"""Generous to a busy machine; how soon it is on a quiet one is measured by ``python -m tests.faults.deadlines``."""


async def leave(there: World, query: str, once: Callable[[], Awaitable[bool]], **variables: object) -> None:
    """Asks over a connection of its own, and closes that as soon as ``once`` is so."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(there.address.rpartition(":")[2]))
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    writer.write(head.encode() + b"\r\n\r\n" + body)
    await eventually(once)
    writer.transport.abort()
    assert reader is not None


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks until it is so, for ``SOON_S`` at most."""
    async with asyncio.timeout(SOON_S):
        while not await holds():  # noqa: ASYNC110  # what is asked may be another process
            await asyncio.sleep(0.01)


LONG = FILE.replace("timeout_s: 2", "timeout_s: 60").replace("deadline_s: 5", "deadline_s: 60")


@pytest.mark.parametrize(
    "query",
    [
        "{ orders { customer { name } } }",
        "{ orders { buyer { name } } }",
        "{ orders { buyer { name } payer { name } } }",
        "{ orders { invoice { number } } }",
    ],
    ids=["each key", "all keys", "a shared load", "SOAP"],
)
async def test_calls_of_a_caller_who_left_are_ended(tmp_path: Path, query: str) -> None:
    async with world(tmp_path, LONG) as there:
        await there.data("{ orders { ref } }")
        there.shop.hold = there.billing.hold = asyncio.Event()

        async def hangs() -> bool:
            return there.shop_server.in_flight + there.billing_server.in_flight > 0

        async def ended() -> bool:
            busy = sum(tally.under_way for tally in there.snapshot.tallies.values())
            return busy == 0 and there.to_shop.open <= 1 and there.to_billing.open == 0

        await leave(there, query, hangs)
        await eventually(ended)
        assert there.shop_server.most_in_flight + there.billing_server.most_in_flight <= 4
        there.shop.hold.set()
        there.billing.hold.set()
        assert await there.data(query)


@pytest.mark.parametrize("fault", [Blackhole(), HalfOpen()], ids=["black hole", "half open"])
async def test_a_source_that_says_nothing_does_not_keep_who_left(tmp_path: Path, fault: Blackhole | HalfOpen) -> None:
    async with world(tmp_path, LONG) as there:
        await there.data("{ orders { ref } }")
        there.to_shop.choose(fault)
        exchanges = there.to_shop.exchanges

        async def asked() -> bool:
            return there.to_shop.exchanges > exchanges

        await leave(there, "{ orders { ref } }", asked)
        async with asyncio.timeout(SOON_S):
            await there.to_shop.until_open(0)


async def test_a_statement_for_a_caller_who_left_ends_at_the_database(tmp_path: Path) -> None:
    async with own_schema() as made:
        await made.connection.execute("CREATE VIEW sleepy AS SELECT pg_sleep(60)::text AS z")
        await made.connection.execute("CREATE TABLE products (sku text PRIMARY KEY, name text)")
        stock = f'stock: {{ database: "${{env:STOCK}}", schemas: ["{made.name}"], timeout_s: 60 }}'
        file = LONG.replace('stock: { database: "${env:STOCK}" }', stock)
        url = made.url.render_as_string(hide_password=False)
        running = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%{made.name}.sleepy%'"
        running += " AND pid <> pg_backend_pid()"

        async def sleeps() -> bool:
            return bool(await made.connection.fetchval(running))

        async def wakes() -> bool:
            return not await sleeps()

        async with world(tmp_path, file, STOCK=url) as there:
            await leave(there, "{ sleepy { z } }", sleeps)
            await eventually(wakes)


async def test_a_write_goes_on_when_its_caller_leaves_and_so_do_those_after_it(tmp_path: Path) -> None:
    async with world(tmp_path, LONG) as there:
        there.shop.hold = asyncio.Event()

        async def began() -> bool:
            return there.shop.placed["first"] == 1

        async def all_done() -> bool:
            return there.shop.kept["second"] == 1 and not there.shop_server.in_flight

        second = 'keepOrder(ref: "second", body: { ref: "second" }) { ref }'
        await leave(there, f'mutation {{ placeOrder(body: {{ ref: "first" }}) {{ ref }} {second} }}', began)
        there.shop.hold.set()
        await eventually(all_done)
        assert (there.shop.placed["first"], there.shop.kept["second"]) == (1, 1)


async def test_a_soap_write_goes_on_when_its_caller_leaves(tmp_path: Path) -> None:
    async with world(tmp_path, LONG) as there:
        there.billing.hold = asyncio.Event()

        async def began() -> bool:
            return there.billing.posted["I1"] == 1

        async def done() -> bool:
            return not there.billing_server.in_flight and there.to_billing.open == 1

        await leave(there, POST_INVOICE, began, no="I1")
        await asyncio.sleep(0.05)
        assert there.billing_server.in_flight == 1, "it was not cut off"
        there.billing.hold.set()
        await eventually(done)
        assert there.billing.posted == {"I1": 1}
