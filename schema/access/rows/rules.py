"""The rules on rows of one schema, and those of them that hold for one caller. They look at no row, ask no source."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resolvers import InterfaceType, ListRef, NamedRef, ObjectType, SourceModel, TypeRef, UnionType
from schema.access.callers import holds_for
from schema.access.principal import Principal
from schema.access.rows.expression import All, Expression
from schema.access.settings import RuleSettings

_MOST_CALLERS = 256


@dataclass(frozen=True, slots=True, eq=False)
class RowRule:
    """One rule, read for one type of one source, or for the arguments of one field. ``key``: its own in
    ``access.rules``.
    """

    settings: RuleSettings
    expression: Expression
    key: str


@dataclass(slots=True)
class SourceRules:
    """Of one source: type → rules on its rows; type → field → rules on the rows in which it has its value; type → rules
    that say how small a group of its rows may be.
    """

    rows: dict[str, list[RowRule]] = field(default_factory=dict)
    fields: dict[str, dict[str, list[RowRule]]] = field(default_factory=dict)
    least: dict[str, list[RuleSettings]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Restricted:
    """What of one source's rows one caller may see, by type and by field; ``reach``: the types whose values can hold
    any of those types. ``least``: type → rows of the smallest group of it that aggregates tell of.
    """

    rows: Mapping[str, Expression]
    fields: Mapping[str, Mapping[str, Expression]]
    reach: frozenset[str]
    least: Mapping[str, int] = field(default_factory=dict)
    once: dict[str, Any] = field(default_factory=dict)
    """What is worked out of it, once for all requests of the caller."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The rules that hold for one caller. ``arguments``: (type, field) → what its arguments must fulfil."""

    principal: Principal
    sources: Mapping[str, Restricted]
    arguments: Mapping[tuple[str, str], Expression]


class RowRules:
    """All rules on rows; immutable once they are read."""

    def __init__(
        self,
        models: Mapping[str, SourceModel],
        sources: Mapping[str, SourceRules],
        arguments: Mapping[tuple[str, str], Sequence[RowRule]],
    ) -> None:
        self._models = models
        self._sources = sources
        self._arguments = arguments
        self._bound: OrderedDict[int, Bound | None] = OrderedDict()
        self._holders: dict[int, Principal] = {}
        self._reaches: dict[tuple[str, frozenset[str]], frozenset[str]] = {}

    def bound(self, principal: Principal) -> Bound | None:
        """The rules that hold for a caller, ``None`` where none does. A caller is known by identity: whoever comes with
        a token that was verified before comes as the same object.
        """
        if not self._sources and not self._arguments:
            return None
        known = id(principal)
        if self._holders.get(known) is principal:
            self._bound.move_to_end(known)
            return self._bound[known]
        made = self._bind(principal)
        self._bound[known], self._holders[known] = made, principal
        if len(self._bound) > _MOST_CALLERS:
            gone, _ = self._bound.popitem(last=False)
            del self._holders[gone]
        return made

    def _bind(self, principal: Principal) -> Bound | None:
        sources: dict[str, Restricted] = {}
        for source, rules in self._sources.items():
            rows = {key: held for key, each in rules.rows.items() if (held := _holding(each, principal)) is not None}
            fields = {
                key: {name: held for name, each in named.items() if (held := _holding(each, principal)) is not None}
                for key, named in rules.fields.items()
            }
            fields = {key: named for key, named in fields.items() if named}
            least = {
                key: max(sizes)
                for key, each in rules.least.items()
                if (sizes := [rule.min_group or 0 for rule in each if _holds(rule, principal)])
            }
            if rows or fields or least:
                sources[source] = Restricted(rows, fields, self._reach(source, frozenset({*rows, *fields})), least)
        arguments = {
            coordinate: held
            for coordinate, each in self._arguments.items()
            if (held := _holding(each, principal)) is not None
        }
        return Bound(principal, sources, arguments) if sources or arguments else None

    def _reach(self, source: str, keys: frozenset[str]) -> frozenset[str]:
        if (source, keys) not in self._reaches:
            self._reaches[source, keys] = reaching(self._models[source], keys)
        return self._reaches[source, keys]

    def on(self, source: str) -> list[RowRule]:
        """Every rule on rows of a source."""
        rules = self._sources.get(source, SourceRules())
        by_field = [each for named in rules.fields.values() for each in named.values()]
        return [rule for each in (*rules.rows.values(), *by_field) for rule in each]

    def on_fields(self) -> Iterator[tuple[str, str, str, RowRule]]:
        """The rules on fields: source, type, field and rule."""
        for source, rules in self._sources.items():
            for key, named in rules.fields.items():
                for name, each in named.items():
                    for rule in each:
                        yield source, key, name, rule

    def on_rows(self) -> list[tuple[str, str]]:
        """The sources and types that have rules on rows."""
        return [(source, key) for source, rules in self._sources.items() for key in rules.rows]


def _holds(rule: RuleSettings, principal: Principal) -> bool:
    return principal.is_anonymous or holds_for(rule, principal)


def _holding(rules: Sequence[RowRule], principal: Principal) -> Expression | None:
    held = tuple(rule.expression for rule in rules if _holds(rule.settings, principal))
    return None if not held else held[0] if len(held) == 1 else All(held)


def reaching(model: SourceModel, keys: frozenset[str]) -> frozenset[str]:
    """The types whose values are, or hold somewhere inside them, values of one of the types ``keys``."""
    held: dict[str, set[str]] = {}
    for name, definition in model.types.items():
        inside: list[str] = []
        if isinstance(definition, UnionType):
            inside += definition.members
        else:
            inside += [below for item in definition.fields.values() if (below := named_in(item.type)) is not None]
        for below in inside:
            held.setdefault(below, set()).add(name)
        if isinstance(definition, ObjectType | InterfaceType):
            for interface in definition.interfaces:
                held.setdefault(name, set()).add(interface)
    reached = set(keys)
    waiting = list(keys)
    while waiting:
        for above in held.get(waiting.pop(), ()):
            if above not in reached:
                reached.add(above)
                waiting.append(above)
    return frozenset(reached)


def named_in(ref: TypeRef | None) -> str | None:
    """The name of the type of a value, or of the items of a list."""
    while isinstance(ref, ListRef):
        ref = ref.item
    return ref.name if isinstance(ref, NamedRef) else None
