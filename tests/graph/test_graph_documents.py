"""What is remembered of documents stays within its bounds, and a plan is never taken for another's."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from typing import Any

import pytest
from graphql import Token

from schema import AccessSettings, OperationLimits, Principal, RuleSettings
from tests.graph.company import Company, company

FLAGS = "abcde"
QUERY = (
    f"query({', '.join(f'${flag}: Boolean!' for flag in FLAGS)}) {{ NAME: orders {{ id number person {{ id name }} }} "
    + " ".join(f"{flag}: desk @include(if: ${flag}) {{ first {{ id }} }}" for flag in FLAGS)
    + " }"
)


def flags(number: int) -> dict[str, Any]:
    return {flag: bool(number >> index & 1) for index, flag in enumerate(FLAGS)}


def made_with(**limits: int) -> Company:
    return company(limits=OperationLimits.model_validate(limits))


@pytest.mark.parametrize(
    "limits", [{"document_cache_bytes": 400_000}, {"document_cache_entries": 3}, {"document_cache_bytes": 1}]
)
async def test_documents_and_their_plans_stay_within_the_bounds(limits: dict[str, int]) -> None:
    made = made_with(**limits)
    documents = made.graph.documents
    for name in ("one", "two", "three", "four", "five", "one"):
        for number in range(32):
            body = await made.ask(QUERY.replace("NAME", name), **flags(number))
            assert set(body["data"]) == {name} | {flag for flag, shown in flags(number).items() if shown}
            assert documents.bytes_held <= limits.get("document_cache_bytes", 64 << 20)
            assert len(documents) <= limits.get("document_cache_entries", 2000)


async def test_a_document_that_is_forgotten_is_freed_at_once() -> None:
    made = made_with(document_cache_entries=1)
    await made.ask("{ first: orders { id person { name } } }")
    forgotten = weakref.ref(made.graph.documents.get("{ first: orders { id person { name } } }", None))
    gc.collect()  # what validation left behind goes with the youngest generation
    gc.disable()
    try:
        await made.ask("{ second: orders { id } }")
        assert forgotten() is None
        assert not any(isinstance(item, Token) and item.value == "first" for item in gc.get_objects())
    finally:
        gc.enable()


def deep(levels: int) -> str:
    query = "id"
    for level in range(levels):
        query = f"{'orders' if level % 2 else 'person'} {{ {query} }}"
    return query


SHAPES = {
    "small": "{ NAME: orders { id } }",
    "wide": "{ NAME: orders { " + " ".join(f"x{index}: number" for index in range(170)) + " } }",
    "names alone": "{ NAME: orders { " + " ".join(f"x{index}: __typename" for index in range(170)) + " } }",
    "deep": f"{{ NAME: parties {{ id ... on Person {{ orders {{ {deep(9)} }} }} }} }}",
    "many small objects": "{ NAME: search { "
    + " ".join(f"x{index}: orders {{ y{index}: person {{ id }} }}" for index in range(40))
    + " } }",
    "an interface": "{ NAME: parties { " + " ".join(f"x{index}: email" for index in range(85)) + " } }",
}


@pytest.mark.parametrize("query", SHAPES.values(), ids=SHAPES)
async def test_documents_hold_no_more_memory_than_is_counted(query: str) -> None:
    made = made_with(max_aliases=1000, max_comparisons=100_000)
    documents = made.graph.documents
    assert "errors" not in await made.ask(query)  # what is made once for all documents is made
    gc.collect()
    tracemalloc.start()
    try:
        held, counted = tracemalloc.get_traced_memory()[0], documents.bytes_held
        for number in range(20):
            await made.ask(query.replace("NAME", f"n{number}"))
        made.crm.calls.clear()
        made.shop.calls.clear()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()
    assert len(documents) == 21
    assert 0 < grown <= 1.2 * (documents.bytes_held - counted)


async def test_one_document_serves_callers_of_different_rights_in_turn() -> None:
    rules = {"Person.salary": RuleSettings(roles=("hr",)), "Person.email": RuleSettings(scopes=("mail",))}
    made = company(AccessSettings(default="authenticated", rules=rules))
    callers: dict[tuple[str, ...], Principal] = {
        (): Principal("clerk"),
        ("salary",): Principal("boss", roles=frozenset({"hr"})),
        ("email",): Principal("post", scopes=frozenset({"mail"})),
        ("salary", "email"): Principal("both", frozenset({"mail"}), frozenset({"hr"})),
    }
    for _ in range(3):
        for may, caller in callers.items():
            body = await made.ask("{ search { id salary email } }", caller)
            shown = {name for name in ("salary", "email") if body["data"]["search"][0][name] is not None}
            assert shown == set(may)
            assert {error["path"][-1] for error in body.get("errors", ())} == {"salary", "email"} - set(may)
