"""What a call took and did not use is given back, and what went wrong in a way that nobody foresaw is told truly."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from resolvers import Call, Context, Effect, Operation, OutcomeUnknown, SourceBadResponse, SourceModel, Tally
from resolvers.errors import RateLimited, SourceBusy, SourceError, SourceTimeout, SourceUnavailable
from resolvers.guards import RetrySettings, SourceRate
from resolvers.http_settings import HttpSettings
from resolvers.resilience.guard import guard_of
from resolvers.resilience.source import Resilient
from tests.guards.shop import CREATE, GOOD, READ, context, in_turn, opened, shop
from tests.guards.virtual_time import VirtualLoop
from tests.raw_server import Heard, reply, says

DONE = {"id": "7"}
NTLM = {"ntlm": {"username": "gateway", "password": "secret"}}
MODEL = SourceModel("shop", "openapi", {str(effect): Operation(effect, effect, {}, None) for effect in Effect})


async def test_a_source_that_is_down_uses_up_no_calls_of_its_day(tmp_path: Path) -> None:
    if time.time() % 86_400 > 86_340:
        pytest.skip("the day ends")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(GOOD)
        await writer.drain()
        writer.close()

    async with opened(tmp_path, f"http://127.0.0.1:{port}", rate_limit={"per_day": 2}) as source:
        for _ in range(3):  # each of them tried three times
            assert isinstance(await source.outcome(READ), SourceUnavailable)
        server = await asyncio.start_server(connection, "127.0.0.1", port)
        assert await source.outcome(READ) == DONE
        server.close()


async def test_who_found_no_place_used_up_no_call_of_the_day(tmp_path: Path) -> None:
    if time.time() % 86_400 > 86_340:
        pytest.skip("the day ends")
    opens = asyncio.Event()

    async def gate(_: Heard, writer: asyncio.StreamWriter) -> None:
        await opens.wait()
        writer.write(GOOD)

    stated = {"concurrency": 1, "max_wait_s": 0.05, "rate_limit": {"per_day": 2}}
    async with shop(tmp_path, gate, **stated) as (source, server):
        inside = asyncio.create_task(source.outcome(READ))
        while not server.in_flight:  # noqa: ASYNC110  # the server's journal is what is waited for
            await asyncio.sleep(0.001)
        for _ in range(3):
            assert isinstance(await source.outcome(READ), SourceBusy)
        opens.set()
        assert [await inside, await source.outcome(READ)] == [DONE, DONE]
        assert isinstance(await source.outcome(READ), RateLimited)


@pytest.mark.parametrize("call", [READ, CREATE])
async def test_nothing_is_sent_for_whom_no_time_is_left(call: Call, tmp_path: Path) -> None:
    """A kept connection takes a request before anybody waits, and only who waits can be interrupted."""
    async with shop(tmp_path, says(GOOD)) as (source, server):
        assert await source.outcome(READ) == DONE
        error = await source.outcome(call, context(0))
        assert isinstance(error, SourceTimeout)
        assert error.sends == 0
        assert await source.outcome(READ) == DONE
        assert len(server.heard) == 2


async def test_a_source_that_knows_no_callers_is_left_alone_by_all_of_them(tmp_path: Path) -> None:
    slow = reply(b"{}", "Retry-After: 30", status="429 Slow")
    async with shop(tmp_path, in_turn(slow)) as (source, server):
        for who in ("ada", "bob", "ada"):
            assert isinstance(await source.outcome(READ, context(who=who)), RateLimited)
        assert len(server.heard) == 1


class Overrun:
    """A client whose source wants no calls for half a minute, once it had one."""

    model = MODEL

    def __init__(self) -> None:
        self.sent = 0

    async def execute(self, _: Call, __: Context) -> object:
        self.sent += 1
        await asyncio.sleep(0.1)  # the others stand in line by then
        raise RateLimited(status=429, retry_after=30)

    async def close(self) -> None: ...


def test_who_stands_in_line_hears_that_the_source_wants_no_calls() -> None:
    """Turns were given before it said so; whoever has one does not go all the same."""
    loop = VirtualLoop()
    client = Overrun()

    async def asked() -> list[object]:
        stated = HttpSettings(rate_limit=SourceRate(per_second=1, burst=1), retries=RetrySettings(max=0))
        source = Resilient(client, Tally(), stated)
        calls = [source.execute(Call(Effect.READ), context(20)) for _ in range(5)]
        return await asyncio.gather(*calls, return_exceptions=True)

    assert all(isinstance(each, RateLimited) and each.retry_after for each in loop.run_until_complete(asked()))
    assert client.sent == 1
    loop.close()


class Forgetful:
    """A client that keeps no time."""

    model = MODEL

    async def execute(self, _: Call, __: Context) -> object:
        return await asyncio.Event().wait()

    async def close(self) -> None: ...


@pytest.mark.parametrize("effect", Effect)
def test_a_client_that_forgets_the_time_is_reminded_of_it(effect: Effect) -> None:
    loop = VirtualLoop()

    async def asked() -> float:
        tally = Tally()
        source = Resilient(Forgetful(), tally, HttpSettings(timeout_s=4, retries=RetrySettings(max=0)))
        with pytest.raises(SourceTimeout if effect is Effect.READ else OutcomeUnknown):
            await source.execute(Call(effect), context(60))
        assert tally.under_way == 0
        return loop.time()

    assert 4 <= loop.run_until_complete(asked()) < 4.5
    loop.close()


class Broken:
    """A client with a mistake of ours in it, which shows when the reply is there."""

    model = MODEL

    async def execute(self, call: Call, context: Context) -> object:
        raise KeyError(call.operation, context.request_id)

    async def close(self) -> None: ...


@pytest.mark.parametrize("effect", Effect)
async def test_a_mistake_of_ours_makes_no_failure_of_a_write_that_may_have_happened(effect: Effect) -> None:
    source = Resilient(Broken(), Tally(), HttpSettings())
    with pytest.raises(SourceBadResponse if effect is Effect.READ else OutcomeUnknown) as caught:
        await source.execute(Call(effect), context())
    assert "KeyError" in caught.value.detail
    assert source.tally.retries == 0
    await source.close()


def test_an_operation_that_nobody_knows_is_a_write() -> None:
    guard = guard_of("unknown", MODEL, HttpSettings())
    assert not guard.reads
    assert not guard.may_repeat(SourceUnavailable(), sends=1, made=0)


@pytest.mark.parametrize(("auth", "left_us"), [(None, True), (NTLM, False)])
def test_who_sends_again_himself_is_not_sent_again_by_another(auth: object, *, left_us: bool) -> None:
    """The client that speaks NTLM makes a read again over a connection that it has proven anew."""
    guard = guard_of(Effect.READ, MODEL, HttpSettings.model_validate({"auth": auth}))
    assert guard.may_repeat(SourceUnavailable(), sends=1, made=0) == left_us
    refused: SourceError = SourceUnavailable(sends=0)
    assert guard.may_repeat(refused, sends=0, made=0)
