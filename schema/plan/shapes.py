"""The shape of a field's value, read off its type once: lists in lists, nullability, and the type at the bottom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_abstract_type,
    is_leaf_type,
)

Kind = Literal["leaf", "object", "abstract", "list"]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """``item``: the shape of a list's items; ``named``: the type of everything else."""

    kind: Kind
    nullable: bool
    typed: GraphQLOutputType
    item: Shape | None = None
    named: GraphQLNamedType | None = None

    @property
    def leaf(self) -> GraphQLLeafType:
        return cast("GraphQLLeafType", self.named)

    @property
    def abstract(self) -> GraphQLAbstractType:
        return cast("GraphQLAbstractType", self.named)

    @property
    def objects(self) -> GraphQLObjectType:
        return cast("GraphQLObjectType", self.named)


def shape_of(typed: GraphQLOutputType) -> Shape:
    """The shape of a type."""
    inner = typed.of_type if isinstance(typed, GraphQLNonNull) else typed
    nullable = inner is typed
    if isinstance(inner, GraphQLList):
        return Shape("list", nullable, typed, item=shape_of(inner.of_type))
    kind: Kind = "leaf" if is_leaf_type(inner) else "abstract" if is_abstract_type(inner) else "object"
    return Shape(kind, nullable, typed, named=cast("GraphQLNamedType", inner))
