"""Columns of keys become calls and rows come back to their keys: chunks, comparisons, duplicates and failures."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import (
    LEAF,
    Argument,
    Call,
    Code,
    Column,
    Context,
    Effect,
    Field,
    KeyPart,
    ListRef,
    Loaders,
    ManyKeys,
    Match,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    Selection,
    SourceFault,
    SourceModel,
)
from resolvers.keys import agree
from tests.loading.outcomes import shown

Keys = Sequence[Any]
TEXT = ScalarRef(Scalar.STRING)
VALUE = Selection({"v": LEAF})


class Shelf:
    """A source whose ``answer`` gets the keys of a call, and which remembers them; calls take one turn of the loop."""

    def __init__(self, answer: Callable[[Keys], object], model: SourceModel) -> None:
        self.model = model
        self.concurrency = 20
        self.asked: list[Keys] = []
        self._answer = answer

    async def execute(self, call: Call, context: Context) -> object:  # noqa: ARG002  # the protocol's
        given = call.arguments["ids"] if "ids" in call.arguments else [call.arguments["id"]]
        assert isinstance(given, list)
        self.asked.append(given)
        await asyncio.sleep(0)
        return self._answer(given)

    async def close(self) -> None: ...


class Desk:
    """Loaders of one request over a shelf; ``parts``: field of the row → how it is compared."""

    def __init__(
        self,
        answer: Callable[[Keys], object],
        parts: Mapping[str, KeyPart],
        *,
        many: bool = True,
        max_keys: int = 1000,
        single: bool = False,
        max_calls: int = 500,
    ) -> None:
        argument = {"id": Argument("id", TEXT)} if single else {"ids": Argument("ids", ListRef(TEXT))}
        by = {name: ("" if len(parts) == 1 else name) for name in parts}
        operation = Operation(
            "rows", Effect.READ, argument, ListRef(NamedRef("Row")),
            keys=None if single else ManyKeys(("ids",), by, max_keys),
        )  # fmt: skip
        row = ObjectType("Row", {name: Field(name, TEXT) for name in (*parts, "v")})
        self.shelf = Shelf(answer, SourceModel("shelf", "openapi", {"rows": operation}, {"Row": row}))
        names = tuple(parts)
        match = Match(names, tuple(parts.values()), (True,) * len(names), ("id",) if single else ())
        self.column = Column("shelf", operation, match, many, Call("rows"), ("rows",))
        self.context = Context(asyncio.get_running_loop().time() + 5, "r", max_calls=max_calls)
        self.loaders = Loaders({"shelf": self.shelf}, self.context)

    async def load(self, *keys: object) -> list[Any]:
        """Outcomes for keys; errors as their codes, rows as their ``v``."""
        whole = [key if isinstance(key, tuple) else (key,) for key in keys]
        found = await self.loaders.load(self.column, whole, VALUE)
        return [shown(outcome, "v") for outcome in found]


def row(key: object, value: object) -> dict[str, object]:
    return {"id": key, "v": value}


ID = {"id": KeyPart(Scalar.STRING)}


async def test_keys_are_asked_once_in_chunks_and_nulls_never() -> None:
    desk = Desk(lambda keys: [row(key, key) for key in reversed(keys)], ID, many=False, max_keys=2)
    assert await desk.load("a", "b", None, "a", "c", "d", "b", "e") == ["a", "b", None, "a", "c", "d", "b", "e"]
    assert desk.shelf.asked == [["a", "b"], ["c", "d"], ["e"]]


async def test_nothing_to_ask_is_no_call() -> None:
    for many, nothing in ((True, []), (False, None)):
        desk = Desk(lambda _: [], ID, many=many)
        assert await desk.load(None, None) == [nothing, nothing]
        assert await desk.load() == []
        assert desk.shelf.asked == []


async def test_missing_keys_and_rows_that_nobody_asked_for() -> None:
    answered = [row("b", 1), row("x", 2), row(None, 3), None, {"v": 4}, row("b", 5), row(["a"], 6), row(True, 7)]
    desk = Desk(lambda _: answered, ID)
    assert await desk.load("a", "b") == [[], [1, 5]]
    assert desk.context.dropped == {"shelf.rows": 5}


async def test_two_different_rows_for_one_are_ambiguous_and_two_equal_ones_are_not() -> None:
    desk = Desk(lambda _: [row("a", 1), row("b", 2), row("a", 1), row("b", 3), row("c", 4)], ID, many=False)
    assert await desk.load("a", "b", "c") == [1, Code.LINK_AMBIGUOUS, 4]


@pytest.mark.parametrize("answered", ["text", 7, [7], ["a"], [[row("a", 1)]]])
async def test_what_is_no_list_of_objects_is_an_error_and_never_nothing(answered: object) -> None:
    desk = Desk(lambda _: answered, ID)
    assert await desk.load("a", "b") == [Code.SOURCE_BAD_RESPONSE] * 2


async def test_a_failing_chunk_spoils_no_other() -> None:
    def answer(keys: Keys) -> object:
        if "c" in keys:
            raise SourceFault("down")
        return [row(key, key) for key in keys]

    desk = Desk(answer, ID, many=False, max_keys=2)
    assert await desk.load(*"abcdef") == ["a", "b", Code.SOURCE_FAULT, Code.SOURCE_FAULT, "e", "f"]
    assert await desk.load("a", "c") == ["a", Code.SOURCE_FAULT]
    assert desk.shelf.asked == [["a", "b"], ["c", "d"], ["e", "f"], ["c"]], "a failure is not remembered"


async def test_single_calls_fail_alone_and_are_counted() -> None:
    def answer(keys: Keys) -> object:
        if keys == ["b"]:
            raise SourceFault("down")
        return [row(keys[0], keys[0]), row("other", 0)]

    desk = Desk(answer, ID, many=False, single=True, max_calls=3)
    assert await desk.load("a", "b", "a", "c", "d") == ["a", Code.SOURCE_FAULT, "a", "c", Code.LIMIT_EXCEEDED]
    assert desk.shelf.asked == [["a"], ["b"], ["c"]]
    assert desk.context.dropped == {"shelf.rows": 2}


async def test_composite_keys_match_as_a_whole() -> None:
    parts = {"region": KeyPart(Scalar.STRING, frozenset({"trim"})), "no": KeyPart(Scalar.INT)}
    answered = [
        {"region": "EU ", "no": 1, "v": "eu1"}, {"region": "US", "no": "2", "v": "us2"}, {"region": "EU", "no": 2},
    ]  # fmt: skip
    desk = Desk(lambda _: answered, parts, many=False)
    keys = [("EU", 1), ("US", 1), ("US", 2), ("EU", None), (None, 1), (" EU", "1")]
    assert await desk.load(*keys) == ["eu1", None, "us2", None, None, "eu1"]
    assert desk.shelf.asked == [[{"region": "EU", "no": 1}, {"region": "US", "no": 1}, {"region": "US", "no": 2}]]


COMPARED: list[tuple[Scalar, set[Any], object, object, bool]] = [
    (Scalar.STRING, set(), "A", "a", False),
    (Scalar.STRING, set(), "A", "A ", False),
    (Scalar.STRING, {"trim"}, " A", "A ", True),
    (Scalar.STRING, {"casefold"}, "STRASSE", "straße", True),
    (Scalar.STRING, {"trim", "casefold"}, "a ", "A", True),
    (Scalar.STRING, set(), "007", "7", False),
    (Scalar.STRING, {"number"}, "007", "7.0", True),
    (Scalar.STRING, {"number"}, "seven", "seven", False),
    (Scalar.ID, set(), 7, "7", True),
    (Scalar.INT, set(), "7", 7, True),
    (Scalar.INT, set(), "1", True, False),
    (Scalar.INT, set(), Decimal("7.00"), 7, True),
    (Scalar.INT, set(), Decimal("7.50"), 7, False),
    (Scalar.INT, set(), "7.5", 7, False),
    (Scalar.INT, set(), "1e999999999", 7, False),
    (Scalar.INT, set(), "NaN", 7, False),
    (Scalar.DECIMAL, set(), "7.50", Decimal("7.5"), True),
    (Scalar.DECIMAL, set(), 7, "7.0", True),
    (Scalar.BIG_INT, set(), "9007199254740993", 9007199254740992, False),
    (Scalar.UUID, set(), "0B1E2D3C-0000-4000-8000-000000000001", "0b1e2d3c-0000-4000-8000-000000000001", True),
    (Scalar.UUID, set(), "0b1e2d3c00004000800000000000000g", "0b1e2d3c-0000-4000-8000-000000000001", False),
    (Scalar.UUID, {"trim"}, " 0b1e2d3c-0000-4000-8000-000000000001 ", "0b1e2d3c-0000-4000-8000-000000000001", True),
]


@pytest.mark.parametrize(("scalar", "compare", "mine", "theirs", "same"), COMPARED)
async def test_how_keys_are_compared(
    scalar: Scalar,
    compare: set[Any],
    mine: object,
    theirs: object,
    *,
    same: bool,
) -> None:
    desk = Desk(lambda _: [row(theirs, 1)], {"id": KeyPart(scalar, frozenset(compare))})
    assert await desk.load(mine) == [[1] if same else []]


@pytest.mark.parametrize(("mine", "asked"), [(Decimal("7.00"), 7), (" 7 ", 7), ("7.0", 7), (7, 7)])
async def test_a_key_leaves_as_its_target_wants_it(mine: object, asked: object) -> None:
    desk = Desk(lambda _: [row(7, 1)], {"id": KeyPart(Scalar.INT)})
    assert await desk.load(mine, "7.5", "seven") == [[1], [], []]
    assert desk.shelf.asked == [[asked]]
    assert type(desk.shelf.asked[0][0]) is int


async def test_a_uuid_written_otherwise_leaves_as_uuids_are_written() -> None:
    written = "0b1e2d3c-0000-4000-8000-000000000001"
    desk = Desk(lambda _: [row(written, 1)], {"id": KeyPart(Scalar.UUID)})
    assert await desk.load(written.upper(), "no uuid") == [[1], []]
    assert desk.shelf.asked == [[written]]


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        (Scalar.STRING, Scalar.UUID, True),
        (Scalar.UUID, Scalar.STRING, True),
        (Scalar.ID, Scalar.UUID, True),
        (Scalar.INT, Scalar.UUID, False),
        (Scalar.DATE, Scalar.STRING, False),
    ],
)
def test_which_types_can_be_the_same_key(mine: Scalar, theirs: Scalar, *, same: bool) -> None:
    assert agree(mine, theirs, frozenset()) is same


async def test_columns_of_one_tick_share_a_call_and_a_cancelled_one_spoils_nothing() -> None:
    desk = Desk(lambda keys: [row(key, key) for key in keys], ID, many=False)
    tasks = [asyncio.create_task(desk.load(*keys)) for keys in ("ab", "bc", "cd")]
    while not desk.shelf.asked:  # noqa: ASYNC110  # the source's journal is what is waited for
        await asyncio.sleep(0)
    tasks[0].cancel()
    assert await asyncio.gather(*tasks[1:]) == [["b", "c"], ["c", "d"]]
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert await desk.load(*"abcd") == list("abcd")
    assert desk.shelf.asked == [["a", "b", "c", "d"]]


async def test_a_batch_that_nobody_waits_for_any_more_ends_and_one_that_did_not_begin_asks_nothing() -> None:
    ended = asyncio.Event()

    class Slow(Shelf):
        async def execute(self, call: Call, context: Context) -> object:  # noqa: ARG002  # the protocol's
            self.asked.append([])
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            return []

    desk = Desk(lambda _: [], ID, many=False)
    slow = Slow(lambda _: [], desk.shelf.model)
    desk.loaders = Loaders({"shelf": slow}, desk.context)
    tasks = [asyncio.create_task(desk.load(*keys)) for keys in ("ab", "bc")]
    while not slow.asked:  # noqa: ASYNC110  # the source's journal is what is waited for
        await asyncio.sleep(0)
    tasks[0].cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not ended.is_set(), "somebody still waits"
    tasks[1].cancel()
    async with asyncio.timeout(5):
        await ended.wait()
    await asyncio.gather(*tasks, return_exceptions=True)
    early = asyncio.create_task(desk.load("z"))
    await asyncio.sleep(0)
    early.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(slow.asked) == 1


KEY = st.one_of(st.none(), st.sampled_from(["a", "A", " a", "b", "", "1", "01"]))
ROWS = st.lists(st.tuples(KEY, st.integers(0, 2)), max_size=12)
COMPARE = st.sets(st.sampled_from(["trim", "casefold"]))


def same(mine: str, theirs: str, compare: set[Any]) -> bool:
    """The law, written once more without any of the code under test."""
    if "trim" in compare:
        mine, theirs = mine.strip(), theirs.strip()
    if "casefold" in compare:
        mine, theirs = mine.casefold(), theirs.casefold()
    return mine == theirs


@given(keys=st.lists(KEY, max_size=12), rows=ROWS, compare=COMPARE, max_keys=st.integers(1, 5), single=st.booleans())
def test_each_parent_gets_just_the_rows_of_its_own_key(
    keys: list[str | None],
    rows: list[tuple[str | None, int]],
    compare: set[Any],
    max_keys: int,
    *,
    single: bool,
) -> None:
    async def joined() -> tuple[list[Any], list[Keys]]:
        # Every call answers all rows, so that most of them are foreign to it.
        part = {"id": KeyPart(Scalar.STRING, frozenset(compare))}
        desk = Desk(lambda _: [row(*each) for each in rows], part, max_keys=max_keys, single=single)
        return await desk.load(*keys), desk.shelf.asked

    found, asked = asyncio.run(joined())
    for key, mine in zip(keys, found, strict=True):
        wanted = [value for held, value in rows if key is not None and held is not None and same(key, held, compare)]
        assert mine == wanted
    sent = Counter(key for keys in asked for key in keys)
    assert all(count == 1 for count in sent.values())
    assert all(len(keys) <= (1 if single else max_keys) for keys in asked)
