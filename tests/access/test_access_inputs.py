"""Rules on input and enum types hold wherever a value of the type is given."""

from __future__ import annotations

import pytest

from schema import AccessSettings, Principal, RuleSettings
from tests.graph.company import company

CLERK = Principal("clerk")
HR = Principal("boss", roles=frozenset({"hr"}))


@pytest.mark.parametrize(
    ("coordinate", "query", "variables"),
    [
        ("NoteInput", "{ search(by: {}) { id } }", {}),
        ("NoteInput", "query($by: NoteInput) { search(by: $by) { id } }", {"by": {}}),
        ("NoteInput", "query($by: NoteInput = {}) { search(by: $by) { id } }", {}),
        ("NoteInput", "mutation($c: ChangeInput) { change(change: $c) { id } }", {"c": {"notes": [{}]}}),
        ("OrderState", "{ orders(where: {state: {eq: OPEN}}) { id } }", {}),
        ("OrderState", "query($s: OrderState) { orders(where: {state: {eq: $s}}) { id } }", {"s": "OPEN"}),
        ("OrderState", "query($s: OrderState = OPEN) { orders(where: {state: {in: [$s]}}) { id } }", {}),
    ],
)
async def test_a_value_of_a_ruled_type_is_refused(coordinate: str, query: str, variables: dict[str, object]) -> None:
    made = company(AccessSettings(default="authenticated", rules={coordinate: RuleSettings(roles=("hr",))}))
    body = await made.ask(query, CLERK, **variables)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
    assert made.calls == []
    assert "errors" not in await made.ask(query, HR, **variables)
    assert "errors" in await made.ask(query, CLERK, **variables)


async def test_a_variable_that_is_not_given_uses_nothing() -> None:
    rules = {"NoteInput": RuleSettings(roles=("hr",))}
    made = company(AccessSettings(default="authenticated", rules=rules))
    query = "query($by: NoteInput) { search(by: $by) { id } }"
    assert "errors" not in await made.ask(query, CLERK)
    assert "errors" in await made.ask(query, CLERK, by={"text": "x"})
    assert "errors" not in await made.ask(query, CLERK, by=None)
