"""Databases that go mad, stop, are full or have no connection left: theirs is an error, and nobody else's time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import psycopg
import pytest

from resolvers.sql.dialects.postgresql.frames import is_frame, is_whole
from tests.faults.injector import Fault, Garbage, Injector, Passes, injected
from tests.faults.served import Served, served
from tests.faults.world import FILE, World, codes, world, write_files
from tests.through.cluster import Cluster, own_cluster

FULL = FILE.replace(
    'stock: { database: "${env:STOCK}" }',
    'stock: { database: "${env:STOCK}", writes: true, timeout_s: 1, concurrency: 4 }',
)
SKUS = "{ orders { ref } products { sku } }"
MAD: list[Fault] = [
    Garbage(b"\x00\xff not of this protocol\r\n\r\n"),
    Garbage(b"D\xff\xff\xff\xff" * 5),
    Garbage(b"Z\x80\x00\x00\x05I"),
    Garbage(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    Garbage(b"\x15\x03\x01\x00\x02\x02\x46"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with own_cluster() as made:
        made.psql("CREATE TABLE products (sku text PRIMARY KEY, name text)")
        made.psql("INSERT INTO products VALUES ('anvil', 'Anvil')")
        made.psql("CREATE VIEW sleepy AS SELECT pg_sleep(60)::text AS z")
        yield made


@pytest.fixture
async def between(cluster: Cluster) -> AsyncIterator[Injector]:
    async with injected("127.0.0.1", cluster.port) as made:
        yield made


@pytest.fixture
async def there(tmp_path: Path, between: Injector) -> AsyncIterator[World]:
    async with world(tmp_path, FULL, STOCK=address(between.port)) as made:
        yield made


def address(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


async def recovers(there: World) -> None:
    async with asyncio.timeout(20):
        while "errors" in await there.ask(SKUS):  # noqa: ASYNC110  # a breaker may have to try first
            await asyncio.sleep(0.05)


async def said(gateway: Served) -> str:
    """The code of a query to the database, of a process that may have stopped."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as client:
        return await gateway.ask(client, "{ products { sku } }")


async def test_a_server_that_has_gone_mad_stops_nobody(tmp_path: Path, between: Injector) -> None:
    write_files(tmp_path, FULL)
    nowhere = "http://127.0.0.1:9"
    environment = {"SHOP": nowhere, "BILLING": nowhere, "STOCK": address(between.port)}
    async with served(tmp_path, environment) as gateway:  # a process of its own: what stops may be it
        try:
            assert await said(gateway) == ""
            for mad in MAD:
                between.choose(mad)
                assert await said(gateway) in {"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "SOURCE_BAD_RESPONSE"}, mad
                between.choose(Passes())
                async with asyncio.timeout(30):
                    while await said(gateway):  # noqa: ASYNC110  # a breaker may have to try first
                        await asyncio.sleep(0.05)
        finally:
            if gateway.process.returncode is None:
                gateway.process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    ("first", "sound"),
    [
        (b"R\0\0\0\x08\0\0\0\0", True),
        (b"Z\0\0\0\5I", True),
        (b"1\0\0\0\4", True),
        (b"D", True),
        (b"D\0\0", True),
        (b"", False),
        (b"\0", False),
        (b"\0\0\0\0\4", False),
        (b"D\0\0\0\3", False),
        (b"D\xff\xff\xff\xff", False),
        (b"D\x7f\xff\xff\xff", False),
    ],
)
def test_what_a_message_begins_with(first: bytes, *, sound: bool) -> None:
    assert is_frame(first) is sound


def test_a_few_whole_messages_are_told_from_parts_of_them() -> None:
    few = b"1\0\0\0\4t\0\0\0\6\0\0T\0\0\0\6\0\0"
    assert is_whole(few)
    for cut in range(1, len(few)):
        assert is_whole(few[:cut]) is (cut in {5, 12})


def backends(cluster: Cluster, like: str) -> list[int]:
    """The processes of the server that run such a statement."""
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        text = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        found = connection.execute(f"{text} AND query LIKE %s", (like,)).fetchall()
    return [int(row[0]) for row in found]


def every_process(cluster: Cluster) -> list[int]:
    main = (cluster.folder / "postmaster.pid").read_text().split()[0]
    return [int(main), *map(int, subprocess.check_output(["pgrep", "-P", main]).split())]


@contextlib.contextmanager
def stopped(processes: list[int]) -> Iterator[None]:
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


