"""What a kept answer is found by: whatever a call may say, an answer to another call is never given for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from resolvers import Call, Selection
from resolvers.cache.canonical import Canonical
from resolvers.cache.told import Told
from resolvers.http_settings import HttpSettings
from resolvers.lifetime import Scope
from resolvers.predicate import Compare, Grouping, Order, Page
from resolvers.source import EVERYTHING, LEAF, Caller, Context


@pytest.mark.parametrize(("name", "values"), {
    "operation": ("a", "b"),
    "arguments": ({"id": 7}, {"id": "7"}, {"id": True}, {}),
    "selection": (EVERYTHING, LEAF, Selection({"a": LEAF}), Selection({"a": Selection({"b": LEAF})})),
    "predicate": (None, Compare("a", "eq", 1), Compare("a", "eq", "1")),
    "order": ((), (Order("a"),), (Order("a", descending=True),), (Order("a"), Order("b"))),
    "page": (Page(), Page(0), Page(1), Page(1, 1), Page(offset=1)),
    "per": ((), ("a",), ("b",), ("a", "b")),
    "distinct": ((), ("a",), ("b",)),
    "grouping": (Grouping(), Grouping(by=("a",)), Grouping(by=("b",))),
    "whole": (False, True),
    "rules": ({}, {"A": Compare("a", "eq", 1)}, {"A": Compare("a", "eq", 2)}, {"B": Compare("a", "eq", 1)}),
    "query": ((), (("a", "1"),), (("a", "2"),)),
    "question": ("", "a", "b"),
}.items())  # fmt: skip
def test_calls_that_differ_in_anything_have_texts_of_their_own(name: str, values: Sequence[object]) -> None:
    write = Canonical().of
    calls = [replace(Call("a"), **{name: value}) for value in values]
    assert len({write(call) for call in calls}) == len(values)


def test_all_that_a_call_may_say_is_in_its_text_or_known_not_to_tell_answers_apart() -> None:
    """Who gives a call another member decides here, and above, whether an answer depends on it."""
    told = {"operation", "arguments", "selection", "predicate", "order", "page", "per", "distinct", "grouping", "whole",
            "rules", "query", "question"}  # fmt: skip
    apart = {"exchange", "idempotency", "tried", "lifetime", "keyed"}
    assert set(Call.__struct_fields__) == told | apart


EXCHANGE = {"token_url": "https://id.example/token", "client_id": "isthmus", "client_secret": "x"}
ADA = Caller("t1", {"sub": "ada", "tenant": "7"}, {"accept-language": "en", "x-tenant": "7"})


@pytest.mark.parametrize("auth", [
    {"forward": {"token": True, "headers": ["Accept-Language"]}},
    {"forward": {"claims": {"X-Sub": "sub"}, "headers": ["Accept-Language"]}},
    {"exchange": EXCHANGE},
    {"exchange": EXCHANGE, "forward": {"headers": ["Accept-Language"]}},
    {"forward": {"claims": {"X-T": "tenant"}}},
    {"forward": {"headers": ["Accept-Language", "X-Tenant"]}},
])  # fmt: skip
@pytest.mark.parametrize("scope", [None, "caller", "shared"])
def test_whatever_a_source_is_told_of_a_caller_tells_whose_an_answer_is(auth: object, scope: Scope | None) -> None:
    settings = HttpSettings.model_validate({"auth": auth})
    told, forward = Told.by(settings), settings.auth.forward if settings.auth is not None else None

    def owner(caller: Caller, who: str = "ada") -> str:
        return told.owner(Context(0.0, "r", who, caller=caller), scope)

    same = owner(ADA)
    assert owner(ADA) == same
    token = "exchange" in str(auth) or (forward is not None and forward.token)
    claims: set[str] = set() if forward is None else set(forward.claims.values())
    headers = set() if forward is None else {name.lower() for name in forward.headers}
    if token:
        assert owner(Caller("t2", ADA.claims, ADA.headers)) != same
    for name in claims:
        assert owner(Caller("t1", {**ADA.claims, name: "8"}, ADA.headers)) != same
    for name in headers:
        assert owner(Caller("t1", ADA.claims, {**ADA.headers, name: "8"})) != same
    if told.who or scope != "shared":
        assert owner(ADA, "bob") != same
