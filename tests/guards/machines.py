"""The guards against models of them, by a clock that the test moves. ``python -m tests.guards.machines 100000`` runs
so many steps in all and says what was run; tests run a small share.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from resolvers import Call, Context, Effect, IsthmusError, Operation, OutcomeUnknown, SourceModel, Tally
from resolvers.bulkhead import Bulkhead, Full
from resolvers.errors import RateLimited, SourceBadResponse, SourceError, SourceFault, SourceTimeout, SourceUnavailable
from resolvers.guards import RetrySettings, SourceRate
from resolvers.http_settings import HttpSettings
from resolvers.resilience.allowance import DAY_S, Allowance, Rate, Turn
from resolvers.resilience.budget import WINDOW_S, Budget
from resolvers.resilience.source import Resilient
from tests.guards.virtual_time import VirtualLoop

STEPS: Counter[str] = Counter()


class BudgetMachine(RuleBasedStateMachine):
    """The model keeps every call and every retry, and counts those of the last ten seconds each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 5.0
        self.calls: list[int] = []
        self.retries: list[int] = []
        self.budget = Budget(0.2, 0.3)

    def within(self, seconds: list[int]) -> int:
        return sum(second > int(self.now) - WINDOW_S for second in seconds)

    @rule(seconds=st.one_of(st.floats(0, 3), st.floats(0, 40), st.just(1e6)))
    def time_passes(self, seconds: float) -> None:
        STEPS["budget"] += 1
        self.now += seconds

    @rule(calls=st.integers(1, 40))
    def calls_begin(self, calls: int) -> None:
        STEPS["budget"] += 1
        for _ in range(calls):
            self.budget.call(self.now)
            self.calls.append(int(self.now))

    @rule(times=st.integers(1, 6))
    def retries_are_wanted(self, times: int) -> None:
        STEPS["budget"] += 1
        for _ in range(times):
            allowed = max(0.2 * self.within(self.calls), 0.3 * WINDOW_S)
            taken = self.budget.take(self.now)
            assert taken == (self.within(self.retries) + 1 <= allowed)
            if taken:
                self.retries.append(int(self.now))


