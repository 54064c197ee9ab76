"""The caller's Idempotency-Key: what is a key, what the source is told of it, and what may be sent again by it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import Call, OutcomeUnknown, RateLimited
from resolvers.idempotency import Idempotency, key_of
from tests.guards.shop import CREATE, PAY, READ, REPLACE, context, in_turn, shop
from tests.raw_server import RawServer, reply, resets

DONE = {"id": "7"}
HEADER = {"idempotency_key": "Idempotency-Key"}


def keys(server: RawServer) -> list[str | None]:
    return [heard.headers.get("idempotency-key") for heard in server.heard]


@pytest.mark.parametrize(("sent", "key"), [
    ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ('"8e03978e-40d5"', "8e03978e-40d5"),
    (' "with a space" ', "with a space"),
    ('"a \\"quoted\\" one"', 'a "quoted" one'),
    ("x" * 255, "x" * 255),
    ("x" * 256, None),
    (f'"{"x" * 256}"', None),
    ("", None),
    ('""', None),
    ("two words", None),
    ('"half', None),
    ('"bad \\x escape"', None),
    ("schlüssel", None),
    ('"a"; b=1', None),
])  # fmt: skip
def test_what_a_key_is(sent: str, key: str | None) -> None:
    assert key_of(sent) == key


async def test_without_a_setting_no_source_hears_of_a_key_and_no_write_is_sent_again(tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(resets())) as (source, server):
        assert isinstance(await source.outcome(CREATE, context(key="k")), OutcomeUnknown)
        assert keys(server) == [None]


@pytest.mark.parametrize("key", ["k", None])
async def test_a_source_that_knows_keys_gets_one_and_may_have_the_write_again(key: str | None, tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(resets(), reply(b"{}", status="503 Busy")), **HEADER) as (source, server):
        assert await source.outcome(CREATE, context(key=key)) == DONE
        one, *others = keys(server)
        assert others == [one, one]
        assert str(uuid.UUID(one)) == one


async def test_a_write_with_a_key_may_wait_for_a_source_that_wants_fewer_calls(tmp_path: Path) -> None:
    answers = [reply(b"{}", "Retry-After: 0", status="429 Slow")]
    async with shop(tmp_path, in_turn(*answers), **HEADER) as (source, server):
        assert await source.outcome(CREATE) == DONE
    async with shop(tmp_path, in_turn(*answers)) as (source, server):
        assert isinstance(await source.outcome(CREATE), RateLimited)
        assert keys(server) == [None]


async def test_no_two_calls_share_a_key_and_a_repeated_request_has_the_same_ones(tmp_path: Path) -> None:
    other = Call("create", {"body": {"id": "8"}})
    async with shop(tmp_path, in_turn(), **HEADER) as (source, server):
        for who, key in (("ada", "k"), ("ada", "k"), ("bob", "k"), ("ada", "l")):
            given_ = context(who=who, key=key)
            for call in (CREATE, CREATE, other, PAY):
                await source.outcome(call, given_)
        every = keys(server)
        assert every[0:4] == every[4:8]
        assert len(set(every)) == 12


async def test_the_order_of_members_is_no_other_call(tmp_path: Path) -> None:
    async with shop(tmp_path, in_turn(), **HEADER) as (source, server):
        for body in ({"id": "7", "note": [1, {"a": 1, "b": 2}]}, {"note": [1, {"b": 2, "a": 1}], "id": "7"}):
            await source.outcome(Call("create", {"body": body}), context(key="k"))
        assert len(set(keys(server))) == 1


async def test_reads_have_no_key_and_an_operation_may_say_otherwise_than_its_source(tmp_path: Path) -> None:
    stated = {"operations": {"pay": {"idempotency_key": "X-Key"}, "create": {"idempotency_key": False}}}
    async with shop(tmp_path, in_turn(), **HEADER, **stated) as (source, server):
        for call in (READ, REPLACE, PAY, CREATE):
            await source.outcome(call, context(key="k"))
        assert [key is not None for key in keys(server)] == [False, True, False, False]
        assert ["x-key" in heard.headers for heard in server.heard] == [False, False, True, False]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=4)
    | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def same(one: object, other: object) -> bool:
    """Equal, and of the same types: ``1`` is neither ``1.0`` nor ``true``."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


@given(VALUES, VALUES)
def test_keys_are_equal_where_arguments_are_and_nowhere_else(one: object, other: object) -> None:
    made = [Idempotency("k").of("ada", "shop.pay", value) for value in (one, other)]
    assert (made[0] == made[1]) == same(one, other)
