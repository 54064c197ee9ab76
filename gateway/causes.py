"""Which changes of a schema come of another one: a column that is gone takes its filters, orders and aggregates along.

It goes by names and kinds alone, so that a schema that is only a text is grouped as well; nothing is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
)

from gateway.changes import Level, SchemaChange

_MEMBER = re.compile(r"\b([_A-Za-z]\w*)\.(\w+)(?:\((\w+):\))?", re.ASCII)
_TYPE = re.compile(r"(\w+) was (?:added|removed)", re.ASCII)
_MADE = re.compile(
    r"(?:Averages|Sums|Extremes|DistinctCounts|Group|GroupKey|Aggregate|Aggregates|Connection|Edge)(?:Having)?\d*"
)
"""How names end of the objects that the gateway makes of a type, beside its inputs and enums."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A change, and those that come of it. ``level``: the worst of all."""

    change: SchemaChange
    derived: tuple[SchemaChange, ...] = ()

    @property
    def level(self) -> Level:
        """The worst of them."""
        order = list(Level)
        return min((self.change.level, *(each.level for each in self.derived)), key=order.index)


def caused(found: Sequence[SchemaChange], old: GraphQLSchema, new: GraphQLSchema) -> list[SchemaChange]:
    """The same changes; ``of`` says what of each comes of another one."""
    here = {coordinate: each for each in found if (coordinate := _coordinate(each))}
    links = _Links(here, (old, new))
    return [replace(each, of=links.cause(_coordinate(each))) for each in found]


def grouped(found: Sequence[SchemaChange]) -> list[Cause]:
    """By cause, the worst first, else as they come."""
    derived: dict[str, list[SchemaChange]] = {}
    for each in found:
        if each.of:
            derived.setdefault(each.of, []).append(each)
    made = [Cause(each, tuple(derived.get(_coordinate(each), ()))) for each in found if not each.of]
    order = list(Level)
    return sorted(made, key=lambda cause: order.index(cause.level))


def _coordinate(change: SchemaChange) -> str:
    """``Type``, ``Type.field`` or ``Type.field(argument:)``; empty where it is about something else."""
    said = change.what.partition('"')[0]
    member = _MEMBER.search(said)
    if member is not None:
        return member.group()
    named = _TYPE.match(said)
    return named.group(1) if named is not None else ""


def _sort(change: SchemaChange) -> str:
    for word in ("DESCRIPTION", "REMOVED", "ADDED"):
        if word in change.kind:
            return word
    return "CHANGED"


class _Links:
    def __init__(self, here: Mapping[str, SchemaChange], schemas: tuple[GraphQLSchema, GraphQLSchema]) -> None:
        self._here = here
        self._schemas = schemas
        givers: dict[str, set[str]] = {}
        for coordinate in here:
            owner, _, member = coordinate.partition(".")
            for schema in schemas:
                typed = _type_of(schema, owner, member) if member and "(" not in member else ""
                if self._alike(coordinate, typed):
                    givers.setdefault(typed, set()).add(coordinate)
        self._giver = {typed: next(iter(each)) for typed, each in givers.items() if len(each) == 1}
        """A type that only one field gave, or gives now → that field: the type went, or came, with it."""

    def cause(self, coordinate: str, seen: frozenset[str] = frozenset()) -> str:
        """The coordinate of what the change there comes of in the end; empty where it comes of nothing else."""
        if not coordinate:
            return ""
        for schema in self._schemas:
            for other in self._causes(coordinate, schema):
                if other not in {coordinate, *seen} and self._alike(coordinate, other):
                    return self.cause(other, seen | {coordinate}) or other
        return ""

    def _alike(self, coordinate: str, other: str) -> bool:
        """Whether the same became of both; of what takes its type from another, anything may."""
        found = self._here.get(other)
        return found is not None and _sort(found) in {_sort(self._here[coordinate]), "CHANGED"}

    def _causes(self, coordinate: str, schema: GraphQLSchema) -> Iterator[str]:
        """What it may come of: what its own type is made of, or the type that it gives or takes."""
        owner, dot, member = coordinate.partition(".")
        yield from (f"{each}{dot}{member}" for each in _made_of(owner, schema))
        typed = _type_of(schema, owner, member) if dot else ""
        yield from _made_of(typed, schema)
        if self._giver.get(typed) != coordinate:
            yield typed
        if not dot:
            yield from _changed_rows(schema.type_map.get(owner))
            yield self._giver.get(owner, "")


def _made_of(name: str, schema: GraphQLSchema) -> Iterator[str]:
    """The types that the gateway may have made a type of, as names and kinds say."""
    named = schema.type_map.get(name)
    any_end = is_input_object_type(named) or is_enum_type(named)
    for length in range(len(name) - 1, 0, -1):
        if isinstance(schema.type_map.get(name[:length]), GraphQLObjectType | GraphQLInterfaceType) and (
            any_end or _MADE.fullmatch(name[length:])
        ):
            yield name[:length]


def _changed_rows(named: GraphQLNamedType | None) -> Iterator[str]:
    """The type of the rows that a mutation changed, of what it gives: that bears the name of the table."""
    if isinstance(named, GraphQLObjectType) and named.name.endswith("Change"):
        yield from (get_named_type(field.type).name for field in named.fields.values())


def _type_of(schema: GraphQLSchema, owner: str, member: str) -> str:
    """The name of what a field gives, or an argument of it takes; empty where there is none."""
    name, _, argument = member.partition("(")
    field = getattr(schema.type_map.get(owner), "fields", {}).get(name)
    if field is not None and argument:
        field = field.args.get(argument.removesuffix(":)"))
    return "" if field is None else get_named_type(field.type).name
