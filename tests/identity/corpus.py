"""Tokens that must be refused and tokens that must be accepted, made for two issuers at a given time.

One issuer shares a secret, the other publishes keys of four kinds. Every bad token differs from a good one in what its
name says, and in nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.identity.issuer_server import PrivateKey, public_jwk

SECRET = "s" * 32
SHARED, PUBLISHED = "https://one.example/", "https://two.example/"
AUDIENCE = "isthmus"
KEYS: dict[str, PrivateKey] = {
    "rsa": rsa.generate_private_key(65_537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
}
OTHERS: dict[str, PrivateKey] = {
    "rsa": rsa.generate_private_key(65_537, 2048),
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "ed": ed25519.Ed25519PrivateKey.generate(),
}
OF = {"rsa": "RS256", "p256": "ES256", "ed": "EdDSA"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GONE = object()


def key_set() -> dict[str, Any]:
    """What the second issuer publishes, among it what must never verify anything."""
    keys = [public_jwk(key, kid) for kid, key in KEYS.items()]
    weak = public_jwk(rsa.generate_private_key(65_537, 1024), "weak")
    shared = {"kty": "oct", "k": b64(SECRET.encode()), "kid": "oct", "alg": "HS256"}
    encrypting = {**public_jwk(KEYS["rsa"], "encrypting"), "use": "enc"}
    return {"keys": [*keys, weak, shared, encrypting]}


def settings(jwks: str) -> list[dict[str, Any]]:
    """The file's ``server.jwt`` for both."""
    return [
        {"issuer": SHARED, "audience": AUDIENCE, "secret": SECRET},
        {"issuer": PUBLISHED, "audience": [AUDIENCE, "other-name"], "jwks": jwks},
    ]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def packed(value: object) -> str:
    return b64(value if isinstance(value, bytes) else json.dumps(value).encode())


def hs(head: object, claims: object, key: bytes = SECRET.encode(), digest: str = "sha256") -> str:
    """A token of the first issuer, however odd its header and claims."""
    text = f"{packed(head)}.{packed(claims)}"
    return f"{text}.{b64(hmac.digest(key, text.encode(), digest))}"


