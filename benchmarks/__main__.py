"""``python -m benchmarks``: checks that all competitors answer alike, measures them, prints tables or JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks.competitors import COMPETITORS
from benchmarks.competitors.competitor import Competitor
from benchmarks.load import Amount, BadReply
from benchmarks.measure import measure
from benchmarks.process import CannotStart
from benchmarks.report import as_json, markdown
from benchmarks.stage import WrongAnswer, check_answers, count_calls, stage


def main() -> None:
    """Ends with status 1 where a competitor does not start or answers wrongly."""
    options = _options()
    chosen = _prepared([each for each in COMPETITORS if options.only is None or each.name in options.only])
    try:
        with stage(chosen) as running:
            check_answers(running.players)
            figures = measure(running, count_calls(running), options.rounds, Amount(options.seconds, options.requests))
    except (CannotStart, WrongAnswer, BadReply) as error:
        sys.exit(str(error))
    sys.stdout.write(as_json(figures) if options.json else markdown(figures))


def _options() -> argparse.Namespace:
    names = [competitor.name for competitor in COMPETITORS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds on one connection (default 3)")
    parser.add_argument("--seconds", type=float, default=0.6, help="length of a round (default 0.6)")
    parser.add_argument("--requests", type=_positive, help="requests in a round, in place of --seconds")
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


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
