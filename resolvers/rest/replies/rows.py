"""What both ways of reading replies know of a source's results: types of fields, enums, and how they look in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from resolvers.model import ListRef, NamedRef, ObjectType, OutputType, TypeRef, UnionType
from resolvers.rest.shapes import ResultShapes


@dataclass(frozen=True, slots=True)
class Rows:
    """``fields``: object type → field → its type. ``members``: union → the object types it may be."""

    fields: Mapping[str, Mapping[str, TypeRef]]
    members: Mapping[str, tuple[str, ...]]
    enums: frozenset[str]
    shapes: ResultShapes

    @classmethod
    def of(cls, types: Mapping[str, OutputType], enums: Iterable[str], shapes: ResultShapes) -> Rows:
        """Of a model's types and enums."""
        fields = {
            name: {key: field.type for key, field in item.fields.items()}
            for name, item in types.items()
            if isinstance(item, ObjectType)
        }
        members = {name: item.members for name, item in types.items() if isinstance(item, UnionType)}
        return cls(fields, members, frozenset(enums), shapes)

    def entry(self, ref: TypeRef) -> str:
        """The type of the entries where values of ``ref`` are maps; otherwise an empty string."""
        if isinstance(ref, ListRef) and isinstance(ref.item, NamedRef) and ref.item.name in self.shapes.maps:
            return ref.item.name
        return ""
