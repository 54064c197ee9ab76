"""Hundreds of tokens that are wrong in one way each are refused with one and the same answer; good ones are taken."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from pydantic import TypeAdapter

from gateway.identity import Issuers
from gateway.identity.bearer import BearerTokens
from gateway.identity.compact import taken_apart
from gateway.identity.issuer import Issuer
from gateway.identity.opening import open_keys
from resolvers import Unauthenticated
from tests.identity.corpus import GONE, Maker, key_set, settings

if TYPE_CHECKING:
    from tests.edge.conftest import Start

QUERY = {"query": "{ hello }"}


@pytest.fixture
def jwks(tmp_path: Path) -> str:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(key_set()))
    return str(path)


def test_every_bad_token_has_one_answer_and_every_good_one_is_taken(start: Start, jwks: str) -> None:
    running = start(jwt=settings(jwks))
    now = Maker(int(time.time()))
    bad = dict(now.bad())
    assert len(bad) >= 200
    answers: dict[tuple[int, str, str], list[str]] = {}
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        for name, token in bad.items():
            reply = client.post("/graphql", json=QUERY, headers={b"authorization": f"Bearer {token}".encode()})
            body = reply.text.replace(reply.headers["x-request-id"], "")
            answers.setdefault((reply.status_code, reply.headers.get("www-authenticate", ""), body), []).append(name)
        assert {(status, challenge): names for (status, challenge, _), names in answers.items()} == {
            (401, "Bearer"): list(bad)
        }
        assert len(answers) == 1
        assert not running.graph.seen
        for name, token in now.good():
            reply = client.post("/graphql", json=QUERY, headers={"authorization": f"Bearer {token}"})
            assert reply.json() == {"data": {"hello": "wörld"}}, name
    assert {(principal.subject, principal.scopes, principal.roles) for principal in running.graph.seen} == {
        ("u1", frozenset(), frozenset())
    }


def test_a_good_token_in_a_wrong_place_or_wrong_company_is_refused(start: Start, jwks: str) -> None:
    running = start(jwt=settings(jwks))
    good = Maker(int(time.time())).shared()
    headers: list[list[tuple[str, str]]] = [
        [("authorization", value)]
        for value in (
            f"Basic {good}", f"bearer: {good}", f"Bearer {good} {good}", f"Bearer {good}, Bearer {good}",
            good, f"Bearer={good}",
            f"Bearer Bearer {good}", f'Bearer "{good}"', f"Token {good}", f"DPoP {good}", f"Bearer\t{good}",
            "Bearer",
            "", "Basic dTE6cA==", f"Bearer {good};", f"Bearer {good},", "Negotiate YII=", f"Digest username={good}",
            f"JWT {good}",
        )
    ]  # fmt: skip
    headers += [[("authorization", f"Bearer {one}"), ("authorization", f"Bearer {two}")]
                for one, two in ((good, good), (good, "x"), ("x", good))]  # fmt: skip
    with httpx.Client(base_url=running.url, trust_env=False) as client:
        bodies = set()
        for pairs in headers:
            reply = client.post("/graphql", json=QUERY, headers=pairs)
            assert reply.status_code == 401, pairs
            bodies.add(reply.text.replace(reply.headers["x-request-id"], ""))
        assert (len(bodies), running.graph.seen) == (1, [])
        # Where nobody looks for a token there is none, and the caller is anonymous.
        client.post("/graphql", json=QUERY, headers={"cookie": f"access_token={good}", "x-access-token": good})
        client.post(f"/graphql?access_token={good}", json=QUERY)
        assert [principal.is_anonymous for principal in running.graph.seen] == [True, True]


NOW = 1_800_000_000
EDGES: list[tuple[dict[str, Any], bool]] = [
    ({"exp": NOW - 29}, True), ({"exp": NOW - 30}, False), ({"exp": NOW - 31}, False),
    ({"nbf": NOW + 29}, True), ({"nbf": NOW + 30}, True), ({"nbf": NOW + 31}, False),
    ({"iat": NOW + 29}, True), ({"iat": NOW + 30}, True), ({"iat": NOW + 31}, False),
    ({"exp": NOW + 86_400}, True), ({"exp": NOW + 86_401}, False),
    ({"iat": GONE, "exp": NOW + 86_430}, True), ({"iat": GONE, "exp": NOW + 86_431}, False),
]  # fmt: skip


async def test_times_are_exact_to_the_second_at_the_edge_of_the_leeway(jwks: str) -> None:
    issuers = TypeAdapter(Issuers).validate_python(settings(jwks))
    for changes, taken in EDGES:
        tokens = BearerTokens([Issuer(each, open_keys(each)) for each in issuers], clock=lambda: NOW)
        text = f"Bearer {Maker(NOW).shared(None, **changes)}"
        if taken:
            assert (await tokens.principal(text)).subject == "u1", changes
        else:
            with pytest.raises(Unauthenticated):
                await tokens.principal(text)


async def test_two_issuers_may_name_different_people_alike(jwks: str) -> None:
    issuers = TypeAdapter(Issuers).validate_python(settings(jwks))
    tokens = BearerTokens([Issuer(each, open_keys(each)) for each in issuers], clock=lambda: NOW)
    make = Maker(NOW)
    one = await tokens.principal(f"Bearer {make.shared()}")
    two = await tokens.principal(f"Bearer {make.published('rsa')}")
    assert one.subject == two.subject == "u1"
    assert one.identity != two.identity
    assert (await tokens.principal(f"Bearer {make.published('ed', aud='other-name')}")).identity == two.identity


def test_a_token_has_one_spelling_whatever_the_library_takes() -> None:
    spare = [token for name, token in Maker(NOW).bad() if name.startswith("spare bits")]
    assert len(spare) == 3
    for token in spare:
        with pytest.raises(Unauthenticated, match="only spelling"):
            taken_apart(token)
