"""``isthmus token``: a development token, signed with the shared secret of a file, or a new API key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway import token as signing
from gateway.commands.opening import DEFAULT, Env, configuration, errors, fail, sentence
from gateway.identity import new_key
from resolvers import ConfigurationError, Problem, nearest


def token(
    file: Annotated[
        Path, typer.Argument(help="The configuration file, with server.jwt.secret; none for an API key.")
    ] = Path(DEFAULT),
    sub: Annotated[str, typer.Option(help="Who the token is for.")] = "developer",
    env: Env = None,
    scope: Annotated[list[str] | None, typer.Option(help="A scope; may be repeated.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; may be repeated.")] = None,
    lifetime_s: Annotated[
        int | None,
        typer.Option(help="How long it is valid, in seconds.", show_default="3600, or server.jwt.max_lifetime_s"),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A further claim, its value as JSON or a text; may be repeated."),
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="Whose token it is, where several issuers have a secret.")] = None,
    api_key: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make a new API key of that name instead of a token.")
    ] = None,
) -> None:
    """Sign a token for development, or make an API key."""
    if api_key is not None:
        _api_key(api_key, scope or [], role or [])
        return
    issuers = configuration([str(file)], env).settings.server.jwt
    if issuer is not None and issuer not in {each.issuer for each in issuers}:
        known = [each.issuer for each in issuers]
        fail(sentence(Problem(f'the file has no issuer "{issuer}"', mend=nearest(issuer, known))))
    try:
        settings = signing.signing([each for each in issuers if issuer in {None, each.issuer}])
    except ConfigurationError:
        fail("Tokens are signed with server.jwt.secret, and the file has none.")
    if lifetime_s is not None and lifetime_s > settings.max_lifetime_s:
        longest = f"{settings.max_lifetime_s:g}"
        fail(
            f"A token that is valid for {lifetime_s} seconds would be refused: "
            f"server.jwt.max_lifetime_s is {longest}.\n"
            f"  mend: say --lifetime-s {longest} or less, or raise server.jwt.max_lifetime_s"
        )
    claims = dict(_claim(each) for each in claim or ())
    signed = signing.sign(
        issuers, sub, scopes=scope or [], roles=role or [], lifetime_s=lifetime_s, issuer=issuer, more=claims
    )
    typer.echo(signed)


def _claim(text: str) -> tuple[str, object]:
    name, given, value = text.partition("=")
    if not name or not given:
        fail(f'--claim takes NAME=VALUE, and "{text}" is none')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _api_key(name: str, scopes: list[str], roles: list[str]) -> None:
    """The key goes to standard output, alone, to be handed over; the line for the file, which is no secret, beside."""
    key, hashed = new_key()
    entry: dict[str, object] = {"name": name, "hash": hashed}
    if scopes:
        entry["scopes"] = scopes
    if roles:
        entry["roles"] = roles
    typer.echo(key)
    errors.print(f"It is shown this once. For server.api_keys:\n- {json.dumps(entry)}", markup=False)
