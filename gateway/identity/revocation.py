"""What was taken back before its time: tokens by their id, callers by their name, in a file and in a Redis.

A list says only what no longer holds; whether a credential was ever valid was settled before it is asked.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from gateway.identity.doubt import CannotVerify
from gateway.identity.revoked import FOR_EVER, Shown, shown_by, watched_revoked
from gateway.redis import Redis, RedisAway
from gateway.telemetry import log
from resolvers import Settings, Unauthenticated
from schema import Principal

ASKED_AGAIN_S = 3.0
"""So long an answer of Redis counts: what is taken back there is refused within it."""
KEPT_ANSWERS = 10_000


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
        self._file = None if settings.file is None else watched_revoked(settings.file)
        self._cleared: OrderedDict[Shown, float] = OrderedDict()

    def clears(self, principal: Principal) -> bool:
        """True where it can be said at once that a caller was not put out."""
        if self._redis is None:
            return self._file is None or not self._file.value.holds(shown_by(principal))
        shown = shown_by(principal)
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
        shown = shown_by(principal)
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

    async def _in_redis(self, redis: Redis, shown: Shown) -> bool:
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
        found = float(value) if isinstance(value, bytes | str | int | float) else FOR_EVER
    except ValueError:
        return FOR_EVER
    return found if found == found else FOR_EVER  # noqa: PLR0124  # NaN
