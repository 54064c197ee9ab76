"""``isthmus sdl``: the schema in the schema definition language."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from gateway.commands.opening import configuration, fail, snapshot


def sdl(
    what: Annotated[list[str], typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources.")],
    *,
    writes: Annotated[
        bool, typer.Option("--writes", help="Of sources named here: with the operations that write.")
    ] = False,
) -> None:
    """Print the schema."""
    chosen = configuration(what)
    if writes and chosen.file:
        fail("a file says itself which sources may be written to\n  mend: write writes: true under the source")
    if writes:
        sources = {
            name: (kind, settings.model_copy(update={"writes": True}))
            for name, (kind, settings) in chosen.sources.items()
        }
        chosen = replace(chosen, sources=sources)

    async def work() -> str:
        current = await snapshot(chosen)
        text = current.graph.sdl()
        await current.close()
        return text

    typer.echo(asyncio.run(work()))
