from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import jwt
import pytest
import yaml
from graphql import parse

from gateway.demo import ROLES, DemoServers, tokens, trading_folder
from gateway.identity import JwtSettings


async def test_two_companies_live_side_by_side_and_leave_nothing(demo: DemoServers) -> None:
    async with DemoServers() as other:
        assert other.environment.keys() == {"CRM_URL", "BILLING_URL", "STOCK_URL"}
        assert not set(other.environment.values()) & set(demo.environment.values())
        async with httpx.AsyncClient(base_url=other.crm_url) as client:
            assert (await client.get("/customers/C0001")).status_code == 200
        path = Path(other.stock_url.removeprefix("sqlite:///"))
        assert await asyncio.to_thread(path.exists)
    assert demo.journals["crm"] == []
    assert len(other.journals["crm"]) == 1
    assert not await asyncio.to_thread(path.exists)
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(other.crm_url)


async def test_an_error_inside_stops_the_servers_too() -> None:
    before = asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):
        async with DemoServers():
            raise ZeroDivisionError
    assert asyncio.all_tasks() == before


def test_three_roles_have_a_token_each() -> None:
    secret = "0123456789abcdef0123456789abcdef"
    settings = JwtSettings(issuer="https://id.trading.example/", audience=("isthmus",), secret=secret)
    made = tokens([settings])
    assert made.keys() == ROLES.keys() == {"clerk", "support", "accountant"}
    for role, token in made.items():
        claims = jwt.decode(token, secret, ["HS256"], audience="isthmus", issuer="https://id.trading.example/")
        assert claims["roles"] == [role]
        assert claims.get("scope", "").split() == list(ROLES[role].scopes)


def test_the_example_names_only_roles_and_scopes_that_a_token_has() -> None:
    written = yaml.safe_load((trading_folder() / "isthmus.yaml").read_text("utf-8"))
    rules = written["access"]["rules"].values()
    assert {role for rule in rules for role in rule.get("roles", [])} <= ROLES.keys()
    assert {scope for rule in rules for scope in rule.get("scopes", [])} <= {
        scope for grant in ROLES.values() for scope in grant.scopes
    }
    assert written.keys() == {"sources", "links", "access", "extensions", "server"}


def test_the_query_to_paste_is_graphql() -> None:
    parse((trading_folder() / "query.graphql").read_text("utf-8"))
