"""``python -m benchmarks``: checks that all competitors answer alike, measures them, prints a table or JSON."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Mapping

from benchmarks.competitors import COMPETITORS
from benchmarks.measure import Amount, Figures, measure
from benchmarks.process import CannotStart
from benchmarks.queries import QUERIES
from benchmarks.stage import WrongAnswer, check_answers, stage


def main() -> None:
    """Ends with status 1 where a competitor does not start or answers wrongly."""
    names = [competitor.name for competitor in COMPETITORS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds for each query (default 5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a round (default 1)")
    parser.add_argument("--requests", type=_positive, help="requests in a round, in place of --seconds")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    chosen = [competitor for competitor in COMPETITORS if options.only is None or competitor.name in options.only]
    try:
        with stage(chosen) as players:
            check_answers(players)
            figures = measure(players, options.rounds, Amount(options.seconds, options.requests))
    except (CannotStart, WrongAnswer) as error:
        sys.exit(str(error))
    sys.stdout.write(_json(figures) if options.json else _table(figures))


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _json(figures: Mapping[str, Figures]) -> str:
    found = {name: {"cpu_ms": figure.cpu_ms, "peak_mib": figure.peak_mib} for name, figure in figures.items()}
    return json.dumps({"python": platform.python_version(), "competitors": found}, indent=2) + "\n"


def _table(figures: Mapping[str, Figures]) -> str:
    """CPU ms per request as least/median over the rounds; below, medians as multiples of the limit's."""
    limit = figures.get(COMPETITORS[0].name)
    width = 12
    lines = ["CPU ms per request, least/median", ""]
    lines.append(" " * width + "".join(query.rjust(16) for query in QUERIES) + "peak MiB".rjust(12))
    for name, figure in figures.items():
        cells = (f"{figure.best(query):.2f}/{figure.middle(query):.2f}".rjust(16) for query in QUERIES)
        lines.append(name.ljust(width) + "".join(cells) + f"{figure.peak_mib:.0f}".rjust(12))
    if limit is not None:
        lines += ["", f"median as a multiple of {COMPETITORS[0].name}"]
        for name, figure in figures.items():
            # A round too short for the clock of /proc has no CPU time to divide by.
            pairs = ((figure.middle(query), limit.middle(query)) for query in QUERIES)
            cells = ((f"{own / least:.2f}" if least else "-").rjust(16) for own, least in pairs)
            lines.append(name.ljust(width) + "".join(cells))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
