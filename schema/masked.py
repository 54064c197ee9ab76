"""Which fields a mask can stand for: texts that are read from a row, or lifted out of one by a link.

What a mask shows, and to whom, is decided in ``access``.
"""

from __future__ import annotations

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLID,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    get_named_type,
)

from resolvers import Problem
from schema.access.coordinates import Places
from schema.access.rules import Policy
from schema.filters import MIRROR
from schema.plan.fields import Link, ReadKey, Strawberry, plan_of


def wears_masks(field: GraphQLField) -> bool:
    """Whether a mask can stand for the values of a field."""
    plan = plan_of(field)
    is_read = isinstance(plan, ReadKey) or (isinstance(plan, Link) and plan.take is not None)
    # What tells of another field's values (the least, the greatest) has none of its own to mask.
    return is_read and get_named_type(field.type) in {GraphQLString, GraphQLID} and MIRROR not in field.extensions


def any_masked(schema: GraphQLSchema, places: Places) -> bool:
    """Whether a mask could stand for the values of any field at these places."""
    return any(
        places.of(f"{named.name}.{name}") and wears_masks(field)
        for named in schema.type_map.values()
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in named.fields.items()
    )


def check_values(schema: GraphQLSchema, policy: Policy) -> list[Problem]:
    """Rules on values of an enum that a hand-written field gives: it would show them to everyone."""
    problems = []
    for named in schema.type_map.values():
        for name, field in named.fields.items() if isinstance(named, GraphQLObjectType) else ():
            given = get_named_type(field.type)
            if isinstance(given, GraphQLEnumType) and isinstance(plan_of(field), Strawberry):
                problems += [
                    Problem(
                        f"{named.name}.{name} is hand-written and would give {given.name}.{value} to everyone",
                        ("access", "rules", clause.origin),
                        f"lay the rule on {named.name}.{name}",
                    )
                    for value, need in policy.values(given.name).items()
                    for clause in need.clauses
                    if not clause.is_default
                ]
    return problems
