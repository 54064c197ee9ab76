"""``python -m benchmarks.overload``: what is answered, and how fast, when more is asked than one process can bear.

Requests begin at times of their own, however late answers are: who waits for an answer before asking again cannot
overload anybody. Latency counts from the time at which a request was to begin.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

import uvloop

from benchmarks.competitors.competitor import python
from benchmarks.load import Amount, request
from benchmarks.machine import described
from benchmarks.offered import Offered
from benchmarks.queries import body
from benchmarks.stage import stage

QUERY = "Q3"
FILE = Path(__file__).parent / "overload.yaml"
GATEWAY = python("isthmus", "gateway", "serve", str(FILE), "--port", "0")
DELAYS = "/delays?orders=150&users=100"
"""Sources as they are: an answer takes 250 ms when nothing else is asked."""
RISING = (0.1, 0.8, 0.9, 1.0, 1.2)
"""Of what a few callers get who wait for their answers: the most that is answered at one of these is the peak."""
BEYOND = (3.0, 5.0)
"""Of the peak. At more, who asks would be what is measured: it has one core, too."""
HEAD = """\
| asked | answered /s | p50 ms | p99 ms | refused /s | p50 ms | p90 ms | p99 ms | failed |
|---|---|---|---|---|---|---|---|---|
"""


def apart(pid: int) -> None:
    """Gives the gateway a core of its own where there are two: who asks and who is asked share the others."""
    if hasattr(os, "sched_setaffinity") and len(cores := os.sched_getaffinity(0)) > 1:
        own = min(cores)
        others = cores - {own}
        for thread in (int(each.name) for each in Path(f"/proc/{pid}/task").iterdir()):
            os.sched_setaffinity(thread, {own})
        for child in Path("/proc/self/task").glob("*/children"):
            for other in map(int, child.read_text().split()):
                if other != pid:
                    os.sched_setaffinity(other, others)
        os.sched_setaffinity(0, others)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each load")
    seconds: float = parser.parse_args().seconds
    before = os.getloadavg()[0]
    lines: list[str] = []
    with stage([GATEWAY]) as running:
        player = running.players[0]
        apart(player.process.pid)
        content = request("/graphql", player.headers, body(QUERY))

        def offered(per_s: float, name: str) -> float:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                tally = runner.run(Offered(player.process.port, content).run(per_s, seconds))
            lines.append(tally.line(f"{name}, {per_s:.0f} /s", seconds))
            sys.stderr.write(f"{lines[-1]}\n")
            time.sleep(3)
            return len(tally.accepted) / seconds

        player.load(body(QUERY), Amount(seconds=2.0), 8)
        sent = player.load(body(QUERY), Amount(seconds=seconds), 48)
        closed = len(sent.latencies_ms) / sent.took_s
        running.upstream.request("GET", DELAYS)
        running.upstream.getresponse().read()
        peak = max(offered(times * closed, "rising") for times in RISING)
        beyond = {times: offered(times * peak, f"{times:g} x the peak") for times in BEYOND}
    shares = ", ".join(f"{good / peak:.0%} of it at {times:g} times as many" for times, good in beyond.items())
    sys.stdout.write(f"{described(f'{seconds:g} s of each load', before)}\n\n{HEAD}" + "\n".join(lines))
    sys.stdout.write(f"\n\nPeak: {peak:.0f} answers a second; {shares}.\n")


if __name__ == "__main__":
    main()
