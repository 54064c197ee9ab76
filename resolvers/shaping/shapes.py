"""``Shaping``: which values of a source are others than it says, by their places in its model. Data, and how the types
of places are looked up; it is made in ``reshape.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from resolvers.model import Argument, Field, ListRef, NamedRef, SourceModel, TypeRef, UnionType
from resolvers.shaping.coding import Coding
from resolvers.shaping.settings import ShapeSettings

Kind = Literal["field", "input", "argument"]
Slot = tuple[Kind, str, str]
"""A field of a type, a field of an input, or an argument of an operation: by the keys of the model."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What the file says of a place. ``coordinate``: as it says it; ``word``: what an enum of its values is called;
    ``inside``: the path that is taken, or the fields that are flattened, by the source's names.
    """

    coordinate: str
    place: Slot
    settings: ShapeSettings
    word: str = ""
    inside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lifted:
    """``chain``: from the object to the value, by the source's names. ``slot``: the place of the value itself.

    ``joins``: there are lists on the way, whose values are one list. ``nullable``: something on the way may be missing.
    ``passed``: the places that are passed on the way.
    """

    chain: tuple[str, ...]
    slot: Slot
    joins: bool
    nullable: bool
    passed: tuple[Slot, ...]


Lifts = Mapping[tuple[Kind, str], Mapping[str, Lifted]]
"""A type or an input → those of its fields that lie deeper, by the names that they have in it."""


@dataclass(frozen=True, slots=True)
class Shaping:
    """``raw``: the model as the source has it. ``codings``: how the values of places are written."""

    raw: SourceModel
    codings: Mapping[Slot, Coding]
    lifts: Lifts = field(default_factory=dict)


def inner(ref: TypeRef) -> TypeRef:
    """What a list is of, however deep."""
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref


def with_inner(ref: TypeRef, leaf: TypeRef) -> TypeRef:
    """The reference with another type in the place of the innermost, which keeps its nullability."""
    if isinstance(ref, ListRef):
        return replace(ref, item=with_inner(ref.item, leaf))
    return replace(leaf, nullable=ref.nullable)


def at(model: SourceModel, place: Slot) -> Field | Argument | None:
    """What stands at a place."""
    kind, owner, name = place
    found: Mapping[str, Field] | Mapping[str, Argument] = {}
    if kind == "field" and owner in model.types:
        definition = model.types[owner]
        found = {} if isinstance(definition, UnionType) else definition.fields
    elif kind == "input" and owner in model.inputs:
        found = model.inputs[owner].fields
    elif kind == "argument" and owner in model.operations:
        found = model.operations[owner].arguments
    return found.get(name)


def named(ref: TypeRef | None) -> str:
    """The type that a result is of, however deep in lists; empty for a scalar."""
    found = None if ref is None else inner(ref)
    return found.name if isinstance(found, NamedRef) else ""
