"""``RedisStore``: answers that the processes of one gateway share in Redis. Whatever is wrong with it is a miss.

An entry holds its age, the versions of its tags, and a check of its bytes. A version is a random number that is made
when it is asked for first: where Redis evicts one, everything under it is gone, and never comes back.
"""

from __future__ import annotations

import secrets
import struct
import time
import zlib
from collections.abc import Callable, Sequence

from gateway.redis import Redis, RedisAway, Script
from resolvers import CacheTally, Found, Kept, Stamp

_HEAD = struct.Struct("!2sBdII")
"""A mark, the number of this form, when it was put there (seconds since 1970), how many items it has, and the check."""
_MARK, _FORM = b"ik", 1
_VERSION_BYTES = 8
_VERSIONS_KEPT_MS = 30 * 86_400_000
"""What nobody asked for in a month is made anew, and all that is under it with it."""

_MOST_KEYS = 4000
"""Lua does not take many more at once; who asks for more keys in one call than this asks the source."""

_READ = Script("""
local given = redis.call('MGET', unpack(KEYS))
local first = #KEYS - tonumber(ARGV[1]) + 1
for at = first, #KEYS do
  if not given[at] then
    given[at] = ARGV[at - first + 3]
    redis.call('SET', KEYS[at], given[at], 'PX', ARGV[2])
  end
end
return given
""")
"""KEYS: of entries, then of versions. ARGV: how many versions, how long they live, and one for each that lacks."""

_WRITE = Script("""
for at = 1, #KEYS do redis.call('SET', KEYS[at], ARGV[at + 1], 'PX', ARGV[1]) end
""")


class RedisStore:
    """``wall``: seconds since 1970, which is what processes agree on."""

    def __init__(self, redis: Redis, max_entry_bytes: int, *, wall: Callable[[], float] = time.time) -> None:
        self.max_entry_bytes = max_entry_bytes
        self._redis = redis
        self._wall = wall
        self._owed: set[str] = set()
        """Tags that were to be forgotten while Redis was away; nothing is read before it knows of them."""

    async def read(self, keys: Sequence[bytes], tags: Sequence[str], tally: CacheTally) -> Found:
        """As ``Store.read``."""
        if self._owed and not await self._paid(tally):
            return Found([None] * len(keys), None)
        names = [*map(self._entry, keys), *map(self._version, tags)]
        if len(names) > _MOST_KEYS:
            return Found([None] * len(keys), None)
        fresh = [secrets.token_bytes(_VERSION_BYTES) for _ in tags]
        try:
            given = await self._redis.run(_READ, names, [len(tags), _VERSIONS_KEPT_MS, *fresh])
        except RedisAway:
            tally.failures += 1
            return Found([None] * len(keys), None)
        if not isinstance(given, list) or len(given) != len(names):
            tally.failures += 1
            return Found([None] * len(keys), None)
        stamp = tuple(given[len(keys) :])
        now = self._wall()
        return Found([self._opened(blob, stamp, now, tally) for blob in given[: len(keys)]], stamp)

    def _opened(self, blob: bytes | None, stamp: Stamp, now: float, tally: CacheTally) -> Kept | None:
        if blob is None:
            return None
        try:
            mark, form, at, count, check = _HEAD.unpack_from(blob)
        except (struct.error, TypeError):
            tally.failures += 1
            return None
        if mark != _MARK or form != _FORM:
            tally.failures += 1
            return None
        rest = blob[_HEAD.size :]
        if zlib.crc32(rest) != check:
            tally.failures += 1
            return None
        versions = _joined(stamp)
        if not rest.startswith(versions):
            return None  # it was forgotten
        return Kept(rest[len(versions) :], count, max(0.0, now - at))

    async def write(
        self,
        items: Sequence[tuple[bytes, int, bytes]],
        tags: Sequence[str],  # noqa: ARG002  # the stamp names their versions, and an old one is never found
        stamp: Stamp,
        kept_s: float,
        tally: CacheTally,
    ) -> None:
        """As ``Store.write``."""
        versions, now = _joined(stamp), self._wall()
        small = [item for item in items if len(item[2]) <= self.max_entry_bytes]
        if not small:
            return
        blobs = []
        for _, count, data in small:
            rest = versions + data
            blobs.append(_HEAD.pack(_MARK, _FORM, now, count, zlib.crc32(rest)) + rest)
        try:
            names = [self._entry(key) for key, _, _ in small]
            await self._redis.run(_WRITE, names, [max(1, int(kept_s * 1000)), *blobs])
        except RedisAway:
            tally.failures += 1

    async def drop(self, keys: Sequence[bytes]) -> None:
        """As ``Store.drop``."""
        if keys:
            try:
                await self._redis.ask("DEL", *map(self._entry, keys))
            except RedisAway:
                return  # it is found to be no good again

    async def forget(self, tags: Sequence[str], tally: CacheTally) -> None:
        """As ``Store.forget``; while Redis is away this process gives nothing that it should have forgotten. Others
        may, for as long as it lives.
        """
        self._owed.update(tags)
        await self._paid(tally)

    async def close(self) -> None:
        """As ``Store.close``."""
        await self._redis.close()

    async def _paid(self, tally: CacheTally) -> bool:
        """Whether Redis knows of everything that is to be forgotten."""
        owed = list(self._owed)
        try:
            for tag in owed:
                version = secrets.token_bytes(_VERSION_BYTES)
                await self._redis.ask("SET", self._version(tag), version, "PX", _VERSIONS_KEPT_MS)
        except RedisAway:
            tally.failures += 1
            return False
        self._owed.difference_update(owed)
        return True

    def _entry(self, key: bytes) -> str:
        return self._redis.key("kept", key.hex())

    def _version(self, tag: str) -> str:
        return self._redis.key("version", tag)


def _joined(stamp: Stamp) -> bytes:
    return b"".join(part for part in stamp if isinstance(part, bytes))
