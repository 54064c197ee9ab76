"""``isthmus serve``: the gateway over a file, or over sources named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TextIO, cast

import typer

from gateway import explorer
from gateway.app import make_app
from gateway.commands.listening import check_address
from gateway.commands.opening import advised, closed, configuration, errors, fail, sentence, snapshot
from gateway.commands.supervise import supervise
from gateway.config import Configuration, UnreadableFile, read
from gateway.server import Place, run, serve_app
from gateway.snapshot import Holder
from gateway.telemetry import log_at_once
from gateway.workers.link import Told
from gateway.workers.settings import WorkersSettings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    what: Annotated[list[str], typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources.")],
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=256, help="Processes that serve the port; 0: one for each core.")
    ] = None,
) -> None:
    """Serve one GraphQL API over the sources."""
    chosen = configuration(what)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    server = chosen.settings.server.model_copy(update=given)
    if workers is not None:
        stated = server.workers or WorkersSettings()
        server = server.model_copy(update={"workers": stated.model_copy(update={"count": workers})})
    if not server.identifies and server.host not in LOOPBACK and host is None:
        fail(
            f"Without server.jwt everyone is anonymous, so the server does not listen on {server.host}.\n"
            "  mend: add server.jwt, or say --host yourself if that is what you want"
        )
    place = None
    if server.workers is not None:

        def prepare() -> None:
            nonlocal chosen
            chosen = _anew(what, chosen)

        found = supervise(server, prepare)
        if isinstance(found, int):
            raise typer.Exit(found)
        place = found
        errors.file = cast("TextIO", place.link)  # what workers have to say alike is said once
    run(_run(chosen, host=server.host, port=server.port, place=place))


def _anew(what: Sequence[str], before: Configuration) -> Configuration:
    """The file as it is now; where it cannot be used any more, as it was."""
    if not before.file:
        return before
    try:
        return read(Path(what[0]))
    except UnreadableFile as error:
        log_at_once("configuration_kept", level="error", detail=error.text)
        return before


async def _run(chosen: Configuration, *, host: str, port: int, place: Place | None) -> None:
    metrics = chosen.settings.server.metrics
    if place is None:
        check_address(host, port)
        if metrics is not None:
            check_address(metrics.host, metrics.port, "name another host or port under server.metrics")
    current = await snapshot(chosen)
    for name, problem in current.failed.items():
        errors.print(f"Source {name} is not served: {sentence(advised(chosen, problem))}", markup=False)
    for name, source in current.sources.items():
        for caution in source.model.cautions:
            errors.print(f"warning: source {name}: {caution}", markup=False)
    if closed(chosen):
        errors.print(f"warning: {closed(chosen)}", markup=False)
    settings = chosen.settings.server.model_copy(update={"host": host, "port": port})
    app = make_app(Holder(current), settings, explorer_page=explorer.page, extra_routes=explorer.routes())

    def started(bound: str) -> None:
        if app.state.metrics is not None:
            errors.print(f"Metrics are told at {app.state.metrics.address}", markup=False)
        if place is None:
            errors.print(f"Isthmus answers at {bound}/graphql", markup=False)
        else:
            place.link.tell(Told(ready=bound))

    try:
        await serve_app(app, settings, started, place)
    finally:
        await current.close()
