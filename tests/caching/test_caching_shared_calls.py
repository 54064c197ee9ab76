"""How a call that several wait for begins and ends, one turn of the loop after the other."""

from __future__ import annotations

import asyncio

import pytest

from resolvers.cache.flights import Flight, Flights
from resolvers.errors import SourceUnavailable
from resolvers.source import Parts
from resolvers.time_limits import TimeLimits


class Calls:
    """Calls that answer when they are told to; ``ended``: those that were given up."""

    def __init__(self) -> None:
        self.answer = asyncio.Event()
        self.ended = 0

    async def __call__(self, outcome: asyncio.Future[str]) -> None:
        try:
            await self.answer.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        outcome.set_result("answer")


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def _waiting(flight: Flight[str]) -> asyncio.Task[str]:
    return asyncio.create_task(flight.wait(TimeLimits(), asyncio.get_running_loop().time() + 60))


async def test_a_call_that_is_given_up_takes_nothing_from_the_one_that_follows_it() -> None:
    flights: Flights[str] = Flights()
    calls = Calls()
    first = flights.begin(["key"], calls)
    await _turns()
    assert first.task is not None
    first.task.cancel()
    second = flights.begin(["key"], calls)  # the first one has not ended yet
    await _turns()
    assert calls.ended == 1
    assert flights.of("key") is second
    calls.answer.set()
    assert await _waiting(second) == "answer"
    await _turns()
    assert flights.of("key") is None


async def test_who_waits_while_the_source_is_closed_is_told_so() -> None:
    flights: Flights[str] = Flights()
    calls = Calls()
    waiting = _waiting(flights.begin(["key"], calls))
    await _turns()
    await asyncio.wait_for(flights.close(), 5)
    with pytest.raises(SourceUnavailable):
        await waiting
    assert calls.ended == 1


async def test_who_is_cancelled_himself_while_the_source_is_closed_is_cancelled() -> None:
    flights: Flights[str] = Flights()
    waiting = _waiting(flights.begin(["key"], Calls()))
    await _turns()
    waiting.cancel()
    await asyncio.wait_for(flights.close(), 5)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_the_last_to_leave_ends_it_and_nobody_before() -> None:
    flights: Flights[str] = Flights()
    calls = Calls()
    flight = flights.begin(["key"], calls)
    several = [_waiting(flight) for _ in range(3)]
    await _turns()
    for left, each in enumerate(several):
        assert (calls.ended, left) == (0, left)
        each.cancel()
        await _turns()
    assert calls.ended == 1
    assert flights.of("key") is None


def test_a_whole_of_which_a_part_was_forgotten_on_the_way_is_not_sound() -> None:
    parts = Parts()
    parts.add(("crm", "a"), (1, 1), 60)
    parts.add(("crm", "b"), (1, 7), 30)
    assert (parts.sound, parts.left_s) == (True, 30)
    parts.add(("crm",), (2,), 60)
    assert not parts.sound
    away = Parts()
    away.add(("crm",), None, 60)
    assert not away.sound
