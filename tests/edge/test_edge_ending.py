"""SIGTERM under load, as a supervisor sends it to a real process: nobody who asked in time goes without an answer."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.demo.folder import trading_folder
from tests.commands.conftest import Running, Shell

DATA = b'{"data":[]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(
    DATA
)
ANSWER: dict[str, object] = {"data": {"orders": {"data": []}}}
FAR = 30
HELD = "{ orders(limit: 7) { data { number } } }"
QUICK = "{ orders(limit: 1) { data { number } } }"


class Crm:
    """A source that answers at once, but holds back what is asked with a limit of seven."""

    def __init__(self) -> None:
        self.held, self.asked = asyncio.Event(), asyncio.Event()
        self.answered = 0
        self.heads: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if b"limit=7" in head:
            self.asked.set()
            await self.held.wait()
        writer.write(HEAD + DATA)
        await writer.drain()
        writer.close()
        self.answered += 1


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def crm() -> Crm:
    return Crm()


async def begun(shell: Shell, port: int, settings: str) -> Running:
    description = (trading_folder() / "crm.openapi.yaml").read_bytes()
    (shell.folder / "crm.openapi.yaml").write_bytes(description)
    (shell.folder / "crm.yaml").write_text(
        f'sources:\n  crm: {{ openapi: crm.openapi.yaml, url: "http://127.0.0.1:{port}" }}\n'
        f"access: {{ default: anonymous }}\nserver: {{ {settings} }}\n"
    )
    return await shell.serve("serve", "crm.yaml", "--port", "0")


def connection() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, timeout=FAR, headers={"connection": "close"})


async def ask(address: str, query: str) -> httpx.Response:
    async with connection() as client:
        return await client.post(f"{address}/graphql", json={"query": query})


async def readiness(address: str) -> int:
    """The status of /readyz; 0 when no connection is taken any more."""
    try:
        async with connection() as client:
            return (await client.get(f"{address}/readyz")).status_code
    except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
        return 0


async def until_ready_is(address: str, wanted: int) -> None:
    async with asyncio.timeout(FAR):
        while await readiness(address) != wanted:  # noqa: ASYNC110  # another process: there is nothing to await
            await asyncio.sleep(0.01)


async def test_under_load_all_are_answered_and_the_process_ends_well(shell: Shell, crm: Crm) -> None:
    async with await asyncio.start_server(crm.answer, "127.0.0.1", 0) as source:
        running = await begun(shell, source.sockets[0].getsockname()[1], "notice_s: 1.5")
        unready = asyncio.Event()
        replies: list[httpx.Response] = []

        async def load() -> None:
            # As behind a load balancer: what is not ready gets nothing new, and what was sent is waited for.
            while not unready.is_set():
                replies.append(await ask(running.address, QUICK))

        held = asyncio.create_task(ask(running.address, HELD))
        await asyncio.wait_for(crm.asked.wait(), FAR)
        assert await readiness(running.address) == 200
        loading = [asyncio.create_task(load()) for _ in range(4)]
        ending = asyncio.create_task(running.end(signal.SIGTERM))
        await until_ready_is(running.address, 503)
        during = await ask(running.address, QUICK)
        assert (during.json(), during.headers["connection"]) == (ANSWER, "close")
        running.process.send_signal(signal.SIGTERM)  # a supervisor that repeats itself cuts nobody off
        unready.set()
        await asyncio.gather(*loading)
        await until_ready_is(running.address, 0)
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.ConnectError):
            await ask(running.address, QUICK)
        assert not held.done()
        assert not ending.done()
        crm.held.set()
        assert (await held).json() == ANSWER
        ended = await ending
    assert (ended.code, "Traceback" in ended.err) == (0, False)
    assert len(replies) >= 4
    assert all(reply.json() == ANSWER for reply in replies)
    assert crm.answered == len(replies) + 2


async def test_what_never_ends_holds_the_process_up_no_longer_than_it_may(shell: Shell, crm: Crm) -> None:
    async with await asyncio.start_server(crm.answer, "127.0.0.1", 0) as source:
        running = await begun(shell, source.sockets[0].getsockname()[1], "drain_s: 0.5, limits: { deadline_s: 60 }")
        held = asyncio.create_task(ask(running.address, HELD))
        await asyncio.wait_for(crm.asked.wait(), FAR)
        ended = await running.end(signal.SIGTERM)
        await asyncio.wait([held])
        crm.held.set()
    assert ended.code == 0
