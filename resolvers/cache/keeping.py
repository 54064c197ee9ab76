"""``Keeping``: what both ways of answering from a cache share: keys, owners, what is told, what a failure may hide."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import blake2b

from msgspec.structs import replace

from resolvers.cache.canonical import Canonical, Unwritable
from resolvers.cache.packed import Readers
from resolvers.cache.store import Stamp, Store
from resolvers.cache.tags import Tags
from resolvers.cache.told import Told
from resolvers.errors import Code, Forbidden, IsthmusError, SourceRejected, SourceTimeout, Unauthenticated
from resolvers.lifetime import Lifetime
from resolvers.source import ANONYMOUS, Aged, Call, Context, Journal, Source
from resolvers.tally import CacheTally
from resolvers.time_limits import TimeLimits

MAX_REFRESHES = 8
"""So many answers of one source are fetched anew at once with nobody waiting: what is stale must not drown what is
asked for."""
EARLY_S = 0.05
"""So long before its deadline a caller for whom there is something stale stops waiting for something fresh."""
DENIED = (SourceRejected, Forbidden, Unauthenticated)
"""After these nothing older is ever given: the source has answered."""
_FAILURES = frozenset(
    {Code.SOURCE_UNAVAILABLE, Code.SOURCE_TIMEOUT, Code.SOURCE_BAD_RESPONSE, Code.RATE_LIMITED, Code.TIMEOUT}
)
"""The errors in place of which something stale may be given. A source that answers that something is not there, or not
for this caller, has answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as it is found again. ``key``: of its answer. ``tags``: by which that is forgotten. ``owned``: it is one
    caller's.
    """

    key: bytes
    tags: tuple[str, ...]
    life: Lifetime
    owned: bool = False


class Keeping:
    """``version``: of the description and the settings; another one finds nothing of this one's."""

    def __init__(
        self, source: Source, store: Store, tally: CacheTally, tags: Tags, told: Told, *, version: str, timeout_s: float
    ) -> None:
        self.source = source
        self.store = store
        self.tally = tally
        self.readers = Readers()
        self.limits = TimeLimits()
        self.epoch = 0
        """Counts writes: what is asked for after one never waits for what was asked for before it."""
        self._tags = tags
        self._told = told
        self._version = version
        self._timeout_s = timeout_s
        self._canonical = Canonical()
        self._refreshes = 0
        self._faults = (
            _FAILURES | {Code.SOURCE_FAULT} if source.model.kind == "openapi" else _FAILURES
        )  # a fault of SOAP is an answer, as often as not

    def asked(self, call: Call, context: Context, life: Lifetime) -> Asked | None:
        """How the answer to a call is found; ``None`` where it cannot be kept."""
        try:
            text = self._canonical.of(call)
        except Unwritable:
            return None
        owner = self._told.owner(context, life.scope)
        if not owner and context.credential_class != ANONYMOUS and self._has_cursors(call):
            owner = context.credential_class
        marked = "" if call.exchange is None else "exchange"
        digest = blake2b(f"{self._version}\n{owner}\n{marked}\n{text}".encode("utf-8", "surrogatepass"), digest_size=20)
        return Asked(digest.digest(), self._tags.of_read(call, life.tags), life, bool(owner))

    def _has_cursors(self, call: Call) -> bool:
        """Whether an answer may hold cursors, which are good for the caller alone that they were given to."""
        operation = self.source.model.operations.get(call.operation)
        return operation is not None and bool(operation.connection_of)

    def note(self, asked: Asked, context: Context, stamp: Stamp | None, left_s: float) -> None:
        """Tells who would keep the whole answer of this part, which lives ``left_s`` from now; stale: not at all."""
        if context.parts is not None:
            if asked.owned:
                context.parts.sound = False
            else:
                context.parts.add(asked.tags, stamp, left_s)

    def is_guessed(self, call: Call) -> bool:
        """Whether nobody stated that the call's operation takes many keys."""
        keys = self.source.model.operations[call.operation].keys
        return keys is not None and keys.guessed

    def tell(self, call: Call, context: Context, age_s: float, *, stale: bool) -> None:
        """Notes that something kept was given."""
        at = (self.source.model.name, call.operation)
        known = context.aged.get(at)
        if known is None or known.age_s < age_s:
            context.aged[at] = Aged(age_s, stale or (known is not None and known.stale))

    def hides(self, error: Exception) -> bool:
        """Whether something stale may be given in place of an error."""
        return isinstance(error, TimeoutError) or (isinstance(error, IsthmusError) and error.code in self._faults)

    def flying(self, context: Context, *, wanted: bool) -> Context:
        """What a call goes with that several may wait for. It has the source's own time: who began it may have less.

        ``wanted``: nobody waits for it, and no request's journal tells of it.
        """
        due = asyncio.get_running_loop().time() + self._timeout_s
        if not wanted:
            return replace(context, deadline=due)
        return replace(context, deadline=due, journal=Journal(), session={}, dropped={}, misnamed={}, aged={})

    def may_refresh(self) -> bool:
        """Whether one more answer may be fetched anew with nobody waiting; if so it counts until ``refreshed``."""
        if self._refreshes >= MAX_REFRESHES:
            return False
        self._refreshes += 1
        return True

    def refreshed(self) -> None:
        """One of them has ended."""
        self._refreshes -= 1


def late(call: Call) -> SourceTimeout:
    """The error of a caller whose time ran out while a call that is shared was under way."""
    return SourceTimeout(f"{call.operation} was still under way at the deadline")
