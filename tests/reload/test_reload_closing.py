"""What a snapshot alone needs is closed once, after its last request, and never while another needs it."""

from __future__ import annotations

import asyncio

from gateway.holder import Holder, State
from gateway.uses import Uses
from resolvers import Call, Context, MemoryStore, SourceModel


class Counted:
    """A source that counts how often it was closed; ``broken``: closing it fails."""

    def __init__(self, name: str, *, broken: bool = False) -> None:
        self.model = SourceModel(name, "openapi", {})
        self.concurrency = 1
        self.closed = 0
        self.broken = broken

    async def execute(self, call: Call, context: Context) -> object:
        raise AssertionError((call, context))

    async def close(self) -> None:
        self.closed += 1
        if self.broken:
            raise OSError(self.model.name)


class Closing(MemoryStore):
    """A store that counts how often it was closed."""

    def __init__(self) -> None:
        super().__init__(1000)
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


def _state(*sources: Counted, store: MemoryStore | None = None) -> State:
    return State(None, {each.model.name: each for each in sources}, store=store)


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_source_is_closed_after_the_last_request_of_all_that_need_it() -> None:
    a, b, c, d = Counted("a"), Counted("b"), Counted("c"), Counted("d")
    first, second, third = _state(a, b, c), _state(b, c), _state(c, d)
    holder = Holder(first)
    first.uses.begin()
    second.uses.begin()
    holder.swap(second)
    holder.swap(third)
    await _turns()
    assert [each.closed for each in (a, b, c, d)] == [0, 0, 0, 0]
    first.uses.end()
    await _turns()
    assert [each.closed for each in (a, b, c, d)] == [1, 0, 0, 0]  # the second still has a request
    second.uses.end()
    await _turns()
    assert [each.closed for each in (a, b, c, d)] == [1, 1, 0, 0]
    await holder.close()
    assert [each.closed for each in (a, b, c, d)] == [1, 1, 1, 1]


async def test_what_is_not_taken_over_closes_what_nobody_else_needs() -> None:
    current, old, new = Counted("current"), Counted("old"), Counted("new")
    before, now = _state(old), _state(current)
    before.uses.begin()
    holder = Holder(before)
    holder.swap(now)
    await holder.discard(_state(current, old, new))
    assert [each.closed for each in (current, old, new)] == [0, 0, 1]
    before.uses.end()
    await holder.close()
    assert [each.closed for each in (current, old, new)] == [1, 1, 1]


async def test_at_the_end_all_are_closed_once_whatever_one_of_them_says() -> None:
    broken, shared, old = Counted("broken", broken=True), Counted("shared"), Counted("old")
    store = Closing()
    before, now = _state(old, shared, store=store), _state(broken, shared, store=store)
    before.uses.begin()  # it never ends
    holder = Holder(before)
    holder.swap(now)
    await holder.close()
    assert [each.closed for each in (broken, shared, old)] == [1, 1, 1]
    assert store.closed == 1


async def test_who_began_under_the_same_graph_and_other_settings_is_counted_apart() -> None:
    source = Counted("a")
    before = _state(source)
    before.uses.begin()
    now = before.again()
    told: list[str] = []
    holder = Holder(before)

    async def ended() -> None:
        told.append("the old settings")

    holder.swap(now, ended)
    now.uses.begin()
    await _turns()
    assert told == []
    before.uses.end()
    await _turns()
    assert told == ["the old settings"]  # though there is a request under the new ones
    now.uses.end()
    assert source.closed == 0
    await holder.close()


async def test_closing_waits_for_what_is_being_closed() -> None:
    gate, done = asyncio.Event(), asyncio.Event()

    class Late(Counted):
        async def close(self) -> None:
            await gate.wait()
            done.set()

    holder = Holder(_state(Late("late")))
    holder.swap(_state())
    await _turns()
    closing = asyncio.create_task(holder.close())
    await _turns()
    assert not closing.done()
    gate.set()
    await asyncio.wait_for(closing, 5)
    assert done.is_set()


def test_the_end_of_a_snapshot_is_told_once() -> None:
    uses = Uses()
    told: list[str] = []
    uses.begin()
    uses.retire(lambda: told.append("ended"))
    for _ in range(2):  # one that began on it all the same, after the last
        uses.end()
        uses.begin()
    assert told == ["ended"]
