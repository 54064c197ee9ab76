"""``isthmus inspect --links``: links that descriptions hint at, as YAML to paste, each with its reason."""

from __future__ import annotations

import asyncio
import json
import re

import typer

from gateway.assembly import graph_settings
from gateway.commands.opening import describe, fail
from gateway.file.config import Configuration
from gateway.snapshot import Snapshot, load
from resolvers import ConfigurationError, suggest
from schema import Offer, offers

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*")


def print_links(chosen: Configuration) -> None:
    """Prints a section ``links`` whose every entry passes ``isthmus check`` beside what is configured."""
    try:
        found = asyncio.run(_loaded(chosen))
    except ConfigurationError as error:
        fail(describe(chosen, error.problems))
    if not found:
        typer.echo("# No links are suggested.")
        return
    typer.echo("# Suggestions: keep those that are meant.\nlinks:")
    for offer in found:
        typer.echo(f"  # {offer.evidence}\n  {written(offer)}")


async def _loaded(chosen: Configuration) -> list[Offer]:
    current = await load(chosen)
    await current.close()
    return offered(chosen, current)


def offered(chosen: Configuration, current: Snapshot) -> list[Offer]:
    """The links that descriptions hint at, and that fit the graph."""
    settings = graph_settings(chosen, current.failed)
    return offers(current.sources, settings, suggest({name: each.model for name, each in current.sources.items()}))


def written(offer: Offer) -> str:
    """The entry of ``links``, on one line."""
    kind = "one" if offer.settings.one else "many"
    match = ", ".join(f"{plain(mine)}: {plain(theirs)}" for mine, theirs in offer.settings.match.items())
    return f"{offer.coordinate}: {{ {kind}: {plain(offer.settings.target)}, match: {{ {match} }} }}"


def plain(value: str) -> str:
    """A name as YAML says it: plain where that is safe."""
    return value if _PLAIN.fullmatch(value) and value.lower() not in {"true", "false", "null"} else json.dumps(value)
