"""Keys that verify tokens: parsed from a JWK set (RFC 7517), fixed or fetched and kept fresh.

A key knows the only algorithms it may verify. Nothing here looks at a token's claims.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from gateway.body import strict_json
from gateway.telemetry import log
from resolvers import BadRequest

MAX_SET_BYTES = 65_536
FETCH_TIMEOUT_S = 3.0
COOLDOWN_S = 30.0
FRESH_S = 300.0
STALE_S = 86_400.0
RSA_BITS = 2048
RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class KeysUnavailable(Exception):
    """No key set could be fetched yet, or the last good one is too old: the server's trouble, not the token's."""


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key or a secret, and the algorithms of its one family."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any


class Keys(Protocol):
    @property
    def generation(self) -> int:
        """Grows when the set changes; what was verified with an older set is verified again."""

    def freshen(self) -> None:
        """Starts a refresh in the background when one is due; said for tokens that need no key any more."""

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        """The keys that may verify such a token. Raises KeysUnavailable."""


def _public(jwk: dict[str, Any]) -> tuple[frozenset[str], Any] | None:
    if "d" in jwk or jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ["verify"]):
        return None
    match jwk.get("kty"):
        case "RSA":
            key = RSAAlgorithm.from_jwk(jwk)
            strong = isinstance(key, RSAPublicKey) and key.key_size >= RSA_BITS
            return (RSA_ALGORITHMS, key) if strong else None
        case "EC" if jwk.get("crv") in CURVES:
            return frozenset({CURVES[jwk["crv"]]}), ECAlgorithm.from_jwk(jwk)
        case "OKP" if jwk.get("crv") == "Ed25519":
            return frozenset({"EdDSA"}), OKPAlgorithm.from_jwk(jwk)
    return None


def parse_set(data: bytes) -> tuple[VerifyKey, ...]:
    """The usable public keys of a JWK set; symmetric, private, weak and unknown ones are passed over (RFC 7517 §5).

    Raises:
        ValueError: it is not a JWK set, or holds no usable key.
    """
    try:
        document = strict_json(data)
    except BadRequest as error:
        raise ValueError("the key set is not JSON") from error
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the key set has no list of keys")  # noqa: TRY004  # one error for a bad document
    keys: list[VerifyKey] = []
    for jwk in entries:
        if not isinstance(jwk, dict):
            continue
        try:
            found = _public(jwk)
        except (PyJWTError, ValueError, TypeError, KeyError):
            continue
        kid = jwk.get("kid")
        if found is None or not (kid is None or isinstance(kid, str)):
            continue
        stated = jwk.get("alg")
        algorithms = found[0] if stated is None else found[0] & {stated} if isinstance(stated, str) else frozenset()
        if algorithms:
            keys.append(VerifyKey(kid, algorithms, found[1]))
    if not keys:
        raise ValueError("the key set holds no usable key")
    return tuple(keys)


def choose(keys: Sequence[VerifyKey], kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
    """Keys of that id; without an id the only one of the algorithm, and none where several could be meant."""
    fitting = [key for key in keys if algorithm in key.algorithms]
    if kid is None:
        return fitting if len(fitting) == 1 else ()
    return [key for key in fitting if key.kid == kid]


class FixedKeys:
    """A secret, or a key set read from a file. A lone secret answers to any key id."""

    generation = 0

    def __init__(self, keys: Sequence[VerifyKey]) -> None:
        self._keys = tuple(keys)

    def freshen(self) -> None:
        """There is nothing to refresh."""

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        if len(self._keys) == 1 and self._keys[0].kid is None:
            kid = None
        return choose(self._keys, kid, algorithm)


class FetchedKeys:
    """A key set behind a URL: one fetch at a time, refreshed in the background, the last good one kept for a day.

    A key id that is not in the set causes at most one fetch per ``COOLDOWN_S``, whoever asks.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: tuple[VerifyKey, ...] = ()
        self._fetched = self._tried = -1e18
        self._flight: asyncio.Task[None] | None = None
        self.generation = 0

    def freshen(self) -> None:
        now = self._clock()
        if now - self._fetched > FRESH_S and now - self._tried >= COOLDOWN_S:
            self._start()

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        if not self._usable:
            await self._refresh()
            if not self._usable:
                raise KeysUnavailable
        self.freshen()
        found = choose(self._keys, kid, algorithm)
        if not found and kid is not None:
            await self._refresh()
            found = choose(self._keys, kid, algorithm)
        return found

    @property
    def _usable(self) -> bool:
        return bool(self._keys) and self._clock() - self._fetched <= STALE_S

    async def close(self) -> None:
        """Ends a fetch under way."""
        if self._flight is not None and not self._flight.done():
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        if self._flight is None or self._flight.done():
            self._tried = self._clock()
            self._flight = asyncio.create_task(self._fetch())
        return self._flight

    async def _refresh(self) -> None:
        flying = self._flight is not None and not self._flight.done()
        cooldown = COOLDOWN_S if self._keys else 1.0
        if flying or self._clock() - self._tried >= cooldown:
            await asyncio.shield(self._start())  # shared: one caller's leaving must not end it for the others

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                keys = parse_set(await self._download())
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            # The last good set stays; find() says when it is too old.
            log("keys_not_fetched", level="warning", reason=type(error).__name__)
            return
        self._fetched = self._clock()
        if keys != self._keys:
            self._keys = keys
            self.generation += 1

    async def _download(self) -> bytes:
        data = bytearray()
        async with (
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", self._url, headers={"accept-encoding": "identity"}) as reply,
        ):
            reply.raise_for_status()
            async for chunk in reply.aiter_raw():
                data += chunk
                if len(data) > MAX_SET_BYTES:
                    raise ValueError("the key set is too large")
        return bytes(data)
