"""``python -m benchmarks.databases``: PostgreSQL behind each competitor; prints tables, and may write the docs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from statistics import median

import asyncpg  # type: ignore[import-untyped]  # the driver has no types

from benchmarks import pages
from benchmarks.databases.contest import CONTEST
from benchmarks.databases.questions import QUESTIONS
from benchmarks.databases.run import Figures, contest
from benchmarks.load import Amount, BadReply
from benchmarks.machine import described
from benchmarks.process import CannotStart
from benchmarks.report import table
from benchmarks.stage import WrongAnswer

URL = "postgresql://root@127.0.0.1:5432/test"


def main() -> None:
    """Ends with status 1 where a competitor answers wrongly; says so and ends well where no PostgreSQL answers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds on one connection (default 5)")
    parser.add_argument("--seconds", type=float, default=0.6, help="length of a round (default 0.6)")
    parser.add_argument("--write-docs", action="store_true", help="rewrite the figures of docs/performance.md")
    options = parser.parse_args()
    url = os.environ.get("ISTHMUS_TEST_POSTGRES_URL", URL)
    load_before = os.getloadavg()[0]
    chosen = []
    for competitor, words in CONTEST:
        if reason := competitor.prepare():
            sys.stderr.write(f"{competitor.name} is left out: {reason}\n")
        else:
            chosen.append((competitor, words))
    try:
        figures = asyncio.run(contest(url, chosen, options.rounds, Amount(options.seconds)))
    except (OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"databases are not measured: no PostgreSQL at ISTHMUS_TEST_POSTGRES_URL: {error}\n")
        return
    except (CannotStart, WrongAnswer, BadReply) as error:
        sys.exit(str(error))
    machine = described(f"{options.rounds} rounds of {options.seconds:g} s", load_before)
    shown = f"{machine}\n\n{markdown(figures)}"
    sys.stdout.write(shown)
    if options.write_docs:
        pages.write("databases", shown, None)


def markdown(figures: Figures) -> str:
    """CPU time and latency, and both as multiples of the limit's."""
    names = list(QUESTIONS)
    cpu = [[name, *(f"{median(taken[each].cpu_ms):.2f}" for each in names)] for name, taken in figures.items()]
    times = [
        [name, *(f"{taken[each].latency(50):.1f}/{taken[each].latency(99):.1f}" for each in names)]
        for name, taken in figures.items()
    ]
    limit = figures["limit"]
    multiples = [
        [name, *(f"{median(taken[each].cpu_ms) / max(median(limit[each].cpu_ms), 0.01):.2f}" for each in names)]
        for name, taken in figures.items()
    ]
    parts = [
        "CPU ms per request of the server (not of PostgreSQL) on one connection, median of the rounds:",
        table(["", *names], cpu),
        "The same as a multiple of limit:",
        table(["", *names], multiples),
        "Latency in ms on one connection, p50/p99:",
        table(["", *names], times),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
