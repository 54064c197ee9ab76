"""What has changed since ``isthmus.lock`` was written: descriptions, names that are new, things that are gone.

It compares two locks; how one is written is known to ``lock.py`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.lock import Lock, LockedSource, Thing
from resolvers import Source, is_view
from schema import Built, model_places

_WORDS = {
    "operation": "operation", "root": "root field", "type": "type", "input": "input", "enum": "enum", "made": "type",
    "field": "field", "argument": "argument",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference. ``kind``: ``changed`` (a description), ``new`` or ``gone`` (a name), ``renamed``."""

    source: str
    kind: str
    sentence: str


def locked(sources: Mapping[str, Source], built: Built, prefixes: Mapping[str, str]) -> Lock:
    """The names as they are given now."""
    made: dict[str, LockedSource] = {}
    for name, source in sources.items():
        model, given = source.model, built.given[name]
        places = model_places(model)
        names: dict[Thing, str] = {("root", place): root for place, root in given.operations.items()}
        for kind, each in (("type", given.types), ("input", given.inputs), ("enum", given.enums)):
            names |= {(kind, place): called for place, called in each.items()}
        names |= {("made", shape): called for shape, called in given.made.items()}
        names |= {("field", f"{owner}.{own}"): called for (owner, own), called in given.fields.items()}
        names |= {("argument", f"{root}.{own}"): called for (root, own), called in given.arguments.items()}
        names |= {
            ("operation", places["operation", key]): key
            for key, operation in model.operations.items()
            if not is_view(operation) and places["operation", key] != key
        }
        made[name] = LockedSource(model.digest, prefixes.get(name, ""), names)
    return Lock(made)


def drift(before: Lock, now: Lock) -> list[Drift]:
    """Every difference, source by source."""
    found: list[Drift] = []
    for name in sorted(before.sources.keys() | now.sources.keys()):
        old, new = before.sources.get(name), now.sources.get(name)
        if new is None:
            found.append(Drift(name, "gone", "the source is gone"))
        elif old is None:
            found.append(Drift(name, "new", "the source is new"))
        else:
            found += _between(name, old, new)
    return found


def _between(name: str, old: LockedSource, new: LockedSource) -> list[Drift]:
    found = []
    if old.digest != new.digest:
        found.append(Drift(name, "changed", "its description has changed"))
    if old.prefix != new.prefix:
        found.append(Drift(name, "changed", "its prefix has changed, so that its names are given anew"))
    for thing in sorted(old.names.keys() | new.names.keys()):
        kind, place = thing
        was, called = old.names.get(thing), new.names.get(thing)
        told = f"the {_WORDS[kind]} {called or was} ({place})"
        if was is None:
            found.append(Drift(name, "new", f"{told} is new"))
        elif called is None:
            found.append(Drift(name, "gone", f"{told} is gone"))
        elif called != was:
            found.append(Drift(name, "renamed", f"{told} was called {was}"))
    return found
