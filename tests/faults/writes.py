"""``python -m tests.faults.writes 100000``: so many writes under every fault, counted where they arrive.

A write that arrived twice, one that was called done and did not arrive, and one that was called not done and did are
counted; each must be 0. The gateway is a process of its own; REST, SOAP and (where it is there) PostgreSQL are written
to, each behind an injector.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.injector import (
    Blackhole,
    ClosesIdle,
    CutsReused,
    Drip,
    Fault,
    Flapping,
    Garbage,
    HalfOpen,
    Injector,
    Latency,
    Passes,
    ResetAfterRequest,
    ResetBeforeRequest,
    ResetOnAccept,
    ResetWithinAnswer,
    Truncated,
    injected,
)
from tests.faults.served import Served, served
from tests.faults.world import POST_INVOICE, Billing, Shop, systems, write_files
from tests.through.cluster import Cluster, own_cluster

TIMEOUT_S = 0.3
AT_ONCE = 60
ALL_ARE_SENT = f"timeout_s: {TIMEOUT_S}, concurrency: 100, breaker: {{ minimum_calls: 10000, window_calls: 10000 }}"
"""No breaker and no refusal of overload stands before what is counted."""
FILE = f"""
    sources:
      shop: {{ openapi: ./shop.json, url: "${{env:SHOP}}", writes: true, {ALL_ARE_SENT} }}
      billing:
        wsdl: ./billing.wsdl
        url: "${{env:BILLING}}"
        writes: true
        timeout_s: {TIMEOUT_S}
        concurrency: 100
        breaker: {{ minimum_calls: 10000, window_calls: 10000 }}
        operations:
          GetInvoices: {{ effect: read, at: item, keys: numbers.item, by: number }}
      ledger: {{ database: "${{env:LEDGER}}", writes: true, timeout_s: 1, concurrency: 16 }}
    access: {{ default: anonymous }}
    server: {{ limits: {{ deadline_s: 5 }}, overload: {{ shed: false }} }}
"""
PLACE = "mutation($no: String!) { placeOrder(body: { ref: $no }) { ref } }"
NOTE = "mutation($no: String!) { insertNote(row: { word: $no }) { no } }"
HTTP: dict[str, Fault | str] = {
    "none": Passes(),
    "F1 late": Latency(2 * TIMEOUT_S),
    "F2 silent": Blackhole(),
    "F3 byte by byte": Drip(0.02),
    "F4 reset on accept": ResetOnAccept(),
    "F5 reset before it heard": ResetBeforeRequest(),
    "F5 reset after it heard": ResetAfterRequest(),
    "F6 closed while idle": ClosesIdle(0.0),
    "F6 cut when reused": CutsReused(),
    "F7 truncated": Truncated(75),
    "F7 reset within the answer": ResetWithinAnswer(20),
    "F8 garbage": Garbage(),
    "F9 half open": HalfOpen(),
    "F10 503": "503 Service Unavailable",
    "F11 429": "429 Too Many Requests",
    "F12 500": "500 Internal Server Error",
    "F14 refused": "stopped",
    "F18 all down, then back": "up and down",
    "F20 flapping": Flapping(ResetAfterRequest()),
}
SAID_NOT_DONE = {"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT"}
"""Codes by which a caller may take it that nothing arrived."""


@dataclass
class Result:
    """Of one batch: what callers heard, and what of it was wrong."""

    said: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    twice: int = 0
    lost: int = 0
    denied: int = 0
    seconds: float = 0.0

    @property
    def is_well(self) -> bool:
        return not (self.twice or self.lost or self.denied)

    def line(self, name: str) -> str:
        rest = ", ".join(f"{code} {count}" for code, count in self.said.most_common() if code)
        right = f"{sum(self.said.values()):7} {self.arrived:7} {self.said['']:7}"
        return f"{name:28} {right} {self.twice:6} {self.lost:6} {self.denied:6} {self.seconds:7.1f} s  {rest}"


@dataclass(frozen=True, slots=True)
class Ledger:
    cluster: Cluster
    injector: Injector


@contextlib.asynccontextmanager
async def ledger() -> AsyncIterator[Ledger]:
    """A PostgreSQL of the run's own, whose table takes a word twice."""
    with own_cluster() as cluster:
        await asyncio.to_thread(cluster.psql, "CREATE TABLE notes (no serial PRIMARY KEY, word text NOT NULL)")
        async with injected("127.0.0.1", cluster.port) as between:
            yield Ledger(cluster, between)


