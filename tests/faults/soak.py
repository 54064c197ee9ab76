"""``python -m tests.faults.soak MINUTES [SEED]``: a gateway under load while whatever can fails; what is left.

REST and SOAP behind injectors, a PostgreSQL that is killed, a Redis that is stopped and started, a file that is written
anew, callers who leave or send garbage. At the end the gateway is left alone: files, tasks and connections of pools
must be as many as at the beginning, and memory must have stopped growing. Whoever runs it reads the last lines.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.injector import (
    Bandwidth,
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
from tests.faults.writes import NOTE, PLACE, say
from tests.through.cluster import Cluster, own_cluster

FILE = """
    sources:
      shop:
        openapi: ./shop.json
        url: "${env:SHOP}"
        writes: true
        timeout_s: 0.5
        operations: { customer: { cache: { ttl_s: 1, stale_if_error_s: 5 } } }
      billing:
        wsdl: ./billing.wsdl
        url: "${env:BILLING}"
        writes: true
        timeout_s: 0.5
        operations:
          GetInvoices: { effect: read, at: item, keys: numbers.item, by: number }
      ledger: { database: "${env:LEDGER}", writes: true, timeout_s: 1, concurrency: 8 }
    links:
      Order.customer: { one: shop.customer, match: { customerId: id } }
      Order.buyer: { one: shop.customersByIds, match: { customerId: id } }
      Order.payer: { one: shop.customersByIds, match: { customerId: id } }
      Order.invoice: { one: billing.GetInvoices, match: { ref: number } }
    access: { default: anonymous }
    server:
      limits: { deadline_s: 2 }
      metrics: { port: METRICS }
      redis: { url: "redis://127.0.0.1:REDIS/0" }
      cache: { store: redis }
      rate_limits: { store: redis, rules: { all: { per: [address], requests: 100000, per_s: 1 } } }
"""
FAULTS: tuple[Fault, ...] = (
    Latency(0.3), Latency(2), Blackhole(), HalfOpen(), Drip(0.02), Bandwidth(200), ResetOnAccept(),
    ResetBeforeRequest(), ResetAfterRequest(), ResetWithinAnswer(20), Truncated(70), Garbage(), ClosesIdle(0.0),
    CutsReused(),     Flapping(ResetAfterRequest()), Flapping(HalfOpen(), 0.2),
)  # fmt: skip
READS = (
    "{ orders { ref } }",
    "{ orders { ref customer { name } invoice { number } } }",
    "{ orders { buyer { name } payer { name } } }",
    "{ notes(limit: 5) { no word } }",
    "{ orders { ref invoice { number } } notes(limit: 5) { word } }",
)
DEADLINE_S = 2.0
CALLERS = 8
QUIET_S = 25
"""Longer than idle connections to sources and callers are kept."""
_VALUE = re.compile(r"^(\w+)(?:\{[^}]*\})? ([-+.0-9e]+)$", re.MULTILINE)


@dataclass(slots=True)
class Heard:
    """What callers heard: codes, seconds of each answer, and what must never be."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stand:
    """How the process stands.

    ``files``: but for connections to Redis, and idle ones to databases, of which there may be so many (64 to a Redis).
    ``in_use``: those that are lent.
    """

    files: float
    tasks: float
    in_use: float
    under_way: float
    megabytes: float

    def line(self) -> str:
        return (
            f"files {self.files:.0f}, tasks {self.tasks:.0f}, pool {self.in_use:.0f} in use, "
            f"{self.under_way:.0f} calls under way, {self.megabytes:.1f} MB"
        )


