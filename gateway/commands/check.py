"""``isthmus check``: everything that is wrong with a file, and what of the descriptions is not served."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.commands import security
from gateway.commands.opening import configuration, describe, fail, snapshot
from gateway.snapshot import Snapshot
from resolvers import served


def check(
    file: Annotated[Path, typer.Argument(help="The configuration file.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Check a file: its shape, and that all it names exists."""
    try:
        _check(file, as_json=as_json)
    except typer.Exit:
        if as_json:  # the problems stand on standard error
            typer.echo(orjson.dumps({"valid": False, "sources": {}, "renamed": []}).decode())
        raise


def _check(file: Path, *, as_json: bool) -> None:
    chosen = configuration([str(file)])

    async def work() -> Snapshot:
        current = await snapshot(chosen, quiet=as_json)
        await current.close()
        return current

    current = asyncio.run(work())
    if current.failed:
        fail(describe(chosen, current.failed.values()))
    if as_json:
        typer.echo(orjson.dumps(_report(current)).decode())
        return
    for name, source in current.sources.items():
        model = source.model
        typer.echo(f"{name}: {served(model)} of {model.declared} operations served")
        for item in model.left_out:
            word = "degraded" if item.degraded else "left out"
            typer.echo(f"  {word}: {item.operation}: {item.reason}" + (f" ({item.place})" if str(item.place) else ""))
        for need in security.needs_of(model):
            if not need.met:
                typer.echo(f"  warning: {security.who(model, need)} {security.wanted(model, need)}, and nothing is set")
    for renamed in current.built.renamed if current.built else ():
        typer.echo(f"{renamed.source}: {renamed.wanted} is called {renamed.given}, {renamed.reason}")
    typer.echo("The file is sound.")


def _report(current: Snapshot) -> dict[str, object]:
    return {
        "valid": True,
        "sources": {
            name: {
                "declared": source.model.declared,
                "served": served(source.model),
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
    }
