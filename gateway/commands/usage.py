"""``isthmus usage``: who uses which protected coordinates, who was refused, and what is unusual, from audit logs.

What is counted stands in ``gateway/usage``; here it is only said, as text and as JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.commands.opening import fail
from gateway.usage.records import Reading
from gateway.usage.tally import Tally
from gateway.usage.unusual import Finding, Unusual

SHOWN = 10
_SPAN = re.compile(r"([0-9]{1,5})([hd])")


def usage(
    files: Annotated[list[Path], typer.Argument(metavar="AUDIT-FILE…", help="Audit logs, also compressed by gzip.")],
    *,
    since: Annotated[
        str | None,
        typer.Option(help="Report only from this time on (2026-11-01, 2026-11-01T08:00Z) or the last 24h, 7d."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Report who uses protected fields, who was refused, and what is unusual."""
    begun = None if since is None else _since(since)
    reading, tally, unusual = Reading(), Tally(), Unusual()
    try:
        for record in reading.records(files):
            unusual.add(record)  # what came before is what is compared with
            if begun is None or record.time >= begun:
                tally.add(record)
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}")
    findings = unusual.findings(begun)
    untold = tally.uses.untold + unusual.untold
    if as_json:
        typer.echo(orjson.dumps(_for_programs(reading, tally, findings, untold)).decode())
    else:
        typer.echo("\n".join(_printable(line) for line in _text(reading, tally, findings, untold)))


def _since(text: str) -> datetime:
    span = _SPAN.fullmatch(text)
    if span is not None:
        length = int(span[1])
        return datetime.now(UTC) - (timedelta(hours=length) if span[2] == "h" else timedelta(days=length))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f'--since "{text}" is no time\n  mend: write 2026-11-01, 2026-11-01T08:00Z, 24h or 7d')
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _printable(text: str) -> str:
    """What a caller chose (a subject, the name of a client) must not command a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _text(reading: Reading, tally: Tally, findings: list[Finding], untold: int) -> Iterator[str]:
    yield f"{tally.operations} operations asked for {len(tally.uses.held)} protected coordinates"
    yield from _doubts(reading, untold)
    yield ""
    yield "USED"
    for coordinate, use in sorted(tally.uses.held.items()):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(use.outcomes.items()))
        yield f"  {coordinate}: {counts}; callers: {use.caller_count}"
        by = sorted(use.by.held.items(), key=lambda each: (-each[1].total(), each[0]))
        for (client, operation), counted in by[:SHOWN]:
            yield f"    {client} / {operation}: {counted.total()}"
        if len(by) > SHOWN:
            yield f"    and {len(by) - SHOWN} more"
    yield ""
    yield "REFUSED"
    for coordinate, refused in tally.refused():
        told = ", ".join(f"{who} {count}" for who, count in refused[:SHOWN])
        yield f"  {coordinate}: {told}{f' and {len(refused) - SHOWN} more' if len(refused) > SHOWN else ''}"
    yield ""
    yield "NEVER USED"
    yield from (f"  {coordinate}" for coordinate in tally.never(reading.listed))
    yield ""
    yield "UNUSUAL"
    yield from (f"  {each.words}" for each in findings)


def _doubts(reading: Reading, untold: int) -> Iterator[str]:
    """Why the report may not be complete."""
    if reading.lost:
        yield f"{reading.lost} records were lost when they were to be written"
    if reading.doubted:
        yield f"{reading.doubted} requests showed a credential that was refused"
    if reading.bad:
        yield f"{reading.bad} lines are no records"
    for name in reading.broken:
        yield f"{name} ends in the middle"
    if reading.unlisted:
        yield f"{reading.unlisted} more coordinates are recorded than are listed"
    if untold:
        yield f"{untold} times there was no room to count: give fewer files"


def _for_programs(reading: Reading, tally: Tally, findings: list[Finding], untold: int) -> dict[str, Any]:
    return {
        "operations": tally.operations,
        "used": {
            coordinate: {
                "outcomes": dict(use.outcomes),
                "callers": len(use.callers.held),
                "by": [
                    {"client": client, "operation": operation, "count": counted.total()}
                    for (client, operation), counted in use.by.held.items()
                ],
            }
            for coordinate, use in tally.uses.held.items()
        },
        "refused": {coordinate: dict(refused) for coordinate, refused in tally.refused()},
        "never": tally.never(reading.listed),
        "unusual": [
            {
                "kind": each.kind, "who": each.who, "what": each.what, "at": each.at.isoformat(),
                "window": each.window, "count": each.count, "median": each.median,
            }
            for each in findings
        ],
        "doubts": {
            "lost": reading.lost, "unauthenticated": reading.doubted, "bad_lines": reading.bad,
            "broken_files": reading.broken, "unlisted": reading.unlisted, "no_room": untold,
        },
    }  # fmt: skip
