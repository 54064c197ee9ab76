"""Defaults and claims as a client meets them: over a real socket, with signed tokens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from schema import AccessSettings, RuleSettings
from tests.access.served import authorization, served, token
from tests.graph.company import Company, company

SEARCH = "{ search { id salary } }"


async def post(made: Company, query: str, bearer: str | None, **claim_paths: str) -> httpx.Response:
    async with served(made, **claim_paths) as client:
        return await client.post("/graphql", json={"query": query}, headers=authorization(bearer))


def outcome(reply: httpx.Response) -> tuple[int, Any, list[str]]:
    body = reply.json()
    return reply.status_code, body.get("data"), [error["extensions"]["code"] for error in body.get("errors", ())]


@pytest.mark.parametrize(
    ("default", "anonymous", "known"),
    [
        ("anonymous", (200, {"parties": [{"id": 1}, {"id": 2}]}, []), (200, {"parties": [{"id": 1}, {"id": 2}]}, [])),
        ("authenticated", (401, None, ["UNAUTHENTICATED"]), (200, {"parties": [{"id": 1}, {"id": 2}]}, [])),
        ("deny", (401, None, ["UNAUTHENTICATED"]), (200, {"parties": None}, ["FORBIDDEN"])),
    ],
)
async def test_each_default_answers_strangers_and_friends(default: Any, anonymous: object, known: object) -> None:
    made = company(AccessSettings(default=default))
    assert outcome(await post(made, "{ parties { id } }", None)) == anonymous
    assert len(made.calls) == (default == "anonymous")
    made.crm.calls.clear()
    assert outcome(await post(made, "{ parties { id } }", token())) == known
    assert len(made.calls) == (default != "deny")
    assert outcome(await post(made, "{ __typename }", None)) == (200, {"__typename": "Query"}, [])
    assert outcome(await post(made, "{ __typename }", "broken"))[0] == 401


async def test_under_deny_only_what_a_rule_opens_is_served() -> None:
    rules = {name: RuleSettings() for name in ("Query.parties", "Party.id")}
    made = company(AccessSettings(default="deny", rules=rules), links={})
    reply = await post(made, "{ parties { id email } search { id } }", token())
    status, data, codes = outcome(reply)
    assert (status, codes) == (200, ["FORBIDDEN", "FORBIDDEN"])
    assert data == {"parties": [{"id": 1, "email": None}, {"id": 2, "email": None}], "search": None}
    assert made.calls == ["parties"]


@pytest.mark.parametrize(
    ("claims", "paths", "allowed"),
    [
        ({"scope": "a pay b", "roles": ["hr"]}, {}, True),
        ({"scope": ["pay"], "roles": ["x", "hr"]}, {}, True),
        (
            {"realm": {"access": {"roles": ["hr"]}}, "scp": ["pay"]},
            {"roles": "realm.access.roles", "scopes": "scp"},
            True,
        ),
        ({"https://x.example/roles": ["hr"], "scope": "pay"}, {"roles": "https://x.example/roles"}, True),
        ({"scope": "pay"}, {}, False),
        ({"roles": ["hr"]}, {}, False),
        ({"scope": "payments", "roles": ["hr"]}, {}, False),
        ({"scope": "PAY", "roles": ["hr"]}, {}, False),
        ({"scope": "pay", "roles": "hr"}, {}, False),
        ({"scope": "pay", "roles": ["hr", 7]}, {}, False),
        ({"scope": "pay", "roles": {"hr": True}}, {}, False),
        ({"scope": {"pay": 1}, "roles": ["hr"]}, {}, False),
        ({"scope": "pay", "roles": ["hr"]}, {"roles": "realm.roles"}, False),
        ({"scope": "pay", "realm": "hr"}, {"roles": "realm.roles"}, False),
        ({"scope": None, "roles": None}, {}, False),
    ],
)
async def test_scopes_and_roles_are_read_where_the_claims_hold_them(
    claims: dict[str, object], paths: dict[str, str], *, allowed: bool
) -> None:
    rule = RuleSettings(scopes=("pay",), roles=("hr", "boss"))
    made = company(AccessSettings(default="authenticated", rules={"Person.salary": rule}))
    status, data, codes = outcome(await post(made, SEARCH, token(**claims), **paths))
    assert (status, codes) == (200, [] if allowed else ["FORBIDDEN"])
    assert data == {"search": [{"id": 1, "salary": 9 if allowed else None}]}


@pytest.mark.parametrize(
    ("coordinate", "query"),
    [
        ("Orders.cost", "query($x: Int) { orders(where: {cost: {gt: $x}}) { id } }"),
        ("OrdersWhere.cost", "query($x: Int) { orders(where: {cost: {gt: $x}}) { id } }"),
        ("OrdersWhere.cost", "query($x: Int) { orders(where: {and: [{cost: {gt: $x}}]}) { id } }"),
        ("OrdersWhere.cost", "query($x: Int = 3) { orders(where: {cost: {gt: $x}}) { id } }"),
        ("NoteInput.internal", "query($x: String) { search(by: {internal: $x}) { id } }"),
    ],
)
@pytest.mark.parametrize("order", [(True, False, True), (False, True, False)], ids=["given first", "absent first"])
async def test_a_ruled_input_field_is_refused_with_and_without_its_variable(
    coordinate: str, query: str, order: tuple[bool, ...]
) -> None:
    made = company(AccessSettings(default="authenticated", rules={coordinate: RuleSettings(roles=("hr",))}))
    value: object = "x" if "String" in query else 3
    clerk, boss = token(), token(sub="boss", roles=["hr"])
    async with served(made) as client:
        for caller in (clerk, boss, clerk):  # the last meets the plans of both
            for given in order:
                body = {"query": query, "variables": {"x": value} if given else {}}
                status, data, codes = outcome(await client.post("/graphql", json=body, headers=authorization(caller)))
                refused = None in data.values()
                assert (status, codes, refused) == (200, *(([], False) if caller == boss else (["FORBIDDEN"], True)))
            assert len(made.calls) == (len(order) if caller == boss else 0)
            made.crm.calls.clear()
            made.shop.calls.clear()
    assert len(made.graph.documents) == 1
