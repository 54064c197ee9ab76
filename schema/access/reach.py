"""Who can use what, and by which ways: the fields that lead from a root to a coordinate, for one caller.

It asks the policy and the schema and runs nothing. What it finds is put into words elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from schema.access.masks import Mask
from schema.access.need import Clause, Need, strictest
from schema.access.principal import Principal
from schema.access.rules import Policy
from schema.filters import MIRROR

_SHOWN = 3
"""Ways that are spelled out; the others are counted."""


@dataclass(frozen=True, slots=True)
class Way:
    """``fields``: from the root to the coordinate, ``orders.customer.email``."""

    fields: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.fields)


@dataclass(frozen=True, slots=True)
class Held:
    """What one caller has of one coordinate. ``mask``: only this of it. ``ways``: the shortest; ``count``: of how many
    fields that lead to it. There is no way where others may use it and the caller never gets there.
    """

    lacks: tuple[Clause, ...]
    mask: str = ""
    ways: tuple[Way, ...] = ()
    count: int = 0

    @property
    def level(self) -> int:
        """0: none of it, 1: masked, 2: all of it."""
        if not self.ways or (self.lacks and not self.mask):
            return 0
        return 1 if self.mask else 2


@dataclass(frozen=True, slots=True)
class Coordinate:
    """``write``: a mutation, or what one is given."""

    type_name: str
    name: str
    write: bool

    def __str__(self) -> str:
        return f"{self.type_name}.{self.name}"


def coordinates(schema: GraphQLSchema) -> Iterator[Coordinate]:
    """Fields, in the order of the schema, and the fields of what mutations are given."""
    given = _given(schema)
    for named in schema.type_map.values():
        if named.name.startswith("__"):
            continue
        if isinstance(named, GraphQLObjectType):
            yield from (Coordinate(named.name, name, named is schema.mutation_type) for name in named.fields)
        elif isinstance(named, GraphQLInputObjectType) and named.name in given:
            yield from (Coordinate(named.name, name, write=True) for name in named.fields)


def _given(schema: GraphQLSchema) -> Mapping[str, tuple[str, str]]:
    """Input types that mutations take → the mutation and the argument that lead to them, the first of each."""
    found: dict[str, tuple[str, str]] = {}
    for name, field in schema.mutation_type.fields.items() if schema.mutation_type is not None else ():
        for argument, definition in field.args.items():
            waiting = [get_named_type(definition.type)]
            while waiting:
                named = waiting.pop()
                if isinstance(named, GraphQLInputObjectType) and named.name not in found and not _filters(named):
                    found[named.name] = (name, argument)
                    waiting += [get_named_type(inner.type) for inner in named.fields.values()]
    return found


def _filters(named: GraphQLInputObjectType) -> bool:
    """Whether values of an input type are conditions on rows: those are read, not written."""
    return "not" in named.fields and any(MIRROR in field.extensions for field in named.fields.values())


class Reach:
    """What one caller can get at. Ways do not go through a type twice."""

    def __init__(self, schema: GraphQLSchema, policy: Policy, principal: Principal) -> None:
        self._schema = schema
        self._policy = policy
        self._lacking = policy.lacking(principal)
        self._given = _given(schema)
        self._to: dict[str, tuple[str, ...]] = {}
        """Type → the shortest way to it; the roots have none."""
        self._through: dict[str, frozenset[str]] = {}
        self._into: dict[str, list[tuple[str, str]]] = {}
        self._ways: dict[str, list[tuple[str, ...]]] = {}
        self._walk()

    def _walk(self) -> None:
        waiting: deque[GraphQLNamedType] = deque()
        for root in (self._schema.query_type, self._schema.mutation_type):
            if root is not None:
                self._to[root.name], self._through[root.name] = (), frozenset({root.name})
                waiting.append(root)
        while waiting:
            parent = waiting.popleft()
            assert isinstance(parent, GraphQLObjectType)
            for name, field in parent.fields.items():
                if self._lacks(self._policy.field(parent.name, name)):
                    continue
                for target in self._targets(get_named_type(field.type)):
                    self._into.setdefault(target.name, []).append((parent.name, name))
                    if target.name not in self._to:
                        self._to[target.name] = (*self._to[parent.name], name)
                        self._through[target.name] = self._through[parent.name] | {target.name}
                        waiting.append(target)

    def _targets(self, named: GraphQLNamedType) -> list[GraphQLObjectType]:
        if isinstance(named, GraphQLObjectType):
            return [named]
        return list(self._schema.get_possible_types(named)) if is_abstract_type(named) else []

    def _lacks(self, need: Need) -> list[Clause]:
        return [clause for clause in need.clauses if clause in self._lacking]

    def held(self, coordinate: Coordinate) -> Held:
        """What the caller has of a coordinate."""
        need = self._policy.used if self._is_input(coordinate) else self._policy.field
        lacks = self._lacks(need(coordinate.type_name, coordinate.name))
        given = strictest(lacks) if lacks else None
        mask = given.name if isinstance(given, Mask) else ""
        if self._is_input(coordinate):
            ways = self._given_ways(coordinate)
            return Held(tuple(lacks), mask, ways, len(ways))
        into = self._ways_to(coordinate.type_name)
        ways = tuple(Way((*way, coordinate.name)) for way in into[:_SHOWN])
        return Held(tuple(lacks), mask, ways, len(into))

    def _is_input(self, coordinate: Coordinate) -> bool:
        return isinstance(self._schema.type_map[coordinate.type_name], GraphQLInputObjectType)

    def _given_ways(self, coordinate: Coordinate) -> tuple[Way, ...]:
        mutation, argument = self._given.get(coordinate.type_name, ("", ""))
        root = self._schema.mutation_type
        if root is None or mutation not in root.fields:
            return ()
        needs = (
            self._policy.field(root.name, mutation),
            self._policy.argument(root.name, mutation, argument),
            self._policy.used(coordinate.type_name, None),
        )
        return () if any(map(self._lacks, needs)) else (Way((f"{mutation}({argument}:)", coordinate.name)),)

    def _ways_to(self, type_name: str) -> list[tuple[str, ...]]:
        """The shortest way through each of the fields that lead to a type, shortest first."""
        known = self._ways.get(type_name)
        if known is None:
            found = [
                (*self._to[parent], name)
                for parent, name in self._into.get(type_name, ())
                if type_name not in self._through[parent]
            ]
            known = [()] if self._to.get(type_name) == () else sorted(found, key=len)
            self._ways[type_name] = known
        return known
