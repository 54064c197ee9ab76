"""The commands, one file each; here they are only put together, and only what is asked for is imported.

They hold no command themselves: the table says in which file each lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer

COMMANDS = (
    "demo", "init", "serve", "check", "config", "lock", "pull", "diff", "doctor", "inspect", "explain", "sdl", "access",
    "json-schema", "token", "record", "test", "usage", "top",
)  # fmt: skip
"""In the order of ``--help``. Each is the function of its name in the file of its name."""
_FUNCTIONS = {"json-schema": "json_schema", "record": "record_scene"}


def _version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
    if wanted:
        typer.echo(f"isthmus {version('isthmus')}")
        raise typer.Exit


def _options(
    *,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """One GraphQL API in front of the REST, SOAP and SQL systems that a company already has."""


def _command(name: str) -> Callable[..., Any]:
    module = import_module(f"gateway.commands.{name.replace('-', '_')}")
    command: Callable[..., Any] = getattr(module, _FUNCTIONS.get(name, name))
    return command


def named(arguments: Sequence[str]) -> typer.Typer:
    """The command line for these arguments: the command that they begin with, or all, where they begin otherwise.

    All are needed for the help and for what a misspelt name is near to; to import them takes a second of a start.
    """
    app = typer.Typer(
        name="isthmus",
        help="One GraphQL API in front of the REST, SOAP and SQL systems that a company already has.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_options)
    only = arguments[0] if arguments and arguments[0] in COMMANDS else None
    for name in (only,) if only is not None else COMMANDS:
        app.command(name)(_command(name))
    return app


def __getattr__(name: str) -> typer.Typer:
    """``app``: the command line with all commands, made when somebody asks for it by that name."""
    if name != "app":
        raise AttributeError(name)
    return named(())
