"""``SourceTypes``: what became of one source's model in GraphQL, by the names of both. Data; it is filled elsewhere."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import cast

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNamedType

from resolvers import ListRef, NamedRef, Operation, SourceModel


@dataclass(slots=True)
class SourceTypes:
    """What became of one source: its model names → GraphQL types, and its operations → root field names."""

    model: SourceModel
    outputs: dict[str, GraphQLNamedType] = dataclasses.field(default_factory=dict)
    inputs: dict[str, GraphQLInputObjectType] = dataclasses.field(default_factory=dict)
    enums: dict[str, GraphQLEnumType] = dataclasses.field(default_factory=dict)
    field_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """GraphQL type → source's field name → GraphQL field name."""
    input_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """The same of input types."""
    argument_names: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    """Operation → source's name of an argument → GraphQL name."""
    roots: dict[str, str] = dataclasses.field(default_factory=dict)
    unasked: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    """(Operation, argument) of which nobody is asked, since the type that it takes is hidden."""
    unwritten: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    """(Input type, its field) of rows that are written, likewise."""


def row_of(operation: Operation) -> str:
    """The key of the type of the rows that an operation is about."""
    if operation.rows is not None and operation.rows.of:
        return operation.rows.of
    return cast("NamedRef", cast("ListRef", operation.result).item).name
