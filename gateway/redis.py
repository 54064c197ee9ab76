"""``Redis``: what the processes of one gateway share, asked within a bound of time and never waited for longer.

What keys and scripts mean is the business of who asks. Where Redis is away, who asks is told so at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import re
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from gateway.telemetry import log
from resolvers import ConfigurationError, Problem, Settings

REST_S = 1.0
"""So long nobody is asked after a failure: a Redis that is away must not cost every request its whole time."""
MAX_CONNECTIONS = 64


class RedisSettings(Settings):
    url: SecretStr = Field(description="Where it is: redis://user:password@host:6379/0, or rediss:// for TLS.")
    timeout_s: float = Field(0.05, gt=0, le=5, description="Longest wait for one answer, connecting included.")
    prefix: str = Field("isthmus:", max_length=64, description="Before every key: gateways of one prefix share.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            sound = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        else:
            # What stands behind a question mark could turn the checks of certificates off.
            sound = sound and re.fullmatch(r"/?[0-9]*", parts.path) is not None and not parts.query + parts.fragment
        if not sound:
            message = "an address such as redis://host:6379/0 is needed (rediss:// for TLS)"
            raise ValueError(message)
        return url


class RedisAway(Exception):
    """There was no answer in time, or Redis refused; nobody knows whether the command was carried out."""


class Script:
    """A Lua script, which Redis runs as one step."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Redis:
    """One Redis, with a few connections that are opened when they are needed."""

    def __init__(self, settings: RedisSettings, client: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._rests_until = 0.0
        self._dropping: asyncio.Task[None] | None = None

    def key(self, *parts: str) -> str:
        """A key of this gateway, its parts joined by colons."""
        return self._settings.prefix + ":".join(parts)

    async def ask(self, *command: str | bytes | float) -> Any:
        """The answer to one command (``ask("GET", key)``): bytes, int, a list of them, or ``None``.

        Raises:
            RedisAway: none came within ``timeout_s``, or none was asked for so soon after the last failure.
        """
        return await self._asked(command)

    async def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | bytes | float]) -> Any:
        """The answer of a script; ``keys`` and ``arguments`` are what it sees as ``KEYS`` and ``ARGV``.

        Raises:
            RedisAway: as ``ask``.
        """
        rest = (len(keys), *keys, *arguments)
        answer = await self._asked(("EVALSHA", script.digest, *rest), unknown=True)
        return await self._asked(("EVAL", script.text, *rest)) if answer is _UNKNOWN else answer

    async def _asked(self, command: Sequence[str | bytes | float], *, unknown: bool = False) -> Any:
        if self._clock() < self._rests_until:
            raise RedisAway("it did not answer a moment ago")
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self._client.execute_command(*command)
        except Exception as error:
            if unknown and type(error).__name__ == "NoScriptError":
                return _UNKNOWN
            if self._clock() >= self._rests_until:  # of those who asked together one tells
                log("redis_away", level="warning", detail=f"{type(error).__name__}: {error}")
                self._dropping = asyncio.create_task(self._drop())
            self._rests_until = self._clock() + REST_S
            raise RedisAway(type(error).__name__) from error

    async def _drop(self) -> None:
        """Gives back connections that nobody uses: those to a Redis that ended would stay open until they are used."""
        with contextlib.suppress(Exception):
            await self._client.connection_pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """Gives back connections; called once."""
        if self._dropping is not None:
            await self._dropping
        await self._client.aclose()


_UNKNOWN = object()


def open_redis(settings: RedisSettings) -> Redis:
    """The Redis that ``settings`` name; nothing is connected yet.

    Raises:
        ConfigurationError: the library is not installed.
    """
    try:
        library = importlib.import_module("redis.asyncio")
    except ModuleNotFoundError as error:
        what, mend = "server.redis needs the library redis, which is not installed", "pip install 'isthmus[redis]'"
        raise ConfigurationError([Problem(what, ("server", "redis"), mend)]) from error
    never = importlib.import_module("redis.asyncio.retry").Retry(
        importlib.import_module("redis.backoff").NoBackoff(), 0
    )
    pool = library.BlockingConnectionPool.from_url(
        settings.url.get_secret_value(),
        max_connections=MAX_CONNECTIONS,
        timeout=settings.timeout_s,
        socket_timeout=settings.timeout_s,
        socket_connect_timeout=settings.timeout_s,
        retry=never,  # a script that takes something must not take it twice
        client_name="isthmus",
    )
    return Redis(settings, library.Redis.from_pool(pool))
