"""``isthmus check --drift``: whether the systems still are what their pinned descriptions say, as an answer for CI."""

from __future__ import annotations

import asyncio

import orjson
import typer

from gateway.changes import Level
from gateway.commands.diff import FOUND, report, tell
from gateway.commands.opening import describe, fail
from gateway.compared import Compared, compared
from gateway.file.config import Configuration
from gateway.file.problems import dotted
from resolvers import ConfigurationError


def check_drift(chosen: Configuration, *, as_json: bool, each: bool) -> None:
    """Compares, tells, and ends with 2 where something breaks, with 1 where something cannot be compared."""
    if chosen.lock is None or not chosen.lock.descriptions:
        fail("no description is pinned, so nothing can have drifted\n  mend: run isthmus pull")
    try:
        found = asyncio.run(compared(chosen))
    except ConfigurationError as error:
        fail(describe(chosen, error.problems))
    if as_json:
        typer.echo(orjson.dumps(_report(chosen, found)).decode())
    else:
        _tell(chosen, found, each=each)
    if found.affected or found.broken or any(change.level is Level.BREAKING for change in found.changes):
        raise typer.Exit(FOUND)
    if found.away:
        raise typer.Exit(1)


def _tell(chosen: Configuration, found: Compared, *, each: bool) -> None:
    for name in chosen.sources:
        if name in found.changed:
            typer.echo(f"{name}: its description has changed")
        elif name in found.away:
            typer.echo(f"{name}: cannot be compared\n{describe(chosen, found.away[name])}")
        elif name in found.unpinned:
            typer.echo(f"{name}: is not pinned, and not compared")
    if found.affected:
        typer.echo(f"What of {chosen.file} would no longer fit:\n{describe(chosen, found.affected)}")
    if not found.whole:
        typer.echo("What else changes cannot be told before that is mended.")
        return
    tell(found.changes, found.broken, found.operations, safe=True, each=each)


def _report(chosen: Configuration, found: Compared) -> dict[str, object]:
    return {
        **report(found.changes, found.broken, found.operations),
        "whole": found.whole,
        "sources": {
            name: "changed" if name in found.changed else "away" if name in found.away
            else "unpinned" if name in found.unpinned else "same"
            for name in chosen.sources
        },
        "away": {name: describe(chosen, problems) for name, problems in found.away.items()},
        "affected": [
            {"where": dotted(problem), "place": chosen.place(*problem.where), "what": describe(chosen, [problem])}
            for problem in found.affected
        ],
    }  # fmt: skip
