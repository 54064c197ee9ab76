"""The policy: what each coordinate of the finished schema needs, and who has it.

Decided once for each operation on its plan, never on rows: a coordinate is open to a principal or it is not, by
whatever route a query reaches it. Rules are ANDed: of the type, of the field, of the type it returns, and of the
interfaces and implementations on the other side of an ``implements``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
)

from resolvers import Problem, nearest
from schema.access.principal import Principal
from schema.access.settings import AccessSettings, RuleSettings
from schema.filters import MIRROR

_COORDINATE = re.compile(r"(\w+)(?:\.(\w+)(?:\((\w+):\))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Need:
    """What one coordinate needs: every one of ``rules``, or the default where there is none."""

    rules: tuple[RuleSettings, ...]
    default: Literal["deny", "authenticated", "anonymous"]

    def met_by(self, principal: Principal) -> bool:
        """True when the principal may use the coordinate."""
        if not self.rules:
            return self.default == "anonymous" or (self.default == "authenticated" and not principal.is_anonymous)
        return not principal.is_anonymous and all(_met(rule, principal) for rule in self.rules)

    def covers(self, other: Need) -> bool:
        """True when whoever meets this need surely meets ``other``'s rules."""
        scopes = {scope for rule in self.rules for scope in rule.scopes}
        for rule in other.rules:
            if not self.rules or not set(rule.scopes) <= scopes:
                return False
            if rule.roles and not any(mine.roles and set(mine.roles) <= set(rule.roles) for mine in self.rules):
                return False
        return True


def _members(
    named: GraphQLInputObjectType | GraphQLEnumType,
) -> Mapping[str, GraphQLInputField] | Mapping[str, GraphQLEnumValue]:
    """The fields of an input type, or the values of an enum that tell of a field."""
    if isinstance(named, GraphQLInputObjectType):
        fields: Mapping[str, GraphQLInputField] = named.fields
        return fields
    return {name: value for name, value in named.values.items() if MIRROR in value.extensions}


def _mirrored(told: object) -> tuple[str, ...]:
    """The coordinates that an input field or a value can reveal."""
    return (told,) if isinstance(told, str) else told if isinstance(told, tuple) else ()


def _met(rule: RuleSettings, principal: Principal) -> bool:
    return set(rule.scopes) <= principal.scopes and (not rule.roles or bool(principal.roles & set(rule.roles)))


