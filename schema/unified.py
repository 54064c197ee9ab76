"""``UnifiedSchema``: one ``strawberry.Schema`` that holds hand-written Strawberry types and generated types together.

Generated types are graphql-core's own; this is the one module that leans on private attributes of Strawberry, which is
therefore pinned to its minor version. It assembles and validates, and knows nothing of sources.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import strawberry
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    validate_schema,
)
from strawberry.types.field import StrawberryField
from strawberry.types.object_type import StrawberryObjectDefinition

from schema.extension import AddedField, Extension

PLACEHOLDER = "isthmusPlaceholder"
_DEEPEST = 100_000


def _class(name: str, fields: Mapping[str, StrawberryField]) -> type:
    made = type(name, (), dict(fields))
    return strawberry.type(made)


def _true() -> bool:
    return True


def _sources(names: Sequence[str]) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString))),
        resolve=lambda _row, _info: list(names),
        description="The systems behind this API. None of them has anything to read, and a schema needs a query.",
    )


@contextmanager
def _deep_enough() -> Iterator[None]:
    """Lets graphql-core go from type to type as far as there are any: it goes deeper for each, and foreign keys of a
    database can be one chain of hundreds of tables, through outputs and inputs.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


class UnifiedSchema(strawberry.Schema):
    """``graphql`` is the finished graphql-core schema."""

    def __init__(self, extensions: Sequence[Extension]) -> None:
        queries = {name: item for extension in extensions for name, item in extension.queries.items()}
        mutations = {name: item for extension in extensions for name, item in extension.mutations.items()}

        placeholder: Any = strawberry.field(resolver=_true, name=PLACEHOLDER)
        query = _class("Query", {**queries, "placeholder": placeholder})
        super().__init__(query, _class("Mutation", mutations) if mutations else None)

    @property
    def graphql(self) -> GraphQLSchema:
        return self._schema

    def hand_written_names(self) -> set[str]:
        """Type names that are taken by hand-written types."""
        return {name for name in self._schema.type_map if not name.startswith("__")} - {"Query", "Mutation"}

    def hand_written_roots(self) -> set[str]:
        """Field names of Query and Mutation that are hand-written."""
        roots = [self._schema.query_type, self._schema.mutation_type]
        return {name for root in roots if root is not None for name in root.fields}

    def added_fields(self, added: Sequence[AddedField]) -> dict[str, GraphQLField]:
        """The GraphQL fields, by name, that hand-written fields become on one generated type."""
        made = _class("Added", {item.name: item.field for item in added})
        definition = cast("StrawberryObjectDefinition", getattr(made, "__strawberry_definition__"))  # noqa: B009  # dynamic
        return self.schema_converter.get_graphql_fields(definition)

    def complete(
        self,
        queries: Mapping[str, GraphQLField],
        mutations: Mapping[str, GraphQLField],
        types: Sequence[GraphQLNamedType],
        sources: Sequence[str],
    ) -> list[str]:
        """Puts the generated fields beside the hand-written ones; gives the messages of what is not valid.

        A graph that only writes, or has no operations, gets the query that GraphQL demands: it tells the names of
        ``sources``.
        """
        written = self._schema
        assert written.query_type is not None
        own = {name: item for name, item in written.query_type.fields.items() if name != PLACEHOLDER}
        changed = dict(written.mutation_type.fields) if written.mutation_type is not None else {}
        mutation_fields = {**mutations, **changed}
        query_fields = {**queries, **own}
        if not query_fields:
            query_fields = {"sources": _sources(sources)}
        kwargs: dict[str, Any] = dict(written.to_kwargs())
        kept = [item for item in kwargs["types"] or () if item not in {written.query_type, written.mutation_type}]
        kwargs["query"] = GraphQLObjectType("Query", query_fields)
        kwargs["mutation"] = GraphQLObjectType("Mutation", mutation_fields) if mutation_fields else None
        kwargs["types"] = [*kept, *types]
        with _deep_enough():
            self._schema = GraphQLSchema(**kwargs)
        self._schema._strawberry_schema = self  # type: ignore[attr-defined]  # noqa: SLF001  # as Strawberry does
        self._extend_introspection()
        return [error.message for error in validate_schema(self._schema)]
