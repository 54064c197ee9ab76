"""A raw HTTP client that keeps its connections and counts every failure: nothing is tried again, nothing is hidden."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
LATE_S = 60.0


def post(query: str, **variables: object) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Caller:
    """One caller: asks, waits, asks again on the same connection for as long as the server lets it be."""

    def __init__(self, host: str, port: int) -> None:
        self._at = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.connections = 0

    async def ask(self, content: bytes) -> tuple[int, Any]:
        """The status and body of the answer.

        Raises:
            OSError: the connection could not be made, or ended before there was a whole answer.
        """
        async with asyncio.timeout(LATE_S):
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._at)
                self.connections += 1
            reader, writer = self._streams
            try:
                writer.write(content)
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                assert length is not None, head
                body = await reader.readexactly(int(length[1]))
            except asyncio.IncompleteReadError as error:
                self.leave()
                raise ConnectionResetError(f"ended after {len(error.partial)} bytes") from error
            except BaseException:
                self.leave()
                raise
            if CLOSES.search(head):
                self.leave()
            status = int(head[9:12])
            return status, json.loads(body) if b"json" in head else body.decode()  # a proxy's own are pages

    def leave(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Load:
    """Callers that ask until they are told to stop. ``failures``: what came instead of a good answer, and how often."""

    def __init__(self, host: str, port: int, content: bytes, callers: int) -> None:
        self.good = 0
        self.failures: Counter[str] = Counter()
        self._content = content
        self._callers = [Caller(host, port) for _ in range(callers)]
        self._stopping = False

    @property
    def connections(self) -> int:
        return sum(each.connections for each in self._callers)

    async def run(self, until: Callable[[Load], bool], meanwhile: Awaitable[object] | None = None) -> None:
        async def one(caller: Caller) -> None:
            while not self._stopping:
                try:
                    status, body = await caller.ask(self._content)
                except (OSError, TimeoutError) as error:
                    self.failures[f"{type(error).__name__}: {error}"] += 1
                else:
                    if status == 200 and "errors" not in body:
                        self.good += 1
                    else:
                        self.failures[f"{status}: {json.dumps(body)[:200]}"] += 1
                if until(self):
                    self._stopping = True
            caller.leave()

        tasks = [asyncio.create_task(one(each)) for each in self._callers]
        if meanwhile is not None:
            await meanwhile
        await asyncio.gather(*tasks)
