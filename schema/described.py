"""``describe`` and ``deprecate`` by coordinate: what readers of the finished schema are told of its types and members.

It changes words alone: names are given in ``shape.py``, and who is shown what is decided in ``access/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    is_required_argument,
    is_required_input_field,
)

from resolvers import Problem
from schema.access.coordinates import check_keys, members_of
from schema.filters import DIRECTION
from schema.mirrored import mirrors

DESCRIBE, DEPRECATE = "describe", "deprecate"

Told = GraphQLNamedType | GraphQLField | GraphQLInputField | GraphQLEnumValue | GraphQLArgument
Fault = tuple[str, str]
"""What is wrong, and how to mend it."""

_PARTS = re.compile(r"(\w+)(?:\.(\w+)(?:\((\w+):\))?)?", re.ASCII)
_FORMS = "write Type, Type.member or Type.field(argument:)"


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands at a coordinate. ``owner``: the type that it is, or is in; ``member``: empty where it is the type."""

    coordinate: str
    owner: GraphQLNamedType
    member: str
    argument: str
    told: Told


def tell(
    schema: GraphQLSchema, describe: Mapping[str, str], deprecate: Mapping[str, str], *, incomplete: bool
) -> Iterator[Problem]:
    """Lays both over the schema; gives a problem for each coordinate that does not exist or of which nothing of the
    kind can be told.

    What is said of a field holds for whatever else is about its values and bears its name (filters, orders,
    aggregates, rows that are written), unless that is told of by itself. ``incomplete``: a source is missing, so a
    coordinate that does not exist may come with it.
    """
    if not (describe or deprecate):
        return
    yield from _each(schema, DESCRIBE, describe, _describe, incomplete=incomplete)
    yield from _each(schema, DEPRECATE, deprecate, _deprecate, incomplete=incomplete)
    yield from _promised(schema, deprecate)
    alike = mirrors(schema)
    for coordinate in describe:
        for each in alike.get(coordinate, ()):
            if each.coordinate not in describe:
                each.member.description = describe[coordinate].strip() or None
    for coordinate, reason in deprecate.items():
        for each in alike.get(coordinate, ()):
            if each.coordinate not in deprecate and not _is_required(each.member):
                each.member.deprecation_reason = reason.strip()


def _each(
    schema: GraphQLSchema,
    section: str,
    given: Mapping[str, str],
    lay: Callable[[_Place, str], Fault | None],
    *,
    incomplete: bool,
) -> Iterator[Problem]:
    for coordinate, words in given.items():
        where = (section, coordinate)
        match = _PARTS.fullmatch(coordinate)
        if match is None:
            yield Problem(f'"{coordinate}" is not a schema coordinate', where, _FORMS)
            continue
        missing = check_keys(schema, [(coordinate, where)], {}, incomplete=incomplete)
        yield from missing
        place = None if missing else _place(schema, coordinate, match)
        fault = None if place is None else lay(place, words)
        if fault is not None:
            yield Problem(fault[0], where, fault[1])


def _place(schema: GraphQLSchema, coordinate: str, match: re.Match[str]) -> _Place | None:
    """What stands there; ``None`` where it waits for a source."""
    owner, member, argument = match.groups(default="")
    named = schema.type_map.get(owner)
    told: object = named
    if member:
        told = members_of(named).get(member)
    if argument:
        told = getattr(told, "args", {}).get(argument)
    if named is None or not isinstance(told, Told):
        return None
    return _Place(coordinate, named, member, argument, told)


def _describe(place: _Place, words: str) -> Fault | None:
    if isinstance(place.owner, GraphQLScalarType) or place.owner is DIRECTION:
        return f"{place.owner.name} is the same in every graph and is described already", "describe what uses it"
    place.told.description = words.strip() or None
    return None


def _deprecate(place: _Place, reason: str) -> Fault | None:
    told = place.told
    if isinstance(told, GraphQLNamedType):
        return f"{place.coordinate} is a type, and GraphQL deprecates none", "deprecate the fields that give it"
    if place.owner is DIRECTION:
        return f"{DIRECTION.name} is the same in every graph", "remove the line"
    if not reason.strip():
        return f"it is not said why {place.coordinate} is deprecated", "say what to use instead"
    if _is_required(told):
        what = f"{place.coordinate} is required, and GraphQL deprecates nothing that callers must give"
        owner = place.coordinate.partition("(")[0] if place.argument else place.owner.name
        return what, f"deprecate {owner}, or what takes it" if place.argument else f"deprecate what takes {owner}"
    told.deprecation_reason = reason.strip()
    return None


def _is_required(told: Told) -> bool:
    if isinstance(told, GraphQLArgument):
        return is_required_argument(told)
    return isinstance(told, GraphQLInputField) and is_required_input_field(told)


def _promised(schema: GraphQLSchema, deprecate: Mapping[str, str]) -> Iterator[Problem]:
    """Fields that an interface promises, which is not deprecated there: GraphQL, section 3.6 and 3.7."""
    for coordinate in deprecate:
        owner, _, name = coordinate.partition(".")
        named = schema.type_map.get(owner)
        for interface in named.interfaces if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) else ():
            if name in interface.fields and interface.fields[name].deprecation_reason is None:
                what = f"{coordinate} is promised by the interface {interface.name}, where it is not deprecated"
                yield Problem(what, (DEPRECATE, coordinate), f"deprecate {interface.name}.{name} as well")
