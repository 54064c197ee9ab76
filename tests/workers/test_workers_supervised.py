"""Several worker processes as a person starts them: killed, stopped, replaced, and told to end, under load."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from tests.commands.conftest import Ended
from tests.workers.client import Caller, Load
from tests.workers.supervised import FAR_S, QUERY, Supervised, Supervising

ANSWER = {"data": {"products": [{"sku": "A1", "name": "Rope"}]}}
FILE = """\
sources:
  shop: {{ database: "sqlite:///shop.sqlite" }}
access: {{ default: anonymous }}
server: {{ {settings} }}
"""


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Supervising]:
    Supervised.shop(tmp_path)
    made = Supervising(tmp_path)
    yield made
    await made.close()


async def begun(shell: Supervising, settings: str, *more: str) -> Supervised:
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings=settings))
    return await shell.supervised("serve", "isthmus.yaml", "--port", "0", *more)


async def test_a_worker_that_is_killed_is_replaced_and_the_others_serve_on(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2, metrics: { port: 0 }")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    before = running.workers()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    for _ in range(20):  # connections that waited in the queue, too, find somebody
        assert await running.asked() == ANSWER
    await running.until(lambda: len(running.workers()) == 2 and victim not in running.workers())
    assert len(running.workers() & before) == 1
    await running.until(lambda: bool(running.events("worker_ended")))
    assert [(each["why"], each["pid"]) for each in running.events("worker_ended")] == [("SIGKILL", victim)]
    ended = await running.end()
    assert (ended.code, "Traceback" in ended.err, running.workers()) == (0, False, set())


async def test_a_rolling_restart_loses_no_request(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    before = running.workers()
    load = Load("127.0.0.1", running.port, QUERY, 8)

    async def rolled() -> None:
        for _ in range(20):  # a storm of them is one
            os.kill(running.pid, signal.SIGUSR2)
        await running.until(lambda: len(running.workers()) == 2 and not before & running.workers())
        rolling.append(False)

    rolling: list[bool] = []
    await load.run(lambda each: bool(rolling) and each.good > 50, rolled())
    assert load.failures == {}
    assert load.connections > 8  # they were asked to leave, and came back
    await running.until(lambda: bool(running.events("rolling_restart_done")))
    assert (await running.end()).code == 0


async def test_a_worker_stays_until_the_one_that_follows_it_is_ready(shell: Supervising) -> None:
    running = await begun(shell, "workers: 1, reload: { files: false }")
    before = running.workers()
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings="workers: 1").replace("shop.sqlite", "none.sqlite"))
    os.kill(running.pid, signal.SIGUSR2)
    await running.until(lambda: bool(running.events("rolling_restart_stopped")))
    assert running.workers() == before
    assert await running.asked() == ANSWER


async def test_it_ends_well_whatever_signals_come_again(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2, notice_s: 1.0")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    load = Load("127.0.0.1", running.port, QUERY, 4)
    unready = False

    async def ended() -> Ended:
        nonlocal unready
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR2, signal.SIGTERM, signal.SIGHUP):
            os.kill(running.pid, number)
        async with asyncio.timeout(FAR_S):
            while not unready:
                with suppress(httpx.HTTPError):
                    async with httpx.AsyncClient(trust_env=False, headers={"connection": "close"}) as client:
                        unready = (await client.get(f"{running.running.address}/readyz")).status_code == 503
        return await running.end(signal.SIGTERM)

    end = asyncio.create_task(ended())
    await load.run(lambda _: unready, None)
    assert load.failures == {}
    assert (await end).code == 0
    assert running.workers() == set()


async def _refused(port: int) -> bool:
    """Whether nobody listens any more."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return True
    writer.close()
    return False


