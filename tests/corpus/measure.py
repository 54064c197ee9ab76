"""``isthmus inspect`` over real documents, and what it says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("ISTHMUS_TEST_CORPUS", HERE.parent / "shared" / "corpus")).resolve()
TABLE = HERE / "docs" / "openapi.md"
SOAP_TABLE = HERE / "docs" / "soap.md"
COUNTS = ("operations", "served", "left out", "types", "fields", "JSON", "names", "numbered", "long")


@dataclass(frozen=True, slots=True)
class Measured:
    """One document: ``report`` is what ``isthmus inspect --json`` said, ``declared`` what the manifest counts.

    ``version``: of OpenAPI; for a WSDL, its style.
    """

    name: str
    version: str
    declared: int
    report: Mapping[str, Any]

    @property
    def counts(self) -> tuple[int, ...]:
        """In the order of ``COUNTS``."""
        operations, names = self.report["operations"], self._names
        return (
            self.declared,
            operations["served"],
            len(operations["left_out"]),
            self.report["types"],
            self.report.get("fields", 0),
            len(self.report.get("json_fallbacks", ())),
            names["total"],
            len(names["numbered"]),
            len(names["long"]),
        )

    @property
    def odd_names(self) -> int:
        """How many names are numbered, long, or both."""
        return len({*self._names["numbered"], *self._names["long"]})

    @property
    def _names(self) -> Mapping[str, Any]:
        """Where no schema could be built, there are none."""
        found: Mapping[str, Any] = self.report.get("names", {"total": 0, "numbered": [], "long": []})
        return found


def documents(kind: str = "openapi") -> list[Mapping[str, Any]]:
    """What the manifest says of each document, by size: the largest first, so that two at a time end together.

    ``kind``: ``openapi`` or ``wsdl``.
    """
    listed = json.loads((CORPUS / "manifest.json").read_text())[kind]
    return sorted(listed, key=lambda item: -item["size"])


def measure(entries: Sequence[Mapping[str, Any]]) -> list[Measured]:
    """Inspects documents one after the other.

    Raises:
        RuntimeError: a command died, or ended without a report.
    """
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "tests.corpus.inspecting", *(str(CORPUS / entry["file"]) for entry in entries)],
        cwd=HERE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE)},
        capture_output=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    if not all(lines) or len(lines) != len(entries):
        raise RuntimeError(ended.stderr.decode()[-4000:])
    return [_measured(entry, json.loads(line)) for entry, line in zip(entries, lines, strict=True)]


def _measured(entry: Mapping[str, Any], report: Mapping[str, Any]) -> Measured:
    if "style" in entry:  # many WSDLs of different folders have one file name
        name, version = entry["file"].removeprefix("wsdl/"), style(entry["style"])
        return Measured(name, version, report["operations"]["declared"] or entry["operations"], report)
    return Measured(Path(entry["file"]).name, str(entry["version"]), entry["operations"], report)


def style(listed: str) -> str:
    """The style of a WSDL in the words of WSDL 1.1: a binding that says none is of style document, and literal."""
    styles, _, uses = listed.replace("(default)", "").strip().partition(" ")
    return "several" if "/" in styles else f"{styles}/{uses.strip() or 'literal'}"


def measure_all(workers: int = 2, kind: str = "openapi") -> list[Measured]:
    """Every document, by name."""
    listed = documents(kind)
    with ThreadPoolExecutor(workers) as pool:
        measured = pool.map(measure, [listed[first::workers] for first in range(workers)])
        return sorted(chain.from_iterable(measured), key=lambda item: item.name.lower())


def reasons(measured: list[Measured]) -> Counter[str]:
    """Why operations are left out, over all documents."""
    return Counter(item["reason"] for one in measured for item in one.report["operations"]["left_out"])


def share(part: int, whole: int) -> str:
    """A part of the whole for readers."""
    return f"{100 * part / whole:.2f} %"


def row(one: Measured) -> str:
    """One line of the table."""
    cells = [one.name, one.version, *map(str, one.counts), f"{one.report['seconds']:.2f}"]
    return f"| {' | '.join(cells)} | {one.report['mebibytes']:.0f} |"


def rows(page: str) -> dict[str, tuple[int, ...]]:
    """The counts that a page shows, by document."""
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(COUNTS) + 4 and cells[2].isdecimal():
            found[cells[0]] = tuple(map(int, cells[2 : 2 + len(COUNTS)]))
    return found
