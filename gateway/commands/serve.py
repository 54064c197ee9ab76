"""``isthmus serve``: the gateway over a file, or over sources named on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway import explorer
from gateway.app import make_app
from gateway.commands.listening import check_address
from gateway.commands.opening import advised, as_subgraph, closed, configuration, errors, fail, sentence, snapshot
from gateway.config import Configuration
from gateway.server import run, serve_app
from gateway.snapshot import Holder

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def serve(
    what: Annotated[list[str], typer.Argument(metavar="FILE | NAME=LOCATION…", help="The file, or sources.")],
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = None,
    *,
    subgraph: Annotated[bool, typer.Option("--subgraph", help="Serve it to the router of a federation too.")] = False,
) -> None:
    """Serve one GraphQL API over the sources."""
    chosen = as_subgraph(configuration(what)) if subgraph else configuration(what)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    server = chosen.settings.server.model_copy(update=given)
    if not server.identifies and server.host not in LOOPBACK and host is None:
        fail(
            f"Without server.jwt everyone is anonymous, so the server does not listen on {server.host}.\n"
            "  mend: add server.jwt, or say --host yourself if that is what you want"
        )
    run(_run(chosen, host=server.host, port=server.port))


async def _run(chosen: Configuration, *, host: str, port: int) -> None:
    check_address(host, port)
    metrics = chosen.settings.server.metrics
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
        errors.print(f"Isthmus answers at {bound}/graphql", markup=False)

    try:
        await serve_app(app, settings, started)
    finally:
        await current.close()
