"""``isthmus json-schema``: the JSON Schema of the configuration file, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.opening import fail
from gateway.file.json_schema import json_schema as whole

FILE = "isthmus.schema.json"
"""How it is called where it lies beside the configuration file."""


def json_schema(
    *,
    part: Annotated[bool, typer.Option("--part", help="Of a file that another one includes.")] = False,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Of a file that an environment lays over another one.")
    ] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it to this file.")] = None,
) -> None:
    """Print the JSON Schema of the configuration file."""
    if part and overlay:
        fail("a file is a part, or laid over others: say --part or --overlay")
    text = written(part=part, overlay=overlay)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(f"{text}\n", "utf-8", newline="\n")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")


def written(*, part: bool = False, overlay: bool = False) -> str:
    """As text."""
    return json.dumps(whole(part=part, overlay=overlay), indent=2)
