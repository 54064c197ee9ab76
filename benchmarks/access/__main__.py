"""``python -m benchmarks.access``: what rules cost: the same queries with and without them, in turn; prints a table.

``open`` has no rule and no token. ``rules`` has a token and each kind of rule; one on rows is lifted for its caller.
``rows`` is the same for a caller who is under the rule on rows, though all rows fulfil it, so answers are equal.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import jwt

from benchmarks import pages
from benchmarks.competitors.competitor import python
from benchmarks.load import Amount, BadReply
from benchmarks.machine import described
from benchmarks.measure import Figures, measure
from benchmarks.process import CannotStart
from benchmarks.report import table
from benchmarks.stage import Player, Stage, WrongAnswer, check_answers, stage

FOLDER = Path(__file__).parent
SECRET = secrets.token_urlsafe(48)
PLAYERS = {"open": "open.yaml", "rules": "rules.yaml", "rows": "rules.yaml"}
ASKED = ["Q1", "Q2", "Q3", "Q4", "Q5"]
STATUSES = ["open", "paid", "shipped", "new", "packed", "sent", "done", "cancelled", "returned"]


def main() -> None:
    """Ends with status 1 where answers differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.access", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="rounds on one connection (default 9)")
    parser.add_argument("--seconds", type=float, default=0.6, help="length of a round (default 0.6)")
    parser.add_argument("--write-docs", action="store_true", help="rewrite the figures of docs/performance.md")
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    chosen = [
        python(name, "gateway", "serve", str(FOLDER / file), "--port", "0", BENCH_SECRET=SECRET)
        for name, file in PLAYERS.items()
    ]
    try:
        with stage(chosen) as running:
            players = [replace(player, headers=_headers(player)) for player in running.players]
            check_answers(players)
            nothing: Mapping[str, Mapping[str, Mapping[str, int]]] = {player.name: {} for player in players}
            figures = measure(Stage(players, running.upstream), nothing, options.rounds, Amount(options.seconds))
    except (CannotStart, WrongAnswer, BadReply) as error:
        sys.exit(str(error))
    machine = described(f"{options.rounds} rounds of {options.seconds:g} s", load_before)
    shown = f"{machine}\n\n{_markdown(figures)}"
    sys.stdout.write(shown)
    if options.write_docs:
        pages.write("access", shown, None)


def _headers(player: Player) -> dict[str, str]:
    plain = {"Content-Type": "application/json", "Accept": "application/json"}
    if player.name == "open":
        return plain
    now = int(time.time())
    roles = ["buyer", *(["staff"] if player.name == "rules" else [])]
    claims = {
        "iss": "https://id.shop.example/", "aud": "isthmus", "sub": "bench", "iat": now, "exp": now + 36_000,
        "scope": "users:pii", "roles": roles, "account": 1, "statuses": STATUSES,
    }  # fmt: skip
    return {**plain, "Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}


def _markdown(figures: Mapping[str, Figures]) -> str:
    least = figures["open"]
    rows = [
        [name, *(f"{each.best(query):.3f}/{each.middle(query):.3f}" for query in ASKED), f"{each.peak_mib:.0f}"]
        for name, each in figures.items()
    ]
    more = [
        [name, *(f"{100 * (each.middle(query) / least.middle(query) - 1):+.0f} %" for query in ASKED)]
        for name, each in figures.items()
        if name != "open"
    ]
    parts = [
        "CPU ms per request on one connection, least/median of the rounds, and peak MiB:",
        table(["", *ASKED, "peak MiB"], rows),
        "Median, compared with open:",
        table(["", *ASKED], more),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