class Maker:
    """Tokens made at ``now``, in seconds since 1970."""

    def __init__(self, now: int) -> None:
        self.now = now

    def claims(self, issuer: str = SHARED, **changes: Any) -> dict[str, Any]:
        whole = {
            "iss": issuer, "aud": AUDIENCE, "sub": "u1", "iat": self.now, "exp": self.now + 600, "jti": "j1", **changes,
        }  # fmt: skip
        return {name: value for name, value in whole.items() if value is not GONE}

    def shared(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        head = {"alg": "HS256", "typ": "at+jwt", **(header or {})}
        return hs({name: value for name, value in head.items() if value is not GONE}, self.claims(**changes))

    def published(
        self, kid: str, algorithm: str = "", key: Any = None, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        head = {"kid": kid, "typ": "at+jwt", **(header or {})}
        claims = self.claims(PUBLISHED, **changes)
        return jwt.encode(claims, key or KEYS[kid], algorithm or OF[kid], headers=head)

    def good(self) -> Iterator[tuple[str, str]]:
        yield "shared", self.shared()
        for kid in OF:
            yield kid, self.published(kid)
        yield "audience in a list", self.shared(aud=["other", AUDIENCE])
        yield "type JWT", self.shared({"typ": "JWT"})
        yield "type with its tree", self.shared({"typ": "application/at+jwt"})
        yield "type in capitals", self.shared({"typ": "AT+JWT"})
        yield "a kid that nobody looks up", self.shared({"kid": "../../etc/passwd"})
        yield "hints that nobody follows", self.shared({"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/",
                                                        "jwk": {"kty": "oct", "k": "AA"}, "x5c": ["AA"]})  # fmt: skip
        yield "no iat", self.shared(iat=GONE)
        yield "no jti", self.shared(jti=GONE)
        yield "a fraction", self.shared(exp=self.now + 600.5)
        yield "odd scopes", self.shared(scope={"a": 1}, roles={"admin": True}, admin="false")
        # A second signature that anybody can compute from the first proves the same key and says the same claims.
        head, payload, signature = self.published("p256").split(".")
        r, s = unb64(signature)[:32], int.from_bytes(unb64(signature)[32:])
        yield "the other s of ECDSA", f"{head}.{payload}.{b64(r + (P256_ORDER - s).to_bytes(32))}"

    def bad(self) -> Iterator[tuple[str, str]]:
        yield from self._algorithms()
        yield from self._headers()
        yield from self._claims()
        yield from self._shapes()
        yield from self._signatures()
        yield from self._others()

    def _algorithms(self) -> Iterator[tuple[str, str]]:
        head, payload, _ = self.shared().split(".")
        for value in ("none", "None", "NONE", "nOnE", "", " HS256", "hs256", "HS256 ", "HS384", "HS512", "RS256",
          "ES256",
                      "EdDSA", "ES256K", "RSA1_5", "dir", "A256KW",
                        5, None, True, ["HS256"], {"a": "HS256"}, GONE):  # fmt: skip
            yield f"alg {value}", self.shared({"alg": value})
        for value in ("none", "None", "nOnE"):
            yield f"unsigned {value}", f"{packed({'alg': value, 'typ': 'JWT'})}.{payload}."
            yield f"signed {value}", f"{packed({'alg': value, 'typ': 'JWT'})}.{payload}.{b64(b'none')}"
        yield "signature dropped", f"{head}.{payload}."
        for digest, name in (("sha384", "HS384"), ("sha512", "HS512")):
            yield f"a longer hash {name}", hs({"alg": name, "typ": "JWT"}, self.claims(), digest=digest)
        for spelled, secret in self._spellings():
            for name in ("HS256", "RS256", "ES256"):
                text = {"alg": name, "typ": "JWT", "kid": "rsa"}
                yield f"{name} by {spelled}", hs(text, self.claims(PUBLISHED), secret)
        for kid, algorithm in (("rsa", "RS384"), ("rsa", "RS512"), ("rsa", "PS256"), ("p521", "ES512")):
            yield f"{algorithm}, which is not accepted", self.published(kid, algorithm)

    def _spellings(self) -> Iterator[tuple[str, bytes]]:
        """Everything that a public key may be mistaken for as a secret."""
        for kid in ("rsa", "p256"):
            public = KEYS[kid].public_key()
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            yield f"{kid} PEM", pem
            yield f"{kid} PEM without its last line end", pem.strip()
            yield f"{kid} DER", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            yield f"{kid} JWK", json.dumps(public_jwk(KEYS[kid], kid)).encode()
        yield "nothing", b""

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in (
            ("crit", ["exp"]), ("crit", ["b64"]), ("crit", []), ("crit", "x"), ("b64", False), ("b64", True),
              ("zip", "DEF"),
            ("zip", ""), ("enc", "A256GCM"), ("kid", 5), ("kid", ["a"]), ("kid", {"a": 1}), ("kid", True),
            ("typ", "id+jwt"), ("typ", "ID+JWT"), ("typ", "rt+jwt"), ("typ", "secevent+jwt"), ("typ", "logout+jwt"),
            ("typ", "dpop+jwt"), ("typ", "JOSE"), ("typ", "jwt2"), ("typ", ""), ("typ", GONE), ("typ", 5),
              ("typ", None),
            ("typ", ["JWT"]), ("typ", "application/"), ("typ", "text/JWT"),
        ):  # fmt: skip
            yield f"{name} {value!r}", self.shared({name: value})
        for kid in ("../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1/", "\0", "rsa\0", "RSA", " rsa", "",
          "k" * 3000,
                    "weak", "oct", "encrypting"):  # fmt: skip
            head = {"kid": kid, "typ": "JWT"}
            yield f"kid {kid[:20]!r}", jwt.encode(self.claims(PUBLISHED), KEYS["rsa"], "RS256", headers=head)
        for name in ("jwk", "jku", "x5u", "x5c"):
            hint = {"jwk": public_jwk(OTHERS["rsa"], "rsa"), "x5c": ["AA=="]}.get(name, "http://127.0.0.1:1/")
            yield f"{name} of another key", self.published("rsa", key=OTHERS["rsa"], header={name: hint})

    def _claims(self) -> Iterator[tuple[str, str]]:
        now = self.now
        for name, values in {
            "exp": (GONE, now - 31, now - 10_000, 0, str(now + 600), True, None, -1, 1e308, [now + 600], {"a": 1},
                    now + 90_000, 10**40, float("1e12"), ""),
            "nbf": (now + 40, now + 10**6, str(now), True, None, -1, [now], 1e308),
            "iat": (now + 40, now + 10**6, str(now), False, -5, None, [now], now - 90_000),
            "iss": (GONE, SHARED[:-1], SHARED + "/", SHARED + "x", SHARED.upper(), [SHARED], None, 5, "", " " + SHARED,
                    {"a": SHARED}, SHARED + "\0", "http" + SHARED[5:], PUBLISHED, "urn:isthmus:api-keys"),
            "aud": (GONE, "isthmu", "isthmus2", "Isthmus", " isthmus", "isthmus ", "isthmus\0",
              [], ["other"], [[AUDIENCE]],
                    {AUDIENCE: 1}, None, 5, True, "", [AUDIENCE, 5], [AUDIENCE, None], "other,isthmus", "other-name",
                      "*"),
            "sub": (GONE, "", 5, None, ["u1"], {"a": 1}, True),
            "jti": (5, None, ["j1"], True),
            "nonce": ("n", None), "at_hash": ("h",), "c_hash": ("h",),
            "cnf": ({}, {"jkt": "x"}, {"x5t#S256": "x"}, {"x5t#S256": 5}, {"jwk": {}}, None, "x", {"x5t#S256": "",
              "jkt": "y"}),
        }.items():  # fmt: skip
            for value in values:
                change = {name: value}
                yield f"{name} {value!r}"[:60], self.shared(None, **change)
        yield "for the other issuer's name", hs({"alg": "HS256", "typ": "JWT"}, self.claims(PUBLISHED))
        for kid, algorithm in OF.items():
            head = {"kid": kid, "typ": "JWT"}
            yield f"{kid} for the first issuer", jwt.encode(self.claims(), KEYS[kid], algorithm, headers=head)

    def _shapes(self) -> Iterator[tuple[str, str]]:
        good = self.shared()
        head, payload, signature = good.split(".")
        claims = json.dumps(self.claims()).encode()
        plain = {"alg": "HS256", "typ": "JWT"}
        yield "two segments", f"{head}.{payload}"
        yield "one segment", head
        yield "four segments", f"{good}.{signature}"
        yield (
            "five segments, as JWE has",
            f"{packed({'alg': 'dir', 'enc': 'A256GCM'})}..{payload}.{payload}.{signature}",
        )
        yield "empty segments", ".."
        yield "empty header", f".{payload}.{signature}"
        yield "empty claims", f"{head}..{signature}"
        for name, text in (("padding", good + "="), ("two paddings", good + "=="),
          ("a space inside", f"{head}. {payload}.{signature}"),
                           ("a star", good + "*"), ("plus", good[:-1] + "+"), ("slash", good[:-1] + "/"),
                             ("percent", good + "%3D"),
                           ("padding inside", f"{head}=.{payload}.{signature}"), ("a dot at the end", good + "."),
                           ("a dot before", "." + good), ("a letter more", good + "A"),
                             ("a letter less", good[:-1])):  # fmt: skip
            yield name, text
        # 32 bytes are 43 letters, whose last holds two bits that belong to no byte.
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = letters.index(signature[-1])
        for more in (1, 2, 3):
            yield f"spare bits {more}", f"{head}.{payload}.{signature[:-1]}{letters[last ^ more]}"
        yield "changed payload", f"{head}.{packed(self.claims(sub='root'))}.{signature}"
        yield "changed header", f"{packed({**plain, 'kid': 'x'})}.{payload}.{signature}"
        yield "too long", self.shared(x="x" * 9000)
        yield "twice in the header", hs(b'{"alg":"none","alg":"HS256","typ":"JWT"}', claims)
        yield "twice in the claims", hs(plain, claims[:-1] + b',"sub":"root"}')
        yield "twice by an escape", hs(plain, claims[:-1] + b',"s\\u0075b":"root"}')
        yield "twice further down", hs(plain, claims[:-1] + b',"a":{"b":1,"b":2}}')
        yield "deep header", hs(b'{"alg":"HS256","typ":"JWT","x":' + b"[" * 900 + b"]" * 900 + b"}", claims)
        yield "deep claims", hs(plain, claims[:-1] + b',"x":' + b"[" * 900 + b"]" * 900 + b"}")
        for name, value in (("list", b"[]"), ("null", b"null"), ("number", b"1"), ("text", b'"a"'), ("nothing", b" "),
                            ("NaN", claims[:-1] + b',"x":NaN}'), ("Infinity", claims[:-1] + b',"exp":Infinity}'),
                            ("not UTF-8", claims[:-1] + b',"x":"\xff"}'), ("a comment", claims + b"//"),
                              ("two objects", claims + b"{}"),
                            ("BOM", b"\xef\xbb\xbf" + claims), ("UTF-16", claims.decode().encode("utf-16")),
                            ("single quotes", claims.replace(b'"', b"'")), ("trailing comma", claims[:-1] + b",}"),
                            ("surrogate", claims[:-1] + b',"x":"\\ud800"}')):  # fmt: skip
            yield f"claims are {name}", hs(plain, value)
            if value != b" " and not value.startswith(b"{"):
                yield f"header is {name}", hs(value, claims)
        yield "not JSON", "a.b.c"
        yield "JSON serialization", json.dumps({"payload": payload, "protected": head, "signature": signature})
        yield "the bare claims", claims.decode()

    def _signatures(self) -> Iterator[tuple[str, str]]:
        for kid, length in (("p256", 64), ("ed", 64), ("rsa", 256)):
            head, payload, signature = self.published(kid).split(".")
            raw = unb64(signature)
            for name, value in (
                ("zero", b"\0" * length), ("ones", b"\xff" * length), ("one byte", b"\0"), ("too long", raw + b"\0"),
                ("too short", raw[:-1]), ("zero before", b"\0" + raw), ("turned", raw[::-1]), ("twice", raw + raw),
                ("one bit", raw[:-1] + bytes([raw[-1] ^ 1])),
                  ("of another text", unb64(self.published(kid, sub="u2").split(".")[2])),
            ):  # fmt: skip
                yield f"{kid} {name}", f"{head}.{payload}.{b64(value)}"
        head, payload, signature = self.published("p256").split(".")
        key = KEYS["p256"]
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        text = f"{head}.{payload}".encode()
        der = key.sign(text, ec.ECDSA(hashes.SHA256()))
        yield "DER", f"{head}.{payload}.{b64(der)}"
        r, s = decode_dss_signature(der)
        for name, pair in {
            "r and s zero": (0, 0), "r zero": (0, s), "s zero": (r, 0), "r is the order": (P256_ORDER, s),
            "s is the order": (r, P256_ORDER), "both one": (1, 1), "swapped": (s, r), "r negated": (P256_ORDER - r, s),
        }.items():  # fmt: skip
            yield f"ECDSA {name}", f"{head}.{payload}.{b64(pair[0].to_bytes(32) + pair[1].to_bytes(32))}"
        large = r.to_bytes(33) + s.to_bytes(33)
        yield "ECDSA in wider numbers", f"{head}.{payload}.{b64(large)}"
        yield "ECDSA over another hash", f"{head}.{payload}.{b64(raw_of(key.sign(text, ec.ECDSA(hashes.SHA384()))))}"
        yield "the hash for a signature", f"{head}.{payload}.{b64(hashlib.sha256(text).digest() * 2)}"

    def _others(self) -> Iterator[tuple[str, str]]:
        for kid, key in OTHERS.items():
            yield f"another {kid} key", self.published(kid, key=key)
        for kid, algorithm, named in (
            ("rsa", "RS256", "p256"), ("rsa", "RS256", "ed"), ("rsa", "RS256", "p521"), ("p256", "ES256", "rsa"),
            ("p256", "ES256", "p521"), ("p256", "ES256", "ed"), ("ed", "EdDSA", "rsa"), ("ed", "EdDSA", "p256"),
        ):  # fmt: skip
            yield f"{algorithm} under the name {named}", self.published(kid, algorithm, header={"kid": named})
        wide = KEYS["p521"]
        assert isinstance(wide, ec.EllipticCurvePrivateKey)
        text = f"{packed({'alg': 'ES256', 'kid': 'p521', 'typ': 'JWT'})}.{packed(self.claims(PUBLISHED))}"
        yield "P-521 called ES256", f"{text}.{b64(raw_of(wide.sign(text.encode(), ec.ECDSA(hashes.SHA256())), 66))}"
        for secret in ("t" * 32, SECRET + "\n", SECRET[:-1], SECRET.upper()):
            yield f"the secret {secret[-2:]!r}", hs({"alg": "HS256", "typ": "JWT"}, self.claims(), secret.encode())


def raw_of(der: bytes, size: int = 32) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(size) + s.to_bytes(size)
