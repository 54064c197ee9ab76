"""``isthmus serve``: the gateway over a file, or over sources named on the command line."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from gateway import explorer
from gateway.app import make_app
from gateway.commands.listening import check_address
from gateway.commands.opening import (
    DEFAULT,
    Env,
    advised,
    apart,
    closed,
    configuration,
    errors,
    fail,
    sentence,
    state,
    unpinned,
)
from gateway.commands.supervise import supervise
from gateway.file.config import Configuration, UnreadableFile, read
from gateway.holder import State
from gateway.reloading import Reloader
from gateway.server import Place, run, serve_app, tidy
from gateway.server_settings import ServerSettings
from gateway.snapshot import Holder, load_or_wait
from gateway.telemetry import log_at_once
from gateway.workers.link import Told
from gateway.workers.settings import WorkersSettings
from resolvers import Problem

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources; isthmus.yaml when absent."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help="Processes that serve the port; 0: one for each core.")
    ] = None,
    *,
    env: Env = None,
    subgraph: Annotated[bool, typer.Option("--subgraph", help="Serve it to the router of a federation too.")] = False,
) -> None:
    """Serve one GraphQL API over the sources."""
    named = what or [DEFAULT]
    chosen = configuration(named, env, further=True)
    file = Path(named[0]) if chosen.file else None
    stating = {"host": host, "port": port, "subgraph": subgraph or None}
    given: dict[str, object] = {key: value for key, value in stating.items() if value is not None}
    if workers is not None:
        told = chosen.settings.server.workers or WorkersSettings()
        given["workers"] = told.model_copy(update={"count": workers})

    def stated(configuration: Configuration, **kept: object) -> Configuration:
        """As it was read, but for what the command line says."""
        server = configuration.settings.server.model_copy(update={**given, **kept})
        return replace(configuration, settings=configuration.settings.model_copy(update={"server": server}))

    chosen = stated(chosen)
    server = chosen.settings.server

    def forbids(settings: ServerSettings) -> Problem | None:
        if settings.identifies or settings.host in LOOPBACK or host is not None:
            return None
        what = f"Without server.jwt everyone is anonymous, so the server does not listen on {settings.host}."
        return Problem(what, mend="add server.jwt, or say --host yourself if that is what you want")

    forbidden = forbids(server)
    if forbidden is not None:
        fail(sentence(forbidden))
    place = None
    if server.workers is not None:

        def prepare() -> None:
            nonlocal chosen
            if file is not None:  # where it listens was decided when the supervisor began
                kept = {"host": server.host, "port": server.port, "workers": server.workers}
                before = chosen
                chosen = _anew(before, lambda: stated(read(file, env=before.env), **kept), forbids)

        found = supervise(server, prepare)
        if isinstance(found, int):
            raise typer.Exit(found)
        place = found
        errors.file = cast("TextIO", place.link)  # what workers have to say alike is said once
    run(_run(chosen, lambda: chosen if file is None else stated(read(file, env=chosen.env)), forbids, place))


def _anew(
    before: Configuration, again: Callable[[], Configuration], forbids: Callable[[ServerSettings], Problem | None]
) -> Configuration:
    """The configuration as it is now; where it cannot be used any more, as it was: a new worker does nothing that those
    that there are would refuse.
    """
    try:
        found = again()
    except UnreadableFile as error:
        log_at_once("configuration_kept", level="error", detail=error.text)
        return before
    problem = forbids(found.settings.server)
    if problem is None:
        return found
    log_at_once("configuration_kept", level="error", detail=sentence(problem))
    return before


async def _run(
    chosen: Configuration,
    again: Callable[[], Configuration],
    forbids: Callable[[ServerSettings], Problem | None],
    place: Place | None,
) -> None:
    settings = chosen.settings.server
    # Until the server looks at changes there are none: a signal that says so must not end what only begins.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    metrics = settings.metrics
    if place is None:
        check_address(settings.host, settings.port)
        if metrics is not None:
            check_address(metrics.host, metrics.port, "name another host or port under server.metrics")
    current = await state(chosen, load_or_wait)
    _tell(chosen, current)
    holder = Holder(current)
    app = make_app(holder, settings, explorer_page=explorer.page, extra_routes=explorer.routes())

    def tidied() -> None:
        with app.state.lag.known("looking for garbage"):
            tidy()

    holder.tidy = tidied

    def started(bound: str) -> None:
        if app.state.metrics is not None:
            errors.print(f"Metrics are told at {app.state.metrics.address}", markup=False)
        if place is None:
            errors.print(f"Isthmus answers at {bound}/graphql", markup=False)
        else:
            place.link.tell(Told(ready=bound))

    try:
        async with Reloader(holder, app, again, chosen, forbids=forbids).running():
            await serve_app(app, settings, started, place)
    finally:
        await holder.close()


def _tell(chosen: Configuration, current: State) -> None:
    """Tells what of the file is not served, or not as one might think."""
    for name, problem in current.failed.items():
        errors.print(f"Source {name} is not served: {sentence(advised(chosen, problem))}", markup=False)
    for name, source in current.sources.items():
        for caution in source.model.cautions:
            errors.print(f"warning: source {name}: {caution}", markup=False)
    for caution in (*apart(chosen), *unpinned(chosen), *chosen.cautions):
        errors.print(f"warning: {caution}", markup=False)
    if closed(chosen):
        errors.print(f"warning: {closed(chosen)}", markup=False)
    if current.graph is None:
        errors.print("Nothing can be served yet: sources are asked for until one comes", markup=False)
