"""``python -m benchmarks``: checks that all competitors answer alike, measures them, prints tables or JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from benchmarks import pages
from benchmarks.competitors import COMPETITORS, isthmus
from benchmarks.competitors.competitor import Competitor
from benchmarks.growth import grow, growth_markdown, growth_plain
from benchmarks.load import Amount, BadReply
from benchmarks.machine import described
from benchmarks.measure import measure
from benchmarks.picture import bars, curves
from benchmarks.process import CannotStart
from benchmarks.report import markdown, plain
from benchmarks.stage import WrongAnswer, check_answers, count_calls, stage


def main() -> None:
    """Ends with status 1 where a competitor does not start or answers wrongly."""
    options = _options()
    amount = Amount(options.seconds, options.requests)
    load_before = os.getloadavg()[0]
    chosen = _prepared([each for each in COMPETITORS if _is_chosen(each, options.only)])
    growth = None
    try:
        with stage(chosen) as running:
            check_answers(running.players)
            figures = measure(running, count_calls(running), options.rounds, amount)
        if options.growth:
            with stage([isthmus.COMPETITOR]) as running:
                growth = grow(running, amount)
    except (CannotStart, WrongAnswer, BadReply) as error:
        sys.exit(str(error))
    machine = described(f"{options.rounds} rounds of {options.seconds:g} s", load_before)
    if options.json:
        found = {"machine": machine, "competitors": plain(figures), "growth": growth and growth_plain(growth)}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join([machine, "", markdown(figures), growth_markdown(growth) if growth else ""]))
    if options.write_docs:
        pages.write("figures", f"{machine}\n\n{markdown(figures)}", bars(figures))
        if growth:
            pages.write("growth", growth_markdown(growth), curves(growth))


def _options() -> argparse.Namespace:
    names = [competitor.name for competitor in COMPETITORS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds on one connection (default 3)")
    parser.add_argument("--seconds", type=float, default=0.6, help="length of a round (default 0.6)")
    parser.add_argument("--requests", type=_positive, help="requests in a round, in place of --seconds")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--growth", action="store_true", help="time and memory by rows, joins and documents too")
    parser.add_argument("--write-docs", action="store_true", help="rewrite the figures of docs/performance.md")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


def _is_chosen(competitor: Competitor, only: Sequence[str] | None) -> bool:
    return not competitor.asked_for if only is None else competitor.name in only


def _prepared(competitors: Sequence[Competitor]) -> list[Competitor]:
    """Those that can be started here, made ready; the others are named on stderr, with the reason."""
    prepared = []
    for competitor in competitors:
        if reason := competitor.prepare():
            sys.stderr.write(f"{competitor.name} is left out: {reason}\n")
        else:
            prepared.append(competitor)
    return prepared


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


if __name__ == "__main__":
    main()
