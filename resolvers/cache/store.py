"""Where what is kept lies: the ``Store`` protocol, and one in the memory of this process, bounded in bytes.

A store knows keys, bytes and tags; what they mean, and for how long something is fresh, is decided before it. An entry
belongs to the versions that its tags had before it was asked for: forgetting a tag gives it another version.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from resolvers.tally import CacheTally

Stamp: TypeAlias = "tuple[object, ...]"
"""The versions of tags at one moment, in the order that the tags were named."""


@dataclass(frozen=True, slots=True)
class Kept:
    """``count``: how many items ``data`` has, where it is a part of a list. ``age_s``: since it was put there."""

    data: bytes
    count: int
    age_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for each key that was asked, in their order. ``stamp``: ``None`` where nothing can be kept now."""

    entries: Sequence[Kept | None]
    stamp: Stamp | None


class Store(Protocol):
    """Keeps bytes. No method raises: what goes wrong in a store is a miss."""

    @property
    def max_entry_bytes(self) -> int:
        """Larger ones are not kept."""

    async def read(self, keys: Sequence[bytes], tags: Sequence[str], tally: CacheTally) -> Found:
        """What is kept under each key, of the versions that ``tags`` have now."""

    async def write(
        self,
        items: Sequence[tuple[bytes, int, bytes]],
        tags: Sequence[str],
        stamp: Stamp,
        kept_s: float,
        tally: CacheTally,
    ) -> None:
        """Keeps (key, count, data) for ``kept_s`` seconds, as of ``stamp``. ``tally``: of whose entries they are."""

    async def drop(self, keys: Sequence[bytes]) -> None:
        """Forgets what is kept under the keys."""

    async def forget(self, tags: Sequence[str], tally: CacheTally) -> None:
        """Gives every tag a new version, so that nobody finds what was asked for before this began."""

    async def close(self) -> None:
        """Gives back connections; whoever asks again makes new ones."""


OVERHEAD_BYTES = 420
"""What an entry costs in memory beside its key and its data, as measured (``tests/caching``): the objects themselves,
and its place in the dictionary."""


@dataclass(slots=True)
class _Entry:
    data: bytes
    count: int
    at: float
    until: float
    stamp: Stamp
    size: int
    tally: CacheTally


class MemoryStore:
    """Entries of this process, the ones used longest ago forgotten first. ``clock`` never goes back."""

    def __init__(
        self, max_bytes: int, *, max_entry_bytes: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_bytes = max_bytes
        # One entry must not push out all others.
        self.max_entry_bytes = min(max_bytes // 8, max_entry_bytes or max_bytes)
        self._clock = clock
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._versions: dict[str, int] = {}
        self._newest = 0
        """No two tags ever have one version, but for 0: a stamp says nothing of which tags it is of."""
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def read(self, keys: Sequence[bytes], tags: Sequence[str], tally: CacheTally) -> Found:  # noqa: ARG002  # nothing fails here
        """As ``Store.read``."""
        stamp = tuple([self._versions.get(tag, 0) for tag in tags])
        now = self._clock()
        return Found([self._get(key, stamp, now) for key in keys], stamp)

    def _get(self, key: bytes, stamp: Stamp, now: float) -> Kept | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.stamp != stamp or now >= entry.until:
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        return Kept(entry.data, entry.count, now - entry.at)

    async def write(
        self,
        items: Sequence[tuple[bytes, int, bytes]],
        tags: Sequence[str],
        stamp: Stamp,
        kept_s: float,
        tally: CacheTally,
    ) -> None:
        """As ``Store.write``."""
        if stamp != tuple([self._versions.get(tag, 0) for tag in tags]):
            return
        now = self._clock()
        for key, count, data in items:
            self._remove(key)
            size = OVERHEAD_BYTES + len(key) + len(data)
            if size > self.max_entry_bytes:
                continue
            self._entries[key] = _Entry(data, count, now, now + kept_s, stamp, size, tally)
            self.bytes += size
            tally.bytes += size
        while self.bytes > self._max_bytes:
            key = next(iter(self._entries))
            self._entries[key].tally.evicted += 1
            self._remove(key)

    async def drop(self, keys: Sequence[bytes]) -> None:
        """As ``Store.drop``."""
        for key in keys:
            self._remove(key)

    async def forget(self, tags: Sequence[str], tally: CacheTally) -> None:  # noqa: ARG002  # nothing fails here
        """As ``Store.forget``; entries go when they are looked for, or when others need their place."""
        for tag in tags:
            self._newest += 1
            self._versions[tag] = self._newest

    async def close(self) -> None:
        """As ``Store.close``; what is kept stays."""

    def _remove(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry.size
            entry.tally.bytes -= entry.size
