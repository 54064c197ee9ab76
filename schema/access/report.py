"""The report of ``isthmus access``: every coordinate with what it needs, on which rows, and what each caller has of it.

Two reports can be compared. It holds data alone; commands print it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from schema.access.callers import holds_for
from schema.access.classes import Caller, callers
from schema.access.clauses import stated
from schema.access.coordinates import Places
from schema.access.need import Clause
from schema.access.principal import Principal
from schema.access.reach import Coordinate, Held, Reach, coordinates
from schema.access.rules import Policy
from schema.access.settings import AccessSettings, RuleSettings
from schema.beside import kin_of


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule that holds for a coordinate: its words, and its key in ``access.rules``; empty: the default."""

    words: str
    origin: str


@dataclass(frozen=True, slots=True)
class Line:
    """One coordinate. ``rows``: conditions on the rows that there are, as written in the file. ``tags``: what the file
    calls it, or its type.
    """

    coordinate: Coordinate
    asks: tuple[Asked, ...]
    rows: tuple[Asked, ...]
    held: Mapping[Caller, Held]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a coordinate a caller has. ``level``: see ``Held.level``; ``rows``: conditions that hold for it."""

    level: int
    mask: str = ""
    rows: frozenset[str] = frozenset()

    def __str__(self) -> str:
        if not self.level:
            return "nothing"
        words = f"masked ({self.mask})" if self.mask else "all"
        return " ".join([words, *(f"where {rows}" for rows in sorted(self.rows))])


@dataclass(frozen=True, slots=True)
class Change:
    """What a caller has of a coordinate in one file and in another."""

    coordinate: str
    caller: Caller
    before: Amount
    after: Amount

    @property
    def opened(self) -> bool:
        """Whether the caller may have more; where that cannot be told, it may."""
        if self.before.level != self.after.level or not self.after.level:
            return self.after.level > self.before.level
        return self.before.mask != self.after.mask or not self.before.rows <= self.after.rows


class Access:
    """Who can use what of one graph."""

    def __init__(self, schema: GraphQLSchema, policy: Policy, settings: AccessSettings) -> None:
        self._schema = schema
        self._policy = policy
        self._settings = settings
        self._ruled = Places(
            [key for key in settings.rules if any(_on_rows(rule) for rule in settings.alternatives(key))],
            settings.tags,
            kin_of(schema),
        )
        self._tagged = Places([f"#{tag}" for tag in settings.tags], settings.tags, kin_of(schema))
        self.callers = callers(settings, (need for _, need in policy.needs()))

    def lines(self, asking: Sequence[Caller] | None = None) -> list[Line]:
        """Every coordinate; ``asking``: the callers who are asked about, all that rules tell apart otherwise."""
        reach = {caller: self.reach(caller.principal) for caller in asking or self.callers}
        return [
            Line(
                coordinate,
                self.asks(coordinate),
                self.rows(coordinate),
                {caller: each.held(coordinate) for caller, each in reach.items()},
                self.tags(coordinate),
            )
            for coordinate in coordinates(self._schema)
        ]

    def tags(self, coordinate: Coordinate) -> tuple[str, ...]:
        """The tags of a coordinate and of its type."""
        keys = dict.fromkeys([*self._tagged.of(coordinate.type_name), *self._tagged.of(str(coordinate))])
        return tuple(key.removeprefix("#") for key in keys)

    def find(self, name: str) -> Coordinate | None:
        """The coordinate that is written ``Type.field``."""
        return next((each for each in coordinates(self._schema) if str(each) == name), None)

    def names(self) -> list[str]:
        return [str(each) for each in coordinates(self._schema)]

    def reach(self, principal: Principal) -> Reach:
        """What a principal can get at."""
        return Reach(self._schema, self._policy, principal)

    def amount(self, line: Line | None, caller: Caller) -> Amount:
        """How much a caller has; nothing of what is not there."""
        held = line.held[caller] if line is not None else None
        if line is None or held is None or not held.level:
            return Amount(0)
        rows = self.rows(line.coordinate, caller.principal) if line.rows else ()
        return Amount(held.level, held.mask, frozenset(each.words for each in rows))

    def asks(self, coordinate: Coordinate) -> tuple[Asked, ...]:
        """What a coordinate needs."""
        need = self._policy.field(coordinate.type_name, coordinate.name)
        asked = [clause for clause in need.clauses if not clause.opens] or need.clauses
        return tuple(Asked(words_of(clause), clause.origin) for clause in asked)

    def narrowing(self) -> Iterator[tuple[str, str]]:
        """Arguments that no rule stands at and that are called after a protected field of what is returned: who may not
        see the field may find out by them what it holds. Given as the coordinates of both.
        """
        for named in self._schema.type_map.values():
            if not isinstance(named, GraphQLObjectType) or named is self._schema.mutation_type:
                continue
            for name, field in named.fields.items():
                returned = get_named_type(field.type)
                if named.name.startswith("__") or not isinstance(returned, GraphQLObjectType | GraphQLInterfaceType):
                    continue
                around = self._policy.field(named.name, name)
                for argument in field.args:
                    if self._policy.argument(named.name, name, argument).ruled:
                        continue
                    for held in returned.fields:
                        need = self._policy.field(returned.name, held)
                        if need.ruled and _speaks_of(argument, held) and not around.covers(need):
                            yield f"{named.name}.{name}({argument}:)", f"{returned.name}.{held}"

    def rows(self, coordinate: Coordinate, principal: Principal | None = None) -> tuple[Asked, ...]:
        """Conditions on the rows of a coordinate; those alone that hold for ``principal`` where one is given."""
        found = []
        for key in dict.fromkeys([*self._ruled.of(coordinate.type_name), *self._ruled.of(str(coordinate))]):
            for rule in self._settings.alternatives(key):
                if not _on_rows(rule) or not (principal is None or holds_for(rule, principal)):
                    continue
                words = json.dumps(rule.rows, ensure_ascii=False, default=str) if rule.rows is not None else ""
                if rule.min_group is not None:
                    words += f"{' and ' if words else ''}groups of {rule.min_group} rows at least"
                bare = rule.model_copy(update={"scopes": (), "roles": (), "anonymous": False})
                condition = stated([bare]).removeprefix("any token") if principal is None else ""
                found.append(Asked(words + condition, key))
        return tuple(found)


def _speaks_of(argument: str, field: str) -> bool:
    """Whether all words of a field's name stand together in an argument's: ``bornAfter``, ``min_born``."""
    return f" {_words(field)} " in f" {_words(argument)} "


def _words(name: str) -> str:
    return " ".join(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)).lower()


def _on_rows(rule: RuleSettings) -> bool:
    return rule.rows is not None or rule.min_group is not None


def words_of(clause: Clause) -> str:
    """A clause in words."""
    if clause.whole:
        return "that no rule on rows holds for the caller"
    return stated(clause.alternatives) or "nobody"


def changes(old: Access, new: Access) -> list[Change]:
    """What opened and what closed, for every caller that the rules of either tell apart; whatever is gone is closed."""
    asking = list(dict.fromkeys([*old.callers, *new.callers]))
    before = {str(line.coordinate): line for line in old.lines(asking)}
    after = {str(line.coordinate): line for line in new.lines(asking)}
    found = []
    for coordinate in dict.fromkeys([*after, *before]):
        for caller in asking:
            was, now = old.amount(before.get(coordinate), caller), new.amount(after.get(coordinate), caller)
            if was != now:
                found.append(Change(coordinate, caller, was, now))
    return found
