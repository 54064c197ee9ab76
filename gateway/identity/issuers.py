"""The settings of those whose tokens are accepted, and of where their keys are. Nothing is read or fetched here."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from httpx import URL, InvalidURL
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator

from gateway.identity.claims import ClaimSettings
from resolvers import Settings

OURS = "urn:isthmus:"
"""What the iss claim of callers begins with whom an API key or a certificate vouches for."""
HMAC = frozenset({"HS256", "HS384", "HS512"})
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
                    "HS256", "HS384", "HS512"]  # fmt: skip


def _listed(given: object) -> object:
    return (given,) if isinstance(given, str) else given


Audience = Annotated[str, Field(min_length=1)]


class JwtSettings(Settings):
    """Exactly one of ``secret``, ``jwks``, ``jwks_url`` and ``discovery`` says which keys are trusted."""

    issuer: str = Field(min_length=1, description="The iss claim, compared exactly.")
    audience: Annotated[
        tuple[Audience, ...], BeforeValidator(_listed, json_schema_input_type=Audience | tuple[Audience, ...])
    ] = Field(min_length=1, description="One of these must be the aud claim or in its list.")
    secret: SecretStr | None = Field(None, description="Shared secret for HMAC, 32 bytes or more.")
    jwks: Path | None = Field(None, description="File with a JWK set, seen from the folder of this file.")
    jwks_url: str | None = Field(
        None, description="Where the JWK set is fetched: https, or http on this machine's loopback address."
    )
    discovery: bool = Field(
        False,
        description="The issuer's own metadata say where its JWK set is (OpenID Connect Discovery 1.0, RFC 8414); "
        "issuer is then its https address, or http on this machine's loopback address.",
    )
    ca: Path | None = Field(
        None,
        description="PEM file of the certificate authorities that the key set's host is trusted by, in place of the "
        "usual ones.",
    )
    algorithms: tuple[Algorithm, ...] = Field(
        (), description="Accepted algorithms; empty: HS256 with a secret, RS256, ES256 and EdDSA with a key set."
    )
    types: tuple[str, ...] = Field(
        ("at+jwt", "JWT"), description='Accepted typ headers; "" stands for an absent one. ID tokens are never taken.'
    )
    claims: ClaimSettings = Field(ClaimSettings.model_validate({}), description="Where subject, scopes and roles lie.")
    leeway_s: float = Field(30.0, ge=0, le=300, description="Tolerated difference of clocks, in seconds.")
    max_lifetime_s: float = Field(86_400.0, gt=0, description="Longest accepted life of a token, in seconds.")

    @field_validator("issuer")
    @classmethod
    def _not_ours(cls, issuer: str) -> str:
        if issuer.startswith(OURS):
            raise ValueError(f"{OURS} begins the names of what the gateway itself vouches for")
        return issuer

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
        if url is not None and not unchanged_on_its_way(url):
            message = "jwks_url must begin with https:// (http:// is for loopback addresses only)"
            raise ValueError(message)
        return url

    @model_validator(mode="after")
    def _one_family(self) -> JwtSettings:
        ways = (self.secret is not None, self.jwks is not None, self.jwks_url is not None, self.discovery)
        if sum(ways) != 1:
            message = "jwt needs exactly one of secret, jwks, jwks_url and discovery"
            raise ValueError(message)
        if any((algorithm in HMAC) != (self.secret is not None) for algorithm in self.algorithms):
            message = "HS algorithms go with a secret, the others with a key set"
            raise ValueError(message)
        if self.discovery and (not unchanged_on_its_way(self.issuer) or not {"?", "#"}.isdisjoint(self.issuer)):
            message = "discovery needs an issuer that begins with https:// (http:// is for loopback addresses only)"
            raise ValueError(message)
        if self.ca is not None and not self.fetched:
            message = "ca goes with jwks_url or discovery: nothing else is fetched"
            raise ValueError(message)
        return self

    @property
    def accepted(self) -> frozenset[str]:
        """The algorithms in force."""
        default = ("HS256",) if self.secret is not None else ("RS256", "ES256", "EdDSA")
        return frozenset(self.algorithms or default)

    @property
    def fetched(self) -> bool:
        """Whether the key set comes over the network."""
        return self.jwks_url is not None or self.discovery

    def placed(self, base: Path) -> JwtSettings:
        """The settings with paths seen from ``base``, the folder of the file: who reads them knows of no file."""
        places = {name: base / path for name in ("jwks", "ca") if (path := getattr(self, name)) is not None}
        return self.model_copy(update=places)


def _several(given: object) -> object:
    return (given,) if isinstance(given, dict | JwtSettings) else given


def _apart(issuers: tuple[JwtSettings, ...]) -> tuple[JwtSettings, ...]:
    names = [each.issuer for each in issuers]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'the issuer "{name}" is listed twice: a token would have two sets of keys')
    return issuers


Issuers = Annotated[
    tuple[JwtSettings, ...],
    BeforeValidator(_several, json_schema_input_type=JwtSettings | tuple[JwtSettings, ...]),
    AfterValidator(_apart),
]
"""One mapping, or a list of them."""


def unchanged_on_its_way(text: str) -> bool:
    """Whether what is fetched there is what is sent there: https, or this machine's own loopback address."""
    try:
        url = URL(text)
        if url.scheme != "http":
            return url.scheme == "https" and bool(url.host)
        return url.host == "localhost" or ipaddress.ip_address(url.host).is_loopback
    except (InvalidURL, ValueError):
        return False
