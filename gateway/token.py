"""Signs tokens with the configured secret, for development. Verifying them is the business of ``identity/``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

import jwt

from gateway.identity import ClaimPath, JwtSettings
from resolvers import ConfigurationError, Problem


def signing(issuers: Sequence[JwtSettings]) -> JwtSettings:
    """The one of them whose tokens we can sign ourselves.

    Raises:
        ConfigurationError: all name a key set, whose private keys are not ours.
    """
    for settings in issuers:
        if settings.secret is not None:
            return settings
    problem = Problem("tokens are signed with server.jwt.secret only", ("server", "jwt"), "ask the issuer for one")
    raise ConfigurationError([problem])


def sign(
    issuers: Sequence[JwtSettings],
    subject: str,
    *,
    scopes: Iterable[str] = (),
    roles: Iterable[str] = (),
    lifetime_s: int | None = None,
    issuer: str | None = None,
    more: Mapping[str, object] | None = None,
) -> str:
    """A token that a server with these settings accepts for ``lifetime_s`` seconds.

    ``None``: for an hour, or as long as the server accepts any where that is less. ``issuer``: whose token it is, where
    several have a secret. ``more``: further claims.

    Raises:
        ConfigurationError: the settings name key sets, whose private keys are not ours.
    """
    settings = signing([each for each in issuers if issuer in {None, each.issuer}])
    assert settings.secret is not None
    if lifetime_s is None:
        lifetime_s = int(min(3600, settings.max_lifetime_s))
    now = int(time.time())
    claims: dict[str, object] = {
        **(more or {}),
        "iss": settings.issuer,
        "aud": settings.audience[0],
        "sub": subject,
        "iat": now,
        "exp": now + lifetime_s,
    }
    where = settings.claims
    if where.subject != "sub":
        _put(claims, ClaimPath(path=where.subject), subject)
    for place, words in ((where.scopes[0], scopes), (where.roles[0], roles)):
        prefixed = [f"{place.prefix}{word}" for word in words]
        if prefixed:
            _put(claims, place, " ".join(prefixed) if place.words else prefixed)
    algorithm = min(settings.accepted)
    return jwt.encode(claims, settings.secret.get_secret_value(), algorithm, headers={"typ": settings.types[0] or None})


def _put(claims: dict[str, object], where: ClaimPath, value: object) -> None:
    *parents, last = where.path.split(".") if isinstance(where.path, str) else where.path
    place = claims
    for name in parents:
        below = place.setdefault(name, {})
        assert isinstance(below, dict)
        place = below
    place[last] = value
