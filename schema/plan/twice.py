"""What a caller gives under two names, or under neither, where the file keeps an old name beside a new one.

A schema cannot say that exactly one of two must be given, so it is asked here, before anything runs; names that stand
alone are the business of validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    get_named_type,
    value_from_ast_untyped,
)

from schema.beside import beside
from schema.plan.operation import OperationPlan
from schema.plan.variables import given_or_default

Named = Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]


class Twice:
    """Looks at what operations over one schema are given. It costs nothing where no old name is kept."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._holding = _holding(schema)
        """The input types in which a name may stand beside another, at any depth."""
        self.any = bool(self._holding) or any(
            beside(argument) is not None
            for named in schema.type_map.values()
            for field in getattr(named, "fields", {}).values()
            for argument in getattr(field, "args", {}).values()
        )

    def faults(self, plan: OperationPlan, raw: Mapping[str, object]) -> Iterator[str]:
        """What is wrong with the arguments of a plan's fields, in words. ``raw``: the variables as they came."""
        if not self.any:
            return
        variables = given_or_default(plan.operation, raw)
        for planned in plan.fields.values():
            arguments = planned.definition.args
            if arguments:
                nodes = planned.nodes[0].arguments or ()
                given = {node.name.value: value_from_ast_untyped(node.value, variables) for node in nodes}
                yield from self._within(f"{planned.parent.name}.{planned.name}", arguments, given)

    def _within(self, said: str, named: Named, given: Mapping[str, object]) -> Iterator[str]:
        asked: dict[tuple[str, ...], None] = {}
        for name, definition in named.items():
            names = beside(definition)
            if names is not None and names.names not in asked:
                asked[names.names] = None
                found = [each for each in names.names if given.get(each, Undefined) is not Undefined]
                if len(found) > 1:
                    yield f"{said} is given {' and '.join(found)}, which are one thing: give {names.names[0]} alone"
                elif names.demanded and (not found or given[found[0]] is None):
                    yield f"{said} needs {names.names[0]}"
            if given.get(name) is not None:
                yield from self._value(definition.type, given[name])

    def _value(self, typed: GraphQLInputType, value: object) -> Iterator[str]:
        named = get_named_type(typed)
        if not isinstance(named, GraphQLInputObjectType) or named.name not in self._holding:
            return
        if isinstance(value, list):
            inner = typed.of_type if isinstance(typed, GraphQLNonNull) else typed
            for item in value:
                yield from self._value(inner.of_type if isinstance(inner, GraphQLList) else inner, item)
        elif isinstance(value, Mapping):
            yield from self._within(named.name, named.fields, value)


def _holding(schema: GraphQLSchema) -> frozenset[str]:
    inputs = [named for named in schema.type_map.values() if isinstance(named, GraphQLInputObjectType)]
    found = {named.name for named in inputs if any(beside(field) is not None for field in named.fields.values())}
    grown = bool(found)
    while grown:
        more = {
            named.name
            for named in inputs
            if named.name not in found
            and any(get_named_type(field.type).name in found for field in named.fields.values())
        }
        found |= more
        grown = bool(more)
    return frozenset(found)
