"""Which types fields lead to, through whatever lies between: fields, unions, interfaces and what implements them.

It walks over types that are made and makes none of its own accord.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
)


def reached(fields: Iterable[GraphQLField], kin: Mapping[str, Sequence[GraphQLNamedType]]) -> list[str]:
    """The names of all types that are reached, in no given order. ``kin``: interface → the types that implement it."""
    found: dict[str, None] = {}
    waiting: list[GraphQLNamedType] = [get_named_type(field.type) for field in fields]
    while waiting:
        named = waiting.pop()
        if named.name in found:
            continue
        found[named.name] = None
        if isinstance(named, GraphQLUnionType):
            waiting += named.types
        elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            waiting += named.interfaces
            waiting += [get_named_type(field.type) for field in named.fields.values()]
            waiting += kin.get(named.name, ())
    return list(found)
