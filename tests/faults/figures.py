"""``python -m tests.faults.figures [COUNT]``: how well deadlines are kept under every fault, and what is asked again.

For each fault so many reads (0: none) of one source with half a second each: how long answers took, and how often the
source was asked for each. Then a PostgreSQL that is killed and started: when reads are well again. The gateway is a
process of its own, with the settings it has by default. Callers who leave are timed in ``leaving.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import aiohttp

from tests.faults.injector import Fault, Flapping, HalfOpen, Passes, ResetAfterRequest
from tests.faults.served import Served, served
from tests.faults.world import FILE, systems, write_files
from tests.faults.writes import HTTP, Ledger, ledger, say
from tests.raw_server import RawServer

DEADLINE_S = 0.5
AT_ONCE = 20
TEXT = FILE.replace('stock: { database: "${env:STOCK}" }', 'stock: { database: "${env:STOCK}", timeout_s: 1 }').replace(
    "      Order.product: { one: stock.products, match: { sku: sku } }\n", ""
)
READ = '{ customersByIds(ids: ["C1"]) { id } }'


async def under(gateway: Served, server: RawServer, count: int) -> tuple[list[float], Counter[str], float]:
    """Seconds of each read, sorted; what callers heard; how often the source was asked for one read."""
    seconds: list[float] = []
    codes: Counter[str] = Counter()
    left = iter(range(count))
    asked = len(server.heard)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:

        async def caller() -> None:
            for _ in left:
                began = time.monotonic()
                codes[await gateway.ask(client, READ, {"X-Request-Timeout": str(DEADLINE_S)})] += 1
                seconds.append(time.monotonic() - began)

        await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return sorted(seconds), codes, (len(server.heard) - asked) / count


def line(name: str, seconds: list[float], codes: Counter[str], times: float) -> str:
    """One line of the table."""
    kept = seconds[int(len(seconds) * 0.999)]
    late = sum(each > DEADLINE_S + 0.2 for each in seconds)
    heard = ", ".join(f"{code or 'well'} {count}" for code, count in codes.most_common(4))
    return f"{name:28} {seconds[len(seconds) // 2]:7.3f} {kept:7.3f} {seconds[-1]:7.3f} {late:5} {times:6.2f}  {heard}"


async def restarts(gateway: Served, there: Ledger) -> list[float]:
    """Seconds from the moment PostgreSQL takes connections again to the first of twenty good reads in a row."""
    found: list[float] = []
    async with aiohttp.ClientSession() as client:
        for _ in range(5):
            load = [asyncio.create_task(_reads(gateway, client)) for _ in range(12)]
            await asyncio.to_thread(there.cluster.control, "restart", "-m", "immediate")
            began = time.monotonic()
            good, since = 0, began
            while good < 20:
                if await gateway.ask(client, "{ notes(limit: 1) { no } }"):
                    good, since = 0, time.monotonic()
                else:
                    good += 1
            found.append(since - began)
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)
    return sorted(found)


async def _reads(gateway: Served, client: aiohttp.ClientSession) -> None:
    while True:
        await gateway.ask(client, "{ notes(limit: 1) { no } }")
        await asyncio.sleep(0.01)


async def run(count: int) -> None:
    """Prints all of it."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        write_files(folder, TEXT)
        shop, server, to_shop, _, _, to_billing = await stack.enter_async_context(systems())
        there = await stack.enter_async_context(ledger())
        address = f"postgresql://postgres@127.0.0.1:{there.injector.port}/postgres"
        environment = {"SHOP": to_shop.url, "BILLING": to_billing.url, "STOCK": address}
        gateway = await stack.enter_async_context(served(folder, environment))
        say(f"reads with {DEADLINE_S} s each, {AT_ONCE} at once; late: more than 200 ms after the deadline")
        say(f"{'fault':28} {'p50':>7} {'p99.9':>7} {'longest':>7} {'late':>5} {'asked':>6}")
        faults: dict[str, Fault | str] = {**HTTP, "F20 half of them half open": Flapping(HalfOpen())}
        faults["F20 a tenth reset"] = Flapping(ResetAfterRequest(), 0.1)
        for name, fault in faults.items():
            if fault == "up and down" or not count:
                continue
            shop.status = fault if isinstance(fault, str) and fault[0].isdigit() else ""
            to_shop.choose(Passes() if isinstance(fault, str) else fault)
            await to_shop.drop()
            if fault == "stopped":
                await to_shop.stop()
            say(line(name, *await under(gateway, server, count)))
            shop.status = ""
            to_shop.choose(Passes())
            if not to_shop.is_listening:
                await to_shop.start()
            await _well(gateway)
        back = await restarts(gateway, there)
        say(f"PostgreSQL killed and started 5 times: reads are well {back[-1]:.2f} s after it is, at most")


async def _well(gateway: Served) -> None:
    """Waits until the breaker has closed: ten good reads in a row."""
    async with aiohttp.ClientSession() as client:
        good = 0
        while good < 10:
            good = 0 if await gateway.ask(client, READ) else good + 1
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