class Run:
    """One gateway and its systems; ``names`` never gives a name twice."""

    def __init__(self, gateway: Served, shop: tuple[Shop, Injector], billing: tuple[Billing, Injector]) -> None:
        self._gateway = gateway
        self._shop, self._to_shop = shop
        self._billing, self._to_billing = billing
        self._names = self._numbers()

    @staticmethod
    def _numbers() -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield f"n{number}"

    async def batch(self, fault: Fault | str, count: int) -> Result:
        """So many writes to REST and SOAP while that is wrong."""
        chosen = fault if not isinstance(fault, str) else Passes()
        status = fault if isinstance(fault, str) and fault[0].isdigit() else ""
        self._shop.status = self._billing.status = status
        for injector in (self._to_shop, self._to_billing):
            injector.choose(chosen)
            await injector.drop()
            if fault == "stopped":
                await injector.stop()
        changing = asyncio.create_task(self._up_and_down()) if fault == "up and down" else None
        result = await self._writes(count, nothing_done=bool(status))
        if changing is not None:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
        self._shop.status = self._billing.status = ""
        for injector in (self._to_shop, self._to_billing):
            injector.choose(Passes())
            if not injector.is_listening:
                await injector.start()
        await self._writes(20, nothing_done=False)  # ten thousand failures in a row would open a breaker all the same
        return result

    async def _up_and_down(self) -> None:
        while True:
            for injector in (self._to_shop, self._to_billing):
                await injector.stop()
            await asyncio.sleep(0.3)
            for injector in (self._to_shop, self._to_billing):
                await injector.start()
            await asyncio.sleep(0.7)

    async def _writes(self, count: int, *, nothing_done: bool) -> Result:
        result, began = Result(), time.monotonic()
        said: dict[str, str] = {}
        left = iter(range(count))
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:

            async def writer() -> None:
                for number in left:
                    name = next(self._names)
                    said[name] = await self._gateway.ask(client, POST_INVOICE if number % 2 else PLACE, no=name)

            await asyncio.gather(*(writer() for _ in range(AT_ONCE)))
        await asyncio.sleep(2 * TIMEOUT_S)
        arrived = self._shop.placed + self._billing.posted
        for name, code in said.items():
            judge(result, code, arrived[name], nothing_done=nothing_done)
        result.seconds = time.monotonic() - began
        return result


def judge(result: Result, code: str, arrived: int, *, nothing_done: bool = False) -> None:
    """What a caller heard of one write against how often it arrived; it was not done where its status says so."""
    result.said[code] += 1
    result.arrived += arrived
    result.twice += arrived > 1
    result.lost += not code and arrived == 0
    result.denied += code in SAID_NOT_DONE and arrived > 0 and not nothing_done


async def to_the_database(gateway: Served, there: Ledger, name: str, fault: Fault | str, count: int) -> Result:
    """So many rows; where ``fault`` is "restart", the server is killed and started again and again."""
    result, began = Result(), time.monotonic()
    said: dict[str, str] = {}
    left = iter(range(count))
    if not isinstance(fault, str):
        there.injector.choose(fault)
    running = True

    async def restarts() -> None:
        while running:
            await asyncio.sleep(1)
            await asyncio.to_thread(there.cluster.control, "restart", "-m", "immediate")

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:

        async def writer() -> None:
            for number in left:
                word = f"{name} {number}"
                said[word] = await gateway.ask(client, NOTE, no=word)

        restarting = asyncio.create_task(restarts()) if fault == "restart" else None
        await asyncio.gather(*(writer() for _ in range(16)))
        running = False
        if restarting is not None:
            await restarting
    there.injector.choose(Passes())
    await there.injector.drop()
    await there.cluster.until("SELECT 1", "1")
    text = "SELECT json_object_agg(word, n)::text FROM (SELECT word, count(*) n FROM notes GROUP BY word) counted"
    arrived = json.loads(await asyncio.to_thread(there.cluster.psql, text) or "{}")
    for word, code in said.items():
        judge(result, code, arrived.get(word, 0))
    result.seconds = time.monotonic() - began
    return result


SQL: dict[str, Fault | str] = {
    "SQL, F21 restarts": "restart",
    "SQL, F5 reset after": Flapping(ResetAfterRequest(), 0.05),
    "SQL, F5 reset before": Flapping(ResetBeforeRequest(), 0.05),
    "SQL, F9 half open": Flapping(HalfOpen(), 0.02),
}


def say(line: str) -> None:
    """A line of what the run is for."""
    print(line, flush=True)  # noqa: T201  # its output


async def run(count: int) -> bool:
    """Prints a line for each fault; says whether all is well."""
    each_http = int(count * 0.9) // len(HTTP)
    each_sql = (count - each_http * len(HTTP)) // len(SQL)
    columns = f"{'writes':>7} {'arrived':>7} {'done':>7} {'twice':>6} {'lost':>6} {'denied':>6}"
    say(f"{'fault':28} {columns}   time    otherwise")
    every: list[Result] = []
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        write_files(folder, FILE)
        shop, _, to_shop, billing, _, to_billing = await stack.enter_async_context(systems())
        there = await stack.enter_async_context(ledger())
        address = f"postgresql://postgres@127.0.0.1:{there.injector.port}/postgres"
        environment = {"SHOP": to_shop.url, "BILLING": to_billing.url, "LEDGER": address}
        gateway = await stack.enter_async_context(served(folder, environment))
        made = Run(gateway, (shop, to_shop), (billing, to_billing))
        for name, fault in HTTP.items():
            result = await made.batch(fault, each_http)
            every.append(result)
            say(result.line(name))
        for name, fault in SQL.items():
            result = await to_the_database(gateway, there, name, fault, each_sql)
            every.append(result)
            say(result.line(name))
    total = Result(sum((each.said for each in every), Counter()))
    for each in every:
        total.arrived += each.arrived
        total.twice += each.twice
        total.lost += each.lost
        total.denied += each.denied
        total.seconds += each.seconds
    say(total.line("all"))
    return all(each.is_well for each in every)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)) else 1)
