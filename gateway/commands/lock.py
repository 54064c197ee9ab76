"""``isthmus lock``: the names as they are given now, written down so that they stay."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.opening import Env, configuration, describe, fail, snapshot
from gateway.drift import drift, locked
from gateway.lock import FILE, written
from gateway.snapshot import Snapshot


def lock(
    file: Annotated[Path, typer.Argument(help="The configuration file.")] = Path("isthmus.yaml"),
    *,
    env: Env = None,
) -> None:
    """Write isthmus.lock beside a file: names that it holds are kept. Commit it."""
    chosen = configuration([str(file)], env)

    async def work() -> Snapshot:
        current = await snapshot(chosen)
        await current.close()
        return current

    current = asyncio.run(work())
    if current.failed or current.built is None:  # its names would be lost
        fail(describe(chosen, current.failed.values()))
    now = locked(current.sources, current.built, chosen.prefixes())
    for item in drift(chosen.lock, now) if chosen.lock is not None else ():
        typer.echo(f"{item.source}: {item.sentence}")
    path = chosen.base / FILE
    beside = path.with_name(f"{FILE}.{os.getpid()}")
    try:
        beside.write_text(written(now), "utf-8", newline="\n")
        beside.replace(path)
    except OSError as error:
        fail(f"{FILE} cannot be written: {error.strerror}")
    count = sum(len(each.names) for each in now.sources.values())
    typer.echo(f"{FILE}: {count} names of {len(now.sources)} sources")
