"""The injector itself: each fault is what it says, a client sees it, and the system behind knows what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

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
    SlowAccept,
    Truncated,
    injected,
)


class Echo:
    """A system that answers each line with it; ``heard``: the lines."""

    def __init__(self, injector: Injector, heard: list[bytes]) -> None:
        self.injector = injector
        self.heard = heard

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.injector.port)

    async def ask(self, line: bytes = b"0123456789\n", seconds: float = 0.2) -> bytes | str:
        """What came of a line over a new connection: bytes, or a word for how it ended; after some time: silence."""
        reader, writer = await self.open()
        try:
            return await said(reader, writer, line, seconds)
        finally:
            writer.close()


async def said(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes, seconds: float = 0.2
) -> bytes | str:
    writer.write(line)
    try:
        async with asyncio.timeout(seconds):
            return await reader.readuntil(b"\n")
    except TimeoutError:
        return "silence"
    except asyncio.IncompleteReadError as error:
        return error.partial or "end"
    except ConnectionResetError:
        return "reset"


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                heard.append(line)
                writer.write(line)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with injected("127.0.0.1", server.sockets[0].getsockname()[1]) as made:
        yield Echo(made, heard)
    server.close()


LINE = b"0123456789\n"


@pytest.mark.parametrize(
    ("fault", "seen", "asked"),
    [
        (Passes(), LINE, 1),
        (Latency(0.05), LINE, 1),
        (SlowAccept(0.05), LINE, 1),
        (Blackhole(), "silence", 0),
        (HalfOpen(), "silence", 1),
        (Drip(0.1), "silence", 1),
        (Bandwidth(20), "silence", 1),
        (ResetOnAccept(), "reset", 0),
        (ResetBeforeRequest(), "reset", 0),
        (ResetAfterRequest(), "reset", 1),
        (ResetWithinAnswer(4), "reset", 1),
        (Truncated(4), b"0123", 1),
        (Garbage(b"?"), b"?", 0),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bytes | str | int) else "",
)
async def test_a_fault_is_what_it_says(echo: Echo, fault: Fault, seen: bytes | str, asked: int) -> None:
    echo.injector.choose(fault)
    assert await echo.ask(seconds=0.2 if seen == "silence" else 20) == seen
    assert echo.injector.asked == asked
    assert echo.heard == [LINE] * asked
    async with asyncio.timeout(5):
        await echo.injector.until_open(0)


async def test_what_is_slow_comes_whole_and_late(echo: Echo) -> None:
    for fault, least in ((Latency(0.1), 0.1), (SlowAccept(0.1), 0.1), (Drip(0.01), 0.1), (Bandwidth(110), 0.05)):
        echo.injector.choose(fault)
        began = time.monotonic()
        assert await echo.ask(seconds=5) == LINE
        assert time.monotonic() - began >= least, fault


async def test_a_connection_that_was_there_lives_under_what_is_chosen_later(echo: Echo) -> None:
    reader, writer = await echo.open()
    assert await said(reader, writer, LINE) == LINE
    echo.injector.choose(ResetOnAccept())
    assert await said(reader, writer, LINE) == LINE
    assert await echo.ask() == "reset"
    echo.injector.choose(HalfOpen())
    assert await said(reader, writer, LINE) == "silence"
    writer.close()


async def test_what_is_idle_is_closed_and_what_is_reused_is_cut(echo: Echo) -> None:
    echo.injector.choose(ClosesIdle(0.02))
    reader, writer = await echo.open()
    assert await said(reader, writer, LINE) == LINE
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    echo.injector.choose(CutsReused())
    reader, writer = await echo.open()
    assert await said(reader, writer, LINE) == LINE
    assert await said(reader, writer, LINE) == "reset"
    writer.close()
    assert len(echo.heard) == 2


async def test_a_coin_decides_and_its_seed_decides_how_it_falls(echo: Echo) -> None:
    echo.injector.choose(Flapping(ResetBeforeRequest(), 0.5))
    seen = [await echo.ask(seconds=20) for _ in range(40)]
    assert 10 < seen.count("reset") < 30
    assert seen.count(LINE) == len(echo.heard) == echo.injector.asked
    async with injected(*echo.injector.target) as again:
        again.choose(Flapping(ResetBeforeRequest(), 0.5))
        assert [await Echo(again, []).ask(seconds=20) for _ in range(40)] == seen
    assert echo.injector.exchanges == 40


async def test_who_stops_refuses_and_starts_again_on_the_same_port(echo: Echo) -> None:
    reader, writer = await echo.open()
    assert await said(reader, writer, LINE) == LINE
    await echo.injector.stop()
    assert await said(reader, writer, LINE) in {"reset", "end"}
    with pytest.raises(ConnectionRefusedError):
        await echo.open()
    await echo.injector.start()
    assert await echo.ask() == LINE
    assert echo.injector.request_bytes == 2 * len(LINE)
