"""A caller sees what it may use: introspection, SDL and views, over a real socket."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest
from graphql import build_client_schema, build_schema, get_introspection_query, print_schema, validate_schema

from gateway.app import make_app
from gateway.explorer import page
from gateway.server_settings import ServerSettings
from schema import ANONYMOUS, AccessSettings, Principal
from tests.access.served import Hold, Snap, authorization, served, token
from tests.graph.company import Company, company
from tests.serving import serving

BOSS = token(sub="boss", roles=["hr"])
CLERK = token(sub="clerk")
RULES: dict[str, Any] = {
    "Person.salary": {"roles": "hr"},
    "Party.email": {"scopes": "pii", "mask": "first1"},
    "Orders.cost": {"scopes": "money"},
    "NoteInput.internal": {"roles": "hr"},
    "Query.search(limit:)": {"roles": "hr"},
    "OrderState.OPEN": {"roles": "hr"},
    "Company": {"scopes": "firms"},
    "Mutation": {"roles": "hr"},
}


def made(rules: dict[str, Any], **access: Any) -> Company:
    return company(AccessSettings.model_validate({"default": "authenticated", "rules": rules, **access}))


async def sdl(house: Company, bearer: str | None, path: str = "/graphql") -> str:
    async with served(house) as client:
        body = {"query": get_introspection_query()}
        reply = await client.post(path, json=body, headers=authorization(bearer))
    schema = build_client_schema(reply.json()["data"])
    assert validate_schema(schema) == []
    return print_schema(schema)


async def test_introspection_shows_each_caller_what_it_may_use() -> None:
    house = made(RULES)
    shown = await sdl(house, CLERK)
    for hidden in (
        "salary",
        "cost",
        "internal",
        "limit: Int,",
        "OPEN",
        "Company",
        "Contact",
        "Mutation",
        "ChangeInput",
    ):
        assert hidden not in shown
    for kept in ("email: String", "type Person", "type Orders", "CLOSED", "orders(", "search("):
        assert kept in shown
    assert "parties" not in shown  # some of them are companies
    whole = await sdl(house, token(roles=["hr"], scope="pii money firms"))
    assert whole == print_schema(build_client_schema((await house.ask(get_introspection_query(), ALL))["data"]))
    for hidden in ("salary", "cost", "internal", "limit", "OPEN", "Company", "Contact", "Mutation", "parties"):
        assert hidden in whole
    assert house.graph.sdl(Principal("clerk")).replace(" @oneOf", "") == shown  # introspection of old clients has none
    assert house.calls == []


ALL = Principal("all", frozenset({"pii", "money", "firms"}), frozenset({"hr"}))


def test_whom_no_rule_refuses_is_shown_the_very_schema_and_others_a_valid_one_whatever_they_lack() -> None:
    house = made(RULES)
    shown = house.graph._shown  # that nothing is copied cannot be seen from outside
    assert shown.at_once(house.graph.policy.lacking(ALL)) is house.graph.schema
    assert shown.known(shown.addressed(Principal("clerk"))) is house.graph.schema
    for scopes in itertools.product(("pii", ""), ("money", ""), ("firms", "")):
        for role in ("hr", "clerk"):
            caller = Principal("x", frozenset(scopes), frozenset({role}))
            assert validate_schema(schema_of(house, caller)) == []


@pytest.mark.parametrize(
    ("opened", "left_out"),
    [
        (["Query.parties", "Party.id", "Person.id", "Company.vat"], "Party"),
        (["Query.parties", "Query.search", "Party.id", "Person.id", "Company.id"], ""),
        (["Query.desk", "Query.search", "Person.id"], "Desk"),
        (["Query.contacts", "Query.search", "Person.id"], "Company"),
        (["Query.orders", "Orders.personId", "Query.search", "Person.orders", "Person.id"], ""),
    ],
)
def test_what_strangers_are_shown_is_a_valid_schema_whatever_is_opened(opened: list[str], left_out: str) -> None:
    house = made({key: {"anonymous": True} for key in opened})
    shown = house.graph.sdl(ANONYMOUS)
    if "Person.id" in opened and shown.count("type") > 1:
        assert validate_schema(build_schema(shown)) == []
    assert not left_out or f" {left_out} " not in shown


def schema_of(house: Company, caller: Principal) -> Any:
    return build_schema(house.graph.sdl(caller))


async def test_a_mask_stands_in_the_way_of_filters_alone_and_introspection_beside_data_shows_as_little() -> None:
    house = made({"Orders.number": {"scopes": "x", "mask": "first1"}})
    shown = await sdl(house, CLERK)
    assert shown.count("number: String") == 1
    assert "number: StringFilter" not in shown
    query = '{ o: __type(name: "OrdersWhere") { inputFields { name } } orders { number } }'
    async with served(house) as client:
        reply = await client.post("/graphql", json={"query": query}, headers=authorization(CLERK))
    data = reply.json()["data"]
    assert list(data) == ["o", "orders"]
    assert "number" not in [field["name"] for field in data["o"]["inputFields"]]
    assert data["orders"] == [{"number": "A************"}]


@pytest.mark.parametrize(("mode", "hidden"), [("all", False), ("visible", True)])
async def test_introspection_may_show_everything(mode: str, *, hidden: bool) -> None:
    house = made(RULES, introspection=mode)
    assert ("salary" not in await sdl(house, CLERK)) is hidden


async def test_introspection_may_be_switched_off() -> None:
    house = made({}, introspection="none")
    async with served(house) as client:
        for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Person") { name } search { id } }'):
            reply = await client.post("/graphql", json={"query": query}, headers=authorization(BOSS))
            assert (reply.status_code, reply.json()["errors"][0]["message"]) == (400, "introspection is switched off")
        reply = await client.post("/graphql", json={"query": "{ search { __typename } }"}, headers=authorization(BOSS))
        assert reply.json()["data"] == {"search": [{"__typename": "Person"}]}
    assert house.calls == ["search"]


async def test_strangers_are_shown_what_is_open_to_them() -> None:
    house = made({"Query.search": {"anonymous": True}, "Person.id": {"anonymous": True}})
    shown = await sdl(house, None)
    assert "type Person {\n  id: Int\n}" in shown
    assert "type Query {\n  search(by: NoteInput, limit: Int): [Person!]\n}" in shown
    assert "Mutation" not in shown


VIEWS = {
    "partner": {"include": ["Query.search", "Query.orders", "Person", "Orders"], "exclude": ["#pii", "Person.orders"]},
    "ours": {"exclude": ["Mutation", "Company"], "when": {"roles": "staff"}},
}


async def test_a_browser_gets_the_explorer_of_a_view_and_of_none_that_is_not_there() -> None:
    house = made({}, views=VIEWS, tags={"pii": ["*.email"]})
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    app = make_app(Hold(Snap(house.graph)), ServerSettings.model_validate({}), explorer_page=page)
    async with serving(app) as base, httpx.AsyncClient(base_url=base, trust_env=False) as client:
        reply = await client.get("/graphql/partner", headers=browser)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "script-src 'self'" in reply.headers["content-security-policy"]
        for path in ("/graphql/other", "/graphql/other?query={__typename}"):
            absent = await client.get(path, headers=browser)
            assert "text/html" not in absent.headers["content-type"]
        assert absent.status_code == 404
        asked = await client.get("/graphql/partner?query={__typename}", headers=browser)
        assert asked.json() == {"data": {"__typename": "Query"}}
        off = make_app(Hold(Snap(house.graph)), ServerSettings.model_validate({"explorer": False}), explorer_page=page)
    async with serving(off) as base, httpx.AsyncClient(base_url=base, trust_env=False) as client:
        reply = await client.get("/graphql/partner", headers=browser)
        assert "text/html" not in reply.headers["content-type"]


async def test_a_view_is_a_schema_of_its_own() -> None:
    house = made({"Orders.cost": {"roles": "hr"}}, views=VIEWS, tags={"pii": ["*.email", "Person.salary"]})
    shown = await sdl(house, BOSS, "/graphql/partner")
    for hidden in ("email", "salary", "parties", "Company", "Mutation", "Desk", "orders: ["):
        assert hidden not in shown
    assert "cost" in shown
    assert "cost" not in await sdl(house, CLERK, "/graphql/partner")
    assert "Mutation" in await sdl(house, CLERK)
    assert "Mutation" not in await sdl(house, token(roles=["staff"]))
    house.crm.calls.clear()
    async with served(house) as client:
        for query in ("{ search { id salary } }", "{ parties { id } }", "{ search { id nothing } }"):
            reply = await client.post("/graphql/partner", json={"query": query}, headers=authorization(BOSS))
            assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
            assert house.calls == []
        found = {}
        for path, bearer in (("/graphql/partner", BOSS), ("/graphql/other", BOSS), ("/graphql/partner", None)):
            body = {"query": "{ search { id } orders { cost } }"}
            reply = await client.post(path, json=body, headers=authorization(bearer))
            found[path, bearer] = reply.status_code
        assert list(found.values()) == [200, 404, 401]
        body = {"query": "mutation { remove(id: 1) }"}
        reply = await client.post("/graphql", json=body, headers=authorization(token(roles=["staff"])))
        assert reply.status_code == 400
    assert "remove" not in house.calls
