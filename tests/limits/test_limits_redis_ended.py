"""A Redis that ends: what was open to it is closed, not kept until it is used again."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from gateway.redis import RedisAway, RedisSettings, open_redis


def to(port: int) -> int:
    """How many sockets of this machine are connected to ``port``, half-closed ones too (proc(5), /proc/net/tcp)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]]
    return sum(int(line[2].rpartition(":")[2], 16) == port and line[3] in {"01", "08"} for line in lines)


async def test_connections_to_a_redis_that_ended_are_closed() -> None:
    writers: list[asyncio.StreamWriter] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                await asyncio.sleep(0.05)  # so that each of those who ask together needs a connection
                writer.write(b"+OK\r\n" * 3)

    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    redis = open_redis(RedisSettings(url=f"redis://127.0.0.1:{port}/0", timeout_s=5))
    try:
        await asyncio.gather(*(redis.ask("PING") for _ in range(6)))
        assert to(port) >= 6
        server.close()
        for writer in writers:
            writer.close()
        with contextlib.suppress(RedisAway):
            while True:
                await redis.ask("PING")
        async with asyncio.timeout(10):
            while to(port):  # noqa: ASYNC110  # sockets of the machine: there is nothing to await
                await asyncio.sleep(0.02)
    finally:
        await redis.close()