def _connected(port: int) -> int:
    """How many sockets of this machine are connected to ``port``, half-closed ones too (proc(5), /proc/net/tcp)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]]
    return sum(int(line[2].rpartition(":")[2], 16) == port and line[3] in {"01", "08"} for line in lines)


async def stand(there: Town) -> Stand:
    """As the gateway's own metrics say."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{there.metrics}/metrics", headers={"Connection": "close"}) as answer,
    ):
        told: Counter[str] = Counter()
        for name, value in _VALUE.findall(await answer.text()):
            told[name] += float(value)  # type: ignore[assignment]  # a counter adds any numbers
    return Stand(
        told["process_open_fds"] - told["isthmus_source_pool_idle"] - _connected(there.redis.port),
        told["isthmus_tasks"],
        told["isthmus_source_pool_in_use"], told["isthmus_source_calls_under_way"],
        told["process_resident_memory_bytes"] / 1e6,
    )  # fmt: skip


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class OwnRedis:
    """A Redis of the run's own, on a port that stays the same."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1", stdout=quiet
        )

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@dataclass(frozen=True, slots=True)
class Town:
    """Everything that can be made to fail."""

    gateway: Served
    file: Path
    shop: Shop
    billing: Billing
    injectors: tuple[Injector, ...]
    cluster: Cluster
    redis: OwnRedis
    metrics: int


@contextlib.asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """The systems and the gateway over them."""
    redis, metrics = OwnRedis(_free_port()), _free_port()
    text = FILE.replace("METRICS", str(metrics)).replace("REDIS", str(redis.port))
    write_files(folder, text)
    async with contextlib.AsyncExitStack() as stack:
        await redis.start()
        stack.push_async_callback(redis.stop)
        shop, _, to_shop, billing, _, to_billing = await stack.enter_async_context(systems())
        cluster = stack.enter_context(own_cluster())
        await asyncio.to_thread(cluster.psql, "CREATE TABLE notes (no serial PRIMARY KEY, word text NOT NULL)")
        to_ledger = await stack.enter_async_context(injected("127.0.0.1", cluster.port))
        environment: Mapping[str, str] = {
            "SHOP": to_shop.url, "BILLING": to_billing.url,
            "LEDGER": f"postgresql://postgres@127.0.0.1:{to_ledger.port}/postgres",
        }  # fmt: skip
        gateway = await stack.enter_async_context(served(folder, environment))
        every = (to_shop, to_billing, to_ledger)
        yield Town(gateway, folder / "isthmus.yaml", shop, billing, every, cluster, redis, metrics)


async def calls(there: Town, heard: Heard, number: int, chance: random.Random, ends: float) -> None:
    """One caller: reads, writes, leaves early, sends garbage; at its own pace."""
    made = 0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:
        while time.monotonic() < ends:
            made += 1
            await asyncio.sleep(chance.uniform(0, 0.1))
            drawn = chance.random()
            began = time.monotonic()
            if drawn < 0.05:
                with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                    async with asyncio.timeout(chance.uniform(0.001, 0.2)):
                        await there.gateway.ask(client, chance.choice(READS))
                continue
            if drawn < 0.08:
                await _garbage(there, chance)
                continue
            if drawn < 0.2:
                name = f"{number}-{made}"
                code = await there.gateway.ask(client, chance.choice((PLACE, POST_INVOICE, NOTE)), no=name)
                heard.said[name] = code
            else:
                code = await there.gateway.ask(client, chance.choice(READS))
            heard.codes[code] += 1
            heard.seconds.append(time.monotonic() - began)


async def _garbage(there: Town, chance: random.Random) -> None:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", int(there.gateway.address.rpartition(":")[2]))
        writer.write(chance.randbytes(chance.randrange(200)) or b"GET ")
        await asyncio.sleep(0.01)
        writer.transport.abort()


async def fails(there: Town, chance: random.Random, ends: float) -> None:
    """Every second or so something goes wrong for a while, or comes back."""
    while time.monotonic() < ends:
        drawn = chance.random()
        injector = chance.choice(there.injectors)
        for_s = chance.uniform(0.2, 2)
        if drawn < 0.7:
            injector.choose(chance.choice(FAULTS))
            await asyncio.sleep(for_s)
            injector.choose(Passes())
        elif drawn < 0.82:
            await injector.stop()
            await asyncio.sleep(for_s)
            await injector.start()
        elif drawn < 0.88:
            await injector.drop()
        elif drawn < 0.94:
            await there.redis.stop()
            await asyncio.sleep(for_s)
            await there.redis.start()
        elif drawn < 0.98:
            there.file.write_text(there.file.read_text("utf-8") + f"    # {chance.random()}\n", "utf-8")
        else:
            await asyncio.to_thread(there.cluster.control, "restart", "-m", "immediate")
        await asyncio.sleep(chance.uniform(0, 1.5))


async def quiet(there: Town) -> Stand:
    """All is well and nobody asks, for as long as connections are kept; then one question to each source, and again."""
    for injector in there.injectors:
        injector.choose(Passes())
    await asyncio.sleep(QUIET_S)
    return await stand(there)


async def sampled(there: Town, samples: list[tuple[float, float]], ends: float) -> None:
    """Memory each ten seconds: time and megabytes."""
    while time.monotonic() < ends:
        await asyncio.sleep(10)
        with contextlib.suppress(aiohttp.ClientError):
            samples.append((time.monotonic(), (await stand(there)).megabytes))


async def storm(there: Town, minutes: float, seed: int, samples: list[tuple[float, float]]) -> Heard:
    """So many minutes of everything."""
    heard, ends = Heard(), time.monotonic() + minutes * 60
    callers = [
        calls(there, heard, number + seed * CALLERS, random.Random(seed + number), ends) for number in range(CALLERS)
    ]
    await asyncio.gather(*callers, fails(there, random.Random(seed), ends), sampled(there, samples, ends))
    return heard


async def wrong(there: Town, heard: Heard) -> list[str]:
    """What no fault excuses."""
    text = "SELECT json_object_agg(word, n)::text FROM (SELECT word, count(*) n FROM notes GROUP BY word) counted"
    await there.cluster.until("SELECT 1", "1")
    noted = json.loads(await asyncio.to_thread(there.cluster.psql, text) or "{}")
    arrived = there.shop.placed + there.billing.posted + Counter(noted)
    found = [f"{name} arrived {arrived[name]} times" for name in heard.said if arrived[name] > 1]
    found += [f"{name} was lost" for name, code in heard.said.items() if not code and not arrived[name]]
    late = sum(seconds > DEADLINE_S + 0.2 for seconds in heard.seconds)
    if late:
        found.append(f"{late} of {len(heard.seconds)} answers came more than 200 ms after the deadline")
    odd = {code: count for code, count in heard.codes.items() if code in {"INTERNAL", "BAD_REQUEST"} or "Error" in code}
    return [*found, *([f"codes {odd}"] if odd else [])]


def drift(samples: list[tuple[float, float]]) -> float:
    """The growth of memory in percent of an hour, by a straight line through the later two thirds."""
    later = samples[len(samples) // 3 :]
    if len(later) < 3:
        return 0.0
    line = statistics.linear_regression([at for at, _ in later], [size for _, size in later])
    return line.slope * 3600 / statistics.fmean(size for _, size in later) * 100


async def run(minutes: float, seed: int) -> bool:
    """Warms up, notes how the process stands, goes on, and looks again."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        async with town(Path(name)) as there:
            say(f"began, seed {seed}: {(await stand(there)).line()}")
            await storm(there, min(2.0, minutes / 4), seed + 1000, [])
            before = await quiet(there)
            say(f"warm and quiet: {before.line()}")
            samples: list[tuple[float, float]] = []
            heard = await storm(there, minutes, seed, samples)
            after = await quiet(there)
            say(f"at the end, quiet: {after.line()}")
            seconds = sorted(heard.seconds)
            late = seconds[int(len(seconds) * 0.999)]
            say(f"{sum(heard.codes.values())} answers: {dict(heard.codes.most_common())}")
            say(f"p50 {statistics.median(seconds):.3f} s, p99.9 {late:.3f} s, longest {seconds[-1]:.3f} s")
            say(f"{len(heard.said)} writes, {Counter(heard.said.values())['']} called done")
            say(f"memory: {drift(samples):+.1f} % of an hour over the last two thirds, {len(samples)} samples")
            faults = await wrong(there, heard)
            for more, word in ((after.files - before.files, "files"), (after.tasks - before.tasks, "tasks")):
                if more > 2:
                    faults.append(f"{more:.0f} more {word} than at the beginning")
            if after.in_use or after.under_way:
                faults.append("something is still lent")
            for fault in faults:
                say(f"WRONG: {fault}")
            say("all is well" if not faults else "not well")
            return not faults


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("30", "1")[len(sys.argv) - 1 :]]
    sys.exit(0 if asyncio.run(run(float(arguments[0]), int(arguments[1]))) else 1)
