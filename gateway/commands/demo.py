"""``isthmus demo``: three real systems of a trading company, and the gateway over them."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer
from rich.console import Console

from gateway import explorer
from gateway.app import make_app
from gateway.commands.listening import check_address
from gateway.commands.opening import fail, snapshot
from gateway.demo.folder import trading_folder
from gateway.demo.roles import ROLES, tokens
from gateway.demo.servers import HOST, DemoServers
from gateway.file.config import UnreadableFile, read
from gateway.server import run, serve_app
from gateway.snapshot import Holder

_out = Console(highlight=False, soft_wrap=True, emoji=False)


def demo(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")] = 8000,
) -> None:
    """Start three demo systems (REST, SOAP, SQL) and the gateway over them. Ctrl-C stops everything."""
    run(_demo(port))


async def _demo(port: int) -> None:
    folder = trading_folder()
    secret = secrets.token_urlsafe(48)
    check_address(HOST, port)
    async with DemoServers() as servers:
        try:
            chosen = read(folder / "isthmus.yaml", {**servers.environment, "ISTHMUS_DEMO_SECRET": secret})
        except UnreadableFile as error:
            fail(error.text)
        current = await snapshot(chosen)
        settings = chosen.settings.server.model_copy(update={"host": HOST, "port": port})
        signed = tokens(settings.jwt)
        query = (folder / "query.graphql").read_text("utf-8")
        app = make_app(
            Holder(current), settings, explorer_page=explorer.page, extra_routes=explorer.routes(default_query=query)
        )

        def say(address: str) -> None:
            _out.print(f"\nIsthmus answers at {address}/graphql (open it in a browser for the explorer)\n")
            _out.print(f"  crm      REST  {servers.crm_url}\n  billing  SOAP  {servers.billing_url}", markup=False)
            _out.print(f"  stock    SQL   {servers.stock_url}\n", markup=False)
            for role, token in signed.items():
                _out.print(f"Token of the {role} ({', '.join(ROLES[role].scopes) or 'no scopes'}):", markup=False)
                _out.print(f"{token}\n", markup=False)
            _out.print(f"A query to paste:\n\n{query}\nCtrl-C stops everything.", markup=False)

        try:
            await serve_app(app, settings, say)
        finally:
            await current.close()
