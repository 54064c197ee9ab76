"""Where rules on rows hold: the coordinate of each is found in the schema, and its ``rows`` are read for every type of
a source that it stands for. What it cannot stand for is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, OperationType

from resolvers import ObjectType, Operation, Problem
from schema.access.coordinates import Places, coordinates
from schema.access.rows.parts import Parts
from schema.access.rows.reading import Fault, Reader, leaf_of
from schema.access.rows.rules import RowRule, RowRules, SourceRules
from schema.access.rows.values import Leaf
from schema.access.settings import AccessSettings, RuleSettings
from schema.beside import called, kin_of
from schema.source_types import SourceTypes, owners, row_of

_ROOTS = (OperationType.QUERY, OperationType.MUTATION)


@dataclass(slots=True)
class _Found:
    sources: dict[str, SourceRules] = field(default_factory=dict)
    arguments: dict[tuple[str, str], list[RowRule]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_row_rules(
    schema: GraphQLSchema,
    settings: AccessSettings,
    sources: Mapping[str, SourceTypes],
    roots: Mapping[tuple[str, str], tuple[SourceTypes, Operation]],
    reader: Reader,
    entities: Mapping[str, Parts],
) -> tuple[RowRules, list[Problem]]:
    """The rules on rows of a finished schema. ``roots``: (Query or Mutation, field) → the operation that it calls.
    ``entities``: by their names.

    Coordinates that do not exist are no business of this: they were refused, or wait for a source.
    """
    found = _Found()
    placed = _Placed(schema, sources, roots, reader, entities, found)
    for key in settings.rules:
        for rule in settings.alternatives(key):
            for part, lay in (("rows", placed.add), ("min_group", placed.add_least)):
                if getattr(rule, part) is None:
                    continue
                try:
                    for coordinate in _meant(schema, settings, key):
                        lay(coordinate, rule, key)
                except Fault as fault:
                    where = ("access", "rules", key, part, *fault.where)
                    found.problems.append(Problem(fault.what, where, fault.mend, lacks=fault.lacks))
    models = {name: made.model for name, made in sources.items()}
    return RowRules(models, found.sources, found.arguments), found.problems


def _listing(made: SourceTypes, key: str) -> Operation | None:
    """The list of the rows of a table, which its database filters and joins."""
    for operation in made.model.operations.values():
        rows = operation.rows
        if rows is not None and rows.joined and operation.change is None and not rows.of and row_of(operation) == key:
            return operation
    return None


def _meant(schema: GraphQLSchema, settings: AccessSettings, key: str) -> list[str]:
    """The coordinates that a key of the rules means."""
    if "*" not in key and not key.startswith("#"):
        return list(called(kin_of(schema), key))
    places = Places([key], settings.tags, kin_of(schema))
    return [coordinate for coordinate in coordinates(schema) if places.of(coordinate)]


class _Placed:
    def __init__(
        self,
        schema: GraphQLSchema,
        sources: Mapping[str, SourceTypes],
        roots: Mapping[tuple[str, str], tuple[SourceTypes, Operation]],
        reader: Reader,
        entities: Mapping[str, Parts],
        found: _Found,
    ) -> None:
        self._schema = schema
        self._roots = roots
        self._reader = reader
        self._entities = entities
        self._found = found
        self._owners = owners(sources)

    def add(self, coordinate: str, rule: RuleSettings, place: str) -> None:
        """Reads one rule, for whatever it stands for. ``place``: its key in ``access.rules``."""
        if rule.mask is not None:
            raise Fault("in rows that a rule hides a field is null, and wears no mask", mend="say rows or mask")
        owner, _, name = coordinate.partition(".")
        named = self._schema.type_map.get(owner)
        if named is None or (name and "(" not in name and name not in getattr(named, "fields", {})):
            return
        if "(" in name:
            raise Fault(
                "an argument has no rows",
                mend=f"write it at {coordinate.partition('(')[0]}, with the argument as a field",
            )
        if any(named is self._schema.get_root_type(each) for each in _ROOTS):
            self._add_arguments(owner, name, rule, place)
        elif not name:
            for made, key in self._types(owner):
                rules = self._found.sources.setdefault(made.model.name, SourceRules())
                rules.rows.setdefault(key, []).append(self._read(made, key, rule, place, asked_there=True))
        elif called(kin_of(self._schema), coordinate)[0] == coordinate:  # its other names are read with it
            for made, key in self._types(owner):
                if self._is_elsewhere(made, key, name):
                    continue
                field_key = self._field(made, key, name)
                rules = self._found.sources.setdefault(made.model.name, SourceRules())
                read = self._read(made, key, rule, place, asked_there=False)
                rules.fields.setdefault(key, {}).setdefault(field_key, []).append(read)

    def add_least(self, coordinate: str, rule: RuleSettings, _: str) -> None:
        """Lays the least size of groups at the types of tables that a coordinate stands for."""
        if coordinate.partition(".")[0] not in self._schema.type_map:
            return
        if "." in coordinate:
            raise Fault("groups are of rows, and a field has none", mend="write it at the type of the rows")
        types = list(self._types(coordinate))
        tables = [(made, key) for made, key in types if made.model.has_tables]
        if not tables or (len(tables) < len(types) and coordinate not in self._entities):
            raise Fault(f"{coordinate} is no row of a table, and nothing takes such rows together", mend="remove it")
        for made, key in tables:
            rules = self._found.sources.setdefault(made.model.name, SourceRules())
            rules.least.setdefault(key, []).append(rule)

    def _read(self, made: SourceTypes, key: str, rule: RuleSettings, place: str, *, asked_there: bool) -> RowRule:
        assert rule.rows is not None
        in_database = asked_there and made.model.has_tables
        entity = self._entities.get(made.outputs[key].name)
        if entity is not None:
            return RowRule(rule, entity.read((made.model.name, key), rule.rows, asked_there=in_database), place)
        return RowRule(rule, self._reader.of_rows(made, key, rule.rows, asked_there=in_database), place)

    def _is_elsewhere(self, made: SourceTypes, key: str, name: str) -> bool:
        """Whether another part of the entity has the field, and this one has not."""
        entity = self._entities.get(made.outputs[key].name)
        if entity is None or len(entity.made) < 2:
            return False
        owner = made.outputs[key].name
        if name in entity.key:
            what = f"{owner}.{name} is the key, by which the parts of {owner} find each other"
            raise Fault(what, mend=f"write the rule at {owner}, or use scopes, roles or claims")
        return bool(having := entity.having(name)) and (made.model.name, key) not in having

    def _types(self, owner: str) -> Iterator[tuple[SourceTypes, str]]:
        """The types of sources that a name stands for: of an interface all that implement it."""
        named = self._schema.type_map[owner]
        if isinstance(named, GraphQLUnionType):
            raise Fault(f"{owner} is a union, which has no fields", mend="write the rule at its members")
        if not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            raise Fault(f"{owner} has no rows", mend="write the rule at a type that is returned")
        names = [owner]
        if isinstance(named, GraphQLInterfaceType):
            names = [each.name for each in self._schema.get_possible_types(named)]
        for name in names:
            if name not in self._owners:
                raise Fault(
                    f"{name} is hand-written, and its rows come from no source", mend="refuse them where they are made"
                )
            for made, key in self._owners[name]:
                definition = made.model.types[key]
                if key in made.model.made or (isinstance(definition, ObjectType) and definition.of):
                    raise Fault(
                        f"{name} is made by the gateway of rows of another type", mend="write the rule at that type"
                    )
                if made.model.has_tables and _listing(made, key) is None:
                    what = f"{name} is no row of a table"
                    raise Fault(what, mend="say in the statement which rows it gives, or refuse it by scopes or roles")
                yield made, key

    def _field(self, made: SourceTypes, key: str, name: str) -> str:
        owner = made.outputs[key].name
        spelled = {shown: source for source, shown in made.field_names[key].items()}
        if name not in spelled:
            what = f"{owner}.{name} does not lie in the row itself"
            raise Fault(what, mend="write the rule at the type that the field leads to")
        return spelled[name]

    def _add_arguments(self, owner: str, name: str, rule: RuleSettings, place: str) -> None:
        root = self._roots.get((owner, name))
        if root is None:
            what = f"{owner}.{name} is hand-written" if name else f"{owner} has no rows"
            raise Fault(what, mend="write the rule at a type, or at a field that calls a source")
        made, operation = root
        leaves: dict[str, tuple[str, Leaf]] = {}
        others: set[str] = set()
        for source, shown in made.argument_names[operation.name].items():
            leaf = leaf_of(made, operation.arguments[source].type) if source in operation.arguments else None
            if leaf is None:
                others.add(shown)
            else:
                leaves[shown] = (source, leaf)
        where = cast("Mapping[str, object]", rule.rows)
        read = self._reader.of_arguments(f"{owner}.{name}", leaves, frozenset(others), where)
        self._found.arguments.setdefault((owner, name), []).append(RowRule(rule, read, place))
