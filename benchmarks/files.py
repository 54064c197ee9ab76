"""``python -m benchmarks.files``: a gateway over one large file, CSV and Parquet: time and memory of three questions.

The files are made for it and removed again. Every answer is compared with what was written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.machine import described
from benchmarks.process import Measured, running

CUSTOMERS = 10_000
ASKED = 20
QUESTIONS = {
    "filter": "{ deliveries(where: { customer: { eq: 77 } }) { id amount } }",
    "join": f"{{ customers(where: {{ id: {{ lt: {ASKED} }} }}) {{ id deliveries {{ id }} }} }}",
    "aggregate": "{ deliveriesAggregate(groupBy: [state]) { key { state } count sum { amount } } }",
}
FILE = """
sources:
  crm: {{ database: "sqlite:///{folder}/crm.db" }}
  drop: {{ files: "{folder}/{name}", tables: {{ deliveries: {{ key: id }} }} }}
links:
  Customer.deliveries: {{ many: drop.deliveries, match: {{ id: customer }} }}
access: {{ default: anonymous }}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """``seconds``: by question, the best of three. Memory in MiB, resident: of the gateway over a file of one row,
    most of it while the large file was opened, and most of it during the questions.
    """

    name: str
    file_mib: float
    started_s: float
    base_mib: float
    opening_mib: float
    asking_mib: float
    seconds: dict[str, float]


class WrongAnswer(Exception):
    """A question was not answered with what was written."""


def write(folder: Path, rows: int) -> dict[str, Any]:
    """Writes the files (``deliveries.csv``, ``deliveries.parquet``, and of one row each below ``small``) and the
    database of customers; gives the answers to expect.
    """
    chance = random.Random(7)  # noqa: S311  # the same rows each time
    first = dt.date(2024, 1, 1)
    expected: dict[str, Any] = {"filter": 0, "join": 0, "aggregate": {}}
    (folder / "small").mkdir()
    with (
        (folder / "deliveries.csv").open("w", encoding="utf-8") as file,
        (folder / "small" / "deliveries.csv").open("w", encoding="utf-8") as small,
    ):
        for target in (file, small):
            target.write("id,customer,amount,day,state,note\n")
        for number in range(rows):
            customer, cents = chance.randrange(CUSTOMERS), chance.randrange(100, 1_000_000)
            state = chance.choice(("open", "sent", "done"))
            day = first + dt.timedelta(days=chance.randrange(700))
            note = f"{chance.getrandbits(400):x}"
            line = f"{number},{customer},{cents // 100}.{cents % 100:02},{day},{state},{note}\n"
            file.write(line)
            if not number:
                small.write(line)
            expected["filter"] += customer == 77
            expected["join"] += customer < ASKED
            count, total = expected["aggregate"].get(state, (0, 0))
            expected["aggregate"][state] = (count + 1, total + cents)
    for place in (folder, folder / "small"):
        source, target_ = place / "deliveries.csv", place / "deliveries.parquet"
        duckdb.connect(config={"memory_limit": "512MB"}).execute(
            f"COPY (FROM read_csv('{source}')) TO '{target_}' (FORMAT parquet)"
        )
    with sqlite3.connect(folder / "crm.db") as database:
        database.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY)")
        database.executemany("INSERT INTO customers VALUES (?)", ((number,) for number in range(CUSTOMERS)))
    database.close()
    return expected


def measured(folder: Path, name: str, expected: dict[str, Any], rounds: int = 3) -> Figures:
    """Serves a file and asks it the questions.

    Raises:
        WrongAnswer: see there. CannotStart: the gateway did not start.
    """
    with _served(folder, f"small/{name}") as small:
        for query in QUESTIONS.values():
            _answer(small, query)
        base = small.peak_mib()
    began = time.perf_counter()
    with _served(folder, name) as gateway:
        started = time.perf_counter() - began
        opening = gateway.peak_mib()
        gateway.forget_peak()
        seconds: dict[str, float] = {}
        for question, query in QUESTIONS.items():
            for _ in range(rounds):
                began = time.perf_counter()
                _check(question, _answer(gateway, query), expected)
                taken = time.perf_counter() - began
                seconds[question] = min(taken, seconds.get(question, taken))
        size = (folder / name).stat().st_size / 1024**2
        return Figures(name, size, started, base, opening, gateway.peak_mib(), seconds)


def _served(folder: Path, name: str) -> Any:
    file = folder / "isthmus.yaml"
    file.write_text(FILE.format(folder=folder, name=name), "utf-8")
    command = [sys.executable, "-m", "gateway", "serve", str(file), "--port", "0"]
    return running(command, {})


def _answer(gateway: Measured, query: str) -> Any:
    request = urllib.request.Request(  # noqa: S310  # our own process
        f"{gateway.url}/graphql",
        json.dumps({"query": query}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        body = json.load(answer)
    if body.get("errors"):
        raise WrongAnswer(str(body["errors"])[:300])
    return body["data"]


def _check(question: str, data: Any, expected: dict[str, Any]) -> None:
    found: object
    if question == "filter":
        found = len(data["deliveries"])
    elif question == "join":
        found = sum(len(customer["deliveries"]) for customer in data["customers"])
    else:
        found = {
            group["key"]["state"]: (group["count"], round(float(group["sum"]["amount"]) * 100))
            for group in data["deliveriesAggregate"]
        }
    if found != expected[question]:
        raise WrongAnswer(f"{question}: {found} instead of {expected[question]}")


def markdown(figures: Sequence[Figures]) -> str:
    """A table."""
    lines = [
        "| file | size | start | filter | join | aggregate | memory: one row | opening | asking |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for each in figures:
        taken = " | ".join(f"{each.seconds[question]:.2f} s" for question in QUESTIONS)
        memory = " | ".join(f"{mib:.0f} MiB" for mib in (each.base_mib, each.opening_mib, each.asking_mib))
        lines.append(f"| {each.name} | {each.file_mib:.0f} MiB | {each.started_s:.1f} s | {taken} | {memory} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the table and the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        expected = write(folder, options.rows)
        figures = [measured(folder, name, expected) for name in ("deliveries.csv", "deliveries.parquet")]
    print(markdown(figures))  # noqa: T201  # what the command is for
    print()  # noqa: T201
    print(described(f"{options.rows} rows, the best of 3", load_before))  # noqa: T201


if __name__ == "__main__":
    main()
