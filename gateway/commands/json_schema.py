"""``isthmus json-schema``: the JSON Schema of the configuration file, for editors."""

from __future__ import annotations

import json

import typer

from gateway.config import json_schema as whole


def json_schema() -> None:
    """Print the JSON Schema of the configuration file."""
    typer.echo(json.dumps(whole(), indent=2))
