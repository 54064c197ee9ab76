"""``python -m benchmarks.overload``: what is answered, and how fast, when more is asked than one process can bear.

Requests begin at times of their own, however late answers are: who waits for an answer before asking again cannot
overload anybody. Latency counts from the time at which a request was to begin.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.competitors.competitor import python
from benchmarks.load import Amount, request
from benchmarks.machine import described
from benchmarks.queries import body
from benchmarks.stage import stage

QUERY = "Q3"
FILE = Path(__file__).parent / "overload.yaml"
GATEWAY = python("isthmus", "gateway", "serve", str(FILE), "--port", "0")
DELAYS = "/delays?orders=150&users=100"
"""Sources as they are: an answer takes 250 ms when nothing else is asked."""
TIMES = (0.1, 0.8, 1.0, 3.0, 10.0)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LATE_S = 30.0
_FRESH_S = 3.0
"""Connections that were idle for longer are not used: the server closes them after five seconds."""


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
            f"{_quantile(self.refused, 0.5):.1f} | {_quantile(self.refused, 0.99):.1f} | {self.other + self.lost} |"
        )


def _quantile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return 1000 * sorted(seconds)[int(share * (len(seconds) - 1))] if seconds else float("nan")


class _Connection(asyncio.Protocol):
    """One request at a time; free ones lie in ``free``."""

    def __init__(self, tally: Tally, free: list[_Connection]) -> None:
        self.tally, self.free = tally, free
        self.began = self.ended = 0.0
        self.head = b""
        self.missing = -1
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

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
        self.free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # the signature is asyncio's
        if self.busy:
            self.tally.lost += 1
        elif self in self.free:
            self.free.remove(self)


async def offered(port: int, content: bytes, per_s: float, seconds: float) -> Tally:
    """What came of requests that began at random times, so many a second on average (Poisson)."""
    loop = asyncio.get_running_loop()
    tally, free, opened = Tally(), list[_Connection](), list[_Connection]()
    chance = random.Random(1)  # noqa: S311  # the same times in every run
    opening: set[asyncio.Task[None]] = set()

    async def open_for(began: float) -> None:
        try:
            _, made = await loop.create_connection(lambda: _Connection(tally, free), "127.0.0.1", port)
        except OSError:
            tally.lost += 1
            return
        opened.append(made)
        made.ask(content, began)

    due = begin = time.perf_counter()
    while due < begin + seconds:
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        while due <= (now := time.perf_counter()):
            while free and (free[-1].transport.is_closing() or now - free[-1].ended > _FRESH_S):
                free.pop().transport.close()
            if free:
                free.pop().ask(content, due)
            else:
                task = asyncio.create_task(open_for(due))
                opening.add(task)
                task.add_done_callback(opening.discard)
            due += chance.expovariate(per_s)
    until = time.perf_counter() + _LATE_S
    while (opening or any(each.busy for each in opened)) and time.perf_counter() < until:  # noqa: ASYNC110  # of many
        await asyncio.sleep(0.02)
    tally.lost += sum(each.busy for each in opened)
    for each in opened:
        each.busy = False
        each.transport.close()
    return tally


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    options = parser.parse_args()
    before = os.getloadavg()[0]
    lines = [
        "| load | answered /s | p50 ms | p99 ms | refused /s | p50 ms | p99 ms | failed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with stage([GATEWAY]) as running:
        player = running.players[0]
        content = request("/graphql", player.headers, body(QUERY))
        player.load(body(QUERY), Amount(seconds=2.0), 8)
        sent = player.load(body(QUERY), Amount(seconds=options.seconds), 48)
        peak = len(sent.latencies_ms) / sent.took_s
        running.upstream.request("GET", DELAYS)
        running.upstream.getresponse().read()
        for times in TIMES:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                tally = runner.run(offered(player.process.port, content, times * peak, options.seconds))
            line = tally.line(f"{times:g} x the peak", options.seconds)
            sys.stderr.write(f"{line}\n")
            lines.append(line)
            time.sleep(3)
    machine = described(f"{options.seconds:g} s of each load", before)
    sys.stdout.write("\n".join([machine, "", f"Peak: {peak:.0f} answers a second.", "", *lines, ""]))


if __name__ == "__main__":
    main()
