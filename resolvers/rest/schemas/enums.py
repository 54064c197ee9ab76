"""``enum`` and ``const`` become enum types, or the scalar of their values where those are no words."""

from __future__ import annotations

from resolvers.model import EnumType, EnumValue, NamedRef, Scalar, ScalarRef, TypeRef
from resolvers.rest.documents.tree import Node, Unserved, items, text
from resolvers.rest.schemas.registry import Registry
from resolvers.rest.schemas.scalars import integer

TELLING = ("x-enum-descriptions", "x-enumDescriptions")


def values_of(node: Node) -> list[object] | None:
    """The values that a schema allows, without null; ``None`` where it does not list them."""
    given = [node["const"]] if "const" in node else node.get("enum")
    if not isinstance(given, list):
        return None
    found: dict[object, object] = {}
    for value in given:
        if value is not None:
            plain = isinstance(value, str | int | float)
            found.setdefault((type(value), value if plain else repr(value)), value)
    return list(found.values())


def enum_type(registry: Registry, node: Node, values: list[object], pointer: str, name: str) -> TypeRef:
    """The type of the listed values, which are not null.

    Raises:
        Unserved: they are of several kinds.
    """
    kinds = {type(value) for value in values}
    if not kinds <= {str, int}:
        return ScalarRef(_plain(kinds, pointer))
    if str not in kinds:
        return ScalarRef(integer(node) if node.get("type") != "number" else Scalar.FLOAT)
    name = registry.name(pointer, name)
    if name not in registry.enums:
        told = [str(item) for _, item in items(next((node[key] for key in TELLING if key in node), None))]
        told = told if len(told) == len(values) else [""] * len(values)
        listed = tuple(
            EnumValue(value, words) for value, words in zip(values, told, strict=True) if isinstance(value, str | int)
        )
        registry.enums[name] = EnumType(name, listed, text(node, "description"), registry.tree.place(pointer))
    return NamedRef(name)


def _plain(kinds: set[type], pointer: str) -> Scalar:
    if kinds == {bool}:
        return Scalar.BOOLEAN
    if kinds <= {int, float}:
        return Scalar.FLOAT
    raise Unserved("an enumeration of several types", f"{pointer}/enum")
