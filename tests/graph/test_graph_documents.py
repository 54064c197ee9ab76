"""What is remembered of documents stays within its bounds, and a plan is never taken for another's."""

from __future__ import annotations

from typing import Any

import pytest

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
