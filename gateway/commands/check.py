"""``isthmus check``: everything that is wrong with a file, and what of the descriptions is not served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.commands import security
from gateway.commands.check_drift import check_drift
from gateway.commands.opening import DEFAULT, Env, closed, configuration, describe, errors, fail, snapshot, unpinned
from gateway.drift import Drift, drift, locked
from gateway.file.config import Configuration
from gateway.further import unseen
from gateway.lock import FILE
from gateway.snapshot import Snapshot
from resolvers import served

LOCK_DRIFT = 2
"""The exit code of ``--locked`` where the file is sound and only the lock is not."""


def check(
    file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path(DEFAULT),
    *,
    env: Env = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
    as_locked: Annotated[
        bool, typer.Option("--locked", help="Fail when isthmus.lock is not up to date, as in CI.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--drift", help="Compare pulled descriptions with those of now: 2 where that breaks something."),
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="With --drift: list each change that comes of another.")] = False,
) -> None:
    """Check a file: its shape, and that all it names exists."""
    if live:
        check_drift(configuration([str(file)], env), as_json=as_json, each=every)
        return
    try:
        _check(file, env, as_json=as_json, as_locked=as_locked)
    except typer.Exit as ended:
        if as_json and ended.exit_code != LOCK_DRIFT:  # the problems stand on standard error
            typer.echo(orjson.dumps({"valid": False, "sources": {}, "renamed": [], "links": {}}).decode())
        raise


def _check(file: Path, env: str | None, *, as_json: bool, as_locked: bool) -> None:
    chosen = configuration([str(file)], env, further=True)

    async def work() -> Snapshot:
        current = await snapshot(chosen, quiet=as_json)
        await current.close()
        return current

    current = asyncio.run(work())
    if current.failed:
        fail(describe(chosen, current.failed.values(), unseen(chosen, current.sources, current.failed)))
    found = locked_drift(chosen, current)
    if as_json:
        told = [{"source": item.source, "kind": item.kind, "what": item.sentence} for item in found]
        warnings = [*([closed(chosen)] if closed(chosen) else []), *unpinned(chosen), *chosen.cautions]
        typer.echo(orjson.dumps({**_report(current), "drift": told, "warnings": warnings}).decode())
        _end(chosen, found, as_locked=as_locked)
        return
    _tell(current)
    for renamed in current.built.renamed if current.built else ():
        typer.echo(f"{renamed.source}: {renamed.wanted} is called {renamed.given}, {renamed.reason}")
    for line in _links(current):
        typer.echo(line)
    for note in current.built.notes if current.built else ():
        typer.echo(f"note: {note}")
    for drifted in found:
        typer.echo(f"{drifted.source}: {drifted.sentence}")
    if closed(chosen):
        typer.echo(f"warning: {closed(chosen)}")
    for caution in (*unpinned(chosen), *chosen.cautions):
        typer.echo(f"warning: {caution}")
    _end(chosen, found, as_locked=as_locked)
    typer.echo("The file is sound." + (f" Run isthmus lock to bring {FILE} up to date." if found else ""))


def _tell(current: Snapshot) -> None:
    """What of each description is served, is not, and needs credentials that nothing is set for."""
    for name, source in current.sources.items():
        model = source.model
        typer.echo(f"{name}: {served(model)} of {model.declared} operations served")
        if model.stale:
            typer.echo(f"  warning: {model.stale}")
        for caution in model.cautions:
            typer.echo(f"  warning: {caution}")
        for item in model.left_out:
            word = "degraded" if item.degraded else "left out"
            typer.echo(f"  {word}: {item.operation}: {item.reason}" + (f" ({item.place})" if str(item.place) else ""))
        for need in security.needs_of(model):
            if not need.met:
                typer.echo(f"  warning: {security.who(model, need)} {security.wanted(model, need)}, and nothing is set")


def _links(current: Snapshot) -> list[str]:
    """Through how many links filters go, and what else is to be known of some."""
    filtered = current.built.filtered if current.built else ()
    if not filtered:
        return []
    fit = sum(not each.reason for each in filtered)
    why = "" if fit == len(filtered) else "; --json says why not through the others"
    said = [f"links: filters go through {fit} of {len(filtered)}{why}"]
    return [*said, *(f"  note: {each.coordinate}: {each.note}" for each in filtered if each.note)]


def locked_drift(chosen: Configuration, current: Snapshot) -> list[Drift]:
    """What names and descriptions differ in from those that are locked, where any are."""
    if chosen.lock is None or not chosen.lock.sources or current.built is None:
        return []
    return drift(chosen.lock, locked(current.sources, current.built, chosen.prefixes()))


def _end(chosen: Configuration, found: list[Drift], *, as_locked: bool) -> None:
    """Ends the command with exit code 2 where the lock must be up to date and is not."""
    if as_locked and (found or chosen.lock is None or not chosen.lock.sources):
        what = "is not up to date" if chosen.lock is not None else "is not there"
        errors.print(f"{FILE} {what}\n  mend: run isthmus lock, look at what changed, and commit it", markup=False)
        raise typer.Exit(LOCK_DRIFT)


def _report(current: Snapshot) -> dict[str, object]:
    return {
        "valid": True,
        "sources": {
            name: {
                "declared": source.model.declared,
                "served": served(source.model),
                "stale": source.model.stale,
                "cautions": list(source.model.cautions),
                "left_out": [
                    {
                        "operation": item.operation,
                        "where": str(item.place),
                        "reason": item.reason,
                        "degraded": item.degraded,
                    }
                    for item in source.model.left_out
                ],
                "credentials_missing": [
                    security.wanted(source.model, need) for need in security.needs_of(source.model) if not need.met
                ],
            }
            for name, source in current.sources.items()
        },
        "renamed": [
            {"source": item.source, "wanted": item.wanted, "given": item.given, "reason": item.reason}
            for item in (current.built.renamed if current.built else ())
        ],
        "links": {
            each.coordinate: {"filtered": not each.reason, "reason": each.reason, "note": each.note}
            for each in (current.built.filtered if current.built else ())
        },
    }
