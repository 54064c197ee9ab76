"""An open load: requests that begin at times of their own, and what came of each.

It knows HTTP/1.1 as far as our own server speaks it, and nothing of what is measured with it.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LATE_S = 30.0
_FRESH_S = 3.0
"""Connections that were idle for longer are not used: the server closes them after five seconds."""
_CONNECTIONS = 900
"""As a proxy before the gateway keeps them; who finds none free waits, and its latency counts that. Without a bound the
server's own bound for one address (``server.limits.max_connections_per_address``) would be what is measured."""
_TURN = 32
"""So many begin before answers are read again, however late the generator is."""


@dataclass(slots=True)
class Tally:
    """Latencies in seconds, by what was answered; ``lost``: connections that ended instead."""

    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    other: int = 0
    lost: int = 0

    def line(self, name: str, seconds: float) -> str:
        return (
            f"| {name} | {len(self.accepted) / seconds:.0f} | {_quantile(self.accepted, 0.5):.0f} | "
            f"{_quantile(self.accepted, 0.99):.0f} | {len(self.refused) / seconds:.0f} | "
            f"{_quantile(self.refused, 0.5):.1f} | {_quantile(self.refused, 0.9):.1f} | "
            f"{_quantile(self.refused, 0.99):.1f} | {self.other + self.lost} |"
        )


def _quantile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(seconds)[int(share * (len(seconds) - 1))] if seconds else float("nan")


class _Connection(asyncio.Protocol):
    """One request at a time; ``done`` takes it back after each."""

    def __init__(self, tally: Tally, done: Callable[[_Connection], None], opened: set[_Connection]) -> None:
        self.tally, self.done, self.opened = tally, done, opened
        self.began = self.ended = 0.0
        self.head = b""
        self.missing = -1
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self.opened.add(self)
        self.ended = time.perf_counter()

    def usable(self, now: float) -> bool:
        """Whether it may be asked; closes what is too old for that."""
        if self.transport.is_closing() or now - self.ended > _FRESH_S:
            self.opened.discard(self)
            self.transport.close()
            return False
        return True

    def ask(self, content: bytes, began: float) -> None:
        self.began, self.busy, self.head, self.missing, self.whole = began, True, b"", -1, True
        self.transport.write(content)

    def data_received(self, data: bytes) -> None:
        if b'"errors":' in data:
            self.whole = False
        if self.missing < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = _LENGTH.search(self.head, 0, end)
            assert length is not None, self.head[:300]
            self.missing = int(length[1]) - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        if self.missing == 0:
            self.end()

    def end(self) -> None:
        self.ended = time.perf_counter()
        took = self.ended - self.began
        self.busy = False
        status = self.head[9:12]
        if status == b"200" and self.whole:
            self.tally.accepted.append(took)
        elif status == b"503":
            self.tally.refused.append(took)
        else:
            self.tally.other += 1
        self.done(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the signature is asyncio's
        self.opened.discard(self)
        if self.busy:
            self.tally.lost += 1


class Offered:
    """Requests to ``port``, all with the same ``content``; connections are kept."""

    def __init__(self, port: int, content: bytes) -> None:
        self._port = port
        self._content = content
        self._free: list[_Connection] = []
        self._opened: set[_Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[float] = deque()
        self._tally = Tally()

    async def run(self, per_s: float, seconds: float) -> Tally:
        """What came of requests that began at random times, so many a second on average (Poisson)."""
        chance = random.Random(1)  # noqa: S311  # the same times in every run
        due = began = time.perf_counter()
        while due < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            for _ in range(_TURN):
                if due > time.perf_counter():
                    break
                self._begin(due)
                due += chance.expovariate(per_s)
        until = time.perf_counter() + _LATE_S
        while self._under_way() and time.perf_counter() < until:  # noqa: ASYNC110  # of many, whichever
            await asyncio.sleep(0.02)
        self._tally.lost += len(self._waiting) + sum(each.busy for each in self._opened)
        for each in list(self._opened):
            each.busy = False
            each.transport.close()
        return self._tally

    def _under_way(self) -> bool:
        return bool(self._waiting or self._opening) or any(each.busy for each in self._opened)

    def _begin(self, at: float) -> None:
        while self._free:
            each = self._free.pop()
            if each.usable(at):
                each.ask(self._content, at)
                return
        self._waiting.append(at)
        if len(self._opened) + len(self._opening) < _CONNECTIONS:
            task = asyncio.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(
                lambda: _Connection(self._tally, self._done, self._opened), "127.0.0.1", self._port
            )
        except OSError:
            self._tally.lost += 1
            return
        self._done(made)

    def _done(self, each: _Connection) -> None:
        if self._waiting:
            each.ask(self._content, self._waiting.popleft())
        else:
            self._free.append(each)
