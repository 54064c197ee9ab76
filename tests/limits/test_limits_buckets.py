"""Buckets against what a bucket is: tokens that come back one by one, taken from all buckets or from none."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.rates.buckets import Buckets, Rate, Take
from gateway.rates.shared import SharedBuckets
from gateway.redis import RedisSettings, open_redis
from tests.redis_server import settings as redis_settings

RATES = {"fast": Rate(1.0, 1), "even": Rate(4.0, 4), "bursts": Rate(10.0, 3), "odd": Rate(0.7, 5)}


def _full(rate: Rate) -> int:
    return rate.burst * round(rate.interval * 10)


class Model(RuleBasedStateMachine):
    """The model keeps whole tenths of a second, so that it is exact."""

    def __init__(self) -> None:
        super().__init__()
        self.buckets = Buckets(1000)
        self.now = 0
        self.tokens = {
            (name, who): rate.burst * round(rate.interval * 10) for name, rate in RATES.items() for who in "ab"
        }

    @rule(tenths=st.integers(0, 400))
    def time_passes(self, tenths: int) -> None:
        self.now += tenths
        for name, rate in RATES.items():
            for who in "ab":
                self.tokens[name, who] = min(_full(rate), self.tokens[name, who] + tenths)

    @rule(names=st.lists(st.sampled_from(sorted(RATES)), unique=True, min_size=1), who=st.sampled_from("ab"),
          tokens=st.integers(1, 6))  # fmt: skip
    def some_are_taken(self, names: list[str], who: str, tokens: int) -> None:
        takes = [Take(f"{name}{who}", RATES[name], tokens) for name in names]
        price = {name: tokens * round(RATES[name].interval * 10) for name in names}
        allowed = all(self.tokens[name, who] >= price[name] for name in names)
        taken = self.buckets.take(takes, self.now / 10)
        assert taken.allowed == allowed
        for name, wait in zip(names, taken.wait, strict=True):
            assert wait == pytest.approx(max(0, price[name] - self.tokens[name, who]) / 10, abs=1e-4)
        if allowed:
            for name in names:
                self.tokens[name, who] -= price[name]
        assert list(taken.left) == [self.tokens[name, who] // round(RATES[name].interval * 10) for name in names]

    @invariant()
    def no_bucket_is_kept_that_nobody_used(self) -> None:
        assert len(self.buckets) <= 2 * len(RATES)


TestBuckets = Model.TestCase
TestBuckets.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


async def test_redis_takes_as_the_memory_does() -> None:
    shared = open_redis(RedisSettings.model_validate(redis_settings()))
    try:
        there, here = SharedBuckets(shared), Buckets(100)
        hours = {name: Rate(rate.interval * 3600, rate.burst) for name, rate in RATES.items()}  # no token comes back
        for step in ("1 even", "2 even bursts", "1 fast odd", "1 fast even", "5 odd", "4 odd", "1 even", "1 bursts"):
            tokens, *names = step.split()
            takes = [Take(name, hours[name], int(tokens)) for name in names]
            real, wanted = await there.take(takes), here.take(takes, 0.0)
            assert (real.allowed, real.left) == (wanted.allowed, wanted.left)
            assert real.wait == pytest.approx(wanted.wait, abs=30)
        key = shared.key("rate", "even")
        assert 0 < await shared.ask("PTTL", key) <= 4 * 4 * 3600 * 1000
    finally:
        await shared.close()
