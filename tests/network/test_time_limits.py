"""Bounds on the time of blocks that share one timer."""

from __future__ import annotations

import asyncio

import pytest

from resolvers.time_limits import TimeLimits


def soon(seconds: float = 0.01) -> float:
    return asyncio.get_running_loop().time() + seconds


async def forever() -> None:
    await asyncio.Event().wait()


async def bounded(limits: TimeLimits, at: float) -> float:
    """When a block that would wait for ever was ended."""
    with pytest.raises(TimeoutError), limits.until(at):
        await forever()
    return asyncio.get_running_loop().time()


async def test_each_block_ends_at_its_own_time_whatever_the_order_they_began_in() -> None:
    limits = TimeLimits()
    due = [soon(0.03), soon(0.01), soon(0.02)]
    ended = await asyncio.gather(*(bounded(limits, at) for at in due))
    assert [at for at, _ in sorted(zip(due, ended, strict=True), key=lambda pair: pair[1])] == sorted(due)
    assert all(end >= at - 0.002 for at, end in zip(due, ended, strict=True))


async def test_a_block_that_ends_in_time_is_never_interrupted_afterwards() -> None:
    limits = TimeLimits()
    with limits.until(soon(0.01)):
        pass
    await bounded(limits, soon(0.03))
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_time_that_is_over_interrupts_what_waits() -> None:
    await bounded(TimeLimits(), soon(-1))


async def test_of_blocks_inside_each_other_the_one_that_is_due_first_ends() -> None:
    limits = TimeLimits()
    with limits.until(soon(60)):
        await bounded(limits, soon())
        await asyncio.sleep(0)  # the outer one goes on


async def test_who_is_cancelled_from_outside_is_cancelled_and_not_late() -> None:
    limits = TimeLimits()
    begun = asyncio.Event()

    async def work() -> None:
        with limits.until(soon(60)):
            begun.set()
            await forever()

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_block_can_be_ended_before_its_time() -> None:
    limits = TimeLimits()
    limit = limits.until(soon(60))
    asyncio.get_running_loop().call_soon(limit.interrupt)
    with pytest.raises(TimeoutError), limit:
        await forever()


def test_another_event_loop_begins_anew() -> None:
    limits = TimeLimits()

    async def leaves_a_timer() -> None:
        with limits.until(soon(0.01)):
            pass

    asyncio.run(leaves_a_timer())
    asyncio.run(_waits(limits))


async def _waits(limits: TimeLimits) -> None:
    await bounded(limits, soon())
