"""What else of a schema bears the name of a field, since it is about the field's values: filters, orders, aggregates.

It finds such members and changes none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
)

from schema.filters import MIRROR

Owner = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType | GraphQLEnumType
Member = GraphQLField | GraphQLInputField | GraphQLEnumValue


@dataclass(frozen=True, slots=True)
class Mirror:
    """A member of ``owner``, named as the field that it is about."""

    owner: Owner
    name: str
    member: Member

    @property
    def coordinate(self) -> str:
        return f"{self.owner.name}.{self.name}"


def mirrors(schema: GraphQLSchema) -> Mapping[str, Sequence[Mirror]]:
    """``Type.field`` → the members of other types that are about its values and bear its name."""
    found: dict[str, list[Mirror]] = {}
    for named in schema.type_map.values():
        if named.name.startswith("__") or not isinstance(named, Owner):
            continue
        for name, member in members(named).items():
            told = member.extensions.get(MIRROR)
            for each in (told,) if isinstance(told, str) else told if isinstance(told, tuple) else ():
                if each.rpartition(".")[2] == name:
                    found.setdefault(each, []).append(Mirror(named, name, member))
    return found


def members(named: Owner) -> dict[str, Member]:
    """The fields of a type, or the values of an enum: what is put there is there."""
    made: dict[str, Member] = named.values if isinstance(named, GraphQLEnumType) else named.fields
    return made
