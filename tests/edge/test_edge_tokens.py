from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from gateway.identity.bearer import BearerTokens
from gateway.identity.issuer import Issuer
from gateway.identity.issuers import JwtSettings
from gateway.identity.keys import parse_set
from gateway.identity.opening import open_keys
from gateway.token import sign
from resolvers import Unauthenticated

if TYPE_CHECKING:
    from tests.edge.conftest import Start

NOW = 1_800_000_000
SECRET = "s" * 32
BASE = {"issuer": "https://id.example/", "audience": "isthmus"}
CLAIMS: dict[str, Any] = {"iss": "https://id.example/", "aud": "isthmus", "sub": "u1", "iat": NOW, "exp": NOW + 60}
GONE = object()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def made(header: dict[str, Any] | None = None, key: str = SECRET, alg: str = "HS256", **changes: Any) -> str:
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not GONE}
    head = {name: value for name, value in {"typ": "JWT", "alg": alg, **(header or {})}.items() if value is not GONE}
    return signed(json.dumps(head).encode(), json.dumps(claims).encode(), key)


def signed(head: bytes, payload: bytes, key: str = SECRET) -> str:
    text = f"{b64(head)}.{b64(payload)}"
    digest = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(text.encode(), key.encode())
    return f"{text}.{b64(digest)}"


def bad() -> Iterator[tuple[str, str]]:
    good = made()
    head, payload, signature = good.split(".")
    for value in ("none", "None", "nOnE", "", "HS384", "RS256", "hs256", 5, None, GONE):
        yield f"alg {value}", made({"alg": value})
    for name, value in (
        ("crit", ["x"]), ("crit", []), ("b64", False), ("zip", "DEF"), ("enc", "A256GCM"), ("kid", 5), ("kid", ["a"]),
        ("typ", "id+jwt"), ("typ", "secevent+jwt"), ("typ", GONE), ("typ", 5), ("typ", None),
    ):  # fmt: skip
        yield f"{name} {value}", made({name: value})
    for name, values in {
        "exp": (GONE, NOW - 30, NOW - 1000, "9999999999", True, None, -1, 1e308, [NOW], NOW + 90_000),
        "nbf": (NOW + 31, "0", True, None),
        "iat": (NOW + 31, "0", False, -5),
        "iss": (GONE, "https://id.example", "https://id.example/x", ["https://id.example/"], None, 5),
        "aud": (GONE, "isthmu", "isthmus2", [], ["other"], [["isthmus"]], {"isthmus": 1}, None, ["isthmus", 5]),
        "sub": (GONE, "", 5, None, ["u1"]),
        "nonce": ("n",), "at_hash": ("h",), "c_hash": ("h",),
    }.items():  # fmt: skip
        for value in values:
            change: dict[str, Any] = {name: value}
            yield f"{name} {value}", made(None, SECRET, "HS256", **change)
    yield "no signature", f"{head}.{payload}."
    yield "two segments", f"{head}.{payload}"
    yield "four segments", f"{good}.{signature}"
    yield "five segments", f"{good}.a.b"
    yield "padding", good + "="
    yield "changed payload", f"{head}.{b64(json.dumps({**CLAIMS, 'sub': 'root'}).encode())}.{signature}"
    yield "other key", made(key="t" * 32)
    yield "too long", made(sub="x" * 9000)
    yield "twice in header", signed(b'{"alg":"none","alg":"HS256","typ":"JWT"}', json.dumps(CLAIMS).encode())
    yield "twice in claims", signed(b'{"alg":"HS256","typ":"JWT"}', json.dumps(CLAIMS).encode()[:-1] + b',"sub":"b"}')
    yield "list header", signed(b"[]", b"{}")
    yield "deep", signed(b'{"alg":"HS256","typ":"JWT","x":' + b"[" * 900 + b"]" * 900 + b"}", b"{}")
    yield "not JSON", "a.b.c"
    yield "two words", f"{good} {good}"


BAD = list(bad())


def authenticator(clock: Callable[[], float] = lambda: NOW, **settings: Any) -> BearerTokens:
    chosen = JwtSettings.model_validate({**BASE, "secret": SECRET, **settings})
    return BearerTokens([Issuer(chosen, open_keys(chosen))], clock=clock)


