"""Signs tokens with the configured secret, for development. Verifying them is ``auth.py``."""

from __future__ import annotations

import time
from collections.abc import Iterable

import jwt

from gateway.auth import JwtSettings
from resolvers import ConfigurationError, Problem


def sign(
    settings: JwtSettings,
    subject: str,
    *,
    scopes: Iterable[str] = (),
    roles: Iterable[str] = (),
    lifetime_s: int | None = None,
) -> str:
    """A token that a server with these settings accepts for ``lifetime_s`` seconds.

    ``None``: for an hour, or as long as the server accepts any where that is less.

    Raises:
        ConfigurationError: the settings name a key set, whose private keys are not ours.
    """
    if settings.secret is None:
        problem = Problem("tokens are signed with server.jwt.secret only", ("server", "jwt"), "ask the issuer for one")
        raise ConfigurationError([problem])
    if lifetime_s is None:
        lifetime_s = int(min(3600, settings.max_lifetime_s))
    now = int(time.time())
    claims: dict[str, object] = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "sub": subject,
        "iat": now,
        "exp": now + lifetime_s,
    }
    for path, words in ((settings.claims.scopes, " ".join(scopes)), (settings.claims.roles, list(roles))):
        *parents, last = path.split(".")
        place = claims
        for name in parents:
            below = place.setdefault(name, {})
            assert isinstance(below, dict)
            place = below
        if words:
            place[last] = words
    algorithm = min(settings.accepted)
    return jwt.encode(claims, settings.secret.get_secret_value(), algorithm, headers={"typ": settings.types[0] or None})
