"""The policy: what each coordinate of the finished schema needs.

Decided once for each operation on its plan, never on rows: a coordinate is open to a principal or it is not, by
whatever route a query reaches it. Rules are ANDed: of the type, of the field, of the type it returns, and of the
interfaces and implementations on the other side of an ``implements``. What opens a coordinate to callers without a
token does so at that coordinate alone: nothing is opened by what it returns or implements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
)

from schema.access.callers import is_among
from schema.access.clauses import clause_at, default_clause, outside
from schema.access.coordinates import Places
from schema.access.need import Clause, Need
from schema.access.principal import Principal
from schema.access.settings import AccessSettings, Refused, RuleSettings, ViewSettings
from schema.beside import called, kin_of
from schema.filters import APART, MIRROR

Maskable = Callable[[GraphQLField], bool]
"""Whether a mask can stand for the values of a field."""


def _members(
    named: GraphQLInputObjectType | GraphQLEnumType,
) -> Mapping[str, GraphQLInputField] | Mapping[str, GraphQLEnumValue]:
    """The fields of an input type, or the values of an enum."""
    if isinstance(named, GraphQLInputObjectType):
        fields: Mapping[str, GraphQLInputField] = named.fields
        return fields
    values: Mapping[str, GraphQLEnumValue] = named.values
    return values


def _mirrored(told: object) -> tuple[str, ...]:
    """The coordinates that an input field or a value can reveal."""
    return (told,) if isinstance(told, str) else told if isinstance(told, tuple) else ()


class Policy:
    """The needs of every coordinate of one schema; immutable once built.

    ``view``: the part of the schema that there is; nobody has what lies outside of it.
    """

    def __init__(
        self, schema: GraphQLSchema, settings: AccessSettings, maskable: Maskable, view: ViewSettings | None = None
    ) -> None:
        self.default = settings.default
        self.introspection = settings.introspection
        self.schema = schema
        self._maskable = maskable
        kin = self._kin_names = kin_of(schema)
        self._places = Places(settings.rules, settings.tags, kin)
        self._clauses = {key: clause_at(settings, key) for key in settings.rules}
        self.opens = any(clause.opens for clause in self._clauses.values())
        """Whether some coordinate is open to callers without a token, whatever the default is."""
        self._default = default_clause(settings)
        self._a_token = [Clause((RuleSettings(),), settings.refused)]
        self._tells_default = self.opens or settings.default == "deny"
        self._when = view.when if view is not None else None
        self._outside = outside()
        self._include = Places(view.include, settings.tags, kin) if view is not None and view.include else None
        self._exclude = Places(view.exclude, settings.tags, kin) if view is not None else None
        self._fields: dict[tuple[str, str], Need] = {}
        self._values: dict[str, dict[str, Need]] = {}
        self._arguments: dict[tuple[str, str, str], Need] = {}
        self._mirrors: dict[tuple[str, str], list[tuple[GraphQLInputObjectType | GraphQLEnumType, str]]] = {}
        """Coordinate of a field → the input fields and enum values that can reveal its values."""
        self._keys: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        """Coordinate of a field → the arguments that name a row by its value and have no rule of their own."""
        self._set_outputs()
        self._set_inputs()
        self._set_keys()
        self._every: frozenset[Clause] | None = None

    def _set_outputs(self) -> None:
        for named in self.schema.type_map.values():
            if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and not named.name.startswith("__"):
                for name in named.fields:
                    self._fields[named.name, name] = self._field_need(named, name)

    def _set_inputs(self) -> None:
        for named in self.schema.type_map.values():
            if not isinstance(named, GraphQLInputObjectType | GraphQLEnumType) or named.name.startswith("__"):
                continue
            is_ruled = isinstance(named, GraphQLInputObjectType) or self._places.within(named.name) or self._exclude
            for name, definition in _members(named).items():
                mirrored = _mirrored(definition.extensions.get(MIRROR))
                if not is_ruled and not mirrored:
                    continue  # documents have tens of thousands of values of enums, of which nothing is said
                need = self._input_need(named, name)
                if isinstance(named, GraphQLInputObjectType) or need.clauses:
                    self._fields[named.name, name] = need
                if isinstance(named, GraphQLEnumType) and need.clauses and not mirrored:
                    self._values.setdefault(named.name, {})[name] = need
                for each in mirrored:
                    owner, _, field = each.partition(".")
                    self._mirrors.setdefault((owner, field), []).append((named, name))

    def _set_keys(self) -> None:
        for root in filter(None, (self.schema.query_type, self.schema.mutation_type)):
            for field, definition in root.fields.items():
                for name, argument in definition.args.items():
                    mirrored = argument.extensions.get(MIRROR)
                    if isinstance(mirrored, str):
                        owner, _, column = mirrored.partition(".")
                        if f"{root.name}.{field}({name}:)" not in self._clauses:
                            self._keys.setdefault((owner, column), []).append((root.name, field, name))
                        self._set_key((root.name, field, name), (owner, column))

    def _set_key(self, key: tuple[str, str, str], column: tuple[str, str]) -> None:
        """Who names a row by a column needs what the column needs. What opened the field has said so of the default."""
        root, field, name = key
        clauses = self._at(f"{root}.{field}({name}:)")
        if key in self._keys.get(column, ()):
            told = self._fields[column].clauses
            clauses += [clause for clause in told if clause is not self._outside and not clause.is_default]
        clauses += [clause for clause in self._at(column[0], ".".join(column)) if clause is self._outside]
        self._arguments[key] = _need(_unmasked(clauses))

    def is_for(self, principal: Principal) -> bool:
        """Whether the view is that of a principal, which need not name it."""
        return self._when is not None and is_among(principal, self._when)

    def field(self, type_name: str, name: str) -> Need:
        """The need of a field or of an input field; introspection is open to whoever may ask at all."""
        return Need() if name.startswith("__") else self._fields[type_name, name]

    def knows(self, type_name: str, name: str) -> bool:
        """True when the schema has the field."""
        return (type_name, name) in self._fields

    def argument(self, type_name: str, field: str, name: str) -> Need:
        """The need of an argument, beside that of its field."""
        known = self._arguments.get((type_name, field, name))
        if known is not None:
            return known
        return _need(_unmasked(self._at(f"{type_name}.{field}({name}:)")))

    def values(self, enum: str) -> Mapping[str, Need]:
        """The values of an enum that not everyone may give and see, and what they need."""
        return self._values.get(enum, {})

    def used(self, type_name: str, name: str | None) -> Need:
        """The need of an input field or enum value, or (``None``) of giving a value of an input or enum type at all.

        Only what is asked of them beside the field that they are given to.
        """
        if name is None:
            return _need(_unmasked(self._at(type_name)))
        return self._fields.get((type_name, name), Need())

    @property
    def every(self) -> frozenset[Clause]:
        """Everything that is asked anywhere."""
        if self._every is None:
            needs = (*self._fields.values(), *self._arguments.values())
            found = {clause for need in needs for clause in need.clauses}
            found |= {clause for each in self._clauses.values() for clause in (each, each.unmasked())}
            found |= self.beyond  # a view may leave out nothing but arguments
            self._every = frozenset(found)
        return self._every

    def lacking(self, principal: Principal) -> frozenset[Clause]:
        """What the principal lacks of everything that is asked anywhere: its class of access."""
        return frozenset(clause for clause in self.every if not clause.met_by(principal))

    @property
    def beyond(self) -> frozenset[Clause]:
        """What nobody can have: whatever needs it lies outside of the view."""
        return frozenset() if self._exclude is None else frozenset({self._outside})

    def needs(self) -> Iterable[tuple[tuple[str, str], Need]]:
        """Every field, input field and ruled enum value, with its need."""
        return self._fields.items()

    def nulled(self) -> Iterable[tuple[str, str]]:
        """Every field coordinate where null may stand for what is refused to a caller with a token."""
        for (type_name, name), need in self._fields.items():
            named = self.schema.type_map[type_name]
            if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                continue
            unmet = [
                clause
                for clause in need.clauses
                if (not clause.is_default or not clause.alternatives)
                and (self.default == "anonymous" or not clause.asks_for_a_token)
            ]
            masks = {clause.mask for clause in unmet}
            bare = any(clause.mask is None and clause.refused == "null" for clause in unmet)
            if bare or len(masks) > 1 or get_named_type(named.fields[name].type).name in self._values:
                yield type_name, name

    def mirrors(self, coordinate: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Whatever else tells of the values of a field: input fields, enum values, fields of other types."""
        for named, name in self._mirrors.get(coordinate, ()):
            yield named.name, name
        for each in self.schema.type_map.values():
            if isinstance(each, GraphQLObjectType) and isinstance(each.extensions.get(MIRROR), GraphQLNamedType):
                for name, definition in each.fields.items():
                    if definition.extensions.get(MIRROR) == ".".join(coordinate):
                        yield each.name, name

    def need_whole(
        self, coordinate: tuple[str, str], rules: Iterable[RuleSettings], refused: Refused, origin: str
    ) -> None:
        """Closes a coordinate to callers for whom one of these rules on rows holds; ``origin``: the key of one."""
        need = self._fields.get(coordinate, Need())
        self._fields[coordinate] = _need([*need.clauses, _whole(rules, refused, origin)])
        self._every = None

    def need_whole_keys(
        self, column: tuple[str, str], rules: Iterable[RuleSettings], refused: Refused, origin: str
    ) -> None:
        """Closes to them what names a row by a column."""
        for key in self._keys.get(column, ()):
            self._arguments[key] = _need([*self._arguments[key].clauses, _whole(rules, refused, origin)])
        self._every = None

    def inherit(self, coordinate: tuple[str, str], compared: tuple[str, str]) -> None:
        """What a compared field needs, the field needs that compares it (joins that nobody wrote down)."""
        told = [clause for clause in self._told(self._fields[compared]) if clause is not self._outside]
        for each in called(self._kin_names, ".".join(coordinate)):
            owner, _, field = each.partition(".")
            self._fields[owner, field] = _need([*self._fields[owner, field].clauses, *_unmasked(told)])
        for named, name in self._mirrors.get(coordinate, ()):
            self._fields[named.name, name] = self._input_need(named, name)
        for key in self._keys.get(coordinate, ()):
            self._set_key(key, coordinate)
        self._every = None

    def _at(self, *coordinates: str) -> list[Clause]:
        """The rules at coordinates; and that nobody has them where they lie outside of the view."""
        found = [self._clauses[key] for coordinate in coordinates for key in self._places.of(coordinate)]
        if self._exclude and any(self._exclude.of(coordinate) for coordinate in coordinates):
            found.append(self._outside)
        return found

    def _told(self, need: Need) -> list[Clause]:
        """What of a need holds for whatever can reveal the value: its rules, and the default where that is not what
        the caller has met by asking at all.
        """
        return [clause for clause in need.clauses if not clause.is_default or self._tells_default]

    def _field_need(self, named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> Need:
        own = self._at(named.name, f"{named.name}.{name}")
        around = [clause for clause in self._around(named, name) if not clause.opens]
        returned = [clause for clause in self._returned_by(named, name) if not clause.opens]
        if get_named_type(named.fields[name].type).extensions.get(APART):
            return self._need_apart([*own, *around], named, name)
        is_write = named is self.schema.mutation_type
        opened = bool(own or around or (returned and not is_write))
        if self._include is not None and not self._is_included(named, name):
            own.append(self._outside)
        clauses = [*own, *around, *_unmasked(returned)]
        if not opened or all(clause is self._outside for clause in clauses):
            clauses += self._default
        return _need(clauses if self._maskable(named.fields[name]) else _unmasked(clauses))

    def _need_apart(self, own: list[Clause], named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> Need:
        """Of a field that gives types whose rules are asked at their fields: a token, unless something else is said."""
        union = get_named_type(named.fields[name].type)
        opened = bool(own)
        own += [clause for clause in self._at(union.name) if not clause.opens]
        if self._include is not None and not self._is_included(named, name):
            own.append(self._outside)
        if not opened or all(clause is self._outside for clause in own):
            types = self.schema.get_possible_types(union) if isinstance(union, GraphQLUnionType) else ()
            ruled = any(self._at(each.name) for each in types)
            own += self._a_token if ruled and self.default == "deny" else self._default
        return _need(_unmasked(own))

    def _is_included(self, named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> bool:
        assert self._include is not None
        if self._include.of(named.name) or self._include.of(f"{named.name}.{name}"):
            return True
        told_of = named.extensions.get(MIRROR)
        if not isinstance(told_of, GraphQLObjectType | GraphQLInterfaceType):
            return False
        mirrored = named.fields[name].extensions.get(MIRROR)
        if isinstance(mirrored, str):
            return self._is_included(told_of, mirrored.partition(".")[2])
        return any(self._is_included(told_of, field) for field in told_of.fields)

    def _around(self, named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> list[Clause]:
        """The rules of a field that stand at interfaces and implementations, or at what its type tells of."""
        # A rule on an interface holds for all of a type that implements it, by whatever route the type is reached.
        clauses = self._at(*(interface.name for interface in named.interfaces))
        for owner in self._kin(named):
            if owner is not named and name in owner.fields:
                clauses += self._at(owner.name, f"{owner.name}.{name}")
        told_of = named.extensions.get(MIRROR)
        if isinstance(told_of, GraphQLObjectType | GraphQLInterfaceType):
            mirrored = named.fields[name].extensions.get(MIRROR)
            if isinstance(mirrored, str):
                clauses += _unmasked(self._told(self._field_need(told_of, mirrored.partition(".")[2])))
        return clauses

    def _returned_by(self, named: GraphQLObjectType | GraphQLInterfaceType, name: str) -> list[Clause]:
        clauses: list[Clause] = []
        for owner in self._kin(named):
            if name in owner.fields:
                clauses += self._returned(get_named_type(owner.fields[name].type))
        changed = named.fields[name].extensions.get(MIRROR)
        if isinstance(changed, GraphQLObjectType):
            clauses += self._returned(changed)
        return clauses

    def _kin(self, named: GraphQLObjectType | GraphQLInterfaceType) -> list[GraphQLObjectType | GraphQLInterfaceType]:
        """The type, its interfaces, and (for an interface) whatever implements it."""
        kin = [named, *named.interfaces]
        if isinstance(named, GraphQLInterfaceType):
            implementations = self.schema.get_implementations(named)
            kin += [*implementations.objects, *implementations.interfaces]
        return kin

    def _returned(self, returned: GraphQLNamedType) -> list[Clause]:
        """The rules of a returned type, of everything it may turn out to be, and of the interfaces of all that."""
        told_of = returned.extensions.get(MIRROR)
        beneath = self._returned(told_of) if isinstance(told_of, GraphQLNamedType) else []
        types = [returned.name]
        if is_abstract_type(returned):
            types += [possible.name for possible in self.schema.get_possible_types(returned)]
        for name in list(types):
            named = self.schema.type_map[name]
            if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
                types += [interface.name for interface in named.interfaces]
        if isinstance(returned, GraphQLInterfaceType):
            types += [kin.name for kin in self._kin(returned)]
        return [*self._at(*dict.fromkeys(types)), *beneath]

    def _input_need(self, named: GraphQLInputObjectType | GraphQLEnumType, name: str) -> Need:
        clauses = self._at(named.name, f"{named.name}.{name}")
        for each in _mirrored(_members(named)[name].extensions.get(MIRROR)):
            owner, _, field = each.partition(".")
            clauses += self._told(self._fields[owner, field])
        return _need(_unmasked(clauses))


def _whole(rules: Iterable[RuleSettings], refused: Refused, origin: str) -> Clause:
    return Clause((RuleSettings(),), refused, origin=origin, whole=tuple(dict.fromkeys(rules)))


def _need(clauses: Iterable[Clause]) -> Need:
    return Need(tuple(dict.fromkeys(clauses)))


def _unmasked(clauses: Iterable[Clause]) -> list[Clause]:
    return [clause.unmasked() for clause in clauses]


def open_nulls(schema: GraphQLSchema, policy: Policy) -> None:
    """Makes fields under rules nullable, so that refusing one never nulls its parent."""
    for type_name, field in policy.nulled():
        named = schema.type_map[type_name]
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            definition = named.fields[field]
            if isinstance(definition.type, GraphQLNonNull):
                definition.type = definition.type.of_type
