"""``python -m tests.corpus.soap``: inspects every WSDL, one after the other, and writes docs/soap.md."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import zeep
from lxml.etree import LxmlError

from tests.corpus.measure import CORPUS, COUNTS, SOAP_TABLE, Measured, documents, measure_all, row, share

TEXT = """\
# What becomes of real WSDLs

    .venv/bin/python -m tests.corpus.soap    # half a minute; it writes this page

Each line is one run of `isthmus inspect --json` in a process of its own over a WSDL as its publisher wrote it, without
a network. The documents lie outside of this repository; the tests look for them in `../shared/corpus` or
`ISTHMUS_TEST_CORPUS`, and hold the counts of this page (not its times) against what the code does today.

- **operations**: what the WSDL declares, those of several ports with one meaning once; **served** and **left out**
  (with a reason, a file and a line) make it up.
- **types**, **fields**: of the GraphQL schema; fields are those of types and inputs, and arguments.
- **JSON**: fields and replies served as `JSON` because their type is declared nowhere, or twice; `xs:anyType` and
  `xs:any` are not counted: the schema says no more of them.
- **names**: of types, fields and arguments; **numbered**: with a number behind them that the WSDL does not write;
  **long**: of more than 40 characters.
- **s**, **MiB**: from the start of the command, after its imports, to a valid schema; the most resident memory.

{summary}

## By style

| style | WSDLs | fully served | operations | served |
|---|---:|---:|---:|---:|
{styles}

## Why operations are left out

{reasons}

zeep {zeep} loads {loaded} of these WSDLs without a network. A test (`tests/corpus/test_corpus_zeep.py`) holds that all
that it can call there is served, with the same `SOAPAction` and the same wrapper and children.

## What is served as less than its WSDL says

{degraded}

## The documents

| document | style | {heads} | s | MiB |
|---|---|{rules}---:|---:|
{rows}
"""


class _Offline(zeep.Transport):
    def load(self, url: str) -> bytes:
        if "://" in url:
            raise OSError(url)
        return Path(url).read_bytes()


def loaded_by_zeep() -> Iterator[tuple[str, Any]]:
    """The WSDLs that zeep loads without a network: the path of each, and what zeep made of it."""
    for entry in documents("wsdl"):
        path = str(CORPUS / entry["file"])
        try:
            made: Any = zeep.Client(path, transport=_Offline())  # type: ignore[no-untyped-call]  # zeep has no types
            yield path, made.wsdl
        except (zeep.exceptions.Error, LxmlError, OSError, AttributeError, KeyError, TypeError, ValueError):
            continue  # not even zeep loads it


def fully(one: Measured) -> bool:
    """Whether a valid schema serves every operation that is declared."""
    operations = one.report["operations"]
    return bool(one.report["valid"] and operations["served"] == operations["declared"] > 0)


def by_style(measured: list[Measured]) -> str:
    """A line for each style."""
    lines = []
    for style in sorted({one.version for one in measured}):
        same = [one for one in measured if one.version == style]
        counts = [len(same), sum(map(fully, same)), *(sum(one.counts[place] for one in same) for place in (0, 1))]
        lines.append(f"| {style} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines)


def left_out(measured: list[Measured]) -> list[str]:
    """What is left out of which WSDL and why, those with one reason as one line that names the first."""
    lines = []
    for one in measured:
        if not one.report["valid"]:
            lines.append(f"- {one.name}: {one.report['problem'].strip().splitlines()[-1].strip()}")
        found: dict[str, list[dict[str, str]]] = {}
        for item in one.report["operations"]["left_out"]:
            found.setdefault(item["reason"], []).append(item)
        for reason, items in found.items():
            others = f" and {len(items) - 1} more" if len(items) > 1 else ""
            place = items[0]["where"].rpartition("/")[2]
            lines.append(f"- {one.name}: {items[0]['operation']}{others}: {reason} ({place})")
    return lines


def degraded(measured: list[Measured]) -> list[str]:
    """The reasons why something is served as less, the most frequent first."""
    found = Counter(item["reason"] for one in measured for item in one.report.get("degraded", ()))
    return [f"- {count}: {reason}" for reason, count in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def page(measured: list[Measured]) -> str:
    sums = dict(zip(COUNTS, map(sum, zip(*(one.counts for one in measured), strict=True)), strict=True))
    seconds = [one.report["seconds"] for one in measured]
    odd = sum(one.odd_names for one in measured)
    largest = max(one.report["mebibytes"] for one in measured)
    valid = sum(one.report["valid"] for one in measured)
    served = share(sums["served"], sums["operations"])
    most = f"most {max(seconds):.2f} s and {largest:.0f} MiB"
    summary = [
        f"- {valid} of {len(measured)} WSDLs become a valid schema, {sum(map(fully, measured))} are fully served.",
        f"- {sums['served']} of {sums['operations']} operations are served ({served}).",
        f"- {sums['JSON']} of {sums['fields']} fields are JSON without need ({share(sums['JSON'], sums['fields'])}).",
        f"- {odd} of {sums['names']} names are numbered or long ({share(odd, sums['names'])}).",
        f"- Median {median(seconds):.2f} s, {most}, on Python {platform.python_version()}.",
    ]
    return TEXT.format(
        summary="\n".join(summary),
        styles=by_style(measured),
        reasons="\n".join(left_out(measured)) or "None is.",
        zeep=version("zeep"),
        loaded=sum(1 for _ in loaded_by_zeep()),
        degraded="\n".join(degraded(measured)) or "Nothing is.",
        heads=" | ".join(COUNTS),
        rules="---:|" * len(COUNTS),
        rows="\n".join(map(row, measured)),
    )


if __name__ == "__main__":
    SOAP_TABLE.write_text(page(measure_all(workers=1, kind="wsdl")))
