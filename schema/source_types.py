"""``SourceTypes``: what became of one source's model in GraphQL, by the names of both. Data; it is filled elsewhere.

Beside it stands what is found in a model, or in those of all sources, by looking alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNamedType

from resolvers import InterfaceType, ListRef, NamedRef, ObjectType, Operation, SourceModel, UnionType


@dataclass(slots=True)
class SourceTypes:
    """What became of one source: its model names → GraphQL types, and its operations → root field names."""

    model: SourceModel
    outputs: dict[str, GraphQLNamedType] = dataclasses.field(default_factory=dict)
    inputs: dict[str, GraphQLInputObjectType] = dataclasses.field(default_factory=dict)
    enums: dict[str, GraphQLEnumType] = dataclasses.field(default_factory=dict)
    field_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """Output type → source's field name → GraphQL field name."""
    input_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """GraphQL input type → the same."""
    argument_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """Operation → source's name of an argument → GraphQL name."""
    roots: dict[str, str] = dataclasses.field(default_factory=dict)
    unasked: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    """(Operation, argument) of which nobody is asked, since the type that it takes is hidden."""
    unwritten: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    """(Input type, its field) of rows that are written, likewise."""


def spelled(made: SourceTypes) -> dict[str, str]:
    """Coordinate of a field that a description declares → how its source spells it."""
    own = {
        output.name
        for row, output in made.outputs.items()
        if row in made.model.made or bool(getattr(made.model.types.get(row), "of", ""))
    }
    return {
        f"{output.name}.{shown}": source
        for row, output in made.outputs.items()
        if output.name not in own
        for source, shown in made.field_names.get(row, {}).items()
    }


def owners(sources: Mapping[str, SourceTypes]) -> dict[str, list[tuple[SourceTypes, str]]]:
    """GraphQL type → the sources that have it, and its key there: of an entity each part."""
    found: dict[str, list[tuple[SourceTypes, str]]] = {}
    for made in sources.values():
        for key, output in made.outputs.items():
            found.setdefault(output.name, []).append((made, key))
    return found


def concrete(model: SourceModel, name: str) -> Sequence[str]:
    """The types of objects that values of a type can be."""
    definition = model.types.get(name)
    if isinstance(definition, UnionType):
        return definition.members
    if isinstance(definition, InterfaceType):
        return [
            key
            for key, each in model.types.items()
            if isinstance(each, ObjectType) and _implements(model, each.interfaces, name)
        ]
    return (name,)


def _implements(model: SourceModel, interfaces: Sequence[str], name: str) -> bool:
    for interface in interfaces:
        above = model.types.get(interface)
        if interface == name or (isinstance(above, InterfaceType) and _implements(model, above.interfaces, name)):
            return True
    return False


def row_of(operation: Operation) -> str:
    """The key of the type of the rows that an operation is about."""
    if operation.rows is not None and operation.rows.of:
        return operation.rows.of
    return cast("NamedRef", cast("ListRef", operation.result).item).name
