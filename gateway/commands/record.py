"""``isthmus record``: a live query becomes a scene, without secrets, and with personal data masked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.commands.callers import AS, caller, object_of
from gateway.commands.opening import DEFAULT, Env, configuration, fail
from gateway.commands.test import ENVIRONMENT, who
from gateway.file.config import Configuration
from gateway.identity import CannotVerify, open_tokens
from gateway.scenes.masking import Masking
from gateway.scenes.recording import Wanted, environment_of, record, same_shape
from gateway.scenes.rehearsal import Outcome, play
from gateway.scenes.scene import CALLS, QUERY, REPLY, UnreadableScene, read
from gateway.scenes.writing import as_yaml
from gateway.telemetry import configure
from resolvers import ConfigurationError, Unauthenticated, load
from schema import ANONYMOUS, Principal


def record_scene(  # each is an option of the command
    file: Annotated[str, typer.Argument(help="The configuration file.")] = DEFAULT,
    *,
    out: Annotated[Path, typer.Option("-o", "--output", help="The folder of the scene.")],
    query: Annotated[str, typer.Option("--query", help="The query, or a file that holds it.")],
    env: Env = None,
    variables: Annotated[str, typer.Option(help="The variables: a JSON object, or a file that holds it.")] = "{}",
    operation: Annotated[str | None, typer.Option(help="The operation, where the query has several.")] = None,
    claims: Annotated[str | None, typer.Option("--as", "--claims", metavar="CALLER", help=AS)] = None,
    token: Annotated[str | None, typer.Option(help="Ask as the caller whose token this is.")] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(metavar="COORDINATE", help='Leave these as they are: Type.field, Type, "*.name"; repeatable.'),
    ] = None,
    mutation: Annotated[
        bool, typer.Option("--mutation", help="Record a mutation: the systems are really changed, once.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a scene that is there.")] = False,
) -> None:
    """Ask the systems once, and keep what they said as a scene for isthmus test."""
    if (out / QUERY).exists() and not force:
        fail(f"{out} holds a scene already\n  mend: say --force to write over it, or name another folder")
    configure("error")
    chosen = configuration([file], env)
    text = _file(query)
    principal, said, headers = asyncio.run(_asks(chosen, claims, token))
    given = object_of(_file(variables), "--variables")
    wanted = Wanted(text, given, operation, said, principal, headers, keep or [], mutation)
    try:
        made = asyncio.run(record(chosen, wanted, out))
    except ConfigurationError as error:
        fail(chosen.describe(error.problems))
    except UnreadableScene as error:
        fail(error.text)
    _environment(chosen, out)
    outcome, differing = _played(chosen, out, made.live)
    typer.echo(_masked(made.masking))
    if made.secrets:
        places = "1 place" if made.secrets == 1 else f"{made.secrets} places"
        typer.echo(f"removed: a secret of the file, which a system sent back, in {places}")
    if made.changes:
        typer.echo(f"asked for changes: {', '.join(made.changes)}")
    if differing:
        fail(
            f"{out} is written, but played it gives another answer at {', '.join(differing[:5])}\n"
            f"  {_UNSOUND}\n"
            "  mend: say --keep with the coordinates whose values matter there, and --force to write it again"
        )
    if not outcome.passed:
        told = (line for each in outcome.differences for line in each.lines())
        fail("\n".join([f"{out} is written, but played it does not pass\n  {_UNSOUND}", *told]))
    typer.echo(f"{out} is written: {len(outcome.calls)} calls. Look through it before you commit it.")


_UNSOUND = "so nothing is written as what is expected of it, and isthmus test fails"


def _played(chosen: Configuration, out: Path, live: object) -> tuple[Outcome, Sequence[str]]:
    """Plays it, writes what came of it as what is expected, and plays it once more; and where its answer is not like
    the live one. What is not sound has no expectation, not even that of a scene that was here before.
    """
    sound = False
    try:
        scene = read(out, out)
        outcome = asyncio.run(play(chosen, scene, lambda each: who(chosen, each)))
        differing = [] if outcome.reply is None else [*same_shape(_data(live), _data(outcome.reply))]
        if outcome.reply is not None and not differing:
            scene.expect(outcome.reply, outcome.calls)
            outcome = asyncio.run(play(chosen, read(out, out), lambda each: who(chosen, each)))
            sound = outcome.passed
    except UnreadableScene as error:
        fail(error.text)
    else:
        return outcome, differing
    finally:
        if not sound:
            for name in (REPLY, CALLS):
                (out / name).unlink(missing_ok=True)


async def _asks(
    chosen: Configuration, claims: str | None, token: str | None
) -> tuple[Principal, str | dict[str, Any], dict[str, str]]:
    """Who asks, how a scene says that, and the headers that prove it to systems that are told."""
    if claims is not None and token is not None:
        fail("--as and --token both say who asks\n  mend: say one of them")
    if claims is not None:
        said = dict(object_of(claims, "--as")) if claims.lstrip().startswith("{") else claims
        return caller(chosen, claims), said, {}
    if token is None:
        return ANONYMOUS, "anonymous", {}
    jwt = chosen.settings.server.jwt
    if not jwt:
        fail("the file has no server.jwt, so no token can be verified\n  mend: say --as with the claims")
    try:
        principal = await open_tokens(jwt).principal(f"Bearer {token}")
    except Unauthenticated as error:
        fail(f"the token is not valid: {error.detail}")
    except CannotVerify:
        fail("the key set of the token's issuer cannot be fetched now")
    return principal, dict(principal.claims), {"authorization": f"Bearer {token}"}


def _file(given: str) -> str:
    """What an option is given: the text itself, which holds braces, or that of the file that it names."""
    if "{" in given:
        return given
    try:
        return Path(given).read_text("utf-8")
    except (FileNotFoundError, ValueError) as error:
        what = "cannot be read: it is not UTF-8" if isinstance(error, UnicodeDecodeError) else ""
        fail(f'"{given}" {what}' if what else f'there is no file "{given}"')
    except OSError as error:
        fail(f'"{given}" cannot be read: {error.strerror}')


def _environment(chosen: Configuration, out: Path) -> None:
    """Says beside the scenes of which kind databases are, so that they are played where their addresses are not set."""
    path = out.parent / ENVIRONMENT
    known = load(path.read_text("utf-8")) if path.exists() else None
    there = known if isinstance(known, dict) else {}
    more = {name: value for name, value in environment_of(chosen).items() if name not in there}
    if more:
        with path.open("a", encoding="utf-8") as opened:
            opened.write(as_yaml(more))


def _masked(masking: Masking) -> str:
    if not masking.counts:
        return "masked: nothing"
    return "masked: " + ", ".join(f"{count} {kind}" for kind, count in sorted(masking.counts.items()))


def _data(reply: object) -> object:
    return json.loads(json.dumps(reply.get("data"))) if isinstance(reply, dict) else None
