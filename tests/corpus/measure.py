"""``isthmus inspect`` over real documents, each in a process of its own with an end to its time and memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("ISTHMUS_TEST_CORPUS", HERE.parent / "shared" / "corpus")).resolve()
TABLE = HERE / "docs" / "openapi.md"
FAR = 300
"""Seconds after which a document hangs; the largest takes about ten on an idle machine."""
MOST_BYTES = 4 * 1024**3
"""Of address space: several times what the largest document needs."""

COUNTS = ("operations", "served", "left out", "types", "fields", "JSON", "names", "numbered", "long")


@dataclass(frozen=True, slots=True)
class Measured:
    """One document: ``report`` is what ``isthmus inspect --json`` said, ``declared`` what the manifest counts."""

    name: str
    version: str
    declared: int
    report: Mapping[str, Any]

    @property
    def counts(self) -> tuple[int, ...]:
        """In the order of ``COUNTS``."""
        operations, names = self.report["operations"], self.report["names"]
        return (
            self.declared,
            operations["served"],
            len(operations["left_out"]),
            self.report["types"],
            self.report["fields"],
            len(self.report["json_fallbacks"]),
            names["total"],
            len(names["numbered"]),
            len(names["long"]),
        )

    @property
    def odd_names(self) -> int:
        """How many names are numbered, long, or both."""
        names = self.report["names"]
        return len({*names["numbered"], *names["long"]})


def documents() -> list[Mapping[str, Any]]:
    """What the manifest says of each document, by size: the largest first, so that two at a time end together."""
    listed = json.loads((CORPUS / "manifest.json").read_text())["openapi"]
    return sorted(listed, key=lambda item: -item["size"])


def measure(entry: Mapping[str, Any]) -> Measured:
    """Inspects one document.

    Raises:
        RuntimeError: the command died, or ended without a report.
    """
    path = CORPUS / entry["file"]
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "gateway", "inspect", "--json", str(path)],
        cwd=HERE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(HERE)},
        capture_output=True,
        timeout=FAR,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES)),
    )
    try:
        report = json.loads(ended.stdout)
    except ValueError as error:
        raise RuntimeError(f"{path.name}: {ended.stderr.decode()[-2000:]}") from error
    return Measured(path.name, str(entry["version"]), entry["operations"], report)


def measure_all(workers: int = 2) -> list[Measured]:
    """Every document, by name."""
    with ThreadPoolExecutor(workers) as pool:
        return sorted(pool.map(measure, documents()), key=lambda item: item.name.lower())


def reasons(measured: list[Measured]) -> Counter[str]:
    """Why operations are left out, over all documents."""
    return Counter(item["reason"] for one in measured for item in one.report["operations"]["left_out"])


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
