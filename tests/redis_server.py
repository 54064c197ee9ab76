"""A real Redis for tests: where it is, and one that stands for a Redis that has stopped answering."""

from __future__ import annotations

import os
import secrets

import redis

from tests.services import missing

URL = os.environ.get("ISTHMUS_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")


def settings(**more: object) -> dict[str, object]:
    """``server.redis`` for a gateway of its own: its prefix is used by no other test."""
    try:
        redis.Redis.from_url(URL, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        missing(f"no Redis for this test at ISTHMUS_TEST_REDIS_URL: {type(error).__name__}")
    return {"url": URL, "prefix": f"isthmus-test-{secrets.token_hex(6)}:", "timeout_s": 2.0, **more}
