"""``isthmus lock``: the names as they are given now, written down so that they stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.opening import DEFAULT, Env, configuration, describe, fail, snapshot
from gateway.drift import drift, locked
from gateway.lock import FILE, Lock, save
from gateway.pulled import as_they_are
from gateway.snapshot import Snapshot


def lock(
    file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path(DEFAULT),
    *,
    env: Env = None,
) -> None:
    """Write isthmus.lock beside a file: names that it holds are kept, pulled descriptions as they lie. Commit it."""
    chosen = configuration([str(file)], env)
    before = chosen.lock or Lock()
    pinned = asyncio.run(as_they_are(chosen))
    chosen = replace(chosen, lock=replace(before, descriptions=pinned))

    async def work() -> Snapshot:
        current = await snapshot(chosen)
        await current.close()
        return current

    current = asyncio.run(work())
    if current.failed or current.built is None:  # its names would be lost
        fail(describe(chosen, current.failed.values()))
    now = replace(locked(current.sources, current.built, chosen.prefixes()), descriptions=pinned)
    for item in drift(before, now) if before.sources else ():
        typer.echo(f"{item.source}: {item.sentence}")
    try:
        save(now, chosen.base)
    except OSError as error:
        fail(f"{FILE} cannot be written: {error.strerror}")
    count = sum(len(each.names) for each in now.sources.values())
    typer.echo(f"{FILE}: {count} names of {len(now.sources)} sources")
