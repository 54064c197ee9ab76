"""A breaker against what a breaker is, written the plain way: everything is counted anew from all that was ever said.

Time is virtual. ``python -m tests.replicas.machine STEPS`` takes at least so many steps and prints how many.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from resolvers.breaker import Breaker, BreakerSettings, Permit
from resolvers.tally import Standing

LENT_S = 5.0
taken = 0


@dataclass
class Out:
    """A permit that somebody has. ``spell``: of the model; ``lent``: when, and 0 places are held by an old one."""

    permit: Permit
    spell: int
    lent: float


@dataclass
class Model:
    """What a breaker must be, without its shortcuts."""

    settings: BreakerSettings
    state: str = "closed"
    spell: int = 0
    openings: int = 0
    until: float = 0.0
    said: list[tuple[float, bool, bool]] = field(default_factory=list)
    good: int = 0
    holding: list[Out] = field(default_factory=list)

    def enter(self, state: str) -> None:
        self.state, self.said, self.good, self.holding = state, [], 0, []
        self.spell += 1

    def opens(self, now: float, chance: float) -> None:
        longest = min(self.settings.open_most_s, self.settings.open_s * 2.0**self.openings)
        self.openings += 1
        self.until = now + longest * (0.5 + 0.5 * chance)
        self.enter("open")

    def must_open(self, now: float) -> bool:
        limits = self.settings
        _, failed, slow = self.said[-1]
        row = self.said[-limits.minimum_calls :]
        if len(row) == limits.minimum_calls and all(bad for _, bad, _ in row):
            return True
        counted = [each for each in self.said[-limits.window_calls :] if each[0] > now - limits.window_s]
        if len(counted) < limits.minimum_calls:
            return False
        failures, slows = sum(bad for _, bad, _ in counted), sum(late for _, _, late in counted)
        return (failed and failures >= limits.failure_share * len(counted)) or (
            slow and slows >= limits.slow_share * len(counted)
        )


class BreakerMachine(RuleBasedStateMachine):
    """Times are whole numbers, so that the model is exact."""

    @initialize(
        window_calls=st.integers(4, 12),
        window_s=st.sampled_from((3.0, 20.0)),
        minimum_calls=st.integers(1, 4),
        failure_share=st.sampled_from((0.25, 0.5, 1.0)),
        slow_s=st.sampled_from((None, 2.0)),
        probes=st.integers(1, 3),
        closes_after=st.integers(1, 5),
    )
    def begin(self, **limits: object) -> None:
        self.settings = BreakerSettings.model_validate(limits)
        self.model = Model(self.settings)
        self.tally = Standing()
        self.now, self.chance = 1000.0, 1.0
        self.breaker = Breaker(self.settings, self.tally, clock=lambda: self.now, chance=lambda: self.chance)
        self.out: list[Out] = []

    @rule(seconds=st.sampled_from((0, 1, 1, 2, 3, 8)))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(chance=st.sampled_from((0.0, 0.5, 1.0)))
    def chance_changes(self, chance: float) -> None:
        self.chance = chance

    @rule(times=st.integers(1, 4))
    def calls_begin(self, times: int) -> None:
        for _ in range(times):
            self._ask()

    def _ask(self) -> Permit | None:
        model = self.model
        if model.state == "open" and self.now >= model.until:
            model.enter("half_open")
        full = False
        if model.state == "half_open" and len(model.holding) >= self.settings.probes:
            full = self.now - model.holding[0].lent < LENT_S
            if not full:
                model.holding.pop(0)
        wanted = model.state != "open" and not full
        would = self.breaker.would_permit()
        permit = self.breaker.permit()
        assert would == wanted == (permit is not None)
        if permit is not None:
            out = Out(permit, model.spell, self.now)
            self.out.append(out)
            if model.state == "half_open":
                model.holding.append(out)
        return permit

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 50), how=st.sampled_from(("well", "well", "badly", "badly", "slowly")))
    def a_call_ends(self, which: int, how: str) -> None:
        out = self.out.pop(which % len(self.out))
        if how == "badly":
            out.permit.failed()
        else:
            out.permit.succeeded(9.0 if how == "slowly" else 0.1)
        model = self.model
        if out.spell != model.spell:
            return
        slow = how == "slowly" and self.settings.slow_s is not None
        if model.state == "half_open":
            if out in model.holding:
                model.holding.remove(out)
            if how == "badly" or slow:
                model.opens(self.now, self.chance)
                return
            model.good += 1
            if model.good >= self.settings.closes_after:
                model.openings = 0
                model.enter("closed")
            return
        model.said.append((self.now, how == "badly", slow))
        if model.must_open(self.now):
            model.opens(self.now, self.chance)

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 50), how=st.sampled_from(("released", "left", "forgotten")))
    def nobody_knows_how_a_call_ended(self, which: int, how: str) -> None:
        out = self.out.pop(which % len(self.out))
        if how == "forgotten":
            return
        if how == "released":
            out.permit.release()
        else:
            with out.permit:
                pass
        if out in self.model.holding:
            self.model.holding.remove(out)

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 50))
    def what_is_said_twice_is_heard_once(self, which: int) -> None:
        out = self.out.pop(which % len(self.out))
        out.permit.release()
        if out in self.model.holding:
            self.model.holding.remove(out)
        out.permit.failed()
        out.permit.succeeded(99.0)
        out.permit.release()

    @rule()
    def it_never_sticks(self) -> None:
        """Whatever became of all permits that are out, the longest spell and the longest loan later one is given."""
        self.now += self.settings.open_most_s + LENT_S
        assert self._ask() is not None

    @invariant()
    def it_says_how_it_stands(self) -> None:
        global taken  # noqa: PLW0603  # counts the steps of a whole run
        taken += 1
        if hasattr(self, "breaker"):
            assert self.breaker.state == self.tally.state == self.model.state
            assert len(self.model.holding) <= self.settings.probes
            wait = max(0.0, self.model.until - self.now) if self.model.state == "open" else 0.0
            assert self.breaker.wait_s == wait <= self.settings.open_most_s


def run(examples: int, steps: int) -> None:
    """Plays ``examples`` games of at most ``steps`` steps."""
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BreakerMachine, settings=limits)


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    while taken < wanted:
        run(500, 60)
    sys.stdout.write(f"{taken} steps, the breaker was what it must be after each\n")
