"""``python -m benchmarks.soap_codec``: what a SOAP reply and a request cost in CPU, ours and zeep's, on the same bytes.

Nothing is sent. Before anything is timed, both must have read the same values.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import zeep
import zeep.helpers
from lxml import etree

from benchmarks.machine import described
from resolvers.documents import Document
from resolvers.soap.operations.wsdl import read
from resolvers.soap.replies.envelope import decode
from resolvers.soap.replies.reader import Readers
from resolvers.soap.requests.envelope import Encoders
from resolvers.source import EVERYTHING, LEAF, Selection

WSDL = Path(__file__).with_name("orders.wsdl")
NAME = "PlaceOrders"
XML = "text/xml; charset=utf-8"
ROUNDS, CALLS = 15, 40


def orders(count: int) -> list[dict[str, object]]:
    """Rows with one value of each kind; a note is null now and then."""
    return [
        {
            "number": f"A-{number:05}",
            "customer": f"Müller & Söhne {number}",
            "placed": f"2026-01-{number % 28 + 1:02}",
            "changed": f"2026-02-03T04:05:{number % 60:02}Z",
            "total": Decimal(number * 1999) / 100,
            "lines": number,
            "weight": number / 8,
            "paid": number % 2 == 0,
            "note": None if number % 5 == 0 else f"leave at door {number}",
            "serial": 2**40 + number,
        }
        for number in range(count)
    ]


class Ours:
    """The codec of the gateway; ``all`` is what a caller asks who wants every field."""

    def __init__(self) -> None:
        self.codec = read("orders", {"w": Document("w", WSDL.read_bytes())}, "w").codecs[NAME]
        self._encoder = Encoders().of(self.codec)
        self._readers = Readers()
        fields = dict.fromkeys(orders(1)[0], LEAF)
        self.all = Selection({"return": Selection({"item": Selection(fields)})})
        few = dict.fromkeys(("number", "total"), LEAF)
        self.two = Selection({"return": Selection({"item": Selection(few)})})

    def write(self, rows: list[dict[str, object]]) -> bytes:
        return self._encoder.encode({"orders": {"item": rows}}).body

    def read(self, content: bytes, selection: Selection = EVERYTHING) -> Any:
        return decode(self.codec, 200, XML, content, selection=selection, made=self._readers)


class Zeep:
    """zeep 4 by its own ways, without its transport."""

    def __init__(self) -> None:
        client: Any = zeep.Client(str(WSDL))  # type: ignore[no-untyped-call]  # zeep has no annotations
        self._client = client
        self._binding = client.service._binding  # noqa: SLF001  # the only way to what a reply is read by
        self._operation = self._binding.get(NAME)

    def write(self, rows: list[dict[str, object]]) -> bytes:
        message = self._client.create_message(self._client.service, NAME, orders={"item": rows})
        return bytes(etree.tostring(message))

    def read(self, content: bytes) -> Any:
        answer = SimpleNamespace(status_code=200, content=content, headers={"Content-Type": XML}, encoding="utf-8")
        return self._binding.process_reply(self._client, self._operation, answer)


def reply(content: bytes) -> bytes:
    """A request of ours as the reply that would hold the same rows."""
    return (
        content.replace(b":PlaceOrders", b":PlaceOrdersResponse")
        .replace(b":orders>", b":return>")
        .replace(b"<?xml version='1.0' encoding='utf-8'?>\n", b"")
    )


def plain(rows: Any) -> list[dict[str, object]]:
    """Zeep's rows in the values that ours have: dates and times as text."""
    told: Any = zeep.helpers.serialize_object
    found = told(rows, dict)["item"] if isinstance(told(rows, dict), dict) else told(rows, dict)
    return [{name: _told(value) for name, value in row.items()} for row in found]


def _told(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, dt.date) else value


def _milliseconds(call: Callable[[], object]) -> tuple[float, float]:
    """The least and the median CPU time of one call over the rounds."""
    call()
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for _ in range(CALLS):
            call()
        found.append((time.process_time() - start) / CALLS * 1000)
    return min(found), statistics.median(found)


def main() -> None:
    """Prints a table in Markdown; ends with status 1 where the two read different values."""
    rows = orders(100)
    ours, theirs = Ours(), Zeep()
    content = reply(ours.write(rows))
    if ours.read(content, ours.all)["return"]["item"] != plain(theirs.read(content)):
        sys.exit("the two read different values")
    cases: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (f"reply of 100 x 10 values ({len(content) / 1000:.0f} kB), all asked",
         lambda: ours.read(content, ours.all), lambda: theirs.read(content)),
        ("the same, two fields asked", lambda: ours.read(content, ours.two), lambda: theirs.read(content)),
        ("request of 100 x 10 values", lambda: ours.write(rows), lambda: theirs.write(rows)),
        ("request of 1 x 10 values", lambda: ours.write(rows[:1]), lambda: theirs.write(rows[:1])),
    ]  # fmt: skip
    load_before = os.getloadavg()[0]
    table = f"| CPU ms, least/median | isthmus | zeep {zeep.__version__} |\n|---|---|---|\n"
    for name, mine, other in cases:
        (a, b), (c, d) = _milliseconds(mine), _milliseconds(other)
        table += f"| {name} | {a:.2f}/{b:.2f} | {c:.2f}/{d:.2f} |\n"
    sys.stdout.write(f"{described(f'{ROUNDS} rounds of {CALLS} calls', load_before)}\n\n{table}")


if __name__ == "__main__":
    main()
