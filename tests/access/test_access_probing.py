"""Guessing names tells nothing: what a caller may not use and what does not exist are answered by the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from schema import AccessSettings
from tests.access import timing
from tests.access.rows_house import rows_house
from tests.access.served import authorization, served, token
from tests.graph.company import Company, company

CLERK = token(sub="clerk")
HIDDEN = (
    "salary", "email", "cost", "internal", "limit", "OPEN", "Company", "Contact", "ChangeInput", "vat", "parties",
    "contacts", "Desk", "desk", "remove", "orders", "number", "PersonWhere",
)  # fmt: skip
WORDS = [f"{first}{second}" for first in ("a", "in", "sec", "tot", "iban") for second in range(57)]
GUESSES = [*HIDDEN, *WORDS[: 300 - len(HIDDEN)]]
ABSENT = "Qx7"

RULES: dict[str, Any] = {
    "Person.salary": {"roles": "hr"},
    "Party.email": {"roles": "hr"},
    "Orders.cost": {"scopes": "money"},
    "Orders.number": {"scopes": "money", "refused": "hidden"},
    "NoteInput.internal": {"roles": "hr"},
    "Query.search(limit:)": {"roles": "hr"},
    "OrderState.OPEN": {"roles": "hr"},
    "Company": {"scopes": "firms"},
    "Query.desk": {"roles": "hr"},
    "Desk": {"roles": "hr"},
    "Mutation": {"roles": "hr"},
    "Person.orders": {"roles": "hr"},
}
FORMS: dict[str, tuple[str, Any]] = {
    "field": ("{ search { id GUESS } }", None),
    "alias": ("{ search { x: GUESS } }", None),
    "root": ("{ GUESS { __typename } }", None),
    "root leaf": ("{ GUESS }", None),
    "mutation": ("mutation { GUESS }", None),
    "argument": ("{ search(GUESS: 1) { id } }", None),
    "input field": ("{ search(by: { GUESS: null }) { id } }", None),
    "input of a variable": ("query($by: NoteInput) { search(by: $by) { id } }", {"by": {"GUESS": "x"}}),
    "filter": ("{ orders(where: { GUESS: { isNull: true } }) { id } }", None),
    "deep filter": ("query($w: OrdersWhere) { orders(where: $w) { id } }", {"w": {"not": {"GUESS": {}}}}),
    "order": ("{ orders(orderBy: [{ GUESS: ASC }]) { id } }", None),
    "enum": ("{ orders(where: { state: { eq: GUESS } }) { id } }", None),
    "enum of a variable": ("query($s: OrderState) { orders(where: { state: { eq: $s } }) { id } }", {"s": "GUESS"}),
    "type": ('{ __type(name: "GUESS") { name kind fields { name } possibleTypes { name } } }', None),
    "type of a variable": ("query($n: String!) { __type(name: $n) { name } }", {"n": "GUESS"}),
    "inline fragment": ("{ search { ... on GUESS { id } } }", None),
    "fragment": ("{ search { ...F } } fragment F on GUESS { id }", None),
    "variable": ("query($v: GUESS) { search { id } }", None),
}


def house(refused: str = "hidden") -> Company:
    rules: dict[str, Any] = {**RULES, "Query.search": {"anonymous": True}, "Person.id": {"anonymous": True}}
    access = {"default": "authenticated", "refused": refused, "rules": rules}
    return company(AccessSettings.model_validate(access))


def filled(value: Any, guess: str) -> Any:
    if isinstance(value, dict):
        return {filled(name, guess): filled(item, guess) for name, item in value.items()}
    return value.replace("GUESS", guess) if isinstance(value, str) else value


async def reply(client: httpx.AsyncClient, form: str, guess: str, bearer: str | None) -> tuple[int, bytes, list[Any]]:
    query, variables = FORMS[form]
    body = {"query": filled(query, guess), "variables": filled(variables, guess)}
    headers = {**authorization(bearer), "X-Request-Id": "probe"}
    found = await client.post("/graphql", json=body, headers=headers)
    shown = [(name, value) for name, value in found.headers.items() if name not in {"date", "content-length"}]
    return found.status_code, found.content.replace(guess.encode(), b"GUESS"), shown


@pytest.mark.parametrize(("bearer", "refused"), [(CLERK, "hidden"), (None, "null")], ids=["clerk", "stranger"])
async def test_a_guessed_name_is_answered_as_one_that_does_not_exist(bearer: str | None, refused: str) -> None:
    made = house(refused)  # a stranger is told nothing, whatever is given to others
    async with served(made) as client:
        for form in FORMS:
            absent = await reply(client, form, ABSENT, bearer)
            assert absent[0] != 200 or "type" in form
            for guess in GUESSES if form == "field" else HIDDEN[:: 1 if "variable" in form else 2]:
                if guess not in _visible(form, bearer):
                    assert await reply(client, form, guess, bearer) == absent, (form, guess)
    assert set(made.calls) <= {"orders"}  # what a clerk may ask for


def _visible(form: str, bearer: str | None) -> set[str]:
    """Guesses that happen to name what the caller may use."""
    if not bearer:
        return set()
    if form in {"root", "root leaf"}:
        return {"orders"}
    # A clerk may ask for the people of orders, so also for orders by their people.
    return {"PersonWhere"} if "type" in form or "fragment" in form or form == "variable" else set()


async def test_hidden_types_are_no_part_of_any_answer() -> None:
    made = house()
    query = """{ __schema { types { name fields { name args { name } } inputFields { name } enumValues { name }
      possibleTypes { name } interfaces { name } } directives { name args { name } } } }"""
    async with served(made) as client:
        for bearer in (CLERK, None):
            found = await client.post("/graphql", json={"query": query}, headers=authorization(bearer))
            assert found.status_code == 200
            for name in {*HIDDEN} - ({"orders", "limit", "PersonWhere"} if bearer else {"limit"}):
                assert f'"{name}"' not in found.text, name


async def test_those_who_have_it_ask_by_the_same_names() -> None:
    made = house()
    able = token(roles=["hr"], scope="money firms")
    async with served(made) as client:
        query = (
            "{ search(limit: 1) { id email salary orders { cost number state } } parties { ... on Company { vat } } }"
        )
        found = await client.post("/graphql", json={"query": query}, headers=authorization(able))
        assert "errors" not in found.json()
        # The document is known now, and still does not exist for others.
        found = await client.post("/graphql", json={"query": query}, headers=authorization(CLERK))
        assert (found.status_code, "data" in found.json()) == (400, False)
        found = await client.post("/graphql", json={"query": query}, headers=authorization(able))
        assert "errors" not in found.json()


async def test_what_is_hidden_and_what_is_not_there_are_one_answer(tmp_path: Path) -> None:
    """Times are figures for the page on security (``python -m tests.access.timing``); bytes are the same, always."""
    async with rows_house("sqlite", tmp_path, timing.ACCESS) as house:
        for said, (hidden, absent) in timing.PAIRS.items():
            assert (await timing.compared(house, hidden, absent, 2)).endswith("equal"), said
