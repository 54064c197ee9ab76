"""Bearer tokens (RFC 6750, RFC 7519, RFC 9068): a token in, a ``Principal`` out, or one and the same refusal.

What a token says about where its key lies (``jku``, ``x5u``, ``jwk``) is never read; rules on fields are the schema's.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.identity.compact import MAX_TOKEN_BYTES, taken_apart
from gateway.identity.issuer import Issuer, Verified
from resolvers import Unauthenticated
from schema import Principal

KEPT_TOKENS = 10_000


def bearer(value: str) -> str | None:
    """The token of an Authorization header, which may be no token at all."""
    scheme, _, token = value.strip(" \t").partition(" ")  # the parser leaves what RFC 9110 5.5 excludes
    token = token.lstrip(" ")  # RFC 9110 section 11.4: one or more spaces
    return token if scheme.lower() == "bearer" and token and len(token) <= MAX_TOKEN_BYTES else None


@dataclass(frozen=True, slots=True)
class _Kept:
    verified: Verified
    issuer: Issuer
    generation: int


class BearerTokens:
    """Tokens of the issuers that are accepted; verified ones are kept by digest until they expire.

    ``thumbprint``: of the certificate of the caller's connection, as RFC 8705 has it; empty where there is none.
    """

    def __init__(self, issuers: Iterable[Issuer], *, clock: Callable[[], float] = time.time) -> None:
        self.issuers = {issuer.name: issuer for issuer in issuers}
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def known(self, authorization: str, thumbprint: str = "") -> Principal | None:
        """Who asks with this Authorization header, where its token is kept, so that it can be said at once."""
        token = bearer(authorization)
        return None if token is None else self._still_good(hashlib.sha256(token.encode()).digest(), thumbprint)

    async def principal(self, authorization: str, thumbprint: str = "") -> Principal:
        """Who asks with this Authorization header.

        Raises:
            Unauthenticated: the token is not valid, whatever its fault.
            CannotVerify: no key set of its issuer could be fetched yet.
        """
        token = bearer(authorization)
        if token is None:
            raise Unauthenticated("not one bearer token")
        digest = hashlib.sha256(token.encode()).digest()
        kept = self._still_good(digest, thumbprint)
        if kept is not None:
            return kept
        compact = taken_apart(token)
        named = compact.claims.get("iss")
        issuer = self.issuers.get(named) if isinstance(named, str) else None
        if issuer is None:  # before any key is looked for: of this one there are none
            raise Unauthenticated("another issuer")
        verified = await issuer.verify(compact, self._clock())
        if verified.thumbprint not in {"", thumbprint}:
            raise Unauthenticated("the token is bound to another certificate")
        self._kept[digest] = _Kept(verified, issuer, issuer.keys.generation)
        while len(self._kept) > KEPT_TOKENS:
            self._kept.popitem(last=False)
        return verified.principal

    def _still_good(self, digest: bytes, thumbprint: str) -> Principal | None:
        """Of a token that was verified, and may serve on."""
        kept = self._kept.get(digest)
        if kept is None:
            return None
        verified, keys = kept.verified, kept.issuer.keys
        if verified.until <= self._clock() or kept.generation != keys.generation or not keys.usable:
            return None
        if verified.thumbprint not in {"", thumbprint}:
            return None
        self._kept.move_to_end(digest)
        keys.freshen()  # or a key that was withdrawn would serve as long as only kept tokens come
        return verified.principal
