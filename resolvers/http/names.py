"""``Names``: the addresses of hosts, asked for off the event loop, and used longer while nobody knows better.

A system's resolver says nothing of how long an answer holds, so it is asked again soon. What is kept outlives the
resolver: a name server that is down, or slow, takes nothing away that was known a few minutes ago.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger("isthmus.sources")
Lookup = Callable[[str, int], Awaitable[Sequence[Any]]]
"""Gives what a host and a port are as entries of ``getaddrinfo``, or raises ``OSError``."""
FRESH_S = 30.0
"""So long nobody asks again: the time to live that most names of services have."""
GOOD_S = FRESH_S + 300.0
"""So long the last answer is used where no new one comes."""
LOOKUP_S = 2.0
"""So long is waited for an answer. The one that comes later is there for the next call."""
_NO_SUCH = frozenset({socket.EAI_NONAME, *([socket.EAI_NODATA] if hasattr(socket, "EAI_NODATA") else [])})
"""A name server that says that there is no such name has answered: what was there before is another's by now."""


async def system(host: str, port: int) -> Sequence[Any]:
    """What this machine's resolver says, asked in a thread."""
    loop = asyncio.get_running_loop()
    found: Sequence[Any] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return found


@dataclass(slots=True)
class _Known:
    """``found``: the last answer, of the time ``at``. ``doubted``: nobody could be reached there since."""

    found: Sequence[Any] = ()
    at: float = float("-inf")
    doubted: bool = False
    asking: asyncio.Task[Sequence[Any]] | None = field(default=None, repr=False)


class Names:
    """Of the hosts of one source. ``clock`` never goes back, in seconds; ``patience_s``: longest wait for an answer."""

    def __init__(
        self, lookup: Lookup = system, *, clock: Callable[[], float] = time.monotonic, patience_s: float = LOOKUP_S
    ) -> None:
        self._lookup = lookup
        self._patience_s = patience_s
        self._clock = clock
        self._known: dict[tuple[str, int], _Known] = {}

    async def addresses(self, host: str, port: int) -> Sequence[Any]:
        """The addresses of a host, at least one.

        Raises:
            OSError: there is no such name, or nobody could say and nothing is known of it.
            UnicodeError: it is no name.
        """
        known = self._known.setdefault((host, port), _Known())
        if not known.doubted and self._clock() - known.at < FRESH_S:
            return known.found
        if known.asking is None:
            known.asking = asyncio.get_running_loop().create_task(self._ask(known, host, port))
            known.asking.add_done_callback(_heard)
        asking = known.asking
        await asyncio.wait({asking}, timeout=self._patience_s)
        error: BaseException | None = TimeoutError("no name server answered in time")
        if asking.done():
            error = OSError("the question was given up") if asking.cancelled() else asking.exception()
            if error is None:
                return asking.result()
            if not _is_passing(error):
                self._known.pop((host, port), None)
                raise error
        if known.found and self._clock() - known.at < GOOD_S:
            _log.warning("no name server says where %s is: its last addresses are used", host)
            return known.found
        assert error is not None
        raise error

    def doubt(self, host: str, port: int) -> None:
        """Nobody could be reached there: the next one asks anew where it is."""
        known = self._known.get((host, port))
        if known is not None:
            known.doubted = True

    def forget(self) -> None:
        """Nothing is known any longer, and nothing is waited for."""
        for known in self._known.values():
            if known.asking is not None:
                known.asking.cancel()
        self._known.clear()

    async def _ask(self, known: _Known, host: str, port: int) -> Sequence[Any]:
        try:
            found = await self._lookup(host, port)
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "no address")
            known.found, known.at, known.doubted = found, self._clock(), False
            return found
        finally:
            known.asking = None


def _heard(asking: asyncio.Task[Sequence[Any]]) -> None:
    """Who waited for an answer and left it has nothing to hear of an error that comes later."""
    if not asking.cancelled():
        asking.exception()


def _is_passing(error: BaseException) -> bool:
    """Whether an error says nothing of the name."""
    if isinstance(error, socket.gaierror):
        return error.errno not in _NO_SUCH
    return isinstance(error, OSError)
