"""Several issuers at once: each token is judged by its own issuer's keys, wherever they are, whatever befalls them."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from pydantic import TypeAdapter, ValidationError

from gateway.identity import Issuers, open_tokens
from gateway.identity.bearer import BearerTokens
from gateway.identity.claims import principal_of
from gateway.identity.doubt import CannotVerify
from gateway.identity.fetched_keys import COOLDOWN_S, FRESH_S, STALE_S, FetchedKeys
from gateway.identity.fetching import Discovered, IssuerHost
from gateway.identity.issuer import Issuer
from gateway.identity.issuers import JwtSettings
from gateway.token import sign
from resolvers import ConfigurationError, Unauthenticated
from tests.identity.issuer_server import OIDC, RFC8414, IssuerServer, public_jwk, serving_issuer
from tests.network.authority import Authority
from tests.network.authority import serving as tls_of
from tests.raw_server import raw_server, reply, says

if TYPE_CHECKING:
    from tests.edge.conftest import Running, Start

SECRET = "s" * 32
ONE, TWO = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()


def issuers(*listed: dict[str, Any]) -> tuple[JwtSettings, ...]:
    return TypeAdapter(Issuers).validate_python(list(listed))


def shared(name: str, secret: str = SECRET, **more: Any) -> dict[str, Any]:
    return {"issuer": name, "audience": "isthmus", "secret": secret, **more}


def discovering(server: IssuerServer, **more: Any) -> dict[str, Any]:
    return {"issuer": server.url, "audience": "isthmus", "discovery": True, **more}


def asked(running: Running, token: str) -> int:
    reply = httpx.post(
        f"{running.url}/graphql", json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token}"}
    )
    return reply.status_code


@pytest.fixture
def server() -> Iterator[IssuerServer]:
    with serving_issuer(one=ONE) as running:
        yield running


def test_every_issuer_has_its_own_keys_claims_and_audiences(start: Start, server: IssuerServer) -> None:
    running = start(
        jwt=[
            shared("https://one.example/", claims={"roles": ["realm.roles", {"path": "groups", "prefix": "app-"}]}),
            shared("https://two.example/", "t" * 32, audience=["a", "b"], claims={"scopes": "scp", "subject": "oid"}),
            discovering(server),
        ]
    )
    one = issuers(shared("https://one.example/"))
    two = issuers(shared("https://two.example/", "t" * 32, audience="b", claims={"scopes": "scp", "subject": "oid"}))
    assert asked(running, sign(one, "ada", scopes=["s"])) == 200
    assert asked(running, sign(two, "ada", scopes=["s"])) == 200
    assert asked(running, server.token("one", sub="ada", scope="s")) == 200
    assert [(each.subject, each.scopes) for each in running.graph.seen] == [("ada", frozenset("s"))] * 3
    assert len({each.identity for each in running.graph.seen}) == 3
    before = len(server.asked)
    for wrong in (
        sign(issuers(shared("https://one.example/", "t" * 32)), "ada"),  # the key of another one
        sign(issuers(shared("https://two.example/")), "ada"),
        sign(issuers(shared("https://two.example/", "t" * 32)), "ada"),  # the audience of another one
        sign(issuers(shared("https://three.example/")), "ada"),
        server.token("one", iss="https://one.example/"),
        server.token("one", iss=server.url + "/"),
        server.token("one", iss="https://four.example/"),
    ):
        assert asked(running, wrong) == 401
    assert len(server.asked) == before, "an issuer that nobody knows had keys fetched"


def test_claims_are_taken_where_the_file_says_and_odd_ones_give_nothing() -> None:
    (settings,) = issuers(
        shared("i", claims={
            "subject": ["user", "the.id"],
            "scopes": ["scp", {"path": "permissions", "prefix": "api:"}],
            "roles": [{"path": "groups", "words": True}, {"path": ["resource_access", "my.app",
              "roles"]}, "https://x/roles"],
        })
    )  # fmt: skip
    user = {"user": {"the.id": "u7"}}
    full = principal_of(
        {
            **user, "scp": "a b  c", "permissions": ["api:read", "other:read", "api:"], "groups": "staff hr",
            "resource_access": {"my.app": {"roles": ["admin"]}}, "https://x/roles": ["dotted"],
        },
        settings.claims,
    )  # fmt: skip
    assert full is not None
    assert full.subject == "u7"
    assert full.scopes == {"a", "b", "c", "read"}
    assert full.roles == {"staff", "hr", "admin", "dotted"}
    for odd in ({"a": 1}, 5, True, None, [1], ["a", 5], [["a"]], {"admin": True}, "", " "):
        found = principal_of({**user, "scp": odd, "permissions": odd, "groups": odd, "https://x/roles": odd,
                              "resource_access": odd}, settings.claims)  # fmt: skip
        assert found is not None
        assert (found.scopes, found.roles) == (frozenset(), frozenset()), odd
    for nobody in ({}, {"user": {"the.id": ""}}, {"user": {"the.id": 5}}, {"user": "the.id"}, {"user.the.id": "u7"}):
        assert principal_of(nobody, settings.claims) is None


def test_keys_are_found_by_the_issuers_own_metadata(start: Start, server: IssuerServer) -> None:
    running = start(jwt=discovering(server))
    assert asked(running, server.token("one")) == 200
    assert server.asked == [OIDC, "/keys"]
    assert asked(running, server.token("one", TWO)) == 401
    assert httpx.get(f"{running.url}/readyz").json() == {"ready": True, "degraded": {}}


def test_metadata_of_rfc_8414_stand_at_another_path(start: Start, server: IssuerServer) -> None:
    issuer = f"{server.url}/tenant"
    server.pages = {
        f"{RFC8414}/tenant": lambda: server.metadata(issuer=issuer),
        "/keys": server.key_set,
    }
    running = start(jwt={"issuer": issuer, "audience": "isthmus", "discovery": True})
    assert asked(running, server.token("one", iss=issuer)) == 200
    assert server.asked == [f"/tenant{OIDC}", f"{RFC8414}/tenant", "/keys"]


@pytest.mark.parametrize(
    "metadata",
    [{"issuer": "https://evil.example/"}, {"issuer": None}, {"issuer": "{}/"}, {"jwks_uri": None}, {"jwks_uri": "file:///etc/passwd"},
     {"jwks_uri": "http://keys.example/"}, {"jwks_uri": 5}, {"jwks_uri": "http://10.0.0.1/keys"}],
)  # fmt: skip
def test_metadata_that_cannot_be_trusted_are_not_followed(
    start: Start, server: IssuerServer, metadata: dict[str, Any]
) -> None:
    changed = {name: value.format(server.url) if value == "{}/" else value for name, value in metadata.items()}
    server.pages[OIDC] = lambda: server.metadata(**changed)
    running = start(jwt=discovering(server))
    assert asked(running, server.token("one")) == 503
    assert set(server.asked) == {OIDC}


async def test_a_remote_issuer_cannot_send_us_to_our_own_loopback() -> None:
    host = IssuerHost()
    found = Discovered(host, "https://id.example/")
    with pytest.raises(ValueError, match="no key set that can be trusted"):
        found._key_set(b'{"issuer":"https://id.example/","jwks_uri":"http://127.0.0.1:6379/"}')
    near = b'{"issuer":"https://id.example/","jwks_uri":"https://keys.example/"}'
    assert found._key_set(near) == "https://keys.example/"


async def test_a_company_of_its_own_authority_is_trusted_for_its_keys_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    body = json.dumps({"keys": [public_jwk(ONE, "one")]}).encode()
    async with raw_server(says(reply(body)), tls_of(authority.sign("keys", "127.0.0.1"))) as keys:
        for ca, taken in ((str(authority.file), True), (None, False)):
            listed = issuers({"issuer": "i", "audience": "isthmus", "jwks_url": f"{keys.url}/keys", "ca": ca})
            tokens = open_tokens(listed)
            text = f"Bearer {IssuerServer({'one': ONE}, 'i').token('one')}"
            if taken:
                assert (await tokens.principal(text)).subject == "u1"
            else:
                with pytest.raises(CannotVerify):
                    await tokens.principal(text)


def test_without_its_keys_the_server_is_not_ready_and_says_503_until_they_come(
    start: Start, server: IssuerServer
) -> None:
    server.status = 500
    running = start(jwt=[discovering(server)])
    assert asked(running, server.token("one")) == 503
    ready = httpx.get(f"{running.url}/readyz")
    assert (ready.status_code, ready.json()) == (
        503, {"ready": False, "degraded": {server.url: "its key set cannot be fetched"}},
    )  # fmt: skip
    server.status = 200
    until = time.monotonic() + 10
    while httpx.get(f"{running.url}/readyz").status_code != 200:  # to ask has it fetched again, a second later
        assert time.monotonic() < until
        threading.Event().wait(0.1)
    assert asked(running, server.token("one")) == 200


def test_one_issuer_without_keys_is_no_matter_of_the_others(start: Start, server: IssuerServer) -> None:
    server.answer.clear()
    running = start(jwt=[discovering(server), shared("https://one.example/")])
    began = time.monotonic()
    assert asked(running, sign(issuers(shared("https://one.example/")), "ada")) == 200
    assert time.monotonic() - began < 2, "it waited for the keys of another issuer"
    ready = httpx.get(f"{running.url}/readyz")
    assert (ready.status_code, list(ready.json()["degraded"])) == (200, [server.url])
    server.answer.set()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Judge:
    """The tokens of one issuer whose keys are as old as a clock of ours says."""

    def __init__(self, server: IssuerServer) -> None:
        self.clock = Clock()
        self.keys = FetchedKeys(Discovered(IssuerHost(), server.url), clock=self.clock)
        (settings,) = issuers(discovering(server))
        self.tokens = BearerTokens([Issuer(settings, self.keys)])

    async def takes(self, text: str) -> bool:
        try:
            await self.tokens.principal(f"Bearer {text}")
        except Unauthenticated:
            return False
        return True

    async def settled(self) -> None:
        if self.keys._flight is not None:
            await self.keys._flight


async def test_keys_that_rotate_appear_are_withdrawn_and_change(server: IssuerServer) -> None:
    judge = Judge(server)
    old = server.token("one")
    assert await judge.takes(old)
    server.keys["two"] = TWO
    new = server.token("two")
    assert not await judge.takes(new)  # so soon after the last fetch nobody is asked again
    judge.clock.now += COOLDOWN_S
    assert await judge.takes(new)
    server.keys = {"two": TWO}
    judge.clock.now += FRESH_S + 1
    assert await judge.takes(old)  # nobody waits: this one asks for the keys anew
    await judge.settled()
    assert (await judge.takes(old), await judge.takes(new)) == (False, True)
    server.keys = {"two": ONE}
    judge.clock.now += FRESH_S + 1
    await judge.takes(new)
    await judge.settled()
    assert (await judge.takes(new), await judge.takes(server.token("two"))) == (False, True)
    await judge.keys.close()


def _many() -> bytes:
    return json.dumps({"keys": [public_jwk(TWO, f"k{number}") for number in range(10_000)]}).encode()


@pytest.mark.parametrize(
    ("page", "status", "flood"),
    [(b"<html><h1>Login</h1></html>", 200, 0), (b"", 200, 0), (b"{}", 200, 0), (b'{"keys":[]}', 200, 0),
      (None, 500, 0), (None, 302, 0),
     (b'{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","kid":"one","alg":"HS256"}]}', 200, 0),
     (b'{"keys":[]}', 200, 100 * 1024 * 1024), (_many(), 200, 0), (b'{"keys":' + b"[" * 30_000, 200, 0)],
    ids=["HTML", "nothing", "no keys", "empty", "500", "redirect", "oct", "100 MB", "10,000 keys", "deep"],
)  # fmt: skip
async def test_the_last_good_keys_outlive_whatever_their_host_says_by_a_day(
    server: IssuerServer, page: bytes | None, status: int, flood: int
) -> None:
    judge = Judge(server)
    assert await judge.takes(server.token("one"))
    server.status, server.flood = status, flood
    if page is not None:
        server.pages["/keys"] = lambda: page
    judge.clock.now += FRESH_S + 1
    for number in range(3):
        assert await judge.takes(server.token("one", jti=str(number)))
    await judge.settled()
    assert await judge.takes(server.token("one", jti="after"))
    assert not await judge.takes(server.token("k1", TWO))
    assert server.sent < 16_000_000, "far more was read than a key set may be"
    judge.clock.now += STALE_S
    with pytest.raises(CannotVerify):
        await judge.takes(server.token("one", jti="a day later"))
    with pytest.raises(CannotVerify):
        await judge.takes(server.token("one", jti="after"))  # nor does one that is kept serve on
    await judge.keys.close()


async def test_a_host_that_hangs_keeps_nobody_waiting_who_has_keys(server: IssuerServer) -> None:
    judge = Judge(server)
    assert await judge.takes(server.token("one"))
    server.answer.clear()
    judge.clock.now += FRESH_S + 1
    async with asyncio.timeout(2):
        for number in range(50):
            assert await judge.takes(server.token("one", jti=str(number)))
    assert len(server.asked) <= 3  # the first two, and one that hangs
    await judge.keys.close()


async def test_a_flood_of_unknown_keys_is_one_fetch_per_cooldown_and_issuer(server: IssuerServer) -> None:
    judge = Judge(server)
    assert await judge.takes(server.token("one"))
    judge.clock.now += COOLDOWN_S
    texts = [server.token(f"unknown {number}", TWO) for number in range(300)]
    assert not any(await asyncio.gather(*(judge.takes(text) for text in texts)))
    assert not any([await judge.takes(text) for text in texts])
    assert server.asked == [OIDC, "/keys"] * 2
    await judge.keys.close()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"discovery": True, "issuer": "id.example"}, "discovery needs an issuer that begins with https://"),
    ({"discovery": True, "issuer": "http://id.example/"}, "discovery needs an issuer that begins with https://"),
    ({"discovery": True, "issuer": "https://id.example/?a=b"}, "discovery needs an issuer that begins with https://"),
    ({"discovery": True, "secret": SECRET}, "exactly one of secret, jwks, jwks_url and discovery"),
    ({"discovery": False}, "exactly one of secret, jwks, jwks_url and discovery"),
    ({"secret": SECRET, "ca": "ca.pem"}, "ca goes with jwks_url or discovery"),
    ({"secret": SECRET, "audience": []}, "at least 1 item"),
    ({"secret": SECRET, "audience": ""}, "at least 1 character"),
    ({"secret": SECRET, "issuer": "urn:isthmus:api-keys"}, "what the gateway itself vouches for"),
]


@pytest.mark.parametrize(("stated", "says_so"), WRONG)
def test_what_cannot_be(stated: dict[str, Any], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        issuers({"issuer": "https://id.example/", "audience": "isthmus", **stated})


def test_an_issuer_has_one_set_of_keys() -> None:
    with pytest.raises(ValidationError, match="listed twice"):
        issuers(shared("i"), shared("i", "t" * 32))


def test_what_is_wrong_with_one_of_several_is_said_with_its_place(tmp_path: Path) -> None:
    listed = issuers(
        shared("i"),
        {"issuer": "a", "audience": "x", "jwks": str(tmp_path / "no.json")},
        {"issuer": "b", "audience": "x", "jwks_url": "https://id.example/", "ca": str(tmp_path / "no.pem")},
    )
    with pytest.raises(ConfigurationError) as caught:
        open_tokens(listed)
    assert [problem.where for problem in caught.value.problems] == [
        ("server", "jwt", 1, "jwks"), ("server", "jwt", 2, "ca"),
    ]  # fmt: skip
