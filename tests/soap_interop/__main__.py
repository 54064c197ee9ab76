"""``python -m tests.soap_interop [CASES] [FIRST_SEED]``: so many random elements of the corpus' schemas, judged by lxml
and zeep; it prints what was proven for each WSDL, and ends at the first law that does not hold.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from tests.soap_interop.judged import Court, Tally, courts, judge

HEAD = "| WSDL | elements | values read | sent and read by zeep | of zeep's read |\n|---|---:|---:|---:|---:|"


def line(name: str, tally: Tally) -> str:
    return f"| {name} | {tally.elements} | {tally.read} | {tally.sent} | {tally.returned} |"


def run(found: list[Court], cases: int, seed: int) -> dict[str, Tally]:
    """Cases one WSDL after the other, each with a seed of its own."""
    tallies = {court.name: Tally() for court in found}
    for number in range(cases):
        court = found[number % len(found)]
        tallies[court.name].add(judge(court, random.Random(seed + number).choice(court.tags), seed + number))
    return tallies


def main(cases: int, seed: int) -> None:
    found, passed_over = courts()
    tallies = run(found, cases, seed)
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    lines = [HEAD, *(line(name, tally) for name, tally in tallies.items()), line("all", total), ""]
    reasons: Counter[str] = total.passed_over + Counter({f"WSDLs: {reason}": count for reason, count in passed_over.items()})
    lines += [f"- {count}: {reason}" for reason, count in reasons.most_common()]
    print("\n".join(lines))  # noqa: T201  # its output


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    main(arguments[0] if arguments else 5000, arguments[1] if len(arguments) > 1 else 0)
