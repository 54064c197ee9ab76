"""``isthmus sdl``: the schema in the schema definition language."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from gateway.commands.callers import AS, caller
from gateway.commands.opening import DEFAULT, Env, as_subgraph, configuration, fail, sentence, snapshot
from resolvers import Problem, offered


def sdl(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources; isthmus.yaml when absent."),
    ] = None,
    *,
    env: Env = None,
    who: Annotated[str | None, typer.Option("--as", metavar="CALLER", help=AS)] = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope of that caller; may be repeated.")] = None,
    view: Annotated[str, typer.Option(help="The schema of this view alone.")] = "",
    subgraph: Annotated[
        bool, typer.Option("--subgraph", help="The schema that the router of a federation composes.")
    ] = False,
    writes: Annotated[
        bool, typer.Option("--writes", help="Of sources named here: with the operations that write.")
    ] = False,
) -> None:
    """Print the schema: all of it, or what a caller or a view is shown of it."""
    chosen = configuration(what or [DEFAULT], env)
    if subgraph:
        chosen = as_subgraph(chosen)
    if subgraph and (who is not None or scope or view):
        fail("a router composes the whole schema\n  mend: leave --as, --scope and --view out")
    principal = None if who is None and not scope else caller(chosen, who or "", scope or [])
    views = chosen.settings.access.views
    if view and view not in views:
        fail(
            sentence(
                Problem(f'the file has no view "{view}"', mend=offered(view, views) or "leave --view out: it has none")
            )
        )
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
        graph = current.graph.views[view] if view else current.graph
        if principal is not None and not view:
            graph = current.graph.part("", principal) or graph  # a view may be that of the caller
        text = current.built.subgraph if subgraph and current.built is not None else graph.sdl(principal)
        await current.close()
        return text

    typer.echo(asyncio.run(work()))
