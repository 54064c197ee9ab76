"""How Isthmus grows: time and memory by rows and by joins, and memory over many different documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from benchmarks.load import Amount
from benchmarks.queries import ORDER
from benchmarks.report import table
from benchmarks.stage import Player, Stage, WrongAnswer

ROWS = (10, 100, 1000, 10_000)
JOINS: Mapping[int, str] = {
    1: "user { id name }",
    2: "user { id name } product { sku name }",
    3: "user { id name } product { sku name inventory { quantity warehouse } }",
}
"""One join is REST, the second SOAP, the third SQL from the result of the second."""
DOCUMENTS = 10_000
SAMPLE = 1000
_FIELDS = ORDER.split()


@dataclass(frozen=True, slots=True)
class Cell:
    """CPU milliseconds of one request, and the most resident memory while there were such requests."""

    cpu_ms: float
    peak_mib: float


@dataclass(slots=True)
class Growth:
    """``cells``: joins → rows → cell. ``documents``: different documents so far → resident MiB; at 0, before any."""

    cells: dict[int, dict[int, Cell]] = field(default_factory=dict)
    documents: dict[int, float] = field(default_factory=dict)


def grow(stage: Stage, amount: Amount) -> Growth:
    """Measures the first player, which is alone with the upstream.

    Raises:
        WrongAnswer: an answer has errors or not as many rows as were asked for.
    """
    (player,) = stage.players
    found = Growth()
    for rows in ROWS:
        for joins in JOINS:
            found.cells.setdefault(joins, {})[rows] = _cell(player, rows, joins, amount)
    found.documents[0] = player.process.resident_mib()
    for number in range(1, DOCUMENTS + 1):
        _checked(player, document(number), 10)
        if number % SAMPLE == 0:
            found.documents[number] = player.process.resident_mib()
    return found


def document(number: int) -> bytes:
    """A request body whose text is no other number's: the operation's name differs, and the fields vary with it."""
    chosen = " ".join(name for bit, name in zip(count(), _FIELDS, strict=False) if (number % 255 + 1) >> bit & 1)
    return json.dumps({"query": f"query D{number} {{ orders(limit: 10) {{ {chosen} {JOINS[1]} }} }}"}).encode()


def growth_markdown(growth: Growth) -> str:
    """The tables of all this."""
    head = ["rows", *(f"{joins} join{'s' * (joins > 1)}" for joins in JOINS)]
    rows = [
        [
            f"{size:,}",
            *(f"{growth.cells[joins][size].cpu_ms:.2f}/{growth.cells[joins][size].peak_mib:.0f}" for joins in JOINS),
        ]
        for size in ROWS
    ]
    memory = growth.documents
    return (
        "\n\n".join(
            [
                "CPU ms of one request/peak MiB while such requests were sent, by rows and joins:",
                table(head, rows),
                "Resident MiB after so many different documents in a row:",
                table(
                    ["", *(f"{number:,}" for number in memory)],
                    [["isthmus", *(f"{mib:.0f}" for mib in memory.values())]],
                ),
            ]
        )
        + "\n"
    )


def growth_plain(growth: Growth) -> dict[str, object]:
    """For JSON."""
    cells = {
        joins: {rows: {"cpu_ms": cell.cpu_ms, "peak_mib": cell.peak_mib} for rows, cell in column.items()}
        for joins, column in growth.cells.items()
    }
    return {"cells": cells, "documents": growth.documents}


def _cell(player: Player, rows: int, joins: int, amount: Amount) -> Cell:
    content = json.dumps({"query": f"{{ orders(limit: {rows}) {{ {ORDER} {JOINS[joins]} }} }}"}).encode()
    _checked(player, content, rows)
    player.load(content, Amount(amount.seconds / 4))
    player.process.forget_peak()
    before = player.process.cpu_s()
    sent = player.load(content, amount)
    spent = player.process.cpu_s() - before
    return Cell(1000 * spent / len(sent.latencies_ms), player.process.peak_mib())


def _checked(player: Player, content: bytes, rows: int) -> None:
    answer = json.loads(player.ask(content))
    if answer.get("errors") or len(answer["data"]["orders"]) != rows:
        raise WrongAnswer(f"{player.name} answered {content[:300]!r} with {str(answer)[:500]}")
