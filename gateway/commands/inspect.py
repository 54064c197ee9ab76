"""``isthmus inspect``: one description or database alone: does it give a valid schema, and what is left out."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.commands import security
from gateway.commands.links import print_links
from gateway.commands.opening import Env, configuration, fail, one_source
from gateway.figures import figures
from gateway.file.config import Configuration, is_configuration
from gateway.snapshot import Snapshot, load
from resolvers import ConfigurationError, is_view, served
from schema import type_count

NOWHERE = "http://source.invalid"
"""Stands for the address of the source, which is not called: a description may well name none."""


def inspect(
    source: Annotated[str, typer.Argument(help="A file, a URL or a database URL; or kind:location.")],
    *,
    env: Env = None,
    links: Annotated[
        bool, typer.Option("--links", help="Print links that may be meant, to paste; also for a configuration file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print for programs.")] = False,
) -> None:
    """Inspect one source. Exit code 0 when a valid schema was built."""
    started = time.perf_counter()
    if links:
        print_links(_to_link(source, env))
        return
    try:
        chosen = one_source(source)
    except typer.Exit:
        if as_json:
            typer.echo(orjson.dumps(_report(None, time.perf_counter() - started)).decode())
        raise
    chosen = _opened(chosen, writes=True)
    problem = ""
    current: Snapshot | None = None
    try:
        current = asyncio.run(_load(chosen))
    except ConfigurationError as error:
        problem = chosen.describe(error.problems)
    report = _report(current, time.perf_counter() - started)
    if problem:
        report["problem"] = problem
    if as_json:
        typer.echo(orjson.dumps(report).decode())
    elif current is not None:
        _print(current, report)
    if current is None:
        fail(problem)


def _opened(chosen: Configuration, **stated: object) -> Configuration:
    """The one source with an address and what else is ``stated``, so that nothing is missing that is not needed."""
    ((name, (kind, settings)),) = chosen.sources.items()
    if "functions" in type(settings).model_fields:
        stated["functions"] = True
    if "url" in type(settings).model_fields:
        stated["url"] = NOWHERE
    if getattr(settings, "references", None) == "files":
        stated["references"] = "anywhere"  # who inspects a file of theirs has no other file that could permit it
    return Configuration(chosen.settings, {name: (kind, settings.model_copy(update=stated))}, chosen.base)


def _to_link(source: str, env: str | None) -> Configuration:
    """A configuration file with all its sources, or one description under the name that its file suggests."""
    if is_configuration(Path(source)):
        return configuration([source], env)
    name = source.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    return _opened(one_source(source, name if name.isidentifier() else "source"))


async def _load(chosen: Configuration) -> Snapshot:
    current = await load(chosen)
    gc.freeze()  # all of it stays until the command ends, which need not search it for garbage
    await current.close()
    return current


def _report(current: Snapshot | None, seconds: float) -> dict[str, object]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mebibytes = peak / 1024 if sys.platform != "darwin" else peak / 1_048_576
    model = current.sources["source"].model if current is not None else None
    left_out = [item for item in model.left_out if not item.degraded] if model is not None else []
    return {
        "valid": current is not None,
        "operations": {
            "declared": model.declared if model is not None else 0,
            "served": served(model) if model is not None else 0,
            "left_out": [
                {"operation": item.operation, "where": str(item.place), "reason": item.reason} for item in left_out
            ],
        },
        "recognised": {
            name: list(operation.evidence)
            for name, operation in (model.operations.items() if model is not None else ())
            if operation.evidence
        },
        "security": security.report(model) if model is not None else [],
        "types": type_count(current.graph.schema) if current is not None else 0,
        **(figures(model, current.graph.schema) if model is not None and current is not None else {}),
        "seconds": round(seconds, 3),
        "mebibytes": round(mebibytes, 1),
    }


def _print(current: Snapshot, report: dict[str, object]) -> None:
    model = current.sources["source"].model
    typer.echo(f"{model.kind}: {served(model)} of {model.declared} operations served, {report['types']} types")
    for name, operation in model.operations.items():
        if is_view(operation):
            continue
        typer.echo(f"  {operation.effect.value:<11}{name}")
        for sign in operation.evidence:
            typer.echo(f"               {sign}")
    for item in model.fallbacks:
        typer.echo(f"  JSON: {item.operation}: {item.reason} ({item.place})")
    for item in model.left_out:
        word = "degraded" if item.degraded else "left out"
        typer.echo(f"  {word}: {item.operation}: {item.reason}" + (f" ({item.place})" if str(item.place) else ""))
    for line in security.lines(model):
        typer.echo(line)
