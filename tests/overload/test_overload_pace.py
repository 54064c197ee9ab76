"""The pace against a simulated core: one thing at a time, a queue that grows, refusals that cost time too."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from dataclasses import dataclass

import pytest

from gateway.limits import Busy
from gateway.overload.admission import Admission
from gateway.overload.pace import CALM_S, FEW, FLOOR_PER_S, MOVED, Pace, Window
from gateway.overload.settings import OverloadSettings

COST_S = 0.002
REFUSAL_S = 0.00003
PEAK = 1 / COST_S
TURN_S = 0.005


@dataclass
class Result:
    good: float
    lag_s: float
    refused: float


def core(times: float, seconds: float = 20.0) -> Result:
    """A core that is asked ``times`` what it can do; figures of the second half."""
    pace, backlog_s, credit = Pace(0.03), 0.0, 0.0
    done = refused = lags = 0.0
    begun = ended = turned_away = 0
    least, elapsed = 1e9, 0.0
    for turn in itertools.count():
        now = turn * TURN_S
        if now >= seconds:
            break
        arrivals = times * PEAK * TURN_S
        credit = min(credit + pace.per_s * TURN_S, max(1.0, pace.per_s * 0.02)) if pace.overloaded else 0.0
        admitted = min(arrivals, credit) if pace.overloaded else arrivals
        credit -= admitted if pace.overloaded else 0.0
        away = arrivals - admitted
        worked = min(backlog_s + admitted * COST_S, max(0.0, TURN_S - away * REFUSAL_S))
        backlog_s += admitted * COST_S - worked
        begun, ended = begun + round(admitted * 100), ended + round(worked / COST_S * 100)
        turned_away += round(away)
        least, elapsed = min(least, backlog_s), elapsed + TURN_S
        if now >= seconds / 2:
            done, refused, lags = done + worked / COST_S, refused + away, max(lags, backlog_s)
        if elapsed >= 0.1:
            under_way = FEW + round(backlog_s / COST_S)
            busy = 1.0 if backlog_s > 0 else 0.5
            pace.look(Window(elapsed, least, busy, begun // 100, ended // 100, turned_away, under_way))
            begun, ended, turned_away, least, elapsed = begun % 100, ended % 100, 0, 1e9, 0.0
    return Result(done / (seconds / 2) / PEAK, lags, refused / (seconds / 2))


@pytest.mark.parametrize("times", [1.5, 3.0, 10.0])
def test_what_is_answered_stays_near_the_peak_and_the_queue_short(times: float) -> None:
    result = core(times)
    assert result.good > 0.8 - (times * PEAK * REFUSAL_S if times > 5 else 0)
    assert result.lag_s < 0.3
    assert result.refused > 0


def test_below_the_peak_nobody_is_refused() -> None:
    assert core(0.9).refused == 0


def seen(pace: Pace, seconds: float = 0.1, **facts: float) -> None:
    given = {"lag_s": 0.1, "busy": 1.0, "begun": 50, "ended": 50, "refused": 0, "under_way": 500, **facts}
    pace.look(
        Window(
            seconds, given["lag_s"], given["busy"], int(given["begun"]), int(given["ended"]), int(given["refused"]),
            int(given["under_way"]),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "quiet",
    [
        {"lag_s": 0.001, "under_way": 1900},  # they all wait for a slow source
        {"under_way": FEW - 1},
        {"begun": MOVED - 1, "ended": 0},
        {"busy": 0.5},  # the machine is busy with other things, the loop is not
    ],
)
def test_what_is_no_queue_of_the_core_limits_nobody(quiet: dict[str, float]) -> None:
    pace = Pace(0.03)
    for _ in range(50):
        seen(pace, **quiet)
    assert pace.per_s == math.inf


def test_there_is_a_floor_and_an_end() -> None:
    pace = Pace(0.03)
    seen(pace, ended=0, lag_s=1.0)
    assert pace.per_s == FLOOR_PER_S
    for _ in range(round(CALM_S / 0.1) + 1):
        seen(pace, lag_s=0.0)
    assert not pace.overloaded


async def test_a_hundred_thousand_random_steps_lose_no_turn_and_keep_the_queue_bounded() -> None:  # noqa: C901  # steps
    chance = random.Random(7)
    admission = Admission(OverloadSettings(max_wait_s=0.05))
    counts = admission.counts
    now, inside, most = 0.0, 0, 0.0
    counts.begun = held = 200  # others that stay, so that it is worth while to refuse
    waiting: set[asyncio.Task[bool]] = set()

    async def one() -> bool:
        counts.begun += 1
        try:
            if admission.overloaded:
                await admission.enter(now)
        except Busy:
            return False
        else:
            return True
        finally:
            counts.ended += 1

    for step in range(100_000):
        match chance.randrange(4):
            case 0:
                task = asyncio.create_task(one())
                waiting.add(task)
                task.add_done_callback(waiting.discard)
            case 1 if waiting:
                chance.choice(list(waiting)).cancel()
            case 2:
                now += 0.01
                admission.tick(now, 0.01)
            case _ if step % 7 == 0:
                late = chance.choice([0.0, 0.0, 0.05, 0.2])
                admission.look(now, 0.1, late, 1.0)
                if admission.overloaded:
                    most = max(most, admission.per_s)
        if step % 3 == 0:
            await asyncio.sleep(0)
        assert admission.waiting <= most * 0.05 + 1
        inside = max(inside, admission.waiting)
    assert inside > 0
    while waiting:
        now += 0.1
        admission.tick(now, 0.1)
        await asyncio.sleep(0)
        if not admission.overloaded:
            break
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (admission.waiting, counts.begun) == (0, counts.ended + held)
