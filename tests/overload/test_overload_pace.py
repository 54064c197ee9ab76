"""The pace against a simulated core: one thing at a time, a queue that grows, refusals that cost time too."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from dataclasses import dataclass

import pytest

from gateway.overload.admission import Admission
from gateway.overload.pace import AIM, CALM_S, FEW, FLOOR_PER_S, MOVED, VERY_FEW, Pace, Window
from gateway.overload.settings import OverloadSettings
from gateway.request.limits import Busy

COST_S = 0.002
REFUSAL_S = 0.00003
PEAK = 1 / COST_S
TURN_S = 0.005


@dataclass
class Result:
    good: float
    lag_s: float
    refused: float


def core(times: float, seconds: float = 20.0, waits_s: float = 0.25) -> Result:
    """A core that is asked ``times`` what it can do; figures of the second half.

    A request costs half when it begins and half when its source has answered, ``waits_s`` later.
    """
    turns = round(waits_s / TURN_S)
    halves = deque([0.0] * turns)
    pace, backlog_s, credit = Pace(0.03), 0.0, 0.0
    done = refused = lags = ran = begun = ended = away = wanted = under_way = elapsed = 0.0
    least = 1e9
    for turn in range(round(seconds / TURN_S)):
        arrivals = times * PEAK * TURN_S
        credit = min(credit + pace.per_s * TURN_S, max(1.0, pace.per_s * 0.02)) if pace.overloaded else 0.0
        admitted = min(arrivals, credit) if pace.overloaded else arrivals
        credit -= admitted if pace.overloaded else 0.0
        halves.append(admitted)
        back = halves.popleft()
        due_s = backlog_s + (admitted + back) / 2 * COST_S
        worked = min(due_s, max(0.0, TURN_S - (arrivals - admitted) * REFUSAL_S))
        backlog_s = due_s - worked
        begun, ended, away = begun + admitted, ended + back, away + arrivals - admitted
        under_way += admitted - back
        ran, least, elapsed = ran + worked + (arrivals - admitted) * REFUSAL_S, min(least, backlog_s), elapsed + TURN_S
        wanted += TURN_S if backlog_s > 0 else worked
        if turn * TURN_S >= seconds / 2:
            done, refused, lags = done + worked / COST_S, refused + arrivals - admitted, max(lags, backlog_s)
        if elapsed >= 0.0999:
            pace.look(
                Window(
                    elapsed, least, ran / elapsed, wanted / elapsed, round(begun), round(ended), round(away),
                    away * REFUSAL_S, FEW + round(under_way),
                )
            )  # fmt: skip
            ran = begun = ended = away = wanted = elapsed = 0.0
            least = 1e9
    return Result(done / (seconds / 2) / PEAK, lags, refused / (seconds / 2))


@pytest.mark.parametrize("waits_s", [0.0, 0.25, 2.0])
@pytest.mark.parametrize("times", [1.5, 3.0, 10.0])
def test_what_is_answered_stays_near_the_peak_and_the_queue_short(times: float, waits_s: float) -> None:
    result = core(times, waits_s=waits_s)
    assert result.good > 0.85 - times * PEAK * REFUSAL_S
    assert result.lag_s < 0.1
    assert result.refused > 0


def test_below_the_peak_nobody_is_refused() -> None:
    assert core(0.9).refused == 0


def seen(pace: Pace, seconds: float = 0.1, **facts: float) -> None:
    given = {"lag_s": 0.1, "wanted": 1.0, "begun": 50, "ended": 50, "refused": 0, "under_way": 500, **facts}
    pace.look(
        Window(
            seconds, given["lag_s"], given["wanted"], given["wanted"], int(given["begun"]), int(given["ended"]),
            int(given["refused"]), 0.0, int(given["under_way"]),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    "quiet",
    [
        {"lag_s": 0.001, "under_way": 1900},  # they all wait for a slow source
        {"under_way": FEW - 1},
        {"begun": MOVED - 1, "ended": 0},
        {"wanted": 0.5},  # the machine is busy with other things, the loop is not
    ],
)
def test_what_is_no_queue_of_the_core_limits_nobody(quiet: dict[str, float]) -> None:
    pace = Pace(0.03)
    for _ in range(50):
        seen(pace, **quiet)
    assert pace.per_s == math.inf


def test_there_is_a_floor_and_an_end() -> None:
    pace = Pace(0.03)
    seen(pace, begun=0, ended=0, lag_s=1.0)
    assert pace.per_s == FLOOR_PER_S
    for _ in range(round(CALM_S / 0.1) + 1):
        seen(pace, lag_s=0.0)
    assert not pace.overloaded


def test_who_is_far_behind_refuses_where_few_are_under_way() -> None:
    late, far = Pace(0.03), Pace(0.03)
    seen(late, lag_s=0.1, under_way=VERY_FEW)
    seen(far, lag_s=1.0, under_way=VERY_FEW)
    assert not late.overloaded
    assert far.overloaded


def test_the_time_that_refusals_take_is_given_to_no_request() -> None:
    pace = Pace(0.03)
    for number in range(300):
        late = 0.05 if number == 0 else 0.02
        pace.look(Window(0.1, late, 1.0, 1.0, 50, 50, 1000, 0.05, 500))
    # Half of the core refuses; the other half is what 500 requests a second cost.
    assert pace.per_s == pytest.approx((AIM - 0.5) * 1000, rel=0.01)


def test_it_is_over_after_a_second_in_which_the_loop_kept_up_and_not_before() -> None:
    pace = Pace(0.03)
    seen(pace)
    for _ in range(20):
        seen(pace, lag_s=0.1)
        assert pace.overloaded
    for _ in range(9):
        seen(pace, lag_s=0.0)
        assert pace.overloaded
    seen(pace, lag_s=0.0)
    seen(pace, lag_s=0.0)
    assert not pace.overloaded


def overloaded() -> Admission:
    """By two hundred requests that are under way, and nobody waits."""
    admission = Admission(OverloadSettings(max_wait_s=0))
    admission.counts.begun = 200
    admission.look(0.0, 0.1, 0.1, 1.0, 1.0)
    assert admission.overloaded
    return admission


async def test_whose_turn_it_is_not_is_refused() -> None:
    admission = overloaded()
    assert admission.full
    with pytest.raises(Busy):
        await admission.enter(0.0)


async def test_few_are_let_in_whatever_the_pace_is() -> None:
    admission = overloaded()
    admission.counts.ended = 201 - FEW
    assert not admission.full
    await admission.enter(0.0)


async def test_a_turn_lets_one_in_and_a_rest_saves_up_no_more() -> None:
    admission = overloaded()
    admission.tick(100.0, 100.0)
    let_in = 0
    while not admission.full and let_in < 1000:
        await admission.enter(100.0)
        let_in += 1
    assert 1 <= let_in <= max(1.0, admission.per_s * 0.02)


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
                admission.look(now, 0.1, late, 1.0, 1.0)
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
