"""``python -m tests.soap_interop [CASES] [FIRST_SEED]``: so many random elements of the corpus' schemas, judged by lxml
and zeep, and every operation that the npm package ``soap`` serves of its WSDLs; it writes docs/soap-interoperability.md
and ends at the first law that does not hold.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import structlog
from lxml import etree

from tests.corpus.measure import CORPUS, HERE, documents
from tests.soap.npm_soap import NpmServers, npm_servers
from tests.soap_interop.judged import Court, Tally, courts, judge
from tests.soap_interop.messages import operations
from tests.soap_interop.schemas import gathered
from tests.soap_interop.served import Served, Shown, configuration
from tests.through.gateway import gateway

PAGE = HERE / "docs" / "soap-interoperability.md"
TEXT = """\
# SOAP with software that is not ours

    .venv/bin/python -m tests.soap_interop {cases} {seed}    # some minutes; it writes this page
    .venv/bin/python -m pytest tests/soap_interop    # the share of it that every change is held against

The WSDLs are real ones (`docs/soap.md`). What elements they allow is decided by a generator of the tests, which reads
the schemas itself, and by libxml2's validator; nothing of it is shared with the gateway.

## npm's `soap` behind the gateway

Each operation is asked once through the whole gateway: random arguments in GraphQL, header blocks among them, and the
fields that the reply holds. The bytes that the package received are valid by the WSDL's own schemas, say exactly what
was asked, and stand under the declared SOAPAction. The reply is written by the package; where what it writes is not
valid ({raw} times: names in a wrong namespace, lost types), the same instance is sent as it stands. The answer in
GraphQL says exactly what the reply says. Days are asked without a time zone, which the scalar `Date` does not take.

| WSDL | operations | values asked | values answered | written by npm | as they stand |
|---|---:|---:|---:|---:|---:|
{served}

Not asked:

{not_asked}

In the tests besides: RPC/literal by its schemas, RPC/encoded as the package reads it, declared and other faults,
one-way operations; MTOM, written by us and put together by zeep and by the package's client, and written by that client
and read by us. WS-Security is shown in `tests/soap/security`: the package's client and server, and zeep.

## spyne behind the gateway

A service of spyne 2.14, which validates what it is asked by lxml, over SOAP 1.1 and 1.2 (`tests/soap_interop/`):
numbers, exact decimals, days, moments, durations, bytes, enumerations, attributes, nil beside absent, arrays, three
types in one array told apart by `xsi:type`, header blocks, several results, operations without a result, a fault with
its detail, document style wrapped and bare. Python 3.12 no longer has what spyne needs; there these tests are skipped.

## zeep and libxml2 as judges

{cases} random elements, one WSDL after the other, seeds from {seed}. *Read*: what we read of an element is all that it
says, value by value. *Sent*: what we then write of it is valid by the schemas, and zeep reads of it what it reads of
the element. *Returned*: what zeep writes of the element, where that is valid, we read as what it says.

Compared is what values say, with these allowances: the order of elements of different names in a repeated choice is not
kept in replies; types derived from one that holds anything are not tried, for JSON keeps no `xsi:type`; `true` is `1`,
`2.50` is `2.5`, fractions of a second end where they say no more, `Z` is `+00:00`.

| WSDL | elements | values read | values sent | values returned |
|---|---:|---:|---:|---:|
{judged}

Not judged, and why (zeep reads an empty element as nothing, and then misses it when it writes):

{not_judged}
"""


def judged(found: list[Court], cases: int, seed: int) -> dict[str, Tally]:
    """Cases one WSDL after the other, each with a seed of its own."""
    tallies = {court.name: Tally() for court in found}
    for number in range(cases):
        court = found[number % len(found)]
        tallies[court.name].add(judge(court, random.Random(seed + number).choice(court.tags), seed + number))
    return tallies


async def served() -> tuple[dict[str, Shown], Counter[str]]:
    """Every operation of every WSDL that the package serves and libxml2 can judge."""
    files = sorted(CORPUS / str(entry["file"]) for entry in documents("wsdl") if entry["size"] < 3_000_000)
    shown: dict[str, Shown] = {}
    passed_over: Counter[str] = Counter()
    with npm_servers(files, CORPUS / "wsdl" / "_catalog") as npm:
        for number, file in enumerate(files):
            reason = await _one(file, number, npm, shown)
            passed_over += Counter([reason] if reason else [])
    return shown, passed_over


async def _one(file: Path, number: int, npm: NpmServers, shown: dict[str, Shown]) -> str:
    """Why a WSDL could not be asked; empty where it was."""
    if npm.problems[number] is not None:
        return "WSDLs that the package cannot read"
    schemas = gathered(file)
    found = operations(schemas)
    if not found:
        return "WSDLs that are RPC/encoded, or whose bodies are not one element"
    try:
        schemas.validator  # noqa: B018 - it is made here or not at all
    except etree.XMLSchemaParseError:
        return "WSDLs whose schemas libxml2 refuses"
    name = str(file.relative_to(CORPUS / "wsdl"))
    one = shown[name] = Shown()
    with tempfile.TemporaryDirectory() as folder:
        async with gateway(Path(folder), configuration(file, npm.address(number))) as house:
            for seed, operation in enumerate(found):
                await Served(name, schemas, house, npm).ask(operation, seed, one)
    return ""


def _row(name: str, *counts: int) -> str:
    return f"| {name} | {' | '.join(map(str, counts))} |"


def _reasons(*counted: Counter[str]) -> str:
    total = sum(counted, Counter())
    return "\n".join(f"- {count}: {reason}" for reason, count in total.most_common()) or "Nothing."


def page(cases: int, seed: int) -> str:
    shown, not_served = asyncio.run(served())
    found, not_read = courts()
    tallies = judged(found, cases, seed)
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    rows = {
        name: (one.operations, one.asked, one.answered, one.written_by_npm, one.as_they_stand)
        for name, one in shown.items()
    }
    every = {name: (tally.elements, tally.read, tally.sent, tally.returned) for name, tally in tallies.items()}
    every["all"] = (total.elements, total.read, total.sent, total.returned)
    rows["all"] = tuple(map(sum, zip(*rows.values(), strict=True)))  # type: ignore[assignment]  # five as above
    return TEXT.format(
        cases=cases,
        seed=seed,
        raw=rows["all"][-1],
        served="\n".join(_row(name, *counts) for name, counts in rows.items()),
        judged="\n".join(_row(name, *counts) for name, counts in every.items()),
        not_asked=_reasons(not_served, *(one.passed_over for one in shown.values())),
        not_judged=_reasons(
            Counter({f"WSDLs: {reason}": count for reason, count in not_read.items()}), total.passed_over
        ),
    )


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    arguments = [int(text) for text in sys.argv[1:]]
    PAGE.write_text(page(arguments[0] if arguments else 20_000, arguments[1] if len(arguments) > 1 else 0), "utf-8")
