"""``python -m benchmarks.steps``: how many functions and instructions of Python one request takes, and where.

Not a measure of time, but of what was added: two runs give the same on any machine, so a step too many is found while
others load it. What runs less than once for each request (timers, what is kept) is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.competitors.competitor import python
from benchmarks.competitors.isthmus import FILE
from benchmarks.load import Amount
from benchmarks.queries import QUERIES, body
from benchmarks.stage import Player, stage

ROOT = Path(__file__).parents[1]
WARM_UP = 30
"""Requests before those that are counted: plans, decoders and tokens are kept by then."""
_WRITTEN_S = 30.0


@dataclass(frozen=True, slots=True)
class Step:
    """One function: how often a request enters it, and instructions of Python in it."""

    where: str
    calls: int
    steps: float


def counted(queries: Iterable[str], requests: int) -> Mapping[str, list[Step]]:
    """Query → the functions that each of its requests runs, those with most instructions first."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "steps.json"
        command = ("serve", str(FILE), "--port", "0")
        competitor = python("counted", "benchmarks.servers.counted", *command, BENCH_STEPS_FILE=str(written))
        with stage([competitor]) as running:
            (player,) = running.players
            return {query: _counted(player, query, requests, written) for query in queries}


def _counted(player: Player, query: str, requests: int, written: Path) -> list[Step]:
    player.load(body(query), Amount(requests=WARM_UP))
    os.kill(player.process.pid, signal.SIGUSR1)
    player.load(body(query), Amount(requests=requests))
    os.kill(player.process.pid, signal.SIGUSR2)
    until = time.monotonic() + _WRITTEN_S
    while not written.exists():
        if time.monotonic() > until:
            raise TimeoutError("nothing was counted")
        time.sleep(0.01)
    found = json.loads(written.read_text("utf-8"))
    written.unlink()
    steps = [
        Step(f"{_shortened(file)}:{line} {name}", calls // requests, inside / requests)
        for file, line, name, calls, inside in found
        if calls >= requests
    ]
    return sorted(steps, key=lambda step: step.steps, reverse=True)


def _shortened(file: str) -> str:
    return file.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--queries", nargs="+", choices=QUERIES, default=list(QUERIES), help="all when absent")
    parser.add_argument("--requests", type=int, default=50, help="requests that are counted (default 50)")
    parser.add_argument("--top", type=int, default=20, help="how many functions are shown (default 20)")
    options = parser.parse_args()
    for query, steps in counted(options.queries, options.requests).items():
        inside, calls = round(sum(step.steps for step in steps)), sum(step.calls for step in steps)
        sys.stdout.write(f"{query}: {inside:,} instructions in {calls:,} calls\n")
        for step in steps[: options.top]:
            sys.stdout.write(f"  {step.steps:9.1f} {step.calls:6}  {step.where}\n")


if __name__ == "__main__":
    main()