class Policy:
    """The needs of every coordinate of one schema; immutable once built."""

    def __init__(self, schema: GraphQLSchema, settings: AccessSettings) -> None:
        self.default = settings.default
        self._rules = settings.rules
        self._schema = schema
        self._fields: dict[tuple[str, str], Need] = {}
        for named in schema.type_map.values():
            if named.name.startswith("__"):
                continue
            if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                for name in named.fields:
                    self._fields[named.name, name] = self._need(self._field_rules(named, name))
        self._mirrors: dict[tuple[str, str], list[tuple[GraphQLInputObjectType | GraphQLEnumType, str]]] = {}
        """Coordinate of a field → the input fields and enum values that can reveal its values."""
        for named in schema.type_map.values():
            if isinstance(named, GraphQLInputObjectType | GraphQLEnumType):
                for name, definition in _members(named).items():
                    self._fields[named.name, name] = self._need(self._input_rules(named, name))
                    mirrored = definition.extensions.get(MIRROR)
                    for each in _mirrored(mirrored):
                        owner, _, field = each.partition(".")
                        self._mirrors.setdefault((owner, field), []).append((named, name))

    def field(self, type_name: str, name: str) -> Need:
        """The need of a field or of an input field; introspection is open to whoever may ask at all."""
        if name.startswith("__"):
            return Need((), "anonymous")
        return self._fields[type_name, name]

    def knows(self, type_name: str, name: str) -> bool:
        """True when the schema has the field."""
        return (type_name, name) in self._fields

    def argument(self, type_name: str, field: str, name: str) -> Need:
        """The need of an argument, beside that of its field."""
        rule = self._rules.get(f"{type_name}.{field}({name}:)")
        return Need((rule,), self.default) if rule is not None else Need((), "anonymous")

    def guarded(self) -> Iterable[tuple[str, str]]:
        """Every field coordinate that may be refused to a caller with a token, as (type, field)."""
        return (coordinate for coordinate, need in self._fields.items() if need.rules or self.default == "deny")

    def inherit(self, coordinate: tuple[str, str], compared: tuple[str, str]) -> None:
        """The rules of a compared field hold for the field that compares it (joins that nobody wrote down)."""
        mine, other = self._fields[coordinate], self._fields[compared]
        self._fields[coordinate] = self._need([*mine.rules, *other.rules])
        for named, name in self._mirrors.get(coordinate, ()):
            self._fields[named.name, name] = self._need(self._input_rules(named, name))

    def _need(self, rules: Iterable[RuleSettings]) -> Need:
        distinct: list[RuleSettings] = []
        for rule in rules:
            if rule not in distinct:
                distinct.append(rule)
        return Need(tuple(distinct), self.default)

    def _rules_at(self, *coordinates: str) -> list[RuleSettings]:
        return [self._rules[coordinate] for coordinate in coordinates if coordinate in self._rules]

    def _field_rules(self, named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> list[RuleSettings]:
        # A rule on an interface holds for all of a type that implements it, by whatever route the type is reached.
        rules = self._rules_at(*(interface.name for interface in named.interfaces))
        for owner in self._kin(named):
            if name in owner.fields:
                rules += self._rules_at(owner.name, f"{owner.name}.{name}")
                rules += self._returned(get_named_type(owner.fields[name].type))
        told_of = named.extensions.get(MIRROR)
        if isinstance(told_of, GraphQLObjectType | GraphQLInterfaceType):
            mirrored = named.fields[name].extensions.get(MIRROR)
            if isinstance(mirrored, str):
                rules += self._field_rules(told_of, mirrored.partition(".")[2])
        changed = named.fields[name].extensions.get(MIRROR)
        if isinstance(changed, GraphQLObjectType):
            rules += self._returned(changed)
        return rules

    def _kin(self, named: GraphQLObjectType | GraphQLInterfaceType) -> list[GraphQLObjectType | GraphQLInterfaceType]:
        """The type, its interfaces, and (for an interface) whatever implements it."""
        kin = [named, *named.interfaces]
        if isinstance(named, GraphQLInterfaceType):
            implementations = self._schema.get_implementations(named)
            kin += [*implementations.objects, *implementations.interfaces]
        return kin

    def _returned(self, returned: GraphQLNamedType) -> list[RuleSettings]:
        """The rules of a returned type, of everything it may turn out to be, and of the interfaces of all that."""
        told_of = returned.extensions.get(MIRROR)
        beneath = self._returned(told_of) if isinstance(told_of, GraphQLNamedType) else []
        types = [returned.name]
        if is_abstract_type(returned):
            types += [possible.name for possible in self._schema.get_possible_types(returned)]
        for name in list(types):
            named = self._schema.type_map[name]
            if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                types += [interface.name for interface in named.interfaces]
        if isinstance(returned, GraphQLInterfaceType):
            types += [kin.name for kin in self._kin(returned)]
        return [*self._rules_at(*dict.fromkeys(types)), *beneath]

    def _input_rules(self, named: GraphQLInputObjectType | GraphQLEnumType, name: str) -> list[RuleSettings]:
        rules = self._rules_at(named.name, f"{named.name}.{name}")
        for each in _mirrored(_members(named)[name].extensions.get(MIRROR)):
            owner, _, field = each.partition(".")
            rules += self._fields[owner, field].rules
        return rules

    def used(self, type_name: str, name: str | None) -> Need:
        """The need of an input field, or (``None``) of giving a value of an input or enum type at all.

        Only rules of their own: the field they are given to carries the default.
        """
        if name is None:
            return Need(tuple(self._rules_at(type_name)), "anonymous")
        known = self._fields.get((type_name, name))  # values of most enums tell of nothing
        rules = known.rules if known is not None else ()
        return Need(tuple(rules), "anonymous")


def check_rules(schema: GraphQLSchema, settings: AccessSettings, *, incomplete: bool) -> list[Problem]:
    """Rules on coordinates that do not exist. ``incomplete``: a source is missing, so its rules may wait for it."""
    problems: list[Problem] = []
    for coordinate in settings.rules:
        fault = _malformed(coordinate) or (None if incomplete else _missing(schema, coordinate))
        if fault is not None:
            what, mend = fault
            problems.append(Problem(what, ("access", "rules", coordinate), mend, lacks=coordinate))
    return problems


def _malformed(coordinate: str) -> tuple[str, str] | None:
    if not _COORDINATE.fullmatch(coordinate):
        return f'"{coordinate}" is not a schema coordinate', "write Type, Type.field or Type.field(argument:)"
    if coordinate.startswith("__"):
        return "introspection takes no rules", "rules are on types of your own"
    return None


def _missing(schema: GraphQLSchema, coordinate: str) -> tuple[str, str] | None:
    match = _COORDINATE.fullmatch(coordinate)
    assert match is not None
    type_name, field, argument = match.groups()
    named = schema.type_map.get(type_name)
    if named is None:
        return f'there is no type "{type_name}"', nearest(type_name, schema.type_map)
    if field is None:
        return None
    fields: Mapping[str, object] = getattr(named, "fields", {})
    if field not in fields:
        return f'"{type_name}" has no field "{field}"', nearest(field, fields)
    arguments: Mapping[str, object] = getattr(fields[field], "args", {})
    if argument is not None and argument not in arguments:
        return f'"{type_name}.{field}" has no argument "{argument}"', nearest(argument, arguments)
    return None


def open_nulls(schema: GraphQLSchema, policy: Policy) -> None:
    """Makes every field under a rule nullable, so that refusing it never nulls its parent."""
    for type_name, field in policy.guarded():
        named = schema.type_map[type_name]
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            definition = named.fields[field]
            if isinstance(definition.type, GraphQLNonNull):
                definition.type = definition.type.of_type
