"""What of a schema a class of callers may use, as a schema of its own: whatever they lack is not in it.

Types are copied, never changed, and keep what runs them. Who lacks what is told by clauses; nothing here knows of a
principal.

A field is in it when its clauses are met, when its type has something to ask for, and when nothing that it demands is
left out. An input type needs a field that leads to a value; an interface keeps the fields that all of its types keep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from copy import copy
from typing import Any, TypeVar, cast

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
)

from schema.access.need import Clause, Need
from schema.access.rules import Policy
from schema.beside import is_demanded

_Fielded = GraphQLObjectType | GraphQLInterfaceType
_Given = TypeVar("_Given", GraphQLArgument, GraphQLInputField)


def visible(schema: GraphQLSchema, policy: Policy, lacking: Collection[Clause]) -> GraphQLSchema:
    """The schema without what needs any of ``lacking``; the very same one where that is nothing."""
    if not lacking:
        return schema
    kept = _Kept(schema, policy, lacking)
    return schema if kept.is_everything else _Copy(schema, kept).schema()


class _Kept:
    """The names that stay: of members by type, of arguments by field."""

    def __init__(self, schema: GraphQLSchema, policy: Policy, lacking: Collection[Clause]) -> None:
        self._schema = schema
        self._policy = policy
        self._lacking = lacking
        self.members: dict[str, list[str]] = {}
        self.arguments: dict[tuple[str, str], list[str]] = {}
        types = [named for named in schema.type_map.values() if not named.name.startswith("__")]
        self._enums([named for named in types if isinstance(named, GraphQLEnumType)])
        self._inputs([named for named in types if isinstance(named, GraphQLInputObjectType)])
        self._outputs(
            [named for named in types if isinstance(named, GraphQLObjectType | GraphQLInterfaceType)],
            [named for named in types if isinstance(named, GraphQLUnionType)],
        )
        self.is_everything = all(
            len(self.members[named.name]) == _size(named) for named in types if not isinstance(named, GraphQLScalarType)
        ) and all(
            len(names) == len(cast("_Fielded", schema.type_map[owner]).fields[field].args)
            for (owner, field), names in self.arguments.items()
        )

    def has(self, named: GraphQLNamedType) -> bool:
        """Whether anything of a type stays."""
        return isinstance(named, GraphQLScalarType) or bool(self.members.get(named.name))

    def _open(self, need: Need) -> bool:
        return not any(clause in self._lacking for clause in need.clauses)

    def _seen(self, need: Need) -> bool:
        """As ``_open``, or only a mask stands before it."""
        lacked = [clause for clause in need.clauses if clause in self._lacking]
        return not lacked or (lacked[0].mask is not None and len({clause.mask for clause in lacked}) == 1)

    def _enums(self, types: list[GraphQLEnumType]) -> None:
        for named in types:
            self.members[named.name] = [
                name for name in named.values if self._open(self._policy.used(named.name, name))
            ]

    def _inputs(self, types: list[GraphQLInputObjectType]) -> None:
        """Grows: a field stays once its type is known to stay, so types that lead only to each other do not."""
        open_fields = {
            named.name: [name for name in named.fields if self._open(self._policy.used(named.name, name))]
            for named in types
        }
        waiting = [named for named in types if self._open(self._policy.used(named.name, None))]
        grown = True
        while grown:
            grown = False
            for named in waiting:
                if named.name in self.members:
                    continue
                if any(self._has_input(named.fields[name]) for name in open_fields[named.name]):
                    self.members[named.name] = []
                    grown = True
                    self.members[named.name] = open_fields[named.name]
        for named in types:
            names = [name for name in self.members.get(named.name, ()) if self._has_input(named.fields[name])]
            self.members[named.name] = names
        shrunk = True
        while shrunk:  # an input type that demands what is left out cannot be given
            shrunk = False
            for named in types:
                names = self.members[named.name]
                left = [name for name in names if self._has_input(named.fields[name])]
                missing = named.fields.keys() - set(left)
                if any(is_demanded(named.fields[name]) for name in missing):
                    left = []
                if left != names:
                    self.members[named.name] = left
                    shrunk = True

    def _has_input(self, field: GraphQLInputField | GraphQLArgument) -> bool:
        named = get_named_type(field.type)
        if isinstance(named, GraphQLScalarType):
            return True
        if not self.has(named) or not self._open(self._policy.used(named.name, None)):
            return False
        # A default that says what is left out would tell of it.
        return not _has_default(field) or len(self.members[named.name]) == _size(named)

    def _outputs(self, types: list[_Fielded], unions: list[GraphQLUnionType]) -> None:
        """Shrinks: a field stays until its type is known to be empty."""
        for named in types:
            self.members[named.name] = [
                name
                for name, field in named.fields.items()
                if self._seen(self._policy.field(named.name, name)) and self._arguments(named, name, field)
            ]
        for union in unions:
            self.members[union.name] = [member.name for member in union.types]
        shrunk = True
        while shrunk:
            shrunk = False
            for named in types:
                names = self.members[named.name]
                left = [name for name in names if self.has(get_named_type(named.fields[name].type))]
                if isinstance(named, GraphQLInterfaceType):
                    left = [name for name in left if self._in_all(named, name)]
                if len(left) < len(names):
                    self.members[named.name] = left
                    shrunk = True
            for union in unions:
                names = self.members[union.name]
                left = [name for name in names if self.members[name]]
                if len(left) < len(names):
                    self.members[union.name] = left
                    shrunk = True

    def _arguments(self, named: _Fielded, name: str, field: GraphQLField) -> bool:
        """Sets which arguments of a field stay; false where it cannot be asked without the others."""
        if not field.args:
            return True
        left = [
            argument
            for argument, definition in field.args.items()
            if self._open(self._policy.argument(named.name, name, argument)) and self._has_input(definition)
        ]
        self.arguments[named.name, name] = left
        return not any(is_demanded(field.args[gone]) for gone in field.args.keys() - set(left))

    def _in_all(self, named: GraphQLInterfaceType, name: str) -> bool:
        implementations = self._schema.get_implementations(named)
        kin = [*implementations.objects, *implementations.interfaces]
        return all(name in self.members[each.name] for each in kin if self.members[each.name])


def _has_default(field: GraphQLInputField | GraphQLArgument) -> bool:
    """Whether something is given where the caller gives nothing."""
    return field.default is not None or field.default_value is not Undefined


def _size(named: GraphQLNamedType) -> int:
    if isinstance(named, GraphQLUnionType):
        return len(named.types)
    if isinstance(named, GraphQLEnumType):
        return len(named.values)
    return len(cast("_Fielded | GraphQLInputObjectType", named).fields)


class _Copy:
    """Copies of the types that stay, each made when it is first referred to."""

    def __init__(self, schema: GraphQLSchema, kept: _Kept) -> None:
        self._full = schema
        self._kept = kept
        self._made: dict[str, GraphQLNamedType] = {}

    def schema(self) -> GraphQLSchema:
        """The schema of what can be reached from what stays of the roots."""
        kwargs: dict[str, Any] = dict(self._full.to_kwargs())
        query, mutation = self._full.query_type, self._full.mutation_type
        assert query is not None
        # A schema must have a query type. One without fields is no valid one: it answers __typename and no more.
        kwargs["query"] = self._of(query)
        kwargs["mutation"] = self._of(mutation) if mutation is not None and self._kept.has(mutation) else None
        kwargs["types"] = [self._of(named) for named in self._implementations()]
        kwargs["assume_valid"] = True
        return GraphQLSchema(**kwargs)

    def _implementations(self) -> list[GraphQLObjectType]:
        """Objects that are reached only as what an interface turns out to be."""
        roots = [root for root in (self._full.query_type, self._full.mutation_type) if root is not None]
        seen: set[str] = set()
        found: list[GraphQLObjectType] = []
        waiting: list[GraphQLNamedType] = [root for root in roots if self._kept.has(root)]
        while waiting:
            named = waiting.pop()
            if named.name in seen:
                continue
            seen.add(named.name)
            waiting += self._beneath(named)
            if isinstance(named, GraphQLInterfaceType):
                objects = [each for each in self._full.get_implementations(named).objects if self._kept.has(each)]
                found += objects
                waiting += objects
        return list({named.name: named for named in found}.values())

    def _beneath(self, named: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
        names = self._kept.members.get(named.name, ())
        if isinstance(named, GraphQLUnionType):
            yield from (self._full.type_map[name] for name in names)
        elif isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            yield from (interface for interface in named.interfaces if self._kept.has(interface))
            yield from (get_named_type(named.fields[name].type) for name in names)

    def _of(self, named: GraphQLNamedType) -> Any:
        if isinstance(named, GraphQLScalarType) or named.name.startswith("__"):
            return named
        made = self._made.get(named.name)
        if made is None:
            made = self._made[named.name] = self._copied(named)
        return made

    def _copied(self, named: GraphQLNamedType) -> GraphQLNamedType:
        names = self._kept.members[named.name]
        if isinstance(named, GraphQLEnumType):
            return _with_values(named, names)
        kwargs: dict[str, Any] = dict(named.to_kwargs())
        if isinstance(named, GraphQLUnionType):
            kwargs["types"] = lambda: [self._of(self._full.type_map[name]) for name in names]
            return GraphQLUnionType(**kwargs)
        if isinstance(named, GraphQLInputObjectType):
            kwargs["fields"] = lambda: {name: self._retyped(named.fields[name]) for name in names}
            return GraphQLInputObjectType(**kwargs)
        assert isinstance(named, GraphQLObjectType | GraphQLInterfaceType)
        fielded = named
        kwargs["fields"] = lambda: {name: self._field(fielded, name) for name in names}
        kwargs["interfaces"] = lambda: [self._of(each) for each in fielded.interfaces if self._kept.has(each)]
        return type(fielded)(**kwargs)

    def _field(self, named: _Fielded, name: str) -> GraphQLField:
        field: GraphQLField = named.fields[name]
        typed = self._typed(field.type)
        kept = self._kept.arguments.get((named.name, name), ())
        arguments = {argument: self._retyped(field.args[argument]) for argument in kept}
        same = len(arguments) == len(field.args) and all(arguments[key] is field.args[key] for key in arguments)
        if typed is field.type and same:
            return field
        made = copy(field)  # what made it has checked its names already
        made.type, made.args = typed, arguments
        return made

    def _retyped(self, given: _Given) -> _Given:
        typed = self._typed(given.type)
        if typed is given.type:
            return given
        made = copy(given)
        made.type = typed
        return made

    def _typed(self, typed: Any) -> Any:
        """The same type of copies; the very same where nothing in it was copied."""
        if isinstance(typed, GraphQLNonNull | GraphQLList):
            inner = self._typed(typed.of_type)
            return typed if inner is typed.of_type else type(typed)(inner)
        return self._of(typed)


def _with_values(named: GraphQLEnumType, names: Sequence[str]) -> GraphQLEnumType:
    """A copy of whatever class an enum is of: those of hand-written enums say what a value becomes."""
    made = copy(named)
    made.__dict__.pop("_value_lookup", None)
    made.values = {name: named.values[name] for name in names}
    return made