async def test_a_process_of_the_database_that_stands_still_is_given_up_in_time(there: World, cluster: Cluster) -> None:
    await there.data(SKUS)
    processes = await asyncio.to_thread(backends, cluster, "%products%")
    assert processes
    with stopped(processes):
        body = await there.ask(SKUS)
        assert codes(body) == [("SOURCE_TIMEOUT", ["products"])]
        assert len(body["data"]["orders"]) == 6
        assert (await there.client.get("/healthz")).status_code == 200
        await recovers(there)
    await recovers(there)


async def test_a_database_that_stands_still_as_a_whole_costs_its_own_time(there: World, cluster: Cluster) -> None:
    await there.data(SKUS)
    with stopped(await asyncio.to_thread(every_process, cluster)):
        for _ in range(2):
            body = await there.ask(SKUS)
            ((code, path),) = codes(body)
            assert (code in {"SOURCE_TIMEOUT", "SOURCE_UNAVAILABLE"}, path) == (True, ["products"])
            assert len(body["data"]["orders"]) == 6
    await recovers(there)


async def test_a_server_without_a_connection_left_is_unavailable_and_gives_none_away(
    tmp_path: Path, cluster: Cluster, between: Injector
) -> None:
    """F23: others hold every connection that the server has."""
    free = int(cluster.psql("SELECT current_setting('max_connections')"))
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    async with world(tmp_path, FULL, STOCK=address(between.port)) as there:
        await there.data(SKUS)
        await between.drop()
        try:
            with contextlib.suppress(psycopg.OperationalError):
                while len(held) < free:
                    held.append(await asyncio.to_thread(psycopg.connect, cluster.url))
            bodies = await asyncio.gather(*(there.ask(SKUS) for _ in range(6)))
        finally:
            for connection in held:
                connection.close()
        for body in bodies:
            ((code, path),) = codes(body)
            assert (code in {"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT"}, path) == (True, ["products"])
            assert len(body["data"]["orders"]) == 6
        await recovers(there)
        await asyncio.gather(*(there.ask(SKUS) for _ in range(20)))
        assert between.open <= 4, "no more connections than the file allows"


async def test_a_pool_that_slow_statements_have_taken_is_an_error_within_its_time(there: World) -> None:
    slow = [asyncio.create_task(there.ask("{ sleepy { z } }")) for _ in range(4)]
    await asyncio.sleep(0.2)
    body = await there.ask(SKUS, {"X-Request-Timeout": "0.4"})
    assert [path for _, path in codes(body)] == [["products"]]
    assert len(body["data"]["orders"]) == 6
    assert {code for each in await asyncio.gather(*slow) for code, _ in codes(each)} <= {
        "SOURCE_TIMEOUT", "SOURCE_UNAVAILABLE",
    }  # fmt: skip
    await recovers(there)


@pytest.fixture
def full_disk(cluster: Cluster) -> Iterator[None]:
    """A table ``blobs`` on a disk of two megabytes."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own can only be mounted by root")
    disk = cluster.folder / "small"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], check=False)
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted on this machine")
    try:
        subprocess.run(["chown", "postgres", str(disk)], check=True)
        cluster.psql(f"CREATE TABLESPACE small LOCATION '{disk}'")
        cluster.psql("CREATE TABLE blobs (no serial PRIMARY KEY, text text NOT NULL) TABLESPACE small")
        cluster.psql("ALTER TABLE blobs ALTER text SET STORAGE EXTERNAL")
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            cluster.psql("DROP TABLE IF EXISTS blobs")
            cluster.psql("DROP TABLESPACE small")
        subprocess.run(["umount", "-l", str(disk)], check=False)


@pytest.mark.usefixtures("full_disk")
async def test_a_disk_that_is_full_undoes_the_change_and_reads_go_on(cluster: Cluster, tmp_path: Path) -> None:
    async with world(tmp_path, FULL, STOCK=cluster.url) as there:
        insert = "mutation($text: String!) { insertBlob(row: { text: $text }) { no } }"
        done, told = 0, set[str]()
        while not told and done < 30:
            told = {code for code, _ in codes(await there.ask(insert, None, text="x" * 200_000))}
            done += not told
        assert told <= {"SOURCE_FAULT", "SOURCE_UNAVAILABLE"}
        assert told
        assert (await there.data("{ products { sku } }"))["products"] == [{"sku": "anvil"}]
        assert len((await there.data("{ blobs { no } }"))["blobs"]) == done