def test_the_table_is_long_enough() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize(("name", "token"), BAD, ids=[name for name, _ in BAD])
async def test_a_bad_token_is_refused(name: str, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await authenticator().principal(f"Bearer {token}")


@pytest.mark.parametrize(
    "token",
    [
        made(), made(exp=NOW - 29), made(nbf=NOW + 30), made(iat=NOW + 30), made(exp=NOW + 60.5),
        made(aud=["other", "isthmus"]), made({"typ": "application/at+jwt"}), made({"kid": "../../etc/passwd"}),
        made({"jku": "http://evil.example/", "x5u": "http://evil.example/", "jwk": {"kty": "oct", "k": "AA"}}),
    ],
)  # fmt: skip
async def test_a_good_token_is_accepted(token: str) -> None:
    assert (await authenticator().principal(f"Bearer {token}")).subject == "u1"


async def test_a_kept_token_ends_with_its_expiry() -> None:
    now = [float(NOW)]
    judge = authenticator(lambda: now[0])
    await judge.principal(f"Bearer {made()}")
    now[0] += 90
    with pytest.raises(Unauthenticated):
        await judge.principal(f"Bearer {made()}")


async def test_odd_headers_and_odd_shapes_give_nothing() -> None:
    judge = authenticator(claims={"roles": "realm_access.roles"})
    for value in (f"Bearer {made()}, Bearer {made()}", "Basic YTpi", "Bearer", "Bearer ", ""):
        with pytest.raises(Unauthenticated):
            await judge.principal(value)
    odd = made(scope={"a": 1}, realm_access={"roles": {"admin": True}})
    assert not (await judge.principal(f"Bearer {odd}")).scopes
    fine = await judge.principal(f"Bearer {made(scope='a b', realm_access={'roles': ['hr']})}")
    assert (fine.scopes, fine.roles) == (frozenset({"a", "b"}), frozenset({"hr"}))


async def test_a_public_key_is_no_secret(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65_537, 2048)
    weak = rsa.generate_private_key(65_537, 1024)
    sets = [{**RSAAlgorithm.to_jwk(part.public_key(), as_dict=True), "kid": kid} for kid, part in
            (("a", key), ("weak", weak))]  # fmt: skip
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [*sets, {"kty": "oct", "k": "c2VjcmV0", "kid": "o"}]}))
    assert [found.kid for found in parse_set(path.read_bytes())] == ["a"]
    judge = authenticator(secret=None, jwks=path)
    good = jwt.encode(CLAIMS, key, "RS256", headers={"kid": "a"})
    assert (await judge.principal(f"Bearer {good}")).subject == "u1"
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for token in (made({"kid": "a"}, key=pem), jwt.encode(CLAIMS, key, "RS256", headers={"kid": "b"})):
        with pytest.raises(Unauthenticated):
            await judge.principal(f"Bearer {token}")


def test_every_refusal_has_one_body(start: Start) -> None:
    running = start(jwt={**BASE, "secret": SECRET})
    url, seen = running.url + "/graphql", set()
    for token in (made(key="t" * 32), made(exp=1), "x", "a.b.c"):
        reply = httpx.post(url, json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token}"})
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
        seen.add(reply.text.replace(reply.headers["x-request-id"], ""))
    assert len(seen) == 1
    assert not running.graph.seen
    settings = JwtSettings.model_validate({**BASE, "secret": SECRET})
    token = sign([settings], "dev", scopes=["a"], roles=["hr"])
    assert httpx.post(url, json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token}"}).is_success
    assert (running.graph.seen[0].subject, running.graph.seen[0].roles) == ("dev", frozenset({"hr"}))


def test_without_keys_it_is_our_trouble(start: Start) -> None:
    url = start(jwt={**BASE, "jwks_url": "http://127.0.0.1:1/jwks"}).url + "/graphql"
    claims = {**CLAIMS, "iat": int(time.time()), "exp": int(time.time()) + 60}
    token = jwt.encode(claims, rsa.generate_private_key(65_537, 2048), "RS256")
    reply = httpx.post(url, json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token}"})
    assert reply.status_code == 503
