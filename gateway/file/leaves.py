"""Which values of the file as it is written are paths, and which are secrets: told by the models that own them.

It walks what was read beside the types of the settings; nothing is checked here, and what fits no type is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, SecretStr

from gateway.file.places import Where
from resolvers import KINDS, Located, settings_of

PATH = Located()
_LISTS = frozenset({tuple, list, set, frozenset})


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in the file. ``located``: where it is, or holds, a path; ``secret``: where nobody may read it."""

    where: Where
    located: Located | None = None
    secret: bool = False


def leaves(model: type[BaseModel], raw: Mapping[str, object]) -> dict[Where, Leaf]:
    """Path of keys → what is known of the text there, of all that are paths or secrets.

    ``model``: of the file, whose ``sources`` are told apart by their kinds.
    """
    found: dict[Where, Leaf] = {}

    def add(leaf: Leaf) -> None:
        known = found.get(leaf.where)
        if known is not None:
            leaf = Leaf(leaf.where, known.located or leaf.located, known.secret or leaf.secret)
        found[leaf.where] = leaf

    for leaf in _of(model, {key: value for key, value in raw.items() if key != "sources"}, ()):
        add(leaf)
    sources = raw.get("sources")
    for name, source in sources.items() if isinstance(sources, dict) else ():
        for kind in KINDS:
            if isinstance(source, dict) and kind in source:
                for leaf in _of(settings_of(kind), source, ("sources", name)):
                    add(leaf)
    return found


def _of(kind: Any, value: object, where: Where) -> Iterator[Leaf]:
    origin, given = get_origin(kind), get_args(kind)
    if origin is Annotated:
        yield from _annotated(given[0], given[1:], value, where)
    elif origin in {Union, UnionType}:
        for branch in given:
            yield from _of(branch, value, where)
    elif kind is SecretStr and not isinstance(value, dict | list):
        yield Leaf(where, secret=True)
    elif kind is Path and isinstance(value, str):
        yield Leaf(where, PATH)
    elif isinstance(value, dict):
        yield from _within(kind, value, where)
    elif origin in _LISTS and given:
        several = value if isinstance(value, list) else ()
        for index, below in enumerate(several):
            yield from _of(given[0], below, (*where, index))
        if not isinstance(value, list):
            yield from _of(given[0], value, where)  # where a model says so, one stands for a list of one


def _within(kind: Any, value: dict[str, object], where: Where) -> Iterator[Leaf]:
    """Of a mapping."""
    origin, given = get_origin(kind), get_args(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, about in kind.model_fields.items():
            if name in value:
                yield from _annotated(about.annotation, about.metadata, value[name], (*where, name))
    elif isinstance(origin, type) and issubclass(origin, Mapping) and len(given) == 2:
        for key, below in value.items():
            yield from _of(given[1], below, (*where, key))
    elif origin in _LISTS and given:
        yield from _of(given[0], value, where)


def _annotated(kind: Any, about: Iterable[object], value: object, where: Where) -> Iterator[Leaf]:
    for each in about:
        if isinstance(each, Located) and isinstance(value, str):
            yield Leaf(where, each)
        elif isinstance(each, BeforeValidator) and get_args(each.json_schema_input_type):
            yield from _of(each.json_schema_input_type, value, where)
    yield from _of(kind, value, where)
