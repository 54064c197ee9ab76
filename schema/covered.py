"""What uses a protected field asks as much as that field, or says that it need not; what nobody reaches is told.

The rules themselves, and what an operation asks of them, are ``access``'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLInterfaceType, GraphQLObjectType

from resolvers import Problem
from schema.access.rules import Policy
from schema.extension import Extension
from schema.link_settings import Joined
from schema.types import TypeBuilder


def check_joins(policy: Policy, joined: Sequence[Joined]) -> list[Problem]:
    """Joins by protected fields; those that nobody wrote get the rule of what they go by."""
    problems = []
    for join in joined:
        mine = _split(join.coordinate)
        for compared in join.compares:
            if not (policy.knows(*mine) and policy.knows(*_split(compared))):
                continue  # one end is on a type that no field of the schema returns
            other = policy.field(*_split(compared))
            if join.written:
                if not join.declassify and not policy.field(*mine).covers(other):
                    what = f"{join.coordinate} uses {compared}, which has a rule that {join.coordinate} does not ask"
                    mend = f"give {join.coordinate} a rule that asks the same, or say declassify: true"
                    problems.append(Problem(what, ("links", join.written), mend))
            elif not policy.field(*mine).covers(other):
                policy.inherit(mine, _split(compared))
    return problems


def unreached(
    policy: Policy, types: TypeBuilder, joined: Sequence[Joined], extensions: Sequence[Extension]
) -> list[Problem]:
    """Fields that would never be shown, since no field of the schema returns their type."""
    places: list[tuple[str, tuple[str, ...]]] = [
        (join.coordinate, ("links", join.written)) for join in joined if join.written
    ]
    for extension in extensions:
        for added in extension.added:
            anything = next(iter(_field_names(types, added.type_name)), added.name)
            places.append((f"{added.type_name}.{anything}", ("extensions",)))
    problems = []
    for coordinate, where in places:
        owner, name = _split(coordinate)
        if not policy.knows(owner, name):
            mend = "link from a type that is returned, or remove it"
            problems.append(Problem(f'no field returns "{owner}", so nobody could ask for this', where, mend))
    return problems


def check_needs(policy: Policy, types: TypeBuilder, extensions: Sequence[Extension]) -> list[Problem]:
    """Hand-written fields that need protected ones."""
    problems = []
    for extension in extensions:
        for added in extension.added:
            names = {field.lower().replace("_", ""): field for field in _field_names(types, added.type_name)}
            coordinate = (added.type_name, names.get(added.name.lower().replace("_", ""), added.name))
            for need in added.needs:
                if (
                    not policy.knows(*coordinate)
                    or added.declassify
                    or policy.field(*coordinate).covers(policy.field(added.type_name, need))
                ):
                    continue
                what = f"{added.type_name}.{coordinate[1]} needs {added.type_name}.{need}, which has a rule of its own"
                mend = "give it a rule that asks the same, or say declassify=True"
                problems.append(Problem(what, ("extensions",), mend))
    return problems


def _field_names(types: TypeBuilder, type_name: str) -> list[str]:
    for made in types.sources.values():
        for graphql in made.outputs.values():
            if graphql.name == type_name and isinstance(graphql, GraphQLObjectType | GraphQLInterfaceType):
                return list(graphql.fields)
    return []


def _split(coordinate: str) -> tuple[str, str]:
    owner, _, name = coordinate.partition(".")
    return owner, name
