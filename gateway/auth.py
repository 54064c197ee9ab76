"""Bearer tokens (RFC 6750, RFC 7519, RFC 9068): headers in, a ``Principal`` out, or one and the same refusal.

What a token says about where its key lies (``jku``, ``x5u``, ``jwk``) is never read; rules on fields are the schema's.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import jwt
from httpx import URL, InvalidURL
from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.body import strict_json
from gateway.keys import MAX_SET_BYTES, FetchedKeys, FixedKeys, Keys, VerifyKey, parse_set
from resolvers import BadRequest, ConfigurationError, Problem, Settings, Unauthenticated
from schema import ANONYMOUS, Principal

MAX_TOKEN_BYTES = 8192
KEPT_TOKENS = 10_000
SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
FORBIDDEN_HEADERS = frozenset({"crit", "b64", "zip", "enc"})
ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash"})
HMAC = frozenset({"HS256", "HS384", "HS512"})
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
                    "HS256", "HS384", "HS512"]  # fmt: skip


class ClaimSettings(Settings):
    scopes: str = Field("scope", description="Path of the claim with scopes: words in a string, or a list of strings.")
    roles: str = Field("roles", description="Path of the claim with roles, members joined by dots: a list of strings.")


class JwtSettings(Settings):
    """Exactly one of ``secret``, ``jwks`` and ``jwks_url`` says which keys are trusted."""

    issuer: str = Field(min_length=1, description="The iss claim, compared exactly.")
    audience: str = Field(min_length=1, description="Must be the aud claim or in its list.")
    secret: SecretStr | None = Field(None, description="Shared secret for HMAC, 32 bytes or more.")
    jwks: Path | None = Field(None, description="File with a JWK set, seen from the folder of this file.")
    jwks_url: str | None = Field(
        None, description="Where the JWK set is fetched: https, or http on this machine's loopback address."
    )
    algorithms: tuple[Algorithm, ...] = Field(
        (), description="Accepted algorithms; empty: HS256 with a secret, RS256, ES256 and EdDSA with a key set."
    )
    types: tuple[str, ...] = Field(
        ("at+jwt", "JWT"), description='Accepted typ headers; "" stands for an absent one. ID tokens are never taken.'
    )
    claims: ClaimSettings = Field(ClaimSettings.model_validate({}), description="Where scopes and roles lie.")
    leeway_s: float = Field(30.0, ge=0, le=300, description="Tolerated difference of clocks, in seconds.")
    max_lifetime_s: float = Field(86_400.0, gt=0, description="Longest accepted life of a token, in seconds.")

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None and len(secret.get_secret_value().encode()) < 32:
            message = "a secret needs 32 bytes or more"
            raise ValueError(message)
        return secret

    @field_validator("jwks_url")
    @classmethod
    def _safe_way(cls, url: str | None) -> str | None:
        # Whoever can change the key set on its way here can sign any token.
        if url is not None and not _unchanged_on_its_way(url):
            message = "jwks_url must begin with https:// (http:// is for loopback addresses only)"
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def _one_family(self) -> JwtSettings:
        if sum(way is not None for way in (self.secret, self.jwks, self.jwks_url)) != 1:
            message = "jwt needs exactly one of secret, jwks and jwks_url"
            raise ValueError(message)
        if any((algorithm in HMAC) != (self.secret is not None) for algorithm in self.algorithms):
            message = "HS algorithms go with a secret, the others with a key set"
            raise ValueError(message)
        return self

    @property
    def accepted(self) -> frozenset[str]:
        """The algorithms in force."""
        default = ("HS256",) if self.secret is not None else ("RS256", "ES256", "EdDSA")
        return frozenset(self.algorithms or default)


def _unchanged_on_its_way(text: str) -> bool:
    try:
        url = URL(text)
        if url.scheme != "http":
            return url.scheme == "https" and bool(url.host)
        return url.host == "localhost" or ipaddress.ip_address(url.host).is_loopback
    except (InvalidURL, ValueError):
        return False


def open_keys(settings: JwtSettings) -> Keys:
    """The keys that ``settings`` name.

    Raises:
        ConfigurationError: the key set file cannot be read or holds no usable key.
    """
    if settings.secret is not None:
        return FixedKeys([VerifyKey(None, HMAC, settings.secret.get_secret_value().encode())])
    if settings.jwks_url is not None:
        return FetchedKeys(settings.jwks_url)
    assert settings.jwks is not None
    where = ("server", "jwt", "jwks")
    try:
        return FixedKeys(parse_set(_content(settings.jwks)))
    except OSError as error:
        what = f"{settings.jwks} cannot be read: {(error.strerror or type(error).__name__).lower()}"
        problem = Problem(what, where, "paths start at the folder of the configuration file")
        raise ConfigurationError([problem]) from error
    except ValueError as error:
        raise ConfigurationError([Problem(f"{settings.jwks} cannot be used: {error}", where)]) from error


def _content(path: Path) -> bytes:
    with path.open("rb") as opened:
        content = opened.read(MAX_SET_BYTES + 1)
    if len(content) > MAX_SET_BYTES:
        raise ValueError(f"the key set is larger than {MAX_SET_BYTES} bytes")
    return content


def _segment(text: str) -> dict[str, object]:
    if not SEGMENT.fullmatch(text):
        raise Unauthenticated("a segment is not base64url")
    try:
        value = strict_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, BadRequest):
        raise Unauthenticated("a segment is not JSON") from None
    if not isinstance(value, dict):
        raise Unauthenticated("a segment is no object")
    return value


def _time(claims: Mapping[str, object], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if type(value) not in {int, float}:
        raise Unauthenticated(f"{name} is no number")
    assert isinstance(value, int | float)
    if not 0 <= value < 1e12 or not math.isfinite(value):
        raise Unauthenticated(f"{name} is out of range")
    return float(value)


def _words(claims: Mapping[str, object], path: str, *, split: bool) -> frozenset[str]:
    value: object = claims.get(path)
    if value is None:
        value = claims
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
    if split and isinstance(value, str):
        return frozenset(value.split(" ")) - {""}
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return frozenset(value)
    return frozenset()


def principal_of(claims: Mapping[str, object], where: ClaimSettings) -> Principal:
    """The caller whose verified claims these are; ``where`` their scopes and roles lie."""
    return Principal(
        str(claims["sub"]),
        _words(claims, where.scopes, split=True),
        _words(claims, where.roles, split=False),
        claims,
    )


def _bearer(value: str) -> str | None:
    """The token of an Authorization header, which may be no token at all."""
    scheme, _, token = value.strip(" \t").partition(" ")  # the parser leaves what RFC 9110 5.5 excludes
    token = token.lstrip(" ")  # RFC 9110 section 11.4: one or more spaces
    return token if scheme.lower() == "bearer" and token and len(token) <= MAX_TOKEN_BYTES else None


class Authenticator:
    """Turns the Authorization header into a principal; verified tokens are kept by digest until they expire."""

    def __init__(self, settings: JwtSettings, keys: Keys, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._jws = jwt.PyJWS()
        self._kept: OrderedDict[bytes, tuple[float, int, Principal]] = OrderedDict()

    def known(self, authorization: Sequence[str]) -> Principal | None:
        """Who asks, where that can be said at once: there is no token, or one that is kept."""
        if len(authorization) != 1:
            return None if authorization else ANONYMOUS
        token = _bearer(authorization[0])
        return None if token is None else self._still_good(hashlib.sha256(token.encode()).digest())

    async def principal(self, authorization: Sequence[str]) -> Principal:
        """Who asks, from the values of all Authorization headers; none at all is ``ANONYMOUS``.

        Raises:
            Unauthenticated: there is a token and it is not valid, whatever its fault.
            KeysUnavailable: no key set could be fetched yet.
        """
        if not authorization:
            return ANONYMOUS
        token = _bearer(authorization[0])
        if len(authorization) != 1 or token is None:
            raise Unauthenticated("not one bearer token")
        digest = hashlib.sha256(token.encode()).digest()
        kept = self._still_good(digest)
        if kept is not None:
            return kept
        until, principal = await self._verify(token)
        self._kept[digest] = (until, self._keys.generation, principal)
        while len(self._kept) > KEPT_TOKENS:
            self._kept.popitem(last=False)
        return principal

    def _still_good(self, digest: bytes) -> Principal | None:
        """Of a token that was verified, and may serve on."""
        kept = self._kept.get(digest)
        if kept is None or kept[0] <= self._clock() or kept[1] != self._keys.generation:
            return None
        self._kept.move_to_end(digest)
        self._keys.freshen()  # or a key that was withdrawn would serve as long as only kept tokens come
        return kept[2]

    async def _verify(self, token: str) -> tuple[float, Principal]:
        segments = token.split(".")
        if len(segments) != 3 or not SEGMENT.fullmatch(segments[2]):
            raise Unauthenticated("not a signed token")
        header, claims = _segment(segments[0]), _segment(segments[1])
        algorithm, kid = self._header(header)
        until = self._claims(claims)
        for key in await self._keys.find(kid, algorithm):
            try:
                self._jws.decode(token, key.key, algorithms=[algorithm])
            except jwt.PyJWTError:
                continue
            return until, principal_of(claims, self._settings.claims)
        raise Unauthenticated("no key verifies the signature")

    def _header(self, header: Mapping[str, object]) -> tuple[str, str | None]:
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
        if not isinstance(algorithm, str) or algorithm not in self._settings.accepted:
            raise Unauthenticated("the algorithm is not accepted")
        if FORBIDDEN_HEADERS & header.keys():
            raise Unauthenticated("a header is not understood")
        if not (kid is None or isinstance(kid, str)):
            raise Unauthenticated("kid is no string")
        types = {name.lower() for name in self._settings.types}
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
            raise Unauthenticated("the type is not that of an access token")
        return algorithm, kid

    def _claims(self, claims: Mapping[str, object]) -> float:
        now, leeway = self._clock(), self._settings.leeway_s
        expires, begins, issued = _time(claims, "exp"), _time(claims, "nbf"), _time(claims, "iat")
        if expires is None or expires + leeway <= now:
            raise Unauthenticated("expired, or without expiry")
        if max(begins or 0.0, issued or 0.0) > now + leeway:
            raise Unauthenticated("not valid yet")
        if expires - (now + leeway if issued is None else issued) > self._settings.max_lifetime_s:
            raise Unauthenticated("lives too long")
        audience, subject = claims.get("aud"), claims.get("sub")
        audiences = audience if isinstance(audience, list) else [audience]
        if not all(isinstance(name, str) for name in audiences) or self._settings.audience not in audiences:
            raise Unauthenticated("another audience")
        if claims.get("iss") != self._settings.issuer:
            raise Unauthenticated("another issuer")
        if not isinstance(subject, str) or not subject:
            raise Unauthenticated("no subject")
        if ID_TOKEN_CLAIMS & claims.keys():
            raise Unauthenticated("an ID token is no access token")
        return expires + leeway
