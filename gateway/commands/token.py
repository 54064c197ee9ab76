"""``isthmus token``: a development token, signed with the shared secret of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway import token as signing
from gateway.commands.opening import configuration, fail


def token(
    file: Annotated[Path, typer.Argument(help="The configuration file, with server.jwt.secret.")],
    sub: Annotated[str, typer.Option(help="Who the token is for.")] = "developer",
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be repeated.")] = None,
    lifetime_s: Annotated[
        int | None,
        typer.Option(help="How long it is valid, in seconds.", show_default="3600, or server.jwt.max_lifetime_s"),
    ] = None,
) -> None:
    """Sign a token for development."""
    settings = configuration([str(file)]).settings.server.jwt
    if settings is None or settings.secret is None:
        fail("Tokens are signed with server.jwt.secret, and the file has none.")
    if lifetime_s is not None and lifetime_s > settings.max_lifetime_s:
        longest = f"{settings.max_lifetime_s:g}"
        fail(
            f"A token that is valid for {lifetime_s} seconds would be refused: "
            f"server.jwt.max_lifetime_s is {longest}.\n"
            f"  mend: say --lifetime-s {longest} or less, or raise server.jwt.max_lifetime_s"
        )
    typer.echo(signing.sign(settings, sub, scopes=scope or [], roles=role or [], lifetime_s=lifetime_s))
