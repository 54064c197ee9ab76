"""API keys: long random texts that programs send in a header of their own, known here by their hashes alone.

Where a request carries them is looked up in ``authenticator.py``; how a new one is made is the command line's.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, TypeAdapter, field_validator, model_validator

from gateway.identity.issuers import OURS
from gateway.identity.listed import watched_list
from gateway.watched import Watched
from resolvers import HeaderName, Settings, Unauthenticated
from schema import Principal

ISSUER = f"{OURS}api-keys"
"""The iss claim of callers that a key vouches for."""
SHORTEST = 32
LONGEST = 512
_HASH = re.compile(r"sha256:[0-9a-f]{64}")
_TAKEN = frozenset({"iss", "sub", "exp", "scope", "roles"})
_NOT_A_KEYS = frozenset({"authorization", "cookie", "host", "content-type", "content-length", "accept", "x-request-id"})


class ApiKeySettings(Settings):
    """One key. A hash without salt and without cost is enough: nobody guesses 256 random bits."""

    name: str = Field(min_length=1, max_length=200, description="Who it belongs to: the caller's sub claim.")
    hash: str = Field(description="sha256: and the SHA-256 of the key in hexadecimal, as isthmus token --api-key says.")
    scopes: tuple[str, ...] = Field((), description="The scopes of its callers.")
    roles: tuple[str, ...] = Field((), description="Their roles.")
    claims: dict[str, Any] = Field(default_factory=dict, description="Further claims of theirs, for rules.")
    expires: AwareDatetime | None = Field(
        None, description="When it ends, with its offset: 2027-01-01T00:00:00Z; absent: never."
    )

    @field_validator("hash")
    @classmethod
    def _a_hash(cls, text: str) -> str:
        if not _HASH.fullmatch(text):
            raise ValueError("a hash is sha256: and 64 hexadecimal digits in lower case")
        return text

    @field_validator("claims")
    @classmethod
    def _further(cls, claims: dict[str, Any]) -> dict[str, Any]:
        for name in _TAKEN & claims.keys():
            raise ValueError(f"the claim {name} is not for claims to say")
        return claims


def _apart(keys: tuple[ApiKeySettings, ...]) -> tuple[ApiKeySettings, ...]:
    for what, found in (("name", [key.name for key in keys]), ("hash", [key.hash for key in keys])):
        if len(set(found)) < len(found):
            raise ValueError(f"two keys have the same {what}")
    return keys


_Keys = Annotated[tuple[ApiKeySettings, ...], AfterValidator(_apart)]
_FILE: TypeAdapter[tuple[ApiKeySettings, ...]] = TypeAdapter(_Keys)


class ApiKeysSettings(Settings):
    """Exactly one of ``file`` and ``keys`` says which keys there are."""

    header: HeaderName = Field("x-api-key", description="The header that carries a key; a URL never does.")
    file: Path | None = Field(
        None, description="YAML file with a list of keys, as keys has it; read again when it changes."
    )
    keys: _Keys = Field((), description="The keys: name, hash, scopes, roles, claims, expires.")

    @field_validator("header")
    @classmethod
    def _of_its_own(cls, name: str) -> str:
        if name.lower() in _NOT_A_KEYS:
            raise ValueError(f"the header {name.lower()} means something else")
        return name.lower()

    @model_validator(mode="after")
    def _one_place(self) -> ApiKeysSettings:
        if (self.file is None) == (not self.keys):
            raise ValueError("api_keys needs exactly one of file and keys")
        return self

    def placed(self, base: Path) -> ApiKeysSettings:
        """The settings with the path of the file seen from ``base``."""
        return self if self.file is None else self.model_copy(update={"file": base / self.file})


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    until: float
    principal: Principal


class ApiKeys:
    """The keys there are. ``look`` reads their file again; ``clock`` gives seconds since 1970."""

    def __init__(self, settings: ApiKeysSettings, *, clock: Callable[[], float] = time.time) -> None:
        self.header = settings.header
        self._clock = clock
        self._file = None if settings.file is None else _watched(settings.file)
        self._fixed = _table(settings.keys)

    def principal(self, key: str) -> Principal:
        """Who sends this key.

        What is looked up is a digest, which nobody can steer towards another; it is compared in constant time.

        Raises:
            Unauthenticated: it is none of the keys, or no longer one.
        """
        # A short key can be guessed, whoever made it: its hash is the password of somebody.
        if not SHORTEST <= len(key) <= LONGEST:
            raise Unauthenticated("not the length of an API key")
        digest = hashlib.sha256(key.encode("latin-1")).digest()
        known = (self._fixed if self._file is None else self._file.value).get(digest)
        if known is None or not hmac.compare_digest(known.digest, digest):
            raise Unauthenticated("no such API key")
        if known.until <= self._clock():
            raise Unauthenticated("the API key has expired")
        return known.principal

    async def look(self) -> None:
        if self._file is not None:
            await self._file.look()


def _table(keys: Iterable[ApiKeySettings]) -> Mapping[bytes, _Known]:
    return {found.digest: found for found in (_known(key) for key in keys)}


def _known(key: ApiKeySettings) -> _Known:
    claims = {"iss": ISSUER, "sub": key.name, **key.claims}
    principal = Principal(key.name, frozenset(key.scopes), frozenset(key.roles), claims)
    until = float("inf") if key.expires is None else key.expires.astimezone(UTC).timestamp()
    return _Known(bytes.fromhex(key.hash.removeprefix("sha256:")), until, principal)


def _watched(path: Path) -> Watched[Mapping[bytes, _Known]]:
    return watched_list(path, _FILE, _table, ("server", "api_keys", "file"), "api_keys_not_read")


def new_key() -> tuple[str, str]:
    """A key of 256 random bits, recognised by programs that look for lost secrets, and its hash for the file."""
    key = f"isthmus_{secrets.token_urlsafe(32)}"
    return key, f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"
