"""Keys that verify tokens, parsed from a JWK set (RFC 7517). Each knows the only algorithms it may verify.

Nothing here looks at a token's claims; sets that are fetched are ``fetched_keys.py``'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from gateway.request.body import strict_json
from resolvers import BadRequest

MAX_SET_BYTES = 65_536
RSA_BITS = 2048
RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key or a secret, and the algorithms of its one family."""

    kid: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)


class Keys(Protocol):
    @property
    def generation(self) -> int:
        """Grows when the set changes; what was verified with an older set is verified again."""

    def freshen(self) -> None:
        """Starts a refresh in the background when one is due; said for tokens that need no key any more."""

    @property
    def usable(self) -> bool:
        """False while no key set is there, or only one that is too old."""

    @property
    def age_s(self) -> float | None:
        """Seconds since it was fetched; ``None`` for one that is not, or was not yet."""

    @property
    def failures(self) -> int:
        """How many fetches failed."""

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        """The keys that may verify such a token. Raises CannotVerify."""

    async def close(self) -> None:
        """Ends what is under way."""


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
    usable = True
    age_s = None
    failures = 0

    def __init__(self, keys: Sequence[VerifyKey]) -> None:
        self._keys = tuple(keys)

    def freshen(self) -> None:
        """There is nothing to refresh."""

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        if len(self._keys) == 1 and self._keys[0].kid is None:
            kid = None
        return choose(self._keys, kid, algorithm)

    async def close(self) -> None:
        """Nothing is under way."""
