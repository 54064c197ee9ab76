"""However many ask for the same at the same time, the source is asked once; and nobody suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from resolvers import CacheTally, Call, Context, Found, MemoryStore, Selection, Source, SourceTimeout
from tests.caching.house import House, house

NAME = "query($id: String!) { customer(id: $id) { name } }"
CACHED = "  concurrency: 50\n  cache: { ttl_s: 60 }"
CALL = Call("customer", {"id": "1"}, Selection({"name": Selection()}))


def context(seconds: float = 20.0, caller: str = "anonymous") -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "r", caller)


def source(made: House) -> Source:
    return made.snapshot.sources["crm"]


async def begun(made: House, count: int, **more: Any) -> list[asyncio.Task[object]]:
    """So many who ask for the same, once the source was asked."""
    made.crm.asked.clear()
    tasks = [asyncio.create_task(source(made).execute(CALL, context(**more))) for _ in range(count)]
    await asyncio.wait_for(made.crm.asked.wait(), 10)
    return tasks


async def test_a_thousand_misses_are_one_call(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        tasks = await begun(made, 1000)
        made.crm.gate.set()
        found = await asyncio.gather(*tasks)
        assert found == [{"name": "name 1"}] * 1000
        assert made.crm.taken() == ["GET /customers/1"]
        assert (made.counted.misses, made.counted.shared) == (1, 999)
        first, second = found[0], found[1]
        assert first is not second  # no two requests hold the same object


async def test_requests_over_sockets_share_a_call(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        made.crm.asked.clear()
        tasks = [asyncio.create_task(made.data(NAME, id="1")) for _ in range(40)]
        await asyncio.wait_for(made.crm.asked.wait(), 10)
        async with asyncio.timeout(10):
            while made.counted.shared < 39:  # noqa: ASYNC110  # nothing tells when all of them have come
                await asyncio.sleep(0.005)
        made.crm.gate.set()
        assert await asyncio.gather(*tasks) == [{"customer": {"name": "name 1"}}] * 40
        assert made.crm.taken() == ["GET /customers/1"]


@pytest.mark.parametrize("leaves", ["first", "another"])
async def test_who_leaves_takes_nothing_from_the_others(tmp_path: Path, leaves: str) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        tasks = await begun(made, 3)
        gone = tasks.pop(0 if leaves == "first" else 1)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        made.crm.gate.set()
        assert await asyncio.gather(*tasks) == [{"name": "name 1"}] * 2
        assert made.crm.taken() == ["GET /customers/1"]


async def test_who_has_little_time_waits_no_longer_and_the_others_go_on(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        (hasty,) = await begun(made, 1, seconds=0.2)
        patient = asyncio.create_task(source(made).execute(CALL, context()))
        with pytest.raises(SourceTimeout):
            await hasty
        made.crm.gate.set()
        assert await patient == {"name": "name 1"}
        assert made.crm.taken() == ["GET /customers/1"]


async def test_when_all_have_left_the_call_is_given_up(tmp_path: Path) -> None:
    async with house(tmp_path, f"{CACHED}\n  timeout_s: 60") as made:  # or the call's own time would end it as well
        made.crm.gate.clear()
        for task in await begun(made, 3):
            task.cancel()
        async with asyncio.timeout(10):
            while not made.crm.gone:  # noqa: ASYNC110  # the source sees it when it looks
                await asyncio.sleep(0.005)
        made.crm.gate.set()
        assert await source(made).execute(CALL, context()) == {"name": "name 1"}
        assert len(made.crm.taken()) == 2


async def test_who_comes_while_a_call_is_given_up_begins_one_of_its_own(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        (leaves,) = await begun(made, 1)
        leaves.cancel()
        comes = asyncio.create_task(source(made).execute(CALL, context()))  # in the very turn in which the other leaves
        made.crm.gate.set()
        assert await comes == {"name": "name 1"}
        assert leaves.cancelled()


class Slow(MemoryStore):
    """A store that takes its time to write, as one in another process does."""

    def __init__(self) -> None:
        super().__init__(10_000)
        self.gate = asyncio.Event()

    async def write(self, *given: Any) -> None:
        await self.gate.wait()
        await super().write(*given)


async def test_what_came_is_kept_though_everybody_who_waited_has_it_and_is_gone(tmp_path: Path) -> None:
    store = Slow()
    async with house(tmp_path, CACHED, store=store) as made:
        assert await made.data(NAME, id="1") == {"customer": {"name": "name 1"}}
        await asyncio.sleep(0.05)  # whatever would end it has had its turns
        store.gate.set()
        async with asyncio.timeout(10):
            while not len(store):  # noqa: ASYNC110  # what nobody waits for tells nobody that it has ended
                await asyncio.sleep(0.005)


class Forgetting(MemoryStore):
    """A store that takes its time to forget."""

    def __init__(self) -> None:
        super().__init__(10_000)
        self.begun, self.gate, self.done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def forget(self, tags: Sequence[str], tally: CacheTally) -> None:
        self.begun.set()
        await self.gate.wait()
        await super().forget(tags, tally)
        self.done.set()


async def test_what_a_write_changed_is_forgotten_though_its_caller_leaves_meanwhile(tmp_path: Path) -> None:
    store = Forgetting()
    async with house(tmp_path, CACHED, store=store) as made:
        write = asyncio.create_task(source(made).execute(Call("rename", {"id": "1", "body": {"name": "x"}}), context()))
        await asyncio.wait_for(store.begun.wait(), 10)
        write.cancel()
        await asyncio.wait([write])
        store.gate.set()
        await asyncio.wait_for(store.done.wait(), 5)


async def test_an_error_is_everybodys_who_waits_and_nobodys_after(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        tasks = await begun(made, 5)
        made.crm.broken = 500
        made.crm.gate.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(each).__name__ for each in found} == {"SourceFault"}
        made.crm.broken = None
        assert await source(made).execute(CALL, context()) == {"name": "name 1"}


async def test_keys_that_are_on_their_way_are_waited_for_and_the_rest_is_asked(tmp_path: Path) -> None:
    text = "  operations: { customers: { keys: ids, by: id, cache: { ttl_s: 60 } }, orders: { cache: { ttl_s: 1 } } }"
    async with house(tmp_path, text) as made:
        made.crm.orders = ["1", "2"]
        made.crm.held = {"/customers"}
        made.crm.gate.clear()
        first = asyncio.create_task(made.data("{ orders { customer { name } } }"))
        await made.crm.saw("/customers", 1)
        made.clock.now = 2
        made.crm.orders = ["3", "2"]
        second = asyncio.create_task(made.data("{ orders { customer { name } } }"))
        await made.crm.saw("/customers", 2)
        made.crm.gate.set()
        assert [each["customer"]["name"] for each in (await first)["orders"]] == ["name 1", "name 2"]
        assert [each["customer"]["name"] for each in (await second)["orders"]] == ["name 3", "name 2"]
        asked = [each for each in made.crm.taken() if each.startswith("GET /customers")]
        assert asked == ["GET /customers?ids=1&ids=2", "GET /customers?ids=3"]


async def test_who_asks_after_a_write_does_not_wait_for_what_was_asked_before(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED) as made:
        made.crm.gate.clear()
        made.crm.held = {"GET /customers/1"}
        (before,) = await begun(made, 1)
        await made.data('mutation { rename(id: "1", body: { name: "x" }) { name } }')
        after = asyncio.create_task(source(made).execute(CALL, context()))
        await made.crm.saw("/customers/1", 3)
        made.crm.gate.set()
        await before
        assert await after == {"name": "name 1!"}
        assert await source(made).execute(CALL, context()) == {"name": "name 1!"}  # what came late is not kept
        assert len(made.crm.taken()) == 3


class Away(MemoryStore):
    """A store of which nobody knows what it has, as Redis while it does not answer."""

    async def read(self, keys: Sequence[bytes], _tags: Sequence[str], _tally: CacheTally) -> Found:
        return Found([None] * len(keys), None)


async def test_where_the_store_is_away_too_a_write_divides_those_before_it_from_those_after(tmp_path: Path) -> None:
    async with house(tmp_path, CACHED, store=Away(1000)) as made:
        made.crm.gate.clear()
        made.crm.held = {"GET /customers/1"}
        (before,) = await begun(made, 1)
        await made.data('mutation { rename(id: "1", body: { name: "x" }) { name } }')
        after = asyncio.create_task(source(made).execute(CALL, context()))
        await made.crm.saw("/customers/1", 3)
        made.crm.gate.set()
        await before
        assert await after == {"name": "name 1!"}
