"""Replies of one source kept in memory by the rules of HTTP caching (RFC 9111), bounded in bytes.

What a reply allows is decided in ``freshness.py``. A kept reply is found by its method, its address, all headers of
its request and the caller whose rights it was sent with: whatever ``Vary`` may name, no two requests that differ share
a reply.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypedDict
from urllib.parse import urldefrag, urljoin

from msgspec.structs import replace

from resolvers.credentials import origin
from resolvers.freshness import Kept, kept, may_be_asked, renewed
from resolvers.http import Http, Reply, Request
from resolvers.trace import TRACED

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
_OVERHEAD_BYTES = 1024
"""What an entry costs beside its body and its headers, more or less."""
_NOT_MODIFIED = 304


class ReplyStore:
    """Kept replies, the ones used longest ago forgotten first; ``max_bytes`` counts bodies and headers."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._by_path: dict[str, set[bytes]] = {}
        self.bytes = 0
        self.writes = 0
        """Counts invalidations, so that a reply that was under way during one is not kept."""

    def get(self, key: bytes) -> Kept | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry.kept

    def put(self, key: bytes, url: str, item: Kept) -> None:
        """Keeps a reply, unless it is larger than an eighth of the store."""
        self.drop(key)
        headers = sum(len(name) + len(value) for name, value in item.reply.headers.items())
        size = _OVERHEAD_BYTES + len(item.reply.body) + headers + len(url)
        if size > self._max_bytes // 8:
            return
        path = _path(url)
        self._entries[key] = _Entry(item, size, path)
        self._by_path.setdefault(path, set()).add(key)
        self.bytes += size
        while self.bytes > self._max_bytes:
            self.drop(next(iter(self._entries)))

    def drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.bytes -= entry.size
        keys = self._by_path[entry.path]
        keys.discard(key)
        if not keys:
            del self._by_path[entry.path]

    def invalidate(self, url: str) -> None:
        """Forgets what is kept of an address, whatever its query: what was written may stand in all of them."""
        self.writes += 1
        for key in tuple(self._by_path.get(_path(url), ())):
            self.drop(key)


class _Facts(TypedDict):
    shared: bool
    now: float
    asked: float
    wall: float


@dataclass(frozen=True, slots=True)
class _Entry:
    kept: Kept
    size: int
    path: str


class CachingClient:
    """Sends as the client inside does, and does not where a kept reply answers.

    A reply to a request without an owner may serve several callers, whom the source cannot tell apart: there
    ``private`` ones are not kept, and ``s-maxage`` counts. What has an owner is kept for that one alone. ``clock``
    never goes back; ``wall`` gives seconds since 1970.
    """

    def __init__(
        self,
        http: Http,
        store: ReplyStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._store = store
        self._clock = clock
        self._wall = wall

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``HttpClient.send``."""
        if request.method not in _SAFE:
            return await self._write(request, timeout, resendable=resendable)
        if not may_be_asked(request):
            return await self._http.send(request, timeout=timeout, resendable=resendable)
        key = _key(request)
        asked, writes = self._clock(), self._store.writes
        held = self._store.get(key)
        if held is not None and asked < held.until:
            return held.reply
        asking = request
        if held is not None:
            asking = replace(request, headers={**request.headers, **held.validators})
        reply = await self._http.send(asking, timeout=timeout, resendable=resendable)
        if held is not None and reply.status == _NOT_MODIFIED:
            reply, item = renewed(held, reply, **self._facts(request, asked))
        else:
            item = kept(reply, **self._facts(request, asked))
        if writes != self._store.writes:
            return reply
        if item is not None:
            self._store.put(key, request.url, item)
        elif reply.status < 500:
            self._store.drop(key)
        return reply

    async def _write(self, request: Request, timeout: float, *, resendable: bool) -> Reply:  # noqa: ASYNC109
        """Section 4.4: what a write touches is forgotten, once it was or may have been carried out."""
        try:
            reply = await self._http.send(request, timeout=timeout, resendable=resendable)
        except BaseException:
            self._store.invalidate(request.url)
            raise
        if resendable:
            return reply  # the configuration says that it only reads
        self._store.invalidate(request.url)
        for header in ("location", "content-location"):
            touched = _touched(request.url, reply.headers.get(header, ""))
            if touched:
                self._store.invalidate(touched)
        return reply

    def _facts(self, request: Request, asked: float) -> _Facts:
        return {"shared": not request.owner, "now": self._clock(), "asked": asked, "wall": self._wall()}

    async def close(self) -> None:
        """Closes every connection."""
        await self._http.close()


def _key(request: Request) -> bytes:
    digest = blake2b(f"{request.owner}\n{request.method} {request.url}\n".encode(), digest_size=32)
    for name, value in sorted((name.lower(), value) for name, value in request.headers.items()):
        if name in TRACED:
            continue  # it names a call, and no two calls would ever have one reply
        digest.update(f"{name}: {value}\n".encode())
    return digest.digest()


def _touched(url: str, named: str) -> str:
    """The address at the same origin that a reply names; empty where it names another, or none that can be read.

    The write is done by then, so that nothing in its reply may turn it into an error.
    """
    try:
        touched = urldefrag(urljoin(url, named)).url
        return touched if origin(touched) == origin(url) else ""
    except ValueError:
        return ""


def _path(url: str) -> str:
    return url.partition("?")[0]
