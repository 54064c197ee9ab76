"""Answers that processes share lie in a real Redis; one that is away, slow, full or corrupt costs a call each."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.kept.redis_store import RedisStore
from gateway.redis import RedisSettings, open_redis
from resolvers import CacheTally
from tests.caching.house import House, house
from tests.redis_server import URL, settings
from tests.services import missing

NAME = '{ customer(id: "1") { name } }'
RENAME = 'mutation { rename(id: "1", body: { name: "x" }) { name } }'
CACHED = "  cache: { ttl_s: 60 }"


def opened(given: dict[str, Any], wall: Any = time.time) -> RedisStore:
    return RedisStore(open_redis(RedisSettings.model_validate(given)), 1_000_000, wall=wall)


@contextlib.asynccontextmanager
async def two(folder: Path, first: RedisStore, second: RedisStore) -> AsyncIterator[tuple[House, House]]:
    """Two processes of one gateway, as far as the store can tell: of one file, and of one CRM."""
    (folder / "a").mkdir()
    async with house(folder / "a", CACHED, store=first) as one:
        (folder / "b").mkdir()
        async with house(folder / "b", CACHED, store=second, crm_of=one) as other:
            yield one, other


async def test_processes_share_what_is_kept_and_what_is_forgotten(tmp_path: Path) -> None:
    given = settings()
    async with two(tmp_path, opened(given), opened(given)) as (one, other):
        assert await one.data(NAME) == await other.data(NAME)
        assert one.crm.taken() == ["GET /customers/1"]
        assert other.counted.hits == 1
        await other.data(RENAME)
        assert await one.data(NAME) == {"customer": {"name": "name 1!"}}
        assert await other.data(NAME) == {"customer": {"name": "name 1!"}}
        assert len(one.crm.taken()) == 2


async def test_it_is_kept_no_longer_than_its_time(tmp_path: Path) -> None:
    now = [1000.0]
    async with house(tmp_path, CACHED, store=opened(settings(), lambda: now[0])) as made:
        await made.data(NAME)
        now[0] += 59
        await made.data(NAME)
        assert len(made.crm.taken()) == 1
        now[0] += 1
        await made.data(NAME)
        assert len(made.crm.taken()) == 1


@pytest.mark.parametrize("how", ["nonsense", "truncated", "another version", "one bit", "empty", "another type"])
async def test_what_cannot_be_read_is_a_miss(tmp_path: Path, how: str) -> None:
    given = settings()
    async with house(tmp_path, CACHED, store=opened(given)) as made:
        await made.data(NAME)
        made.crm.names["1"] = "new"
        with redis.Redis.from_url(URL) as client:
            (key,) = client.scan_iter(f"{given['prefix']}kept:*", count=1000)
            value = client.get(key)
            assert isinstance(value, bytes)
            spoilt = {
                "nonsense": b"\x80\x04nonsense" * 9,
                "truncated": value[:-3],
                "another version": value[:2] + b"\x07" + value[3:],
                "one bit": value[:-1] + bytes([value[-1] ^ 1]),
                "empty": b"",
            }
            client.delete(key)
            if how == "another type":
                client.lpush(key, "a")
            else:
                client.set(key, spoilt[how])
        assert await made.data(NAME) == {"customer": {"name": "new"}}
        assert made.counted.failures == (0 if how == "another type" else 1)


async def test_versions_that_redis_evicts_never_bring_back_what_was_forgotten(tmp_path: Path) -> None:
    given = settings()
    async with house(tmp_path, CACHED, store=opened(given)) as made:
        await made.data(NAME)
        await made.data(RENAME)
        with redis.Redis.from_url(URL) as client:
            for key in client.scan_iter(f"{given['prefix']}version:*", count=1000):
                client.delete(key)
        assert await made.data(NAME) == {"customer": {"name": "name 1!"}}


@contextlib.contextmanager
def own_redis(folder: Path, *options: str) -> Iterator[tuple[str, Any]]:
    """A Redis of this test alone: its address and its process."""
    import subprocess  # noqa: PLC0415  # a server of this test
    from shutil import which  # noqa: PLC0415

    program = which("redis-server") or missing("no redis-server for this test")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--save", "", "--dir", str(folder), "--bind", "127.0.0.1", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        url = f"redis://127.0.0.1:{port}/0"
        client = redis.Redis.from_url(url)
        for _ in range(200):
            with contextlib.suppress(redis.RedisError):
                if client.ping():
                    break
            time.sleep(0.05)
        client.close()
        try:
            yield url, running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGCONT)
            running.kill()


@pytest.mark.parametrize("fault", ["stopped", "killed", "full", "evicting", "paused"])
async def test_a_redis_that_is_not_well_gives_no_caller_an_error(tmp_path: Path, fault: str) -> None:
    options = {
        "full": ("--maxmemory", "2mb", "--maxmemory-policy", "noeviction"),
        "evicting": ("--maxmemory", "2500000", "--maxmemory-policy", "allkeys-lru"),
    }
    with own_redis(tmp_path, *options.get(fault, ())) as (url, process):
        # A busy machine needs longer for a good answer than the 50 ms that are the default.
        store = opened({"url": url, "timeout_s": 0.3})
        async with house(tmp_path, CACHED, store=store) as made:
            if fault in {"full", "evicting"}:
                with redis.Redis.from_url(url) as client, contextlib.suppress(redis.RedisError):
                    for number in range(200):
                        client.set(f"ballast:{number}", b"x" * 10_000)
            else:
                await made.data(NAME)
            if fault == "stopped":
                os.kill(process.pid, signal.SIGSTOP)
            elif fault == "killed":
                process.kill()
                process.wait()
            elif fault == "paused":
                with redis.Redis.from_url(url) as client:
                    client.execute_command("CLIENT", "PAUSE", "60000", "ALL")
            answers = await asyncio.gather(*(made.ask(NAME) for _ in range(20)))
            assert {str(each) for each in answers} == {str({"data": {"customer": {"name": "name 1"}}})}
            for number in range(1, 9):
                body = await made.ask(f'{{ customer(id: "{number}") {{ name }} }}')
                assert body == {"data": {"customer": {"name": f"name {number}"}}}
            await made.data(RENAME)
            assert await made.data(NAME) == {"customer": {"name": "name 1!"}}
            if fault == "stopped":
                os.kill(process.pid, signal.SIGCONT)
                await asyncio.sleep(1.1)  # the rest that a Redis is given, by a clock of its own
                assert await made.data(NAME) == {"customer": {"name": "name 1!"}}  # what it kept meanwhile is forgotten


async def test_a_miss_takes_no_longer_than_its_time_and_then_none_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        store = opened({"url": f"redis://127.0.0.1:{silent.getsockname()[1]}", "timeout_s": 0.05})
        tally = CacheTally()
        began = time.monotonic()
        found = await store.read([b"k" * 20], ["t"], tally)
        assert (found.entries, found.stamp, tally.failures) == ([None], None, 1)
        assert time.monotonic() - began < 4  # the seconds that the library itself would wait
        for _ in range(100):
            await store.read([b"k" * 20], ["t"], tally)
        assert time.monotonic() - began < 4
        await store.close()
