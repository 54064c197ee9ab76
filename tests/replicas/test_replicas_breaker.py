"""A breaker is what it must be (``machine.py``), and it never sticks whatever becomes of those who hold its permits."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import settings
from pydantic import ValidationError

from resolvers.breaker import Breaker, BreakerSettings, Permit
from resolvers.tally import ReplicaTally, Standing
from tests.replicas.machine import BreakerMachine

TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def _given(breaker: Breaker) -> Permit:
    permit = breaker.permit()
    assert permit is not None
    return permit


def _opened(clock: Clock, tally: Standing | ReplicaTally, **limits: object) -> Breaker:
    breaker = Breaker(BreakerSettings.model_validate(limits), tally, clock=clock, chance=lambda: 1.0)
    for _ in range(10):
        _given(breaker).failed()
    assert tally.state == "open"
    return breaker


def test_calls_are_refused_once_enough_failed() -> None:
    tally = Standing()
    breaker = _opened(Clock(), tally)
    assert breaker.permit() is None
    assert breaker.wait_s == 2.0


def test_few_failures_among_many_answers_open_nothing() -> None:
    tally = Standing()
    breaker = Breaker(BreakerSettings(), tally, clock=Clock())
    for number in range(200):
        permit = _given(breaker)
        if number % 3 == 0:
            permit.failed()
        else:
            permit.succeeded(0.01)
    assert tally.state == "closed"


def test_half_open_gives_three_probes_and_closes_after_three_good_ones() -> None:
    clock, tally = Clock(), ReplicaTally()
    breaker = _opened(clock, tally)
    clock.now += 2
    probes = [_given(breaker) for _ in range(3)]
    assert breaker.permit() is None
    states: list[str] = [tally.state]
    for probe in probes:
        probe.succeeded(0.1)
        states.append(tally.state)
    assert states == ["half_open", "half_open", "half_open", "closed"]
    assert breaker.permit() is not None


def test_a_probe_that_has_spoken_makes_room_for_the_next() -> None:
    clock, tally = Clock(), ReplicaTally()
    breaker = _opened(clock, tally, probes=1, closes_after=3)
    clock.now += 2
    for state in ("half_open", "half_open", "closed"):
        with _given(breaker) as probe:
            assert breaker.permit() is None
            probe.succeeded(0.1)
        assert str(tally.state) == state


def test_the_first_word_of_a_permit_is_its_only_one() -> None:
    tally = Standing()
    breaker = Breaker(BreakerSettings.model_validate({}), tally, clock=Clock())
    permit = _given(breaker)
    for _ in range(20):
        permit.failed()
    assert tally.state == "closed"


def test_each_failed_probe_doubles_the_time_up_to_a_bound() -> None:
    clock, tally = Clock(), Standing()
    breaker = _opened(clock, tally)
    waits = []
    for _ in range(6):
        waits.append(breaker.wait_s)
        clock.now += breaker.wait_s
        _given(breaker).failed()
    assert waits == [2, 4, 8, 8, 8, 8]


def test_the_time_is_of_random_length() -> None:
    clock = Clock()
    waits = set()
    for chance in (0.0, 0.3, 1.0):
        breaker = Breaker(BreakerSettings(), Standing(), clock=clock, chance=lambda chance=chance: chance)  # type: ignore[misc]
        for _ in range(10):
            _given(breaker).failed()
        waits.add(round(breaker.wait_s, 3))
    assert waits == {1.0, 1.3, 2.0}


async def test_a_cancelled_probe_gives_its_permit_back() -> None:
    clock, tally = Clock(), Standing()
    breaker = _opened(clock, tally, probes=1)
    clock.now += 2

    async def call() -> None:
        with _given(breaker):
            await asyncio.get_running_loop().create_future()

    for _ in range(20):
        probe = asyncio.create_task(call())
        await asyncio.sleep(0)
        assert breaker.permit() is None
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
    _given(breaker).succeeded(0.1)
    assert tally.state == "half_open"


def test_a_probe_that_raises_gives_its_permit_back() -> None:
    clock = Clock()
    breaker = _opened(clock, Standing(), probes=1)
    clock.now += 2
    for _ in range(20):
        with pytest.raises(RuntimeError), _given(breaker):
            raise RuntimeError
    assert breaker.permit() is not None


def test_probes_that_never_come_back_hold_their_places_for_a_while_only() -> None:
    clock = Clock()
    breaker = _opened(clock, Standing())
    clock.now += 2
    lost = [_given(breaker) for _ in range(3)]
    clock.now += 4.9
    assert breaker.permit() is None
    clock.now += 0.1
    assert breaker.permit() is not None
    assert len(lost) == 3


def test_what_began_before_the_opening_says_nothing_afterwards() -> None:
    clock, tally = Clock(), Standing()
    breaker = Breaker(BreakerSettings(), tally, clock=clock, chance=lambda: 1.0)
    early = [_given(breaker) for _ in range(20)]
    for permit in early[:10]:
        permit.failed()
    clock.now += 2
    for probe in [_given(breaker) for _ in range(3)]:
        for permit in early[10:]:
            permit.failed()
        probe.succeeded(0.1)
    assert tally.state == "closed"


def test_slow_answers_open_it_where_slow_is_said() -> None:
    tally = Standing()
    breaker = Breaker(BreakerSettings(slow_s=1.0), tally, clock=Clock())
    for _ in range(10):
        _given(breaker).succeeded(1.5)
    assert tally.state == "open"


def test_it_is_closed_within_fifteen_seconds_of_the_recovery() -> None:
    """Whenever it comes back, with a call each tenth of a second and ten seconds of silence for each until then."""
    longest = 0.0
    for moment in range(0, 400, 7):
        clock, tally = Clock(), Standing()
        breaker = _opened(clock, tally)
        back = clock.now + moment / 10
        silent: list[tuple[float, Permit]] = []
        while tally.state != "closed":
            clock.now += 0.1
            while silent and silent[0][0] <= clock.now:
                silent.pop(0)[1].failed()
            permit = breaker.permit()
            if permit is not None and clock.now >= back:
                permit.succeeded(0.05)
            elif permit is not None:
                silent.append((clock.now + 10.0, permit))
        longest = max(longest, clock.now - back)
    assert longest <= 15


def test_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.WARNING, "isthmus.sources"):
        breaker = Breaker(BreakerSettings(), Standing(), called="crm, replica 2", clock=clock, chance=lambda: 1.0)
        for _ in range(10):
            _given(breaker).failed()
        clock.now += 2
        for _ in range(3):
            _given(breaker).succeeded(0.1)
    assert [record.getMessage() for record in caplog.records] == [
        "crm, replica 2 is not asked for 2.0 s: 10 calls in a row failed",
        "crm, replica 2 answers again",
    ]


def test_settings_that_could_never_judge_are_refused() -> None:
    with pytest.raises(ValidationError, match="minimum_calls cannot be more"):
        BreakerSettings(window_calls=5)
