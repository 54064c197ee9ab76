"""``isthmus json-schema``: the JSON Schema of the configuration file, for editors."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gateway.file.config import json_schema as whole


def json_schema(
    *, part: Annotated[bool, typer.Option("--part", help="Of a file that another one includes.")] = False
) -> None:
    """Print the JSON Schema of the configuration file."""
    typer.echo(json.dumps(whole(part=part), indent=2))
