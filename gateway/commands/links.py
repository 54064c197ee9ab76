"""``isthmus inspect --links``: links that descriptions hint at, as YAML to paste, each with its reason."""

from __future__ import annotations

import asyncio
import json
import re

import typer

from gateway.commands.opening import describe, fail
from gateway.config import Configuration
from gateway.snapshot import graph_settings, load
from resolvers import ConfigurationError, suggest
from schema import Offer, offers

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")


def print_links(chosen: Configuration) -> None:
    """Prints a section ``links`` whose every entry passes ``isthmus check`` beside what is configured."""
    try:
        found = asyncio.run(_found(chosen))
    except ConfigurationError as error:
        fail(describe(chosen, error.problems))
    if not found:
        typer.echo("# No links are suggested.")
        return
    typer.echo("# Suggestions: keep those that are meant.\nlinks:")
    for offer in found:
        typer.echo(f"  # {offer.evidence}\n  {_written(offer)}")


async def _found(chosen: Configuration) -> list[Offer]:
    current = await load(chosen)
    await current.close()
    settings = graph_settings(chosen, current.failed)
    return offers(current.sources, settings, suggest({name: each.model for name, each in current.sources.items()}))


def _written(offer: Offer) -> str:
    kind = "one" if offer.settings.one else "many"
    match = ", ".join(f"{_text(mine)}: {_text(theirs)}" for mine, theirs in offer.settings.match.items())
    return f"{offer.coordinate}: {{ {kind}: {_text(offer.settings.target)}, match: {{ {match} }} }}"


def _text(value: str) -> str:
    """A name as YAML says it: plain where that is safe."""
    return value if _PLAIN.fullmatch(value) and value.lower() not in {"true", "false", "null"} else json.dumps(value)
