"""Settings become the store that answers are kept in."""

from __future__ import annotations

from gateway.kept.redis_store import RedisStore
from gateway.kept.settings import KeptSettings
from gateway.redis import Redis
from resolvers import MemoryStore, Store


def open_store(settings: KeptSettings, redis: Redis | None) -> Store:
    """``redis``: ``server.redis``, which is there where ``store: redis`` is."""
    if settings.store == "redis":
        assert redis is not None, "the settings of the server refuse it"
        return RedisStore(redis, settings.max_entry_bytes)
    return MemoryStore(settings.max_bytes, max_entry_bytes=settings.max_entry_bytes)
