"""What the processes of a gateway share lies in a real Redis; one that is away holds nobody up."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from gateway.redis import RedisAway, RedisSettings, Script, open_redis
from tests.redis_server import settings


async def test_commands_and_scripts_are_answered_and_keys_have_a_prefix() -> None:
    chosen = RedisSettings.model_validate(settings())
    shared = open_redis(chosen)
    try:
        key = shared.key("a", "b")
        assert key == f"{chosen.prefix}a:b"
        assert await shared.ask("GET", key) is None
        await shared.ask("SET", key, "7", "PX", 60_000)
        assert await shared.ask("GET", key) == b"7"
        twice = Script(f"return tonumber(redis.call('GET', KEYS[1])) * ARGV[1] -- {chosen.prefix}")
        assert [await shared.run(twice, [key], [2]) for _ in range(2)] == [14, 14]
        assert await shared.ask("DEL", key) == 1
    finally:
        await shared.close()


async def test_a_redis_that_does_not_answer_is_away_within_its_time_and_then_at_once() -> None:
    now = 0.0
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        shared = open_redis(RedisSettings.model_validate({"url": url, "timeout_s": 0.05}))
        shared._clock = lambda: now
        began = time.monotonic()
        with pytest.raises(RedisAway):
            await asyncio.wait_for(shared.ask("PING"), 5)
        assert time.monotonic() - began < 4  # the seconds that the library itself would wait
        with pytest.raises(RedisAway, match="a moment ago"):
            await shared.ask("PING")
        now = 1.1
        with pytest.raises(RedisAway, match="Timeout"):
            await shared.ask("PING")
        await shared.close()


@pytest.mark.parametrize("url", ["http://a", "redis://", "redis://a:x", "redis://a/b", "redis://a?ssl_cert_reqs=none"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis://host:6379/0"):
        RedisSettings.model_validate({"url": url})
