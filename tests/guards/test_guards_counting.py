"""What budget, allowance and throttle count, by times that are handed to them: edges that no random walk is sure of."""

from __future__ import annotations

from resolvers.resilience.allowance import DAY_S, Allowance, Rate
from resolvers.resilience.throttle import LONGEST_S, Throttle


def test_no_word_of_a_source_keeps_us_away_for_longer_than_a_minute() -> None:
    throttle = Throttle()
    throttle.hold("", 100.0, 86_400.0)
    assert throttle.wait("", 100.0) == LONGEST_S
    assert throttle.wait("", 100.0 + LONGEST_S) == 0.0


def test_the_longer_of_two_words_holds_and_only_for_whom_it_was() -> None:
    throttle = Throttle()
    throttle.hold("ada", 0.0, 30.0)
    throttle.hold("ada", 1.0, 2.0)
    assert throttle.wait("ada", 1.0) == 29.0
    assert throttle.wait("bob", 1.0) == 0.0


def test_a_word_that_is_over_is_forgotten() -> None:
    throttle = Throttle()
    throttle.hold("ada", 0.0, 2.0)
    assert throttle.held
    assert throttle.wait("ada", 2.0) == 0.0
    assert not throttle.held  # or every call would look at it for ever


def test_a_thousand_callers_are_remembered_and_those_whose_word_is_oldest_go_first() -> None:
    throttle = Throttle()
    for number in range(1000):
        throttle.hold(str(number), 0.0, 30.0)
    throttle.hold("0", 0.0, 40.0)
    throttle.hold("more", 0.0, 30.0)
    assert [throttle.wait(who, 0.0) for who in ("0", "1", "2", "more")] == [40.0, 0.0, 30.0, 30.0]


def test_a_day_that_is_spent_says_when_the_next_begins_and_the_next_has_all_of_its_calls() -> None:
    wall = 20_000 * DAY_S + 100.0
    allowance = Allowance(Rate(0.0, 1, 2), lambda: wall)
    assert [allowance.take(0.0, 0.0).granted for _ in range(3)] == [True, True, False]
    assert allowance.take(0.0, 1e9).wait == DAY_S - 100.0
    wall += DAY_S
    assert [allowance.take(1.0, 0.0).granted for _ in range(3)] == [True, True, False]


def test_what_is_given_back_of_yesterday_is_no_call_more_for_today() -> None:
    wall = 20_000 * DAY_S + DAY_S - 1.0
    allowance = Allowance(Rate(0.0, 1, 1), lambda: wall)
    yesterday = allowance.take(0.0, 0.0)
    wall += 2.0
    assert allowance.take(2.0, 0.0).granted
    allowance.give_back(yesterday)
    assert not allowance.take(2.0, 0.0).granted


def test_who_is_refused_takes_no_time_from_those_who_come_later() -> None:
    allowance = Allowance(Rate(1.0, 1, None))
    assert allowance.take(0.0, 0.0).granted
    for _ in range(5):
        assert not allowance.take(0.0, 0.5).granted
    assert allowance.take(1.0, 0.0).granted


def test_a_call_that_was_not_sent_leaves_its_time_to_the_next() -> None:
    allowance = Allowance(Rate(1.0, 1, None))
    turn = allowance.take(0.0, 0.0)
    allowance.give_back(turn)
    assert allowance.take(0.0, 0.0).granted