async def test_who_comes_while_it_ends_is_refused_and_not_left_waiting(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    _, slow = await asyncio.open_connection("127.0.0.1", running.port)
    slow.write(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
    )
    await slow.drain()
    assert await running.asked() == ANSWER  # by now the slow one is known, too
    os.kill(running.pid, signal.SIGTERM)
    async with asyncio.timeout(FAR_S):
        while not await _refused(running.port):  # noqa: ASYNC110  # other processes: there is nothing to await
            await asyncio.sleep(0.02)
    assert running.workers()  # the one that waits for the rest of the request is still there
    slow.close()
    assert (await running.end(signal.SIGTERM)).code == 0


async def test_a_worker_that_is_stuck_is_replaced(shell: Supervising) -> None:
    running = await begun(shell, "workers: { count: 2, stuck_s: 2 }")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    victim = min(running.workers())
    os.kill(victim, signal.SIGSTOP)
    await running.until(lambda: len(running.workers()) == 2 and victim not in running.workers())
    await running.until(lambda: bool(running.events("worker_ended")))
    assert [each["pid"] for each in running.events("worker_stuck")] == [victim]
    assert [each["why"] for each in running.events("worker_ended")] == ["stuck"]
    assert await running.asked() == ANSWER


async def test_a_supervisor_that_was_stopped_itself_takes_nobody_for_stuck(shell: Supervising) -> None:
    running = await begun(shell, "workers: { count: 2, stuck_s: 2 }")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    before = running.workers()
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(0.3)  # what they said before has been heard
    os.kill(running.pid, signal.SIGSTOP)  # as a machine is that is moved, or a container that is paused
    await asyncio.sleep(3)  # longer than stuck_s, and than a supervisor ever looks away
    os.kill(running.pid, signal.SIGCONT)
    await asyncio.sleep(0.3)
    for pid in before:
        os.kill(pid, signal.SIGCONT)
    await asyncio.sleep(0.5)
    assert await running.asked() == ANSWER
    assert (running.workers(), running.events("worker_stuck")) == (before, [])


async def test_a_worker_that_does_not_end_keeps_nobody_from_ending(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2, notice_s: 0, drain_s: 1")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    os.kill(min(running.workers()), signal.SIGSTOP)
    started = time.monotonic()
    ended = await running.end()
    assert (ended.code, running.workers()) == (1, set())
    assert len(running.events("worker_killed")) == 1
    assert time.monotonic() - started < 30


async def test_a_worker_that_grew_too_large_is_replaced_by_one_that_is_ready(shell: Supervising) -> None:
    running = await begun(shell, "workers: { count: 1, max_memory_mib: 64 }")
    before = running.workers()
    load = Load("127.0.0.1", running.port, QUERY, 2)
    replaced = running.until(lambda: bool(running.workers()) and not before & running.workers())
    done: list[bool] = []

    async def watched() -> None:
        await replaced
        done.append(True)

    await load.run(lambda _: bool(done), watched())
    assert load.failures == {}
    assert running.events("worker_too_large")


async def test_workers_without_a_supervisor_end(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2")
    await running.until(lambda: len(running.workers()) == 2)
    workers = running.workers()
    os.kill(running.pid, signal.SIGKILL)
    await running.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


async def test_what_keeps_workers_from_starting_is_told_once(shell: Supervising) -> None:
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings="workers: 3").replace("shop.sqlite", "none.sqlite"))
    ended = await shell.run("serve", "isthmus.yaml", "--port", "0")
    assert ended.code == 1
    assert ended.err.count("none.sqlite") == 1, ended.err


async def test_what_workers_have_to_say_alike_is_said_once(shell: Supervising) -> None:
    text = FILE.format(settings="workers: 3").replace(
        "access:", "  far: { openapi: 'http://127.0.0.1:1/x.json', url: 'http://127.0.0.1:1' }\naccess:"
    )
    (shell.folder / "isthmus.yaml").write_text(text)
    running = await shell.supervised("serve", "isthmus.yaml", "--port", "0")
    await running.until(lambda: len(running.events("worker_ready")) == 3)
    assert sum("Source far is not served" in line for line in running.lines) == 1


async def test_a_broken_file_does_not_keep_a_worker_from_being_replaced(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2")
    await running.until(lambda: len(running.workers()) == 2)
    (shell.folder / "isthmus.yaml").write_text("sources: [")
    victim = min(running.workers())
    os.kill(victim, signal.SIGKILL)
    await running.until(lambda: len(running.workers()) == 2 and victim not in running.workers())
    assert await running.asked() == ANSWER
    assert running.events("configuration_kept")


async def test_a_machine_without_room_for_another_worker_keeps_those_that_there_are(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2, metrics: { port: 0 }")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    _, most = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (3, most))  # it may open nothing any more
    victim = min(running.workers())
    os.kill(victim, signal.SIGKILL)
    await running.until(lambda: bool(running.events("worker_not_started")))
    assert {each["why"] for each in running.events("worker_not_started")} == {"EMFILE"}
    assert await running.asked() == ANSWER
    resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (most, most))
    await running.until(lambda: len(running.workers()) == 2 and victim not in running.workers())
    assert (await running.end()).code == 0


async def test_workers_serve_on_where_nobody_reads_what_is_said_of_them(shell: Supervising) -> None:
    """The pipe of what is logged has no other end any more; a worker that begins has something to say."""
    far = "  far: { openapi: 'http://127.0.0.1:1/x.json', url: 'http://127.0.0.1:1' }\naccess:"
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings="workers: 2"))
    running = await shell.supervised("serve", "isthmus.yaml", "--port", "0")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    before = running.workers()
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings="workers: 2").replace("access:", far))
    await running.deafen()
    for victim in before:
        os.kill(victim, signal.SIGKILL)
    await running.until(lambda: len(running.workers()) == 2 and not before & running.workers())
    assert await running.asked() == ANSWER
    assert await running.asked() == ANSWER
    os.kill(running.pid, signal.SIGTERM)
    async with asyncio.timeout(FAR_S):
        assert await running.running.process.wait() in {0, 120}  # Python gives 120 where it cannot flush stderr


