"""W3C Trace Context: what of a caller's headers counts (section 3 of the recommendation), and what sources are told."""

from __future__ import annotations

import pytest

from gateway.tracing.w3c import told_by
from tests.tracing.conftest import PARENT, SPAN, TRACE, World

PEOPLE = "query People { people { id } }"


@pytest.mark.parametrize(
    "value",
    [
        "", "00", f"00-{TRACE}-{SPAN}", f"00-{TRACE}-{SPAN}-1", f"00-{TRACE}-{SPAN}-01-more", f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01", f"00-{TRACE}-{SPAN}-0g", f"00-{TRACE}-{SPAN}-01\n", f"00-{TRACE}-{SPAN[:-1]}٣-01",
        f"01-{TRACE}-{SPAN}-01-{'x' * 200}", f"00_{TRACE}_{SPAN}_01",
    ],
)  # fmt: skip
def test_a_traceparent_that_is_not_well_formed_is_none(value: str) -> None:
    assert told_by([value], ["a=1"]) is None


def test_two_are_none_and_one_of_a_later_version_is_read() -> None:
    assert told_by([PARENT, PARENT], []) is None
    assert told_by([], ["a=1"]) is None
    later = told_by([f"cc-{TRACE}-{SPAN}-03-what-the-future-brings"], [])
    assert later is not None
    assert (later.trace_id, later.span_id, later.sampled) == (TRACE, SPAN, True)


@pytest.mark.parametrize(
    ("values", "passed_on"),
    [
        (["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"], "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (["a=1", "b=2"], "a=1,b=2"),
        ([" a=1 ,\tb=2 ", ""], "a=1,b=2"),
        (["t@v=x"], "t@v=x"),
        (["a=1,a=2"], ""),
        (["A=1"], ""),
        (["a=1,b"], ""),
        (["a=ü"], ""),
        (["a=1\r\nx: y"], ""),
        ([f"a={'x' * 600}"], ""),
        ([",".join(f"k{n}=v" for n in range(33))], ""),
        ([",".join(f"k{n}=v" for n in range(32))], ",".join(f"k{n}=v" for n in range(32))),
    ],
)
def test_a_tracestate_is_passed_on_whole_or_not_at_all(values: list[str], passed_on: str) -> None:
    told = told_by([PARENT], values)
    assert told is not None
    assert told.state == passed_on


async def test_without_a_collector_the_callers_context_is_passed_on_as_it_is(world: World) -> None:
    await world.start({})
    await world.ask(PEOPLE, f"traceparent: {PARENT}", "tracestate: a=1", "tracestate: b=2")
    assert world.upstream.header("traceparent") == [PARENT]
    assert world.upstream.header("tracestate") == ["a=1,b=2"]
    await world.ask(PEOPLE, f"traceparent: {PARENT}x", "tracestate: a=1")
    assert world.upstream.header("traceparent") == world.upstream.header("tracestate") == []
    await world.ask(PEOPLE)
    assert world.upstream.header("traceparent") == []


async def test_nothing_is_passed_on_unless_it_is_asked_for(world: World) -> None:
    await world.start(None)
    await world.ask(PEOPLE, f"traceparent: {PARENT}", "tracestate: a=1")
    assert world.upstream.header("traceparent") == world.upstream.header("tracestate") == []


async def test_it_may_be_kept_to_ourselves(world: World) -> None:
    await world.start({"endpoint": world.endpoint, "pass_on": False})
    await world.ask(PEOPLE, f"traceparent: {PARENT}", "tracestate: a=1")
    assert world.upstream.header("traceparent") == world.upstream.header("tracestate") == []
    assert (await world.collector.named("GET /people")).trace == TRACE


async def test_a_kept_reply_is_found_whichever_call_it_was_for(world: World) -> None:
    world.upstream.control = b"max-age=60"
    await world.start({"endpoint": world.endpoint, "sample": 1}, sources={"crm": {"openapi": "crm.json", "cache": {}}})
    for _ in range(3):
        assert b"Ann" in await world.ask("query People { people { name } }")
    assert len(world.upstream.heads) == 1
