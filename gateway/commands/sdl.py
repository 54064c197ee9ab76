"""``isthmus sdl``: the schema in the schema definition language."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from gateway.commands.opening import configuration, snapshot


def sdl(
    what: Annotated[list[str], typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources.")],
) -> None:
    """Print the schema."""
    chosen = configuration(what)

    async def work() -> str:
        current = await snapshot(chosen)
        text = current.graph.sdl()
        await current.close()
        return text

    typer.echo(asyncio.run(work()))