async def test_a_new_worker_lets_nobody_in_whom_the_others_would_not(shell: Supervising) -> None:
    """A file that may not be served as it stands is refused by those that serve, and by whoever takes their place."""
    token = "jwt: { issuer: 'https://id', audience: isthmus, secret: 'a secret of this test, long enough for HMAC' }"
    running = await begun(shell, f"workers: 2, host: 0.0.0.0, {token}")
    await running.until(lambda: len(running.events("worker_ready")) == 2)
    before = running.workers()
    (shell.folder / "isthmus.yaml").write_text(FILE.format(settings="workers: 2, host: 0.0.0.0"))
    for victim in before:
        os.kill(victim, signal.SIGKILL)
    await running.until(lambda: len(running.events("worker_ready")) == 4)
    assert "Without server.jwt everyone is anonymous" in str(running.events("configuration_kept")[0]["detail"])
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": "Bearer none"}) as client:
        answer = await client.post(f"http://127.0.0.1:{running.port}/graphql", json={"query": "{ __typename }"})
    assert answer.status_code == 401  # without jwt nobody would have looked at it


async def test_connections_are_shared_among_workers_and_ids_are_never_alike(shell: Supervising) -> None:
    running = await begun(shell, "", "--workers", "3")
    await running.until(lambda: len(running.events("worker_ready")) == 3)
    held = {pid: sockets(pid) for pid in running.workers()}
    callers = [Caller("127.0.0.1", running.port) for _ in range(90)]
    await asyncio.gather(*(caller.ask(QUERY) for caller in callers))
    shares = [sockets(pid) - count for pid, count in held.items()]
    for caller in callers:
        caller.leave()
    assert min(shares) >= 1, shares  # on a quiet machine 30 each; on a busy one who gets a core gets more
    await running.until(lambda: len(running.events("request")) >= 90)
    ids = [each["request_id"] for each in running.events("request")]
    assert len(set(ids)) == len(ids)


def sockets(pid: int) -> int:
    found = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found += str(path.readlink()).startswith("socket:")
    return found


async def test_a_crash_at_every_start_is_tried_less_and_less_often(shell: Supervising) -> None:
    running = await begun(shell, "workers: 2")
    await running.until(lambda: len(running.workers()) == 2)
    (shell.folder / "shop.sqlite").rename(shell.folder / "gone.sqlite")
    began = time.monotonic()
    for pid in running.workers():
        os.kill(pid, signal.SIGKILL)
    await running.until(lambda: len(running.events("worker_ended")) >= 6)
    ends = [each for each in running.events("worker_ended") if each["worker"] == 0]
    pauses = [float(str(each["again_in_s"])) for each in ends]
    assert pauses == sorted(pauses)
    times = [datetime.fromisoformat(str(each["timestamp"])) for each in ends]
    for pause, before, after in zip(pauses[:-1], times[:-1], times[1:], strict=True):
        assert (after - before).total_seconds() > pause - 0.01
    (shell.folder / "gone.sqlite").rename(shell.folder / "shop.sqlite")
    await running.until(lambda: len(running.workers()) == 2)
    await running.until(lambda: time.monotonic() > began + 0.1)
    assert (await running.end()).code == 0
