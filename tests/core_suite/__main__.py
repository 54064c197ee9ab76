"""``python -m tests.core_suite``: what became of each of graphql-core's tests, and where its operations ran."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from tests.core_suite.known_failures import KNOWN_FAILURES
from tests.core_suite.running import Report, run


def tell(report: Report) -> str:
    lines = []
    for name, outcome in report.outcomes.items():
        lines.append(f"{outcome:7} {report.operations.get(name, 0):3} planned  {name}")
        if name in KNOWN_FAILURES:
            lines.append(f"        {KNOWN_FAILURES[name]}")
    lines += [f"{count:7} {told}" for told, count in Counter(report.counts).most_common()]
    lines += [f"{count:7} tests {told}" for told, count in Counter(report.outcomes.values()).most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(tell(run(Path(folder))))  # noqa: T201  # its output
