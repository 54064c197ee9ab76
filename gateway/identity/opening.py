"""Settings become an ``Authenticator``: files are read and hosts known, and whatever cannot be used is told at once."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from gateway.identity.api_keys import ApiKeys, ApiKeysSettings
from gateway.identity.authenticator import Authenticator
from gateway.identity.bearer import BearerTokens
from gateway.identity.certificates import Certificates, CertificateSettings
from gateway.identity.fetched_keys import FetchedKeys
from gateway.identity.fetching import Discovered, IssuerHost, KeySetAt
from gateway.identity.issuer import Issuer
from gateway.identity.issuers import HMAC, JwtSettings
from gateway.identity.keys import MAX_SET_BYTES, FixedKeys, Keys, VerifyKey, parse_set
from gateway.identity.proxied import ProxiedCertificates
from gateway.identity.revocation import Revocation, RevocationSettings
from gateway.redis import Redis
from resolvers import ConfigurationError, Key, Problem

_JWT: tuple[Key, ...] = ("server", "jwt")


def open_authenticator(
    jwt: Sequence[JwtSettings],
    api_keys: ApiKeysSettings | None = None,
    certificates: CertificateSettings | None = None,
    revocation: RevocationSettings | None = None,
    redis: Redis | None = None,
    *,
    proxied: ProxiedCertificates | None = None,
) -> Authenticator:
    """``certificates``: only where a connection can show one.

    Raises:
        ConfigurationError: with everything that cannot be used.
    """
    problems: list[Problem] = []
    tokens = keys = revoked = None
    try:
        tokens = open_tokens(jwt) if jwt else None
    except ConfigurationError as error:
        problems += error.problems
    try:
        keys = ApiKeys(api_keys) if api_keys is not None else None
    except ConfigurationError as error:
        problems += error.problems
    try:
        revoked = Revocation(revocation, redis) if revocation is not None else None
    except ConfigurationError as error:
        problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    shown = Certificates(certificates) if certificates is not None else None
    return Authenticator(tokens, keys, shown, proxied, revoked)


def open_tokens(issuers: Sequence[JwtSettings]) -> BearerTokens:
    """The tokens of these issuers.

    Raises:
        ConfigurationError: with every key set that cannot be used.
    """
    opened: list[Issuer] = []
    problems: list[Problem] = []
    for index, settings in enumerate(issuers):
        # Where one issuer stands, the file need not have a list.
        where = (*_JWT, index) if len(issuers) > 1 else _JWT
        try:
            opened.append(Issuer(settings, open_keys(settings, where)))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return BearerTokens(opened)


def open_keys(settings: JwtSettings, where: tuple[Key, ...] = _JWT) -> Keys:
    """The keys that ``settings`` name, which stand at ``where``.

    Raises:
        ConfigurationError: a file cannot be read, or holds no usable key or authority.
    """
    if settings.secret is not None:
        return FixedKeys([VerifyKey(None, HMAC, settings.secret.get_secret_value().encode())])
    if settings.jwks is not None:
        try:
            return FixedKeys(parse_set(_content(settings.jwks)))
        except OSError as error:
            raise _unread(settings.jwks, error, (*where, "jwks")) from error
        except ValueError as error:
            what = f"{settings.jwks} cannot be used: {error}"
            raise ConfigurationError([Problem(what, (*where, "jwks"))]) from error
    try:
        host = IssuerHost(settings.ca)
    except ssl.SSLError as error:
        what = f"{settings.ca} holds no certificates in PEM"
        raise ConfigurationError([Problem(what, (*where, "ca"))]) from error
    except OSError as error:
        raise _unread(settings.ca, error, (*where, "ca")) from error
    if settings.jwks_url is not None:
        return FetchedKeys(KeySetAt(host, settings.jwks_url), settings.issuer)
    return FetchedKeys(Discovered(host, settings.issuer), settings.issuer)


def _unread(path: Path | None, error: OSError, where: tuple[Key, ...]) -> ConfigurationError:
    what = f"{path} cannot be read: {(error.strerror or type(error).__name__).lower()}"
    return ConfigurationError([Problem(what, where, "paths start at the folder of the file that names them")])


def _content(path: Path) -> bytes:
    with path.open("rb") as opened:
        content = opened.read(MAX_SET_BYTES + 1)
    if len(content) > MAX_SET_BYTES:
        raise ValueError(f"the key set is larger than {MAX_SET_BYTES} bytes")
    return content
