"""What may still begin when the deadline of a request has come."""

from __future__ import annotations

import asyncio

import pytest

from resolvers import Call, Context, Effect, Operation, OutcomeUnknown, SourceModel, SourceSettings, SourceTimeout
from resolvers.resilience import Resilient
from resolvers.tally import Tally

SETTINGS = SourceSettings(concurrency=1, timeout_s=5)


class Ledger:
    """A source that sends before it first waits; ``sent``: the calls that left it."""

    def __init__(self, model: SourceModel) -> None:
        self.model = model
        self.sent: list[str] = []

    async def execute(self, call: Call, context: Context) -> object:
        self.sent.append(call.operation)
        await asyncio.sleep(context.remaining() + 60)
        return None

    async def close(self) -> None: ...


def opened(effect: Effect) -> tuple[Resilient, Ledger]:
    operations = {"touch": Operation("touch", effect, {}, None)}
    ledger = Ledger(SourceModel("crm", "openapi", operations))
    return Resilient(ledger, Tally(), SETTINGS), ledger


@pytest.mark.parametrize("effect", Effect)
async def test_nothing_is_sent_after_the_deadline_so_its_outcome_is_known(effect: Effect) -> None:
    source, ledger = opened(effect)
    now = asyncio.get_running_loop().time()
    for late in (now, now - 60):
        with pytest.raises(SourceTimeout):
            await source.execute(Call("touch"), Context(late, "id"))
    assert ledger.sent == []


async def test_who_waits_for_a_place_until_the_deadline_has_sent_nothing() -> None:
    source, ledger = opened(Effect.WRITE)
    now = asyncio.get_running_loop().time()
    first = asyncio.create_task(source.execute(Call("touch"), Context(now + 0.3, "one")))
    await asyncio.sleep(0)
    with pytest.raises(SourceTimeout):
        await source.execute(Call("touch"), Context(now + 0.1, "two"))
    with pytest.raises(OutcomeUnknown):
        await first
    assert ledger.sent == ["touch"]


@pytest.mark.parametrize("effect", [Effect.IDEMPOTENT, Effect.WRITE])
async def test_of_anything_but_a_read_under_way_nobody_knows_the_outcome(effect: Effect) -> None:
    source, ledger = opened(effect)
    with pytest.raises(OutcomeUnknown):
        await source.execute(Call("touch"), Context(asyncio.get_running_loop().time() + 0.05, "id"))
    assert ledger.sent == ["touch"]


async def test_a_place_is_free_again_after_every_call_that_ran_out_of_time() -> None:
    source, ledger = opened(Effect.READ)
    for _ in range(3):
        with pytest.raises(SourceTimeout):
            await source.execute(Call("touch"), Context(asyncio.get_running_loop().time() + 0.02, "id"))
    assert ledger.sent == ["touch"] * 3


class NeverConnected(Ledger):
    """A source that knows at its own deadline that nothing was sent."""

    async def execute(self, call: Call, context: Context) -> object:
        assert call.operation == "touch"
        await asyncio.sleep(context.remaining())
        raise SourceTimeout("never had a connection")


async def test_a_client_that_sent_nothing_before_the_deadline_has_the_word() -> None:
    operations = {"touch": Operation("touch", Effect.WRITE, {}, None)}
    source = Resilient(NeverConnected(SourceModel("crm", "openapi", operations)), Tally(), SETTINGS)
    with pytest.raises(SourceTimeout):
        await source.execute(Call("touch"), Context(asyncio.get_running_loop().time() + 0.02, "id"))
