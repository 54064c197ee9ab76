"""What a router asks of a subgraph (Apollo Federation 2, subgraph specification): ``_service`` and ``_entities``.

A representation is a row that holds the key of an entity and nothing else; what is asked of it goes the ways that any
other row of the entity goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
)

from resolvers import TYPE_KEY, BadRequest
from schema.filters import APART
from schema.plan.fields import KEY_ALONE, PLAN, Made, ReadKey, RowType, is_row

FEDERATED = frozenset({"_Any", "_Entity", "_Service", "_entities", "_service"})
"""Names that the specification takes; none of a source may bear them."""
_ANY = GraphQLScalarType("_Any", description="The key of an entity, with its __typename.")


class Federation:
    """``keys``: entity → the fields of its key. ``sdl``: what ``_service`` tells, set once the schema is there."""

    def __init__(self, entities: Mapping[str, tuple[GraphQLObjectType, Sequence[str]]]) -> None:
        self.keys = {name: tuple(keys) for name, (_, keys) in entities.items()}
        self.sdl = ""
        self._types = {name: made for name, (made, _) in entities.items()}

    def fields(self) -> dict[str, GraphQLField]:
        """The root fields."""
        service = GraphQLObjectType(
            "_Service", {"sdl": GraphQLField(GraphQLString, extensions={PLAN: ReadKey("sdl")})}, is_type_of=is_row
        )
        found = {
            "_service": GraphQLField(GraphQLNonNull(service), extensions={PLAN: Made(lambda _: {"sdl": self.sdl})})
        }
        if self._types:
            union = GraphQLUnionType(
                "_Entity",
                list(self._types.values()),
                RowType(lambda name: name if isinstance(name, str) else None, lambda _: KEY_ALONE),
                extensions={APART: True},
            )
            wanted = GraphQLArgument(GraphQLNonNull(GraphQLList(GraphQLNonNull(_ANY))))
            found["_entities"] = GraphQLField(
                GraphQLNonNull(GraphQLList(union)),
                args={"representations": wanted},
                extensions={PLAN: Made(self._rows, self._rows_without)},
            )
        return found

    def _rows(self, arguments: Mapping[str, object], unseen: frozenset[str] = frozenset()) -> list[object]:
        return [self._row(each, unseen) for each in cast("list[object]", arguments["representations"])]

    def _rows_without(self, unseen: frozenset[str]) -> Callable[[Mapping[str, object]], list[object]]:
        """The rows for callers for whom the types ``unseen`` do not exist."""
        return partial(self._rows, unseen=unseen)

    def _row(self, given: object, unseen: frozenset[str]) -> object:
        """The row that a representation is; what is wrong with it, where it is none."""
        name = given.get("__typename") if isinstance(given, Mapping) else None
        made = self._types.get(name) if isinstance(name, str) else None
        if made is None or name in unseen:
            return BadRequest("a representation needs the __typename of an entity")
        row: dict[str, object] = {TYPE_KEY: made.name}
        for key in self.keys[made.name]:
            value = cast("Mapping[str, object]", given).get(key)
            try:
                leaf = cast("GraphQLScalarType", get_named_type(made.fields[key].type))
                row[key] = None if value is None else leaf.coerce_input_value(value)
            except (GraphQLError, ValueError, TypeError):
                value = None
            if value is None:
                return BadRequest(f"a representation of {made.name} needs its {key}")
        return row
