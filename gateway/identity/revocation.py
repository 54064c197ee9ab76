"""What was taken back before its time: tokens by their id, callers by their name, in a file and in a Redis.

A list says only what no longer holds; whether a credential was ever valid was settled before it is asked.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, TypeAdapter, model_validator

from gateway.identity.doubt import CannotVerify
from gateway.identity.listed import watched_list
from gateway.redis import Redis, RedisAway
from gateway.telemetry import log
from gateway.watched import Watched
from resolvers import Settings, Unauthenticated
from schema import Principal

ASKED_AGAIN_S = 3.0
"""So long an answer of Redis counts: what is taken back there is refused within it."""
KEPT_ANSWERS = 10_000
_FOR_EVER = float("inf")


class RevocationSettings(Settings):
    file: Path | None = Field(
        None,
        description="YAML file with a list: jti, or sub and before, of each; read again when it changes.",
    )
    redis: bool = Field(False, description="What is revoked also stands in the Redis of server.redis.")
    on_failure: Literal["refuse", "allow"] = Field(
        "refuse",
        description="While Redis does not answer: refuse (503, but nobody is let in who was put out) or allow.",
    )

    @model_validator(mode="after")
    def _somewhere(self) -> RevocationSettings:
        if self.file is None and not self.redis:
            raise ValueError("revocation needs file or redis: { … }")
        return self

    def placed(self, base: Path) -> RevocationSettings:
        """The settings with the path of the file seen from ``base``."""
        return self if self.file is None else self.model_copy(update={"file": base / self.file})


class Revoked(Settings):
    """One entry: a token by ``jti``, or a caller by ``sub``."""

    iss: str | None = Field(None, description="Only tokens of this issuer; absent: of whichever.")
    jti: str | None = Field(None, min_length=1, description="The id of a token.")
    sub: str | None = Field(None, min_length=1, description="A caller: of a token, a certificate or an API key.")
    before: AwareDatetime | None = Field(
        None, description="Only what was issued before (iat), as 2027-01-01T00:00:00Z; absent: whatever he shows."
    )

    @model_validator(mode="after")
    def _one(self) -> Revoked:
        if (self.jti is None) == (self.sub is None):
            raise ValueError("an entry needs exactly one of jti and sub")
        if self.before is not None and self.sub is None:
            raise ValueError("before goes with sub")
        return self


_FILE: TypeAdapter[tuple[Revoked, ...]] = TypeAdapter(tuple[Revoked, ...])


@dataclass(frozen=True, slots=True)
class _List:
    """Keys are (iss, name), with ``None`` for every issuer; subjects → until when what was issued is refused."""

    tokens: frozenset[tuple[str | None, str]] = frozenset()
    subjects: Mapping[tuple[str | None, str], float] = field(default_factory=dict)

    def holds(self, shown: _Shown) -> bool:
        for issuer in (None, shown.issuer):
            if shown.token and (issuer, shown.token) in self.tokens:
                return True
            if any(shown.issued < self.subjects.get((issuer, name), 0.0) for name in shown.subjects):
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a caller's credential says of itself; ``issued`` is 0 where it does not say when."""

    issuer: str
    subjects: tuple[str, ...]
    token: str
    issued: float


def _shown(principal: Principal) -> _Shown:
    claims = principal.claims
    token, issued, subject = claims.get("jti"), claims.get("iat"), claims.get("sub")
    names = dict.fromkeys(name for name in (principal.subject, subject) if isinstance(name, str))
    return _Shown(
        str(claims.get("iss", "")),
        tuple(names),
        token if isinstance(token, str) else "",
        float(issued) if isinstance(issued, int | float) else 0.0,
    )


class Revocation:
    """``clock`` counts seconds and never goes back."""

    def __init__(
        self, settings: RevocationSettings, redis: Redis | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Reads the file.

        Raises:
            ConfigurationError: it cannot be read, or holds something else.
        """
        self._settings = settings
        self._redis = redis if settings.redis else None
        self._clock = clock
        self._file = None if settings.file is None else _watched(settings.file)
        self._cleared: OrderedDict[_Shown, float] = OrderedDict()

    def clears(self, principal: Principal) -> bool:
        """True where it can be said at once that a caller was not put out."""
        if self._redis is None:
            return self._file is None or not self._file.value.holds(_shown(principal))
        shown = _shown(principal)
        if self._file is not None and self._file.value.holds(shown):
            return False
        return self._cleared.get(shown, 0.0) > self._clock()

    async def check(self, principal: Principal) -> None:
        """Lets a caller pass who was not put out.

        Raises:
            Unauthenticated: he was, or his token was.
            CannotVerify: nobody knows, and the settings refuse him then.
        """
        if self.clears(principal):
            return
        shown = _shown(principal)
        if self._redis is None or (self._file is not None and self._file.value.holds(shown)):
            raise Unauthenticated("revoked")
        asked = self._clock()
        try:
            revoked = await self._in_redis(self._redis, shown)
        except RedisAway as error:
            log("revocation_unknown", level="warning", on_failure=self._settings.on_failure)
            if self._settings.on_failure == "refuse":
                raise CannotVerify from error
            return
        if revoked:
            self._cleared.pop(shown, None)
            raise Unauthenticated("revoked")
        self._cleared[shown] = asked + ASKED_AGAIN_S
        while len(self._cleared) > KEPT_ANSWERS:
            self._cleared.popitem(last=False)

    async def _in_redis(self, redis: Redis, shown: _Shown) -> bool:
        """Keys are ``revoked:jti:ID`` with any value, and ``revoked:sub:NAME`` with seconds since 1970, or ``*``."""
        keys = [redis.key("revoked", "sub", name) for name in shown.subjects]
        if shown.token:
            keys.append(redis.key("revoked", "jti", shown.token))
        found = await redis.ask("MGET", *keys)
        if shown.token and found.pop() is not None:
            return True
        return any(shown.issued < _before(value) for value in found if value is not None)

    async def look(self) -> None:
        if self._file is not None:
            await self._file.look()


def _before(value: object) -> float:
    """A value that is no number is one that nobody understands: what cannot be read puts out."""
    try:
        found = float(value) if isinstance(value, bytes | str | int | float) else _FOR_EVER
    except ValueError:
        return _FOR_EVER
    return found if found == found else _FOR_EVER  # noqa: PLR0124  # NaN


def _list(entries: Iterable[Revoked]) -> _List:
    tokens: set[tuple[str | None, str]] = set()
    subjects: dict[tuple[str | None, str], float] = {}
    for entry in entries:
        if entry.jti is not None:
            tokens.add((entry.iss, entry.jti))
        if entry.sub is not None:
            key = (entry.iss, entry.sub)
            until = _FOR_EVER if entry.before is None else entry.before.timestamp()
            subjects[key] = max(until, subjects.get(key, 0.0))
    return _List(frozenset(tokens), subjects)


def _watched(path: Path) -> Watched[_List]:
    return watched_list(path, _FILE, _list, ("server", "revocation", "file"), "revocation_not_read")
