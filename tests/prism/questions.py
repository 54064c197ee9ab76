"""Operations for every root field of a schema: required arguments filled with plain values, all leaves selected.

Made from the introspection, as a reader of the explorer would: it knows nothing of where the schema came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedOutputType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

PLAIN: Mapping[str, object] = {
    "String": "word",
    "ID": "1",
    "Int": 1,
    "Float": 1.5,
    "Boolean": True,
    "BigInt": 1,
    "Decimal": "1.5",
    "DateTime": "2026-01-31T12:00:00Z",
    "Date": "2026-01-31",
    "Time": "12:00:00",
    "UUID": "0b1e2d3c-0000-4000-8000-000000000001",
    "Base64": "AAEC",
    "JSON": {},
}
DEPTH = 4


@dataclass(frozen=True, slots=True)
class Question:
    """One operation that asks one root ``field``, whose answer lies under the field's own name."""

    field: str
    text: str
    variables: Mapping[str, object]


def questions(schema: GraphQLSchema) -> list[Question]:
    """One for each field of Query and Mutation."""
    found = []
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        for name, field in root.fields.items() if root is not None else ():
            needed = {key: item.type for key, item in field.args.items() if is_required_argument(item)}
            heads = ", ".join(f"${key}: {typed}" for key, typed in needed.items())
            given = [f"{key}: ${key}" for key in needed]
            if {"first", "after"} <= field.args.keys():
                given.append("first: 1")  # a mock says the same page for ever, which is an error from the second on
            call = f"{name}({', '.join(given)})" if given else name
            text = f"{kind}({heads})" if needed else kind
            text += f" {{ {call}{below(field, DEPTH)} }}"
            found.append(Question(name, text, {key: value(typed) for key, typed in needed.items()}))
    return found


def value(typed: GraphQLInputType) -> object:
    """A value of an input type that holds what is required, and of a list one item."""
    if isinstance(typed, GraphQLNonNull):
        return value(typed.of_type)
    if isinstance(typed, GraphQLList):
        return [value(typed.of_type)]
    if isinstance(typed, GraphQLEnumType):
        return next(iter(typed.values))
    if isinstance(typed, GraphQLInputObjectType):
        fields = typed.fields.items()
        if typed.is_one_of:
            return {name: value(field.type) for name, field in list(fields)[:1]}
        return {name: value(field.type) for name, field in fields if is_required_input_field(field)}
    return PLAIN[typed.name]


def below(field: GraphQLField, depth: int) -> str:
    """The selection set of a field: leaves, and objects down to ``depth``."""
    named = cast("GraphQLNamedOutputType", get_named_type(field.type))
    return "" if is_leaf_type(named) else f" {{ {' '.join(parts(named, depth))} }}"


def parts(named: GraphQLNamedOutputType, depth: int) -> list[str]:
    found = ["__typename"]
    if isinstance(named, GraphQLUnionType):
        for member in named.types:
            # Members may have fields of one name and different types (GraphQL specification section 5.3.2).
            inner = " ".join(f"{member.name}_{name}: {text}" for name, text in fields(member, depth))
            found += [f"... on {member.name} {{ __typename {inner} }}"]
    elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        found += [text for _, text in fields(named, depth)]
    return found


def fields(named: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> list[tuple[str, str]]:
    return [
        (name, f"{name}{below(field, depth - 1)}")
        for name, field in named.fields.items()
        if not any(map(is_required_argument, field.args.values()))
        and (is_leaf_type(get_named_type(field.type)) or depth > 1)
    ]
