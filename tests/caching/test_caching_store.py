"""What lies in memory stays within its bound, counts what it weighs, and comes back as it was."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import CacheTally, Code, IsthmusError, MemoryStore, Selection
from resolvers.cache.canonical import Unwritable, text
from resolvers.cache.packed import Corrupt, Readers, Unpackable, joined, pack, unpack
from resolvers.cache.store import OVERHEAD_BYTES
from resolvers.predicate import And, Compare, In, Not, Or
from resolvers.rows import Layout, Member, Row
from tests.caching.house import Clock

# Which of two equal hours of a night it was (fold) no column and no text of a source says.
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.times().map(lambda given: given.replace(fold=0))
    | st.datetimes().map(lambda given: given.replace(fold=0))
    | st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30)))).map(lambda given: given.replace(fold=0))
    | st.uuids()
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text("ab"), inner), max_leaves=20)


@given(VALUES)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert repr(unpack(pack(value))) == repr(value)


@given(st.binary())
def test_bytes_that_are_none_of_ours_are_told(data: bytes) -> None:
    try:
        unpack(data)
    except Corrupt:
        return


@given(st.lists(st.lists(VALUES, max_size=4), max_size=40))
def test_parts_of_a_list_make_the_list(parts: list[list[Any]]) -> None:
    packed = [(len(part), b"".join(map(pack, part))) for part in parts]
    assert repr(unpack(joined(packed))) == repr([item for part in parts for item in part])


def test_long_lists_are_joined_too() -> None:
    packed = [(1, pack(number)) for number in range(70_000)]
    assert unpack(joined(packed)) == list(range(70_000))


class _Refused(IsthmusError):
    code = Code.INTERNAL


@pytest.mark.parametrize("value", [_Refused("x"), [1, {"a": _Refused("x")}], {"a": object()}, "\ud800"])
def test_what_holds_an_error_or_has_no_bytes_is_not_kept(value: object) -> None:
    with pytest.raises(Unpackable):
        pack(value)


def test_rows_come_back_as_the_answer_lays_them_out_or_as_mappings() -> None:
    layout = Layout((Member("id", "id", "int", nullable=False), Member("__typename", value="A"), Member("n", "name")))
    rows = Selection({"id": Selection(), "name": Selection(), "key": Selection()}, layout=layout)
    data = pack({"data": [{"id": 1, "name": Decimal("1.50"), "key": 2**70}, None]})
    (row, none) = Readers().read(data, rows.under(("data",)))["data"]
    assert isinstance(row, Row)
    assert none is None
    assert row.as_mapping() == {"id": 1, "name": Decimal("1.50"), "key": 2**70}
    assert unpack(pack([row])) == [row.as_mapping()]
    unfit = pack([{"id": 2**40, "name": "x"}])  # larger than the place in the answer takes
    assert Readers().read(unfit, rows) == [{"id": 2**40, "name": "x"}]


def test_texts_of_values_tell_them_apart() -> None:
    values: list[object] = [
        7, "7", 7.0, True, None, "None", "True", b"7", Decimal(7), Decimal("7.0"), [7], ["7"], [[7]], {}, [], "[]",
        {"a": 7}, {"a": "7"}, {"a": None}, date(2020, 1, 1), datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC),  # noqa: DTZ001  # some have none
        "2020-01-01", time(1), UUID(int=1), str(UUID(int=1)), "a','b", ["a", "b"], ["a','b"], ["a,b"],
        Compare("a", "eq", 1), Compare("a", "ne", 1), Compare("a", "eq", "1"), In(("a",), ((1,),)),
        And((Compare("a", "eq", 1),)), Or((Compare("a", "eq", 1),)), Not(Compare("a", "eq", 1)),
    ]  # fmt: skip
    texts = [text(value) for value in values]
    assert len(set(texts)) == len(values)
    assert text({"a": 1, "b": 2}) == text({"b": 2, "a": 1})
    with pytest.raises(Unwritable):
        text({"a": object()})


async def test_a_hundred_thousand_keys_take_no_more_than_the_bound() -> None:
    most = 4_000_000
    tally = CacheTally()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    store = MemoryStore(most)
    for number in range(100_000):
        items = ((number.to_bytes(20, "big"), 1, pack({"id": number, "text": "x" * (number % 200)})),)
        await store.write(items, ("t",), (0,), 60, tally)
        assert store.bytes <= most
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert tally.bytes == store.bytes
    assert tally.evicted == 100_000 - len(store)
    # Measured memory is what is counted, or less: the count is honest.
    assert 0.6 * store.bytes < held < 1.1 * store.bytes, (held, store.bytes, len(store))
    kept = (await store.read([number.to_bytes(20, "big") for number in (0, 99_999)], ("t",), tally)).entries
    assert kept[0] is None
    assert kept[1] is not None


async def test_what_is_used_stays_and_what_is_too_large_is_never_kept() -> None:
    tally, clock = CacheTally(), Clock()
    store = MemoryStore(10 * (OVERHEAD_BYTES + 25), clock=clock)
    for number in range(30):
        await store.write(((bytes([number]) * 20, 1, b"x" * 5),), (), (), 60, tally)
        assert (await store.read([bytes([0]) * 20], (), tally)).entries[0] is not None
    assert len(store) == 10
    await store.write(((b"large" * 4, 1, b"x" * 1000),), (), (), 60, tally)
    assert (await store.read([b"large" * 4], (), tally)).entries == [None]
    clock.now = 60
    assert (await store.read([bytes([0]) * 20], (), tally)).entries == [None]


async def test_what_was_asked_for_before_something_was_forgotten_is_not_kept_after() -> None:
    tally = CacheTally()
    store = MemoryStore(100_000)
    stamp = (await store.read([], ("a", "b"), tally)).stamp
    assert stamp is not None
    await store.forget(["b"], tally)
    await store.write(((b"k" * 20, 1, b"x"),), ("a", "b"), stamp, 60, tally)
    assert (await store.read([b"k" * 20], ("a", "b"), tally)).entries == [None]


async def test_what_is_kept_anew_weighs_what_it_weighs_now() -> None:
    tally = CacheTally()
    store = MemoryStore(100_000)
    for size in (100, 5000, 10):
        await store.write(((b"k" * 20, 1, b"x" * size),), (), (), 60, tally)
        assert store.bytes == tally.bytes == OVERHEAD_BYTES + 20 + size
    await store.drop([b"k" * 20])
    assert store.bytes == tally.bytes == 0


async def test_what_comes_late_does_not_push_out_what_was_asked_for_since() -> None:
    tally = CacheTally()
    store = MemoryStore(100_000)
    old = (await store.read([], ("a",), tally)).stamp
    await store.forget(["a"], tally)
    new = (await store.read([], ("a",), tally)).stamp
    assert old is not None
    assert new is not None
    await store.write(((b"k" * 20, 1, b"new"),), ("a",), new, 60, tally)
    await store.write(((b"k" * 20, 1, b"old"),), ("a",), old, 60, tally)
    (kept,) = (await store.read([b"k" * 20], ("a",), tally)).entries
    assert kept is not None
    assert kept.data == b"new"


async def test_what_was_kept_by_other_tags_is_not_taken_for_what_was_forgotten_as_often() -> None:
    """One call may be kept by the tags of two coordinates, each of which was forgotten once, at another time."""
    tally = CacheTally()
    store = MemoryStore(100_000)
    await store.forget(["a"], tally)
    stamp = (await store.read([], ("crm", "a"), tally)).stamp
    assert stamp is not None
    await store.write(((b"k" * 20, 1, b"x"),), ("crm", "a"), stamp, 60, tally)
    await store.forget(["b"], tally)
    assert (await store.read([b"k" * 20], ("crm", "b"), tally)).entries == [None]
