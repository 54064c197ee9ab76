"""``Issuer``: one of those whose tokens are accepted, with the keys that verify them and no others'.

Tokens come in already taken apart (``compact.py``); which issuer they belong to is ``bearer.py``'s to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from gateway.identity.claims import principal_of
from gateway.identity.compact import Compact
from gateway.identity.issuers import JwtSettings
from gateway.identity.keys import Keys
from resolvers import Unauthenticated
from schema import Principal

_FORBIDDEN_HEADERS = frozenset({"crit", "b64", "zip", "enc"})
_ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash"})
_JWS = jwt.PyJWS()


@dataclass(frozen=True, slots=True)
class Verified:
    """``until``: seconds since 1970, after which the token is no longer accepted.

    ``thumbprint``: of the certificate that the caller's connection must show (RFC 8705 section 3); empty for none.
    """

    until: float
    principal: Principal
    thumbprint: str = ""


class Issuer:
    """``now`` is always in seconds since 1970."""

    def __init__(self, settings: JwtSettings, keys: Keys) -> None:
        self._settings = settings
        self._types = {name.lower() for name in settings.types}
        self.keys = keys

    @property
    def name(self) -> str:
        """The iss claim of its tokens."""
        return self._settings.issuer

    async def verify(self, token: Compact, now: float) -> Verified:
        """What a token proves.

        Raises:
            Unauthenticated: it is not valid, whatever its fault.
            CannotVerify: there are no keys to tell by.
        """
        algorithm, kid = self._header(token.header)
        until = self._times(token.claims, now)
        self._addressed(token.claims)
        thumbprint = _thumbprint(token.claims)
        principal = principal_of(token.claims, self._settings.claims)
        if principal is None:
            raise Unauthenticated("no subject")
        for key in await self.keys.find(kid, algorithm):
            try:
                _JWS.decode(token.text, key.key, algorithms=[algorithm])
            except jwt.PyJWTError:
                continue
            return Verified(until, principal, thumbprint)
        raise Unauthenticated("no key verifies the signature")

    def _header(self, header: Mapping[str, object]) -> tuple[str, str | None]:
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
        if not isinstance(algorithm, str) or algorithm not in self._settings.accepted:
            raise Unauthenticated("the algorithm is not accepted")
        if _FORBIDDEN_HEADERS & header.keys():
            raise Unauthenticated("a header is not understood")
        if not (kid is None or isinstance(kid, str)):
            raise Unauthenticated("kid is no string")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in self._types:
            raise Unauthenticated("the type is not that of an access token")
        return algorithm, kid

    def _times(self, claims: Mapping[str, object], now: float) -> float:
        leeway = self._settings.leeway_s
        expires, begins, issued = time_of(claims, "exp"), time_of(claims, "nbf"), time_of(claims, "iat")
        if expires is None or expires + leeway <= now:
            raise Unauthenticated("expired, or without expiry")
        if max(begins or 0.0, issued or 0.0) > now + leeway:
            raise Unauthenticated("not valid yet")
        if expires - (now + leeway if issued is None else issued) > self._settings.max_lifetime_s:
            raise Unauthenticated("lives too long")
        return expires + leeway

    def _addressed(self, claims: Mapping[str, object]) -> None:
        audience, subject = claims.get("aud"), claims.get("sub")
        audiences = audience if isinstance(audience, list) else [audience]
        named = all(isinstance(name, str) for name in audiences)
        if not named or not any(name in audiences for name in self._settings.audience):
            raise Unauthenticated("another audience")
        if claims.get("iss") != self._settings.issuer:
            raise Unauthenticated("another issuer")
        if not isinstance(subject, str) or not subject:
            raise Unauthenticated("no subject")
        if _ID_TOKEN_CLAIMS & claims.keys():
            raise Unauthenticated("an ID token is no access token")
        if not isinstance(claims.get("jti", ""), str):
            raise Unauthenticated("jti is no text, so that nobody could revoke it")


def time_of(claims: Mapping[str, object], name: str) -> float | None:
    """A NumericDate (RFC 7519 section 2) in seconds since 1970; ``None`` where there is none.

    Raises:
        Unauthenticated: it is something else.
    """
    if name not in claims:
        return None
    value = claims[name]
    if type(value) not in {int, float}:
        raise Unauthenticated(f"{name} is no number")
    assert isinstance(value, int | float)
    if not 0 <= value < 1e12 or not math.isfinite(value):
        raise Unauthenticated(f"{name} is out of range")
    return float(value)


def _thumbprint(claims: Mapping[str, object]) -> str:
    """The certificate that a token is bound to: whoever stole such a token must not be able to use it.

    Raises:
        Unauthenticated: it is bound by something that is not looked at here, as DPoP (RFC 9449).
    """
    if "cnf" not in claims:
        return ""
    match claims["cnf"]:
        case {"x5t#S256": str(thumbprint), **others} if thumbprint and not others:
            return thumbprint
    raise Unauthenticated("the token is bound to a proof that is not understood")
