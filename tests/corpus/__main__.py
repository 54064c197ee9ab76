"""``python -m tests.corpus``: inspects every document, one after the other, and writes docs/openapi.md."""

from __future__ import annotations

import platform
from statistics import median

from tests.corpus.measure import COUNTS, TABLE, Measured, measure_all, reasons, row, share

TEXT = """\
# What becomes of real OpenAPI documents

    .venv/bin/python -m tests.corpus    # about a minute; it writes this page

Each line is one run of `isthmus inspect --json` in a process of its own over a document as its publisher wrote it. The
documents lie outside of this repository; the tests look for them in `../shared/corpus` or `ISTHMUS_TEST_CORPUS`, and
hold the counts of this page (not its times) against what the code does today.

- **operations**: what the document declares; **served** and **left out** (with a reason, a file and a line) make it up.
- **types**, **fields**: of the GraphQL schema; fields are those of types and inputs, and arguments.
- **JSON**: fields served as `JSON` although the document says more of them.
- **names**: of types, fields and arguments; **numbered**: with a number behind them that the document does not write;
  **long**: of more than 40 characters, also where the document writes a member that long as one word: that is kept,
  since readers look for the name they know, and counted all the same.
- **s**, **MiB**: from the start of the command, after its imports, to a valid schema; the most resident memory.

{summary}

The schemas of twelve of them lie in [tests/corpus/sdl](../tests/corpus/sdl), without descriptions, as they were read
and found natural; a test holds them, and `.venv/bin/python -m tests.corpus.sdl` writes them anew.

## Why operations are left out

{reasons}

## The documents

| document | version | {heads} | s | MiB |
|---|---|{rules}---:|---:|
{rows}
"""


def page(measured: list[Measured]) -> str:
    sums = dict(zip(COUNTS, map(sum, zip(*(one.counts for one in measured), strict=True)), strict=True))
    seconds = [one.report["seconds"] for one in measured]
    served = share(sums["served"], sums["operations"])
    odd = sum(one.odd_names for one in measured)
    largest = max(one.report["mebibytes"] for one in measured)
    python = platform.python_version()
    summary = [
        f"- {sum(one.report['valid'] for one in measured)} of {len(measured)} documents become a valid schema.",
        f"- {sums['served']} of {sums['operations']} operations are served ({served}).",
        f"- {sums['JSON']} of {sums['fields']} fields are JSON without need ({share(sums['JSON'], sums['fields'])}).",
        f"- {odd} of {sums['names']} names are numbered or long ({share(odd, sums['names'])}).",
        f"- Median {median(seconds):.2f} s, most {max(seconds):.2f} s and {largest:.0f} MiB, on Python {python}.",
    ]
    left_out = [f"- {count}: {reason}" for reason, count in reasons(measured).most_common()] or ["None is."]
    return TEXT.format(
        summary="\n".join(summary),
        reasons="\n".join(left_out),
        heads=" | ".join(COUNTS),
        rules="---:|" * len(COUNTS),
        rows="\n".join(map(row, measured)),
    )


if __name__ == "__main__":
    TABLE.write_text(page(measure_all(workers=1)))
