"""``isthmus serve``: the gateway over a file, or over sources named on the command line."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway import explorer
from gateway.app import ServerSettings, make_app
from gateway.commands.listening import check_address
from gateway.commands.opening import advised, closed, configuration, errors, fail, sentence, state
from gateway.config import Configuration, read
from gateway.reloading import Reloader
from gateway.server import run, serve_app
from gateway.snapshot import Holder, load_or_wait
from resolvers import Problem

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    what: Annotated[list[str], typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources.")],
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = None,
) -> None:
    """Serve one GraphQL API over the sources."""
    chosen = configuration(what)
    file = Path(what[0]) if chosen.file else None
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    server = chosen.settings.server.model_copy(update=given)

    def forbids(settings: ServerSettings) -> Problem | None:
        if settings.identifies or settings.host in LOOPBACK or host is not None:
            return None
        what = f"Without server.jwt everyone is anonymous, so the server does not listen on {settings.host}."
        return Problem(what, mend="add server.jwt, or say --host yourself if that is what you want")

    forbidden = forbids(server)
    if forbidden is not None:
        fail(sentence(forbidden))
    chosen = replace(chosen, settings=chosen.settings.model_copy(update={"server": server}))
    run(_run(chosen, lambda: chosen if file is None else read(file), forbids))


async def _run(
    chosen: Configuration, again: Callable[[], Configuration], forbids: Callable[[ServerSettings], Problem | None]
) -> None:
    settings = chosen.settings.server
    # Until the server looks at changes there are none: a signal that says so must not end what only begins.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    check_address(settings.host, settings.port)
    metrics = settings.metrics
    if metrics is not None:
        check_address(metrics.host, metrics.port, "name another host or port under server.metrics")
    current = await state(chosen, load_or_wait)
    for name, problem in current.failed.items():
        errors.print(f"Source {name} is not served: {sentence(advised(chosen, problem))}", markup=False)
    for name, source in current.sources.items():
        for caution in source.model.cautions:
            errors.print(f"warning: source {name}: {caution}", markup=False)
    if closed(chosen):
        errors.print(f"warning: {closed(chosen)}", markup=False)
    if current.graph is None:
        errors.print("Nothing can be served yet: sources are asked for until one comes", markup=False)
    holder = Holder(current)
    app = make_app(holder, settings, explorer_page=explorer.page, extra_routes=explorer.routes())

    def started(bound: str) -> None:
        if app.state.metrics is not None:
            errors.print(f"Metrics are told at {app.state.metrics.address}", markup=False)
        errors.print(f"Isthmus answers at {bound}/graphql", markup=False)

    try:
        async with Reloader(holder, app, again, chosen, forbids=forbids).running():
            await serve_app(app, settings, started)
    finally:
        await holder.close()
