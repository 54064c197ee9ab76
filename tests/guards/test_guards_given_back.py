"""What a call took and did not use is given back, and what went wrong in a way that nobody foresaw is told truly."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from resolvers import Call, Context, Effect, Operation, OutcomeUnknown, SourceBadResponse, SourceModel, Tally
from resolvers.errors import SourceError, SourceUnavailable
from resolvers.http_settings import HttpSettings
from resolvers.resilience.guard import guard_of
from resolvers.resilience.source import Resilient
from tests.guards.shop import GOOD, READ, context, opened

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
