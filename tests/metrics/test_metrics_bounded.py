"""However many names there are, few become labels; figures of several processes become those of one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gateway.metrics.families import counter, gauge, histogram, packed, summed, unpacked
from gateway.metrics.text import written
from gateway.request.ended import Ended, errors_in
from gateway.tally import IDLE_S, LOOK_S, OTHER, OperationTallies
from resolvers import BOUNDS_S, Code, Latencies
from schema import Answer
from tests.metrics.conftest import of, samples


def ended(name: str, *, executed: bool = True) -> Ended:
    asked: Any = SimpleNamespace(context=SimpleNamespace(operation=name), received=0)
    return Ended(asked, 200, 0.001, {Code.INTERNAL: 1}, executed=executed)


def test_a_million_names_stay_under_ten_thousand_series() -> None:
    tallies = OperationTallies(400)
    one = ended("")
    for number in range(1_000_000):
        one.asked.context.operation = f"Name{number}"  # type: ignore[union-attr]  # it is made for this
        tallies.add(one)
    told = dict(tallies)
    assert sum(sum(each.latencies.classes) for each in told.values()) == 1_000_000
    assert len(told) == 401
    assert len(told) * (len(BOUNDS_S) + 3) <= 10_000


def test_a_place_that_nobody_asks_for_is_given_away_but_a_named_one_is_not() -> None:
    now = 0.0
    tallies = OperationTallies(2, ["Mine"], clock=lambda: now)
    tallies.add(ended("Once"))
    tallies.add(ended("Late"))
    assert set(dict(tallies)) == {"Once", OTHER}
    now = IDLE_S + LOOK_S
    tallies.add(ended("Late"))
    assert set(dict(tallies)) == {"Late", OTHER}
    tallies.add(ended("Mine"))
    assert set(dict(tallies)) == {"Late", "Mine", OTHER}


def test_an_operation_that_did_not_run_gets_no_place() -> None:
    tallies = OperationTallies(10)
    tallies.add(ended("Wrong", executed=False))
    assert set(dict(tallies)) == {OTHER}


def test_counts_are_summed_and_what_cannot_be_keeps_its_process() -> None:
    slow, fast = Latencies(), Latencies()
    slow.add(3.0)
    fast.add(0.0001)
    fast.add(0.0001)
    one = [
        counter("a_total", "A.", {("x",): 2.0, ("y",): 1.0}, "l"),
        gauge("b", "B.", {(): 5.0}, each=True),
        histogram("c_seconds", "C.", {(): slow}),
    ]
    two = [
        counter("a_total", "A.", {("x",): 3.0, ("z",): 1.0}, "l"),
        gauge("b", "B.", {(): 7.0}, each=True),
        histogram("c_seconds", "C.", {(): fast}),
    ]
    found = samples(written(summed([("1", unpacked(packed(one))), ("2", two)])).decode())
    assert [of(found, "a_total", l=label) for label in "xyz"] == [5, 1, 1]
    assert [of(found, "b", worker=label) for label in "12"] == [5, 7]
    assert of(found, "c_seconds_count") == 3
    assert of(found, "c_seconds_bucket", le="0.001") == 2
    assert abs(of(found, "c_seconds_sum") - 3.0002) < 1e-9


def test_labels_are_escaped() -> None:
    odd = 'a"b\\c\nd{e="f"} 1'
    found = samples(written([gauge("g", "One\nline \\.", {(odd,): 1.5}, "l")]).decode())
    assert found == {("g", frozenset({("l", odd)})): 1.5}


def test_a_code_that_is_none_of_ours_becomes_no_label() -> None:
    errors = [{"extensions": {"code": "made up"}}, {"extensions": {"code": Code.FORBIDDEN}}, {}]
    assert errors_in(Answer("data", {"errors": errors})) == {Code.INTERNAL: 2, Code.FORBIDDEN: 1}
