from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import ValidationError

from gateway.identity.bearer import BearerTokens
from gateway.identity.doubt import CannotVerify
from gateway.identity.fetched_keys import COOLDOWN_S, FRESH_S, STALE_S, FetchedKeys
from gateway.identity.fetching import IssuerHost, KeySetAt
from gateway.identity.issuer import Issuer
from gateway.identity.issuers import JwtSettings
from gateway.identity.keys import MAX_SET_BYTES
from gateway.identity.opening import open_keys
from resolvers import ConfigurationError, Unauthenticated
from tests.identity.issuer_server import IssuerServer, PrivateKey, public_jwk, serving_issuer

if TYPE_CHECKING:
    from tests.edge.conftest import Start

BASE = {"issuer": "https://id.example/", "audience": "isthmus"}
ONE, TWO = ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65_537, 2048)
P256 = ec.generate_private_key(ec.SECP256R1())


def token(key: PrivateKey, kid: str | None, algorithm: str = "EdDSA", **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": BASE["issuer"], "aud": "isthmus", "sub": "u1", "iat": now, "exp": now + 600, **changes}
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid is not None else None)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Judge:
    """Bearer tokens over fetched keys whose age is told by a clock of ours."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.keys = FetchedKeys(KeySetAt(IssuerHost(), url), clock=self.clock)
        settings = JwtSettings.model_validate({**BASE, "jwks_url": url})
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


@pytest.fixture
def server() -> Iterator[IssuerServer]:
    with serving_issuer(one=ONE) as running:
        yield running


def ask(url: str, text: str) -> httpx.Response:
    return httpx.post(url + "/graphql", json={"query": "{ hello }"}, headers={"authorization": f"Bearer {text}"})


def test_tokens_of_every_default_algorithm_are_verified_with_fetched_keys(start: Start) -> None:
    others: dict[str, PrivateKey] = {
        "RS256": rsa.generate_private_key(65_537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": TWO,
    }
    with serving_issuer(rsa=RSA, p256=P256, one=ONE) as keys:
        url = start(jwt={**BASE, "jwks_url": keys.keys_url}).url
        own: tuple[tuple[PrivateKey, str, str], ...] = (
            (RSA, "rsa", "RS256"),
            (P256, "p256", "ES256"),
            (ONE, "one", "EdDSA"),
        )
        for key, kid, algorithm in own:
            assert ask(url, token(key, kid, algorithm)).json() == {"data": {"hello": "wörld"}}
            assert ask(url, token(others[algorithm], kid, algorithm)).status_code == 401
        assert ask(url, token(RSA, "rsa", "RS512")).status_code == 401  # right key, algorithm not among the accepted
        assert ask(url, token(RSA, "one", "RS256")).status_code == 401  # the named key is of another family
        assert keys.asked == ["/keys"]


def test_a_public_key_in_any_spelling_is_no_shared_secret(start: Start) -> None:
    public = RSA.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(public_jwk(RSA, "rsa")).encode()
    spellings = (pem, pem.strip(), public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), jwk)
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signed = token(RSA, "rsa", "RS256").split(".")[1]
    with serving_issuer(rsa=RSA) as keys:
        url = start(jwt={**BASE, "jwks_url": keys.keys_url}).url
        for secret in spellings:
            for name in ("HS256", "RS256"):
                head = json.dumps({"alg": name, "typ": "JWT", "kid": "rsa"}).encode()
                text = f"{base64.urlsafe_b64encode(head).rstrip(b'=').decode()}.{signed}"
                digest = base64.urlsafe_b64encode(algorithm.sign(text.encode(), secret)).rstrip(b"=").decode()
                assert ask(url, f"{text}.{digest}").status_code == 401


def test_degenerate_signatures_are_refused(start: Start) -> None:
    with serving_issuer(p256=P256, one=ONE) as keys:
        url = start(jwt={**BASE, "jwks_url": keys.keys_url}).url
        for text in (token(P256, "p256", "ES256"), token(ONE, "one")):
            head, payload, _ = text.split(".")
            for signature in (b"\0" * 64, b"\xff" * 64, b"\0", b"\0" * 65):
                zeros = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
                assert ask(url, f"{head}.{payload}.{zeros}").status_code == 401


async def test_a_new_key_is_fetched_once_however_many_ask_for_it(server: IssuerServer) -> None:
    judge = Judge(server.keys_url)
    assert await judge.takes(token(ONE, "one"))
    server.keys["two"] = TWO
    judge.clock.now += COOLDOWN_S
    server.answer.clear()
    server.heard.clear()
    asking = [asyncio.create_task(judge.takes(token(TWO, "two", jti=str(n)))) for n in range(50)]
    assert await asyncio.to_thread(server.heard.wait, 5)
    asking[0].cancel()  # one caller's leaving does not end the fetch of the others
    server.answer.set()
    assert all(await asyncio.gather(*asking[1:]))
    assert len(server.asked) == 2
    await judge.keys.close()


async def test_a_flood_of_unknown_key_ids_causes_one_fetch_per_cooldown(server: IssuerServer) -> None:
    judge = Judge(server.keys_url)
    assert await judge.takes(token(ONE, "one"))
    odd = ["../../etc/passwd", "http://127.0.0.1/", "' OR 1=1 --", "\0", "k" * 3000]
    for _ in range(3):
        judge.clock.now += COOLDOWN_S
        for n in range(40):
            assert not await judge.takes(token(ONE, f"kid {n}"))
        for kid in odd:
            assert not await judge.takes(token(ONE, kid))
    assert server.asked == ["/keys"] * 4
    assert await judge.takes(token(ONE, "one"))
    await judge.keys.close()


async def test_a_withdrawn_key_ends_even_for_tokens_that_are_kept(server: IssuerServer) -> None:
    judge = Judge(server.keys_url)
    text = token(ONE, "one")
    assert await judge.takes(text)
    server.keys = {"one": TWO}  # the same id, another key
    judge.clock.now += FRESH_S + 1
    assert await judge.takes(text)  # refreshed in the background: nobody waits
    await judge.settled()
    assert not await judge.takes(text)
    assert await judge.takes(token(TWO, "one"))
    assert len(server.asked) == 2
    await judge.keys.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"), (302, b""), (200, b"<html>"), (200, b"{}"), (200, b'{"keys":[]}'), (200, b'{"keys":{"a":1}}'),
        (200, b'{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"one"}]}'), (200, b"[" * 60_000),
        (200, b'{"keys":[]}' + b" " * MAX_SET_BYTES),
    ],
)  # fmt: skip
async def test_the_last_good_keys_serve_through_an_outage_for_a_day(
    server: IssuerServer, status: int, body: bytes
) -> None:
    judge = Judge(server.keys_url)
    assert await judge.takes(token(ONE, "one"))
    server.status, server.pages["/keys"] = status, lambda: body
    judge.clock.now += FRESH_S + 1
    for n in range(5):
        assert await judge.takes(token(ONE, "one", jti=str(n)))
    await judge.settled()
    assert await judge.takes(token(ONE, "one", jti="after the failure"))
    assert len(server.asked) == 2
    judge.clock.now += STALE_S
    with pytest.raises(CannotVerify):
        await judge.takes(token(ONE, "one", jti="a day later"))
    server.status, server.pages["/keys"] = 200, server.key_set
    judge.clock.now += COOLDOWN_S
    assert await judge.takes(token(ONE, "one", jti="back"))
    await judge.keys.close()


async def test_a_set_larger_than_allowed_is_not_taken_even_when_it_is_sound(server: IssuerServer) -> None:
    server.pages["/keys"] = lambda: server.key_set() + b" " * MAX_SET_BYTES
    with pytest.raises(CannotVerify):
        await Judge(server.keys_url).takes(token(ONE, "one"))


def test_a_slow_key_server_holds_up_only_who_needs_it(start: Start, server: IssuerServer) -> None:
    server.answer.clear()
    running = start(jwt={**BASE, "jwks_url": server.keys_url}, limits={"max_requests": 1})
    replies: list[httpx.Response] = []
    waiting = [threading.Thread(target=lambda: replies.append(ask(running.url, token(ONE, "one")))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    assert server.heard.wait(5)
    assert httpx.get(running.url + "/healthz").status_code == 200
    assert httpx.post(running.url + "/graphql", json={"query": "{ hello }"}).json() == {"data": {"hello": "wörld"}}
    server.answer.set()
    for thread in waiting:
        thread.join(5)
    assert server.asked == ["/keys"]
    assert 200 in {reply.status_code for reply in replies}


def test_a_fetch_that_fails_is_our_trouble_and_not_the_tokens(start: Start, server: IssuerServer) -> None:
    server.status = 500
    reply = ask(start(jwt={**BASE, "jwks_url": server.keys_url}).url, token(ONE, "one"))
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    "url",
    ["http://id.example/jwks", "ftp://id.example/jwks", "//id.example", "http://127.0.0.1.id.example/", "https://",
     "http://10.0.0.1/jwks", "http://0.0.0.0/jwks", "http://[::1", "file:///etc/keys.json", "https:jwks"],
)  # fmt: skip
def test_keys_never_come_over_a_way_on_which_they_can_be_changed(url: str) -> None:
    with pytest.raises(ValidationError, match="must begin with https://"):
        JwtSettings.model_validate({**BASE, "jwks_url": url})


@pytest.mark.parametrize(
    "url", ["https://id.example/jwks", "http://localhost:1/", "http://127.0.0.2/", "http://[::1]/"]
)
def test_keys_come_by_https_or_from_this_machine(url: str) -> None:
    assert JwtSettings.model_validate({**BASE, "jwks_url": url}).jwks_url == url


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"keys":[]}', b"not JSON"])
def test_a_key_file_that_cannot_be_used_is_said_with_its_place(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        open_keys(JwtSettings.model_validate({**BASE, "jwks": path}))
    assert caught.value.problems[0].where == ("server", "jwt", "jwks")


def test_a_token_without_key_id_is_taken_only_where_one_key_can_be_meant(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    for keys, status in (([public_jwk(ONE, "one")], 200), ([public_jwk(ONE, "one"), public_jwk(TWO, "two")], 401)):
        path.write_text(json.dumps({"keys": keys}))
        assert ask(start(jwt={**BASE, "jwks": str(path)}).url, token(ONE, None)).status_code == status