class AllowanceMachine(RuleBasedStateMachine):
    """The model keeps when each call is sent. Any stretch of time has as many as it may have, and a day has."""

    @rule(per_second=st.sampled_from([0.5, 1.0, 3.0, 20.0]), burst=st.integers(1, 5),
          per_day=st.sampled_from([None, 7, 30]))  # fmt: skip
    @precondition(lambda self: not hasattr(self, "allowance"))
    def it_is_opened(self, per_second: float, burst: int, per_day: int | None) -> None:
        STEPS["limiter"] += 1
        self.now = 0.0
        self.rate = Rate(1 / per_second, burst, per_day)
        self.allowance = Allowance(self.rate, lambda: self.now + DAY_S - 50)
        self.sent: list[float] = []
        self.given: list[tuple[Turn, float, int]] = []
        self.days: Counter[int] = Counter()

    def day(self) -> int:
        return int((self.now + DAY_S - 50) // DAY_S)

    @rule(seconds=st.one_of(st.floats(0, 2), st.floats(0, 100), st.just(float(DAY_S))))
    @precondition(lambda self: hasattr(self, "allowance"))
    def time_passes(self, seconds: float) -> None:
        STEPS["limiter"] += 1
        self.now += seconds

    @rule(most_wait=st.floats(0, 10), times=st.integers(1, 4))
    @precondition(lambda self: hasattr(self, "allowance"))
    def calls_come(self, most_wait: float, times: int) -> None:
        STEPS["limiter"] += 1
        for _ in range(times):
            turn = self.allowance.take(self.now, most_wait)
            spent = self.rate.per_day is not None and self.days[self.day()] >= self.rate.per_day
            if not turn.granted:
                assert turn.wait > most_wait or spent
                continue
            assert not spent
            assert turn.wait <= most_wait
            at = self.now + turn.wait
            assert all(at >= earlier - 1e-9 for earlier in self.sent)
            self.days[self.day()] += 1
            self.sent.append(at)
            self.given.append((turn, at, self.day()))

    @rule(data=st.data())
    @precondition(lambda self: bool(getattr(self, "given", None)))
    def one_is_given_back(self, data: st.DataObject) -> None:
        STEPS["limiter"] += 1
        turn, at, day = self.given.pop(data.draw(st.integers(0, len(self.given) - 1)))
        self.allowance.give_back(turn)
        self.sent.remove(at)
        self.days[day] -= 1

    @invariant()
    def no_stretch_of_time_has_too_many(self) -> None:
        sent = sorted(getattr(self, "sent", ()))[-40:]
        for start in range(len(sent)):
            for end in range(start, len(sent)):
                allowed = self.rate.burst + (sent[end] - sent[start]) / self.rate.interval
                assert end - start + 1 <= math.floor(allowed + 1e-6)


class BulkheadMachine(RuleBasedStateMachine):
    """The model is two lists: who is inside, and who waits in which order."""

    PLACES, WAITING = 3, 4

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.bulkhead = Bulkhead(self.PLACES, self.WAITING)
        self.inside = 0
        self.queue: list[asyncio.Task[None]] = []

    def turn(self) -> None:
        async def nothing() -> None:
            for _ in range(3):
                await asyncio.sleep(0)

        self.loop.run_until_complete(nothing())

    @rule(times=st.integers(1, 3))
    def some_come(self, times: int) -> None:
        STEPS["bulkhead"] += 1
        for _ in range(times):
            entered = self.bulkhead.enter()
            assert entered == (self.inside < self.PLACES)
            if entered:
                self.inside += 1
                continue
            task = self.loop.create_task(self.bulkhead.wait())
            self.turn()
            if len(self.queue) < self.WAITING:
                assert not task.done()
                self.queue.append(task)
            else:
                assert isinstance(task.exception(), Full)

    @rule(times=st.integers(1, 3), cancelled=st.booleans())
    def some_leave(self, times: int, *, cancelled: bool) -> None:
        """``cancelled``: the first who waits is cancelled in the very moment in which a place is handed to it."""
        STEPS["bulkhead"] += 1
        for _ in range(min(times, self.inside)):
            self.bulkhead.leave()
            self.inside -= 1
            if not self.queue:
                continue
            first = self.queue.pop(0)
            if cancelled:
                first.cancel()
                self.turn()
                assert first.cancelled()
                if not self.queue:
                    continue
                first = self.queue.pop(0)
            self.turn()
            assert first.done()
            assert not first.cancelled()
            self.inside += 1

    @rule()
    @precondition(lambda self: self.queue)
    def the_first_stops_waiting_right_before_a_place_is_free(self) -> None:
        STEPS["bulkhead"] += 1
        first = self.queue.pop(0)
        first.cancel()
        self.bulkhead.leave()
        self.inside -= 1
        self.turn()
        assert first.cancelled()
        if self.queue:
            assert self.queue.pop(0).done()
            self.inside += 1

    @rule(data=st.data())
    @precondition(lambda self: self.queue)
    def one_stops_waiting(self, data: st.DataObject) -> None:
        STEPS["bulkhead"] += 1
        task = self.queue.pop(data.draw(st.integers(0, len(self.queue) - 1)))
        task.cancel()
        self.turn()
        assert task.cancelled()

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.bulkhead.free == self.PLACES - self.inside
        assert self.bulkhead.waiting == len(self.queue)
        assert len(self.bulkhead._queue) <= len(self.queue)  # those who gave up take no memory while a source hangs
        assert not any(task.done() for task in self.queue)

    def teardown(self) -> None:
        while self.inside:
            self.some_leave(1, cancelled=False)
        assert self.bulkhead.free == self.PLACES
        self.loop.close()


@dataclass
class Scripted:
    """A client whose calls take the time and end as they are told to."""

    model: SourceModel
    sent: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most: int = 0

    async def execute(self, call: Call, context: Context) -> object:
        name, ends = call.arguments["name"], call.arguments["ends"]
        assert isinstance(name, str)
        assert isinstance(ends, list)
        seconds, how = ends[min(self.sent[name] + self.sent[f"{name} unsent"], len(ends) - 1)]
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        counted = how not in {"refused", "late"}
        self.sent[name if counted else f"{name} unsent"] += 1
        try:
            await asyncio.sleep(min(seconds, context.remaining()))
        finally:
            self.under_way -= 1
        assert not context.remaining() < 0
        self._end(how, reads=call.operation == "read")
        return name

    @staticmethod
    def _end(how: str, *, reads: bool) -> None:
        errors: dict[str, SourceError] = {
            "refused": SourceUnavailable(sends=0),
            "late": SourceTimeout(sends=0, passing=True),
            "reset": SourceUnavailable(),
            "stale": SourceUnavailable(stale=True),
            "503": SourceUnavailable(status=503),
            "500": SourceFault(status=500),
            "429": RateLimited(status=429, retry_after=0.5),
            "nonsense": SourceBadResponse(),
        }
        error = errors.get(how)
        if error is not None:
            lost = how in {"reset", "stale", "nonsense"} and not reads
            raise OutcomeUnknown.after(error) if lost else error

    async def close(self) -> None: ...


HOW = st.sampled_from(["well", "well", "refused", "late", "reset", "stale", "503", "500", "429", "nonsense"])
ENDS = st.lists(st.tuples(st.sampled_from([0.0, 0.01, 0.2, 3.0, 20.0]), HOW), min_size=1, max_size=4)


class SourceMachine(RuleBasedStateMachine):
    """Calls that come, fail, wait, run out of time and are cancelled, all at once: what they took is given back."""

    PLACES = 3

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        operations = {str(effect): Operation(effect, effect, {}, None) for effect in Effect}
        self.client = Scripted(SourceModel("shop", "openapi", operations))
        self.tally = Tally()
        stated = HttpSettings(
            concurrency=self.PLACES,
            timeout_s=4,
            max_waiting=5,
            max_wait_s=2,
            retries=RetrySettings(min_per_s=1),
            rate_limit=SourceRate(per_second=5, burst=4),
        )
        self.source = self.loop.run_until_complete(self._made(stated))
        self.calls: dict[str, tuple[Effect, asyncio.Task[object]]] = {}

    async def _made(self, stated: HttpSettings) -> Resilient:
        return Resilient(self.client, self.tally, stated, clock=self.loop.time)

    @rule(effect=st.sampled_from(Effect), ends=ENDS, deadline=st.sampled_from([0.0, 0.3, 2.0, 9.0]),
          times=st.integers(1, 4))  # fmt: skip
    def calls_come(self, effect: Effect, ends: list[tuple[float, str]], deadline: float, times: int) -> None:
        STEPS["source"] += 1
        for _ in range(times):
            name = f"call {len(self.calls)}"
            given = Context(self.loop.time() + deadline, "r1")
            call = Call(effect, {"name": name, "ends": ends})
            self.calls[name] = (effect, self.loop.create_task(self._ended(call, given)))

    async def _ended(self, call: Call, given: Context) -> object:
        try:
            return await self.source.execute(call, given)
        except IsthmusError as error:
            assert asyncio.get_running_loop().time() <= max(given.deadline, 0) + 0.2 + 1e-6
            return error

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.4, 3.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        STEPS["source"] += 1
        self.loop.run_until_complete(asyncio.sleep(seconds))

    @rule(data=st.data())
    @precondition(lambda self: self.calls)
    def one_is_cancelled(self, data: st.DataObject) -> None:
        STEPS["source"] += 1
        _, task = self.calls[data.draw(st.sampled_from(sorted(self.calls)))]
        task.cancel()

    @invariant()
    def no_more_than_may_be_are_under_way(self) -> None:
        assert self.client.most <= self.PLACES
        assert self.tally.under_way == self.client.under_way

    @invariant()
    def nothing_is_sent_too_often(self) -> None:
        for name, (effect, _) in self.calls.items():
            assert self.client.sent[name] <= (1 if effect is Effect.WRITE else 3)
            assert self.client.sent[name] + self.client.sent[f"{name} unsent"] <= 3

    def teardown(self) -> None:
        tasks = [task for _, task in self.calls.values()]

        async def all_end() -> None:
            await asyncio.gather(*tasks, return_exceptions=True)

        self.loop.run_until_complete(all_end())
        assert all(task.cancelled() or task.exception() is None for task in tasks)
        places = self.source._places  # what must not be lost is nobody's to see
        assert (places.free, places.waiting) == (self.PLACES, 0)
        assert (self.tally.under_way, self.tally.waiting) == (0, 0)
        assert self.client.under_way == 0
        asked = sum(self.tally.calls.values())
        assert asked <= len(tasks)
        assert self.tally.retries <= max(0.2 * asked, 10) * (1 + self.loop.time() // 10)
        self.loop.close()


MACHINES = (BudgetMachine, AllowanceMachine, BulkheadMachine, SourceMachine)


def run(machine: type[RuleBasedStateMachine], examples: int, steps: int = 50) -> None:
    """Runs so many examples of so many steps at most."""
    bounds = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounds)


def main() -> None:
    """Runs the machines in turn until the steps are done."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    warnings.simplefilter("ignore")
    started = time.monotonic()
    while STEPS.total() < wanted:
        for machine in MACHINES:
            run(machine, 200)
        told = ", ".join(f"{name} {steps}" for name, steps in sorted(STEPS.items()))
        print(f"{STEPS.total()} steps in {time.monotonic() - started:.0f} s: {told}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
