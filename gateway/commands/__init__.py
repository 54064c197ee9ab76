"""The commands, one file each; here they are only put together."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from gateway.commands import (
    access,
    check,
    demo,
    diff,
    doctor,
    explain,
    init,
    inspect,
    lock,
    pull,
    sdl,
    serve,
    token,
    top,
    usage,
)
from gateway.commands import config as config_command
from gateway.commands import json_schema as json_schema_command
from gateway.commands import record as record_command
from gateway.commands import test as test_command

app = typer.Typer(
    name="isthmus",
    help="One GraphQL API in front of the REST, SOAP and SQL systems that a company already has.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if wanted:
        typer.echo(f"isthmus {version('isthmus')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """One GraphQL API in front of the REST, SOAP and SQL systems that a company already has."""


app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("config")(config_command.config)
app.command("lock")(lock.lock)
app.command("pull")(pull.pull)
app.command("diff")(diff.diff)
app.command("doctor")(doctor.doctor)
app.command("inspect")(inspect.inspect)
app.command("explain")(explain.explain)
app.command("sdl")(sdl.sdl)
app.command("access")(access.access)
app.command("json-schema")(json_schema_command.json_schema)
app.command("token")(token.token)
app.command("record")(record_command.record_scene)
app.command("test")(test_command.test)
app.command("usage")(usage.usage)
app.command("top")(top.top)
