"""``FetchedKeys``: a key set that comes over the network, kept fresh. What it holds is ``keys.py``'s.

Nobody waits for a refresh while a set is there, and the last good one outlives the outage of its host by a day.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.identity.doubt import CannotVerify
from gateway.identity.fetching import FAILURES
from gateway.identity.keys import VerifyKey, choose, parse_set
from gateway.telemetry import log

FETCH_TIMEOUT_S = 3.0
COOLDOWN_S = 30.0
FRESH_S = 300.0
STALE_S = 86_400.0
RETRY_S = 1.0
"""How long a host that failed is left alone while there is no set at all."""


class Fetch(Protocol):
    async def fetch(self) -> bytes:
        """The set as it is now. Raises: one of FAILURES."""


class FetchedKeys:
    """A key set of one issuer: one fetch at a time, refreshed in the background, the last good one kept for a day.

    A key id that is not in the set causes at most one fetch per ``COOLDOWN_S``, whoever asks. ``issuer`` is for the
    log.
    """

    def __init__(self, source: Fetch, issuer: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._issuer = issuer
        self._clock = clock
        self._keys: tuple[VerifyKey, ...] = ()
        self._fetched = self._tried = -1e18
        self._flight: asyncio.Task[None] | None = None
        self.generation = 0
        self.failures = 0

    @property
    def age_s(self) -> float | None:
        return self._clock() - self._fetched if self._keys else None

    def freshen(self) -> None:
        now = self._clock()
        if now - self._fetched > FRESH_S and now - self._tried >= self._pause:
            self._start()

    async def find(self, kid: str | None, algorithm: str) -> Sequence[VerifyKey]:
        if not self.usable:
            await self._refresh()
            if not self.usable:
                raise CannotVerify
        self.freshen()
        found = choose(self._keys, kid, algorithm)
        if not found and kid is not None:
            await self._refresh()
            found = choose(self._keys, kid, algorithm)
        return found

    @property
    def usable(self) -> bool:
        return bool(self._keys) and self._clock() - self._fetched <= STALE_S

    @property
    def _pause(self) -> float:
        return COOLDOWN_S if self._keys else RETRY_S

    async def close(self) -> None:
        """Ends a fetch under way."""
        if self._flight is not None and not self._flight.done():
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _start(self) -> asyncio.Task[None]:
        if self._flight is None or self._flight.done():
            self._tried = self._clock()
            self._flight = asyncio.create_task(self._fetch())
        return self._flight

    async def _refresh(self) -> None:
        flying = self._flight is not None and not self._flight.done()
        if flying or self._clock() - self._tried >= self._pause:
            await asyncio.shield(self._start())  # shared: one caller's leaving must not end it for the others

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                keys = parse_set(await self._source.fetch())
        except FAILURES as error:
            # The last good set stays; find() says when it is too old.
            self.failures += 1
            log("keys_not_fetched", level="warning", issuer=self._issuer, reason=type(error).__name__)
            return
        self._fetched = self._clock()
        if keys != self._keys:
            self._keys = keys
            self.generation += 1
