"""What holds when a gateway is more than one process on one machine: nothing is lost, limits are shared."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections import Counter
from pathlib import Path
from urllib.parse import quote

from tests.deploy.cluster import Cluster, cluster
from tests.workers.client import Caller, Load, post

READ = "{ notes { token } }"
BY_GET = f"GET /graphql?query={quote(READ)} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n".encode()
BY_POST = post(READ)
WRITE = 'mutation { insertNote(row: { token: "%s" }) { id } }'


async def loaded(made: Cluster, content: bytes, victim: int, sent: signal.Signals) -> Load:
    """Callers ask through HAProxy, meanwhile a gateway is sent a signal; until it is gone, and some more."""
    load = Load("127.0.0.1", made.port, content, 8)
    process = made.gateways[victim].running.process
    enough: list[int] = []

    async def ended() -> None:
        await asyncio.sleep(0.5)
        process.send_signal(sent)
        await process.wait()
        await asyncio.sleep(2)
        enough.append(load.good + 100)

    await load.run(lambda each: bool(enough) and each.good >= enough[0], ended())
    return load


async def test_a_gateway_that_is_killed_costs_no_read_by_get(tmp_path: Path) -> None:
    async with cluster(tmp_path) as made:
        load = await loaded(made, BY_GET, 0, signal.SIGKILL)
        assert load.failures == {}
        # By POST, what it was answering when it was killed is told to have failed: it may have been a write.
        load = await loaded(made, BY_POST, 1, signal.SIGKILL)
        assert load.failures.total() <= 8, load.failures
        # On a connection that it had used before, HAProxy ends that of the caller instead of answering.
        assert all(each.startswith(("502", "ConnectionResetError")) for each in load.failures), load.failures


async def test_a_gateway_that_is_told_to_end_costs_nothing_at_all(tmp_path: Path) -> None:
    async with cluster(tmp_path) as made:
        load = await loaded(made, BY_POST, 0, signal.SIGTERM)
        assert load.failures == {}
        assert made.gateways[0].running.process.returncode == 0


async def test_no_acknowledged_write_is_lost_and_none_is_doubled(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    async with cluster(tmp_path) as made:
        stopping = False

        async def write() -> None:
            caller = Caller("127.0.0.1", made.port)
            while not stopping:
                token = uuid.uuid4().hex
                try:
                    status, body = await caller.ask(post(WRITE % token))
                except OSError:
                    continue  # nobody told whether it was written: it counts for neither
                if status == 200 and "errors" not in body:
                    acknowledged.add(token)

        writing = [asyncio.create_task(write()) for _ in range(8)]
        for victim in (0, 1):
            await asyncio.sleep(1)
            os.kill(made.gateways[victim].pid, signal.SIGKILL)
        await asyncio.sleep(2)
        stopping = True
        await asyncio.gather(*writing)
        rows = Counter(row["token"] for row in await made.database.fetch("SELECT token FROM notes"))
    assert acknowledged
    assert acknowledged <= rows.keys()
    assert set(rows.values()) == {1}


async def test_a_rate_limit_is_for_all_processes_together(tmp_path: Path) -> None:
    async with cluster(tmp_path, REQUESTS_PER_MINUTE="1", BURST="40") as made:
        callers = [Caller("127.0.0.1", made.port) for _ in range(20)]
        statuses: Counter[int] = Counter()
        for _ in range(10):
            statuses.update(status for status, _ in await asyncio.gather(*(each.ask(BY_POST) for each in callers)))
        for each in callers:
            each.leave()
        assert set(statuses) == {200, 429}
        assert 38 <= statuses[200] <= 50, statuses  # four times as many if each counted for itself
