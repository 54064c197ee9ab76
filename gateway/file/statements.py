"""Statements of a file, the members of its mappings and lists: what it is without some of them.

Whether the rest is sound is for those who ask.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from gateway.file.config import Configuration
from resolvers import Key


def without(configuration: Configuration, places: Collection[tuple[Key, ...]]) -> Configuration | None:
    """The file without the statements at these places; ``None`` where there are none that can be taken away."""
    settings, sources, taken = configuration.settings, dict(configuration.sources), False
    # Places in a list from its end, so that those before them stay what they are.
    for place in sorted(dict.fromkeys(places), key=lambda place: [str(key).zfill(9) for key in place], reverse=True):
        if place[:1] == ("sources",) and len(place) > 2 and place[1] in sources:  # below a source
            kind, each = sources[str(place[1])]
            made = _less(each, place[2:])
            taken |= made is not each
            sources[str(place[1])] = (kind, made)
        elif place[:1] != ("sources",):
            made = _less(settings, place)
            taken |= made is not settings
            settings = made
    return replace(configuration, settings=settings, sources=sources) if taken else None


def _less(value: Any, place: tuple[Key, ...]) -> Any:
    """A value without the first member of a mapping or list on the way to a place."""
    if not place:
        return value
    key = place[0]
    if isinstance(value, BaseModel):
        old = getattr(value, str(key), None)
        new = _less(old, place[1:])
        return value if new is old else value.model_copy(update={str(key): new})
    if isinstance(value, Mapping) and key in value:
        return {name: each for name, each in value.items() if name != key}
    if isinstance(value, tuple) and isinstance(key, int) and key < len(value):
        return (*value[:key], *value[key + 1 :])
    return value
