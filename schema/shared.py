"""Types that the gateway makes itself and that are equal in several sources: what makes two of them one type.

Only shapes are compared here; the types are built in ``types.py``. A type that refers to anything of a source's own is
never shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from resolvers import (
    Argument,
    Field,
    InputType,
    ListRef,
    NamedRef,
    ObjectType,
    OutputType,
    ScalarRef,
    SourceModel,
    TypeRef,
)

Kind: TypeAlias = Literal["type", "input", "enum"]


def shapes(model: SourceModel) -> dict[tuple[Kind, str], str]:
    """(kind, key) → the type in words, for those that the gateway made of nothing but scalars and the like.

    ``PageInfo { endCursor: String hasNextPage: Boolean! }``: two types of equal words are one type.
    """
    found: dict[tuple[Kind, str], str] = {}
    for key in sorted(model.made):
        output, given = model.types.get(key), model.inputs.get(key)
        for kind, each in (("type", output), ("input", given)):
            words = _words(model, each, ()) if each is not None else None
            if words is not None:
                found["type" if kind == "type" else "input", key] = words
    return found


def _words(model: SourceModel, made: OutputType | InputType, above: tuple[str, ...]) -> str | None:
    if isinstance(made, ObjectType) and made.of:
        return None
    if made.name not in model.made or made.name in above or not isinstance(made, ObjectType | InputType):
        return None
    said = []
    above = (*above, made.name)
    is_input = isinstance(made, InputType)
    given: Mapping[str, Field | Argument] = made.fields
    for name, member in sorted(given.items()):
        ref = _ref(model, member.type, above, is_input=is_input)
        if ref is None:
            return None
        said.append(f"{name}: {ref}{'' if member.required else '?'}")
    interfaces = made.interfaces if isinstance(made, ObjectType) else ()
    front = ("one of " if made.one_of else "input ") if isinstance(made, InputType) else ""
    called = made.naming.names[0] if made.naming is not None else made.name
    return None if interfaces else f"{front}{called} {{ {' '.join(said)} }}"


def _ref(model: SourceModel, ref: TypeRef, above: tuple[str, ...], *, is_input: bool) -> str | None:
    end = "" if ref.nullable else "!"
    if isinstance(ref, ScalarRef):
        return f"{ref.scalar}{end}"
    if isinstance(ref, ListRef):
        item = _ref(model, ref.item, above, is_input=is_input)
        return None if item is None else f"[{item}]{end}"
    return _named(model, ref, above, end, is_input=is_input)


def _named(model: SourceModel, ref: NamedRef, above: tuple[str, ...], end: str, *, is_input: bool) -> str | None:
    held = model.inputs.get(ref.name) if is_input else model.types.get(ref.name)
    words = _words(model, held, above) if held is not None else None
    return None if words is None else f"{words}{end}"
