"""A source that hangs or is overrun holds nobody longer than it must, and gets no more than it may."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from resolvers import Code, IsthmusError
from resolvers.errors import RateLimited, SourceBusy, SourceTimeout
from resolvers.resilience import AllowanceAway, Rate, Turn
from tests.guards.shop import CREATE, GOOD, READ, context, opened, shop
from tests.raw_server import Heard, raw_server, says

DONE = {"id": "7"}


class Gate:
    """Answers when it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, _: Heard, writer: asyncio.StreamWriter) -> None:
        await self.opened.wait()
        writer.write(GOOD)


async def test_who_waits_too_long_for_a_place_is_told_so_and_nothing_is_sent_for_it(tmp_path: Path) -> None:
    gate = Gate()
    async with shop(tmp_path, gate, concurrency=2, max_wait_s=0.2) as (source, server):
        inside = [asyncio.create_task(source.outcome(READ)) for _ in range(2)]
        while server.in_flight < 2:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        for call in (READ, CREATE):
            error = await source.outcome(call)
            assert isinstance(error, SourceBusy)
            assert (error.code, error.message) == (
                Code.SOURCE_UNAVAILABLE,
                "The source is busy, and no place became free in time.",
            )
        assert source.tally.retries == 0
        gate.opened.set()
        assert await asyncio.gather(*inside) == [DONE, DONE]
        assert len(server.heard) == 2
        assert (source.tally.under_way, source.tally.waiting) == (0, 0)
        assert await source.outcome(READ) == DONE


async def test_a_full_queue_refuses_at_once(tmp_path: Path) -> None:
    gate = Gate()
    async with shop(tmp_path, gate, concurrency=1, max_waiting=2) as (source, server):
        tasks = [asyncio.create_task(source.outcome(READ)) for _ in range(3)]
        while server.in_flight < 1:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        assert source.tally.waiting == 2
        started = time.monotonic()
        assert isinstance(await source.outcome(READ), SourceBusy)
        assert time.monotonic() - started < 1
        gate.opened.set()
        assert await asyncio.gather(*tasks) == [DONE] * 3


async def test_places_are_given_in_the_order_of_asking_and_those_who_left_are_passed_over(tmp_path: Path) -> None:
    gate = Gate()
    async with shop(tmp_path, gate, concurrency=1) as (source, server):
        tasks = []
        for number in range(5):
            call = type(READ)("item", {"id": str(number)})
            tasks.append(asyncio.create_task(source.outcome(call)))
            await asyncio.sleep(0)
        while server.in_flight < 1:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        tasks[2].cancel()
        gate.opened.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [heard.target for heard in server.heard] == ["/items/0", "/items/1", "/items/3", "/items/4"]


async def test_the_deadline_comes_first_where_it_is_sooner(tmp_path: Path) -> None:
    gate = Gate()
    async with shop(tmp_path, gate, concurrency=1) as (source, server):
        first = asyncio.create_task(source.outcome(READ))
        while server.in_flight < 1:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        assert isinstance(await source.outcome(CREATE, context(0.1)), SourceTimeout)
        gate.opened.set()
        assert await first == DONE
        assert len(server.heard) == 1


async def test_a_limit_of_calls_by_the_second_lets_them_wait_for_their_turn(tmp_path: Path) -> None:
    times: list[float] = []

    async def answer(_: Heard, writer: asyncio.StreamWriter) -> None:
        times.append(time.monotonic())
        writer.write(GOOD)

    async with shop(tmp_path, answer, rate_limit={"per_second": 20, "burst": 2}) as (source, _):
        started = time.monotonic()
        assert await asyncio.gather(*(source.outcome(READ) for _ in range(8))) == [DONE] * 8
        assert time.monotonic() - started >= 6 / 20 - 0.01
        assert source.tally.held_back == 6
        assert source.tally.waiting == 0
        # Whoever looks at any stretch of time sees no more than may be; sockets may bring two a little nearer.
        for first in range(8):
            for last in range(first, 8):
                assert last - first + 1 <= 2 + (times[last] - times[first] + 0.04) * 20 + 1e-6


async def test_who_cannot_wait_for_a_turn_is_told_when_to_come_back(tmp_path: Path) -> None:
    async with shop(tmp_path, says(GOOD), rate_limit={"per_second": 0.01}) as (source, server):
        assert await source.outcome(READ) == DONE
        for call in (READ, CREATE):
            error = await source.outcome(call)
            assert isinstance(error, RateLimited)
            assert 90 <= int(str(error.extensions["retryAfter"])) <= 100
        assert len(server.heard) == 1
        assert source.tally.held_back == 2


async def test_a_day_has_so_many_calls(tmp_path: Path) -> None:
    async with shop(tmp_path, says(GOOD), rate_limit={"per_day": 3}) as (source, server):
        outcomes = [await source.outcome(READ) for _ in range(5)]
        assert outcomes[:3] == [DONE] * 3 or time.time() % 86_400 < 60
        assert isinstance(outcomes[-1], RateLimited) or time.time() % 86_400 < 60
        assert len(server.heard) == 3 or time.time() % 86_400 < 60


class Together:
    """What several sources of a test count by."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.asked: list[tuple[str, Rate]] = []
        self.closed = 0

    async def take(self, name: str, rate: Rate, most_wait: float) -> Turn:
        assert most_wait > 0
        self.asked.append((name, rate))
        if self.away:
            raise AllowanceAway("test")
        return Turn(0.0 if len(self.asked) <= 2 else 99.0, granted=len(self.asked) <= 2)

    async def close(self) -> None:
        self.closed += 1


LIMIT = {"per_second": 1000, "burst": 3, "store": "redis"}


async def test_processes_may_count_together(tmp_path: Path) -> None:
    together = Together()
    async with (
        raw_server(says(GOOD)) as server,
        opened(tmp_path, server.url, lambda: together, rate_limit=LIMIT) as source,
    ):
        outcomes = [await source.outcome(READ) for _ in range(3)]
        assert outcomes[:2] == [DONE, DONE]
        assert isinstance(outcomes[2], RateLimited)
        assert len(server.heard) == 2
    assert together.asked[0] == ("shop", Rate(0.001, 3, None))
    assert together.closed == 1


async def test_who_cannot_count_together_counts_alone(tmp_path: Path) -> None:
    together = Together(away=True)
    limit = {**LIMIT, "per_second": 0.01, "burst": 2}
    async with (
        raw_server(says(GOOD)) as server,
        opened(tmp_path, server.url, lambda: together, rate_limit=limit) as source,
    ):
        outcomes = [await source.outcome(READ) for _ in range(3)]
        assert outcomes[:2] == [DONE, DONE]
        assert isinstance(outcomes[2], RateLimited)


@pytest.mark.parametrize("times", [1, 5])
async def test_nothing_is_lost_when_callers_leave_at_any_moment(times: int, tmp_path: Path) -> None:
    async def slow(_: Heard, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.005)
        writer.write(GOOD)

    async with shop(tmp_path, slow, concurrency=3, rate_limit={"per_second": 2000}) as (source, _):
        for round_ in range(20 * times):
            tasks = [asyncio.create_task(source.outcome(READ)) for _ in range(8)]
            await asyncio.sleep(0.0005 * (round_ % 13))
            for task in tasks[round_ % 3 :: 2]:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                assert outcome == DONE or isinstance(outcome, asyncio.CancelledError | IsthmusError)
        assert (source.tally.under_way, source.tally.waiting) == (0, 0)
        assert await asyncio.gather(*(source.outcome(READ) for _ in range(3))) == [DONE] * 3
