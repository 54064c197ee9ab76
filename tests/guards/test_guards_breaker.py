"""A source that is down is not asked for a while, whatever it is: an address over HTTP, a database."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from resolvers import Call, IsthmusError, Opened, Tally, open_all
from resolvers.breaker import Breaker, BreakerSettings
from resolvers.errors import (
    BadRequest,
    BreakerOpen,
    OutcomeUnknown,
    RateLimited,
    SourceBusy,
    SourceError,
    SourceFault,
    SourceRejected,
    SourceTimeout,
    SourceUnavailable,
)
from resolvers.resilience.verdict import say
from resolvers.rest import RestSettings
from resolvers.sql import DatabaseSettings
from tests.faults.injector import injected
from tests.guards.shop import CREATE, DOCUMENT, GOOD, READ, context, in_turn, opened, shop
from tests.postgresql import own_schema
from tests.raw_server import raw_server, reply, says

DONE = {"id": "7"}
SOON = {"open_s": 0.6, "open_most_s": 0.8, "minimum_calls": 5}
BUSY = reply(b"{}", status="503 Busy")


def standing(tally: Tally) -> str:
    return tally.state


def test_calls_that_go_well_count_before_the_first_that_does_not_and_for_no_longer_than_the_window() -> None:
    now = [0.0]
    settings = BreakerSettings(window_calls=12, minimum_calls=4, window_s=10)

    def state_after(good: int, pause_s: float) -> str:
        tally = Tally()
        breaker = Breaker(settings, tally.standing, clock=lambda: now[0])

        def ends(*, well: bool) -> None:
            permit = breaker.permit()
            if permit is not None:
                permit.succeeded(0.01) if well else permit.failed()

        for _ in range(good):
            ends(well=True)
        now[0] += pause_s
        for well in (False, True, False, True, False):
            ends(well=well)
        return standing(tally)

    assert state_after(6, 1) == "closed", "three of eleven failed"
    assert state_after(60, 1) == "closed", "three of twelve failed"
    assert state_after(60, 11) == "open", "three of five failed"


@pytest.mark.parametrize("replicas", [1, 2])
async def test_of_a_source_that_is_opened_twice_the_one_that_is_served_is_told(tmp_path: Path, replicas: int) -> None:
    (tmp_path / "shop.json").write_text(json.dumps(DOCUMENT))
    tallies: dict[str, Tally] = {}
    async with contextlib.AsyncExitStack() as stack:
        every = [await stack.enter_async_context(raw_server(says(BUSY))) for _ in range(replicas)]
        given = {"openapi": "shop.json", "url": [each.url for each in every], "breaker": SOON, "retries": False}

        async def opens() -> Opened:
            stated = RestSettings.model_validate(given)
            made = await open_all({"shop": ("openapi", stated)}, tmp_path, tallies=tallies)
            stack.push_async_callback(made.sources["shop"].close)
            return made

        async def fails(made: Opened) -> None:
            for _ in range(5 * replicas + 1):
                with pytest.raises(SourceError):
                    await made.sources["shop"].execute(READ, context())

        old = await opens()
        tally = tallies["shop"]
        await fails(old)
        assert standing(tally) == "open"
        asked = [each.calls for each in tally.replicas.values()]
        new = await opens()
        assert standing(tally) == "open", "nobody is served by the new one yet"
        assert all(each.state == "open" for each in tally.replicas.values())
        tally.take(new.standings["shop"])
        assert standing(tally) == "closed"
        assert [each.calls for each in tally.replicas.values()] == asked
        assert all(each.state == "closed" for each in tally.replicas.values())
        await fails(old)  # whoever began on it ends on it
        assert standing(tally) == "closed"
        await fails(new)
        assert standing(tally) == "open"
        assert all(each.calls > before for each, before in zip(tally.replicas.values(), asked, strict=True))


async def test_a_source_that_is_down_is_refused_quickly_and_asked_again_soon(tmp_path: Path) -> None:
    async with (
        raw_server(says(GOOD)) as server,
        injected("127.0.0.1", server.port) as between,
        opened(tmp_path, between.url, breaker=SOON, retries=False) as source,
    ):
        assert await source.outcome(READ) == DONE
        await between.stop()
        for _ in range(5):
            assert isinstance(await source.outcome(READ), SourceUnavailable)
        assert standing(source.tally) == "open"
        refused, heard = source.tally.refused_open, len(server.heard)
        for call in (READ, CREATE):
            error = await source.outcome(call)
            assert isinstance(error, BreakerOpen)
            assert (error.message, error.sends) == ("The source cannot be reached.", 0)
        assert source.tally.refused_open == refused + 2
        await between.start()
        assert len(server.heard) == heard
        async with asyncio.timeout(15):
            while await source.outcome(READ) != DONE or standing(source.tally) != "closed":  # noqa: ASYNC110  # time heals
                await asyncio.sleep(0.02)
        assert await source.outcome(CREATE) == DONE


async def test_an_answer_that_refuses_opens_nothing(tmp_path: Path) -> None:
    answers = [reply(b"{}", status=status) for status in ("400 No", "500 Oh", "429 Slow", "403 No")] * 8
    async with shop(tmp_path, in_turn(*answers), breaker=SOON) as (source, server):
        for _ in answers:
            await source.outcome(READ)
        assert len(server.heard) == len(answers)
        assert standing(source.tally) == "closed"


async def test_a_place_taken_by_a_probe_comes_back_when_its_caller_leaves(tmp_path: Path) -> None:
    hold = asyncio.Event()

    async def held(*_: object) -> None:
        await hold.wait()

    answers = in_turn(*[BUSY] * 5, held, held, held)
    async with shop(tmp_path, answers, breaker=SOON, retries=False) as (source, server):
        for _ in range(5):
            await source.outcome(READ)
        assert standing(source.tally) == "open"
        await asyncio.sleep(0.65)
        probes = [asyncio.create_task(source.outcome(READ)) for _ in range(3)]
        while len(server.heard) < 8:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        assert isinstance(await source.outcome(READ), BreakerOpen)
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        assert [await source.outcome(READ) for _ in range(3)] == [DONE] * 3
        assert standing(source.tally) == "closed"


async def test_a_database_that_is_down_is_refused_quickly_and_asked_again_soon(tmp_path: Path) -> None:
    async with own_schema() as schema, injected(schema.url.host or "", schema.url.port or 5432) as between:
        await schema.connection.execute("CREATE TABLE things (id int PRIMARY KEY)")
        url = schema.url.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
        stated = DatabaseSettings.model_validate({
            "database": url, "schemas": [schema.name], "breaker": SOON, "retries": False, "timeout_s": 2,
        })  # fmt: skip
        tallies: dict[str, Tally] = {}
        made = await open_all({"stock": ("database", stated)}, tmp_path, tallies=tallies)
        tally = tallies["stock"]
        source, call = made.sources["stock"], Call("things", {})
        assert await source.execute(call, context()) == []
        await between.stop()
        for _ in range(5):
            with pytest.raises(IsthmusError):
                await source.execute(call, context())
        assert standing(tally) == "open"
        with pytest.raises(BreakerOpen):
            await source.execute(call, context())
        await between.start()
        async with asyncio.timeout(15):
            while standing(tally) != "closed":
                try:
                    await source.execute(call, context())
                except SourceUnavailable:
                    await asyncio.sleep(0.02)
        await source.close()


FAILED = [
    SourceUnavailable(), SourceUnavailable(sends=0), SourceUnavailable(status=503), SourceFault(status=502),
    SourceTimeout(), OutcomeUnknown(), OutcomeUnknown(status=504),
]  # fmt: skip
ANSWERED = [
    SourceFault(), SourceFault(status=500), SourceRejected(status=404), RateLimited(status=429),
    SourceTimeout(answered=True),
]  # fmt: skip
NEITHER = [SourceUnavailable(stale=True), SourceBusy(), BreakerOpen(), BadRequest()]


@pytest.mark.parametrize("error", [*FAILED, *ANSWERED, *NEITHER])
def test_what_the_end_of_a_call_says_of_its_source(error: IsthmusError) -> None:
    tally = Tally()
    breaker = Breaker(BreakerSettings(minimum_calls=2, failure_share=0.9), tally.standing)
    for _ in range(2):
        permit = breaker.permit()
        assert permit is not None
        say(permit, error, 5.0, 5.0, 5.0)
    assert tally.state == ("open" if error in FAILED else "closed")


def test_who_hardly_waited_cannot_say_that_a_source_was_late() -> None:
    tally = Tally()
    breaker = Breaker(BreakerSettings(minimum_calls=1), tally.standing)
    for given, state in ((1.0, "closed"), (6.0, "open")):
        permit = breaker.permit()
        assert permit is not None
        say(permit, SourceTimeout(), given, given, 10.0)
        assert tally.state == state
