"""A PostgreSQL that is restarted at once, without a goodbye, while many read from it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import pytest

from tests.through.cluster import Cluster, own_cluster
from tests.through.gateway import Gateway, codes, gateway

FILE = """
    sources:
      db: { database: "${env:URL}", timeout_s: 3, concurrency: 8 }
    access: { default: anonymous }
"""
ROWS = 500
QUERY = "{ things { id twin { id } } }"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with own_cluster() as made:
        yield made


@pytest.fixture
async def house(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with connected(cluster) as connection:
        await connection.execute(f"""
            CREATE TABLE things (id integer PRIMARY KEY, twin_id integer REFERENCES things);
            INSERT INTO things SELECT n, n FROM generate_series(1, {ROWS}) AS n;
        """)
    async with gateway(tmp_path, FILE, {"URL": cluster.url}) as served:
        yield served


@contextlib.asynccontextmanager
async def connected(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(cluster.url)
    try:
        yield connection
    finally:
        await connection.close()


def is_whole(body: dict[str, object]) -> bool:
    """True for every row with its twin; an answer that is partly there is told as such."""
    if "errors" in body:
        assert {code for code, _ in codes(body)} <= {"SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT"}, codes(body)[:2]
        return False
    data = body["data"]
    assert isinstance(data, dict)
    rows = {row["id"]: row["twin"] for row in data["things"]}
    assert rows == {number: {"id": number} for number in range(1, ROWS + 1)}
    return True


async def test_of_changes_under_a_restart_what_was_said_is_so(cluster: Cluster, tmp_path: Path) -> None:
    async with connected(cluster) as connection:
        await connection.execute("CREATE TABLE notes (no serial PRIMARY KEY, word text NOT NULL)")  # takes a word twice
    text = FILE.replace("timeout_s: 3", "timeout_s: 3, writes: true")
    async with gateway(tmp_path, text, {"URL": cluster.url}) as served:
        said: dict[str, str] = {}
        running = True

        async def writes(writer: int) -> None:
            number = 0
            while running:
                number += 1
                word = f"{writer}-{number}"
                body = await served.ask("mutation($w: String!) { insertNote(row: { word: $w }) { no } }", w=word)
                said[word] = codes(body)[0][0] if "errors" in body else "DONE"

        async def done(times: int) -> None:
            async with asyncio.timeout(5):
                before = list(said.values()).count("DONE")
                while list(said.values()).count("DONE") < before + times:  # noqa: ASYNC110  # writers set no event
                    await asyncio.sleep(0.01)

        writers = [asyncio.create_task(writes(number)) for number in range(12)]
        for _ in range(2):
            await done(24)
            await asyncio.to_thread(cluster.control, "restart", "-m", "immediate")
            await done(24)
        running = False
        await asyncio.gather(*writers)
    async with connected(cluster) as connection:
        there = [row["word"] for row in await connection.fetch("SELECT word FROM notes")]
    assert len(there) == len(set(there)), "nothing was done twice"
    assert set(said.values()) <= {"DONE", "SOURCE_UNAVAILABLE", "SOURCE_TIMEOUT", "OUTCOME_UNKNOWN"}
    assert len(set(said.values())) > 1, "the restart was felt"
    for word, code in said.items():
        if code != "OUTCOME_UNKNOWN":
            assert (word in there) is (code == "DONE"), (word, code)
    assert set(there) <= said.keys()


async def test_a_restart_under_load_costs_errors_that_say_so_and_no_rows(cluster: Cluster, house: Gateway) -> None:
    running, answers = True, {True: 0, False: 0}

    async def reads() -> None:
        while running:
            answers[is_whole(await house.ask(QUERY))] += 1

    readers = [asyncio.create_task(reads()) for _ in range(12)]
    await asyncio.to_thread(cluster.control, "restart", "-m", "immediate")
    async with asyncio.timeout(5):
        before = answers[True]
        while answers[True] < before + len(readers):  # noqa: ASYNC110  # readers count; they set no event
            await asyncio.sleep(0.01)
    running = False
    await asyncio.gather(*readers)
    assert all([is_whole(await house.ask(QUERY)) for _ in range(20)]), "it has recovered for good"
    async with connected(cluster) as connection:
        left = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        assert await connection.fetchval(left) <= 8, "no connection is left over"
        stuck = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert await connection.fetchval(stuck) == 0
