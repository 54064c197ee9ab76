"""Entities: types of sources become one, whose fields know which of these parts brings them.

It makes types and says what is wrong; how a field is asked of another part's rows is in ``plan/entity.py``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import cast

from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType

from resolvers import (
    Column,
    Comparison,
    KeyPart,
    ObjectType,
    Problem,
    nearest,
    offered,
)
from schema.entity_parts import Side, always, check_rows, check_told_apart, written
from schema.entity_settings import EntitySettings, PartSettings
from schema.filters import MIRROR
from schema.link_settings import Fault, Joined, LinkSettings
from schema.links import LinkBuilder
from schema.plan.entity import HOME, PART, Entity, Part
from schema.plan.fields import KEY_ALONE, Link, Origin
from schema.promises import keep_promises
from schema.shape import name_fault
from schema.types import Finish, MoreFields, TypeBuilder, nullable


class EntityBuilder:
    """Makes entities of types; problems are collected, a faulty entity leaves its parts as they are."""

    def __init__(self, types: TypeBuilder, missing: Mapping[str, str]) -> None:
        self._types = types
        self._missing = missing
        self._entities: list[tuple[str, EntitySettings, Entity, list[Side]]] = []
        self._parts: dict[Origin, tuple[str, str]] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def unite(self, entities: Mapping[str, EntitySettings]) -> None:
        """Makes one type of the parts of each. ``missing`` sources bring nothing yet."""
        for name, settings in entities.items():
            self._add(name, settings)

    def _add(self, name: str, settings: EntitySettings) -> None:
        try:
            _check_words(name, settings)
            sides = [
                self._side(settings, coordinate, part)
                for coordinate, part in settings.parts.items()
                if coordinate.partition(".")[0] not in self._missing
            ]
            if sides:
                self._unite(name, settings, sides)
        except Fault as fault:
            self.problems.append(fault.problem.under("entities", name))

    def explains(self, problem: Problem) -> bool:
        """Whether something is wrong with a link only since the entity that has it could not be made."""
        faulty = {each.where[1] for each in self.problems}
        return problem.where[:1] == ("links",) and str(problem.where[1]).partition(".")[0] in faulty

    def _side(self, settings: EntitySettings, coordinate: str, part: PartSettings) -> Side:
        where = ("from", coordinate)
        source, _, type_name = coordinate.partition(".")
        made = self._types.sources.get(source)
        if made is None:
            raise Fault(f'there is no source "{source}"', *where, mend=nearest(source, self._types.sources))
        names = {graphql.name: key for key, graphql in made.outputs.items()}
        key = names.get(type_name) or (type_name if type_name in made.outputs else "")
        if not key:
            raise Fault(f'source "{source}" has no type "{type_name}"', *where, mend=nearest(type_name, names))
        check_rows(coordinate, made, key)
        spelled = made.field_names[key]
        own = {shown: field for field, shown in spelled.items()}
        unknown = sorted(part.match.keys() - set(settings.key))
        if unknown:
            turned = unknown[0] in own and part.match[unknown[0]] in settings.key
            mend = f"write match: {{ {part.match[unknown[0]]}: {unknown[0]} }}, the key's field first" if turned else ""
            mend = mend or offered(unknown[0], settings.key)
            raise Fault(f'"{unknown[0]}" is no field of the key', *where, "match", mend=mend)
        fields = {self._held(settings, coordinate, own, field): field for field in settings.key}
        for field in part.only or ():
            if field not in own:
                raise Fault(f'{coordinate} has no field "{field}"', *where, "only", mend=nearest(field, own))
        wanted = own if part.only is None else {field: own[field] for field in part.only}
        fields |= {field: shown for shown, field in wanted.items() if field not in fields}
        return Side(coordinate, part, made, key, {field: fields[field] for field in spelled if field in fields})

    def _held(self, settings: EntitySettings, coordinate: str, own: Mapping[str, str], field: str) -> str:
        """The field of a part that holds a field of the key. ``own``: GraphQL name → name of the source."""
        match = settings.parts[coordinate].match
        held = match.get(field, field)
        if held in own:
            return own[held]
        what, near = f'{coordinate} has no field "{held}"', nearest(held, own)
        if field not in match and self._is_nowhere(settings, field):
            raise Fault(what, "key", mend=near or f"name a field of {coordinate}")
        raise Fault(what, "from", coordinate, "match", mend=near or f"write match: {{ {field}: FIELD }}")

    def _is_nowhere(self, settings: EntitySettings, field: str) -> bool:
        """Whether no part has a field of the key, by its own name or another: then the key itself is misspelled."""
        for coordinate, part in settings.parts.items():
            source, _, type_name = coordinate.partition(".")
            made = self._types.sources.get(source)
            if made is None or field in part.match:
                return False
            keys = [key for key, output in made.outputs.items() if type_name in {output.name, key}]
            if any(field in made.field_names.get(key, {field: field}).values() for key in keys):
                return False
        return True

    def _unite(self, name: str, settings: EntitySettings, sides: list[Side]) -> None:
        self._check(name, settings, sides)
        first = sides[0]
        united = cast("GraphQLObjectType", first.made.outputs[first.key])
        for side in sides[1:]:
            self._types.names.release(side.made.outputs[side.key].name)
        if united.name != name and not self._types.names.change(united.name, name):
            raise Fault(f'there is a type "{name}" already', mend="choose another name, or rename that type")
        for side in sides:
            former = side.made.outputs[side.key]
            side.cut()
            side.made.outputs[side.key] = united
            if former is not united:
                self._retype(side, former)
        united.name = name
        united.description = settings.description or united.description
        has_first = first.coordinate == next(iter(settings.parts))
        entity = Entity(name, settings.key, waits=len(sides) < len(settings.parts), has_first=has_first)
        self._entities.append((name, settings, entity, sides))
        self._types.more.setdefault(name, [])[:0] = [self._others(entity, settings, side) for side in sides[1:]]
        self._types.finish[name] = self._finished(entity, settings, sides)
        keep_promises(self._types, name, settings, sides)

    def _check(self, name: str, settings: EntitySettings, sides: list[Side]) -> None:
        """Each type is one part of one entity, and each field but the key comes from one of them."""
        brought: dict[str, str] = {}
        for side in sides:
            other_entity = self._parts.setdefault(side.origin, (name, side.coordinate))
            if other_entity != (name, side.coordinate):
                what = f"{side.coordinate} is part of {other_entity[0]} already, as {other_entity[1]}"
                raise Fault(what, "from", side.coordinate, mend="name each type once")
            check_told_apart(side, sides)
            first_ones = frozenset(brought)
            for shown in side.fields.values():
                other = None if shown in settings.key else brought.setdefault(shown, side.coordinate)
                if other not in {None, side.coordinate}:
                    what = f'{other} and {side.coordinate} both bring "{shown}"'
                    mine = [each for each in side.fields.values() if each not in {*settings.key, *first_ones}]
                    mend = f"say only: [{', '.join(mine)}], or rename one of the two"
                    raise Fault(what, "from", side.coordinate, mend=mend)

    def _retype(self, side: Side, former: GraphQLNamedType) -> None:
        """Whatever was made with the part's own type gets the common one."""
        made, united = side.made, side.made.outputs[side.key]
        for fields in (self._types.queries, self._types.mutations):
            for operation in made.model.operations.values():
                field = fields.get(made.roots.get(operation.name, ""))
                if field is not None:
                    field.type = self._types.result(made, operation)
                    if field.extensions.get(MIRROR) is former:
                        field.extensions[MIRROR] = united
        for other in made.outputs.values():
            if other.extensions.get(MIRROR) is former:
                other.extensions[MIRROR] = united

    def _others(self, entity: Entity, settings: EntitySettings, side: Side) -> MoreFields:
        """What makes the fields that a part brings."""
        definition = cast("ObjectType", side.made.model.types[side.key])

        def fields() -> dict[str, GraphQLField]:
            brought = {}
            for key, shown in side.fields.items():
                if shown not in settings.key:
                    field = self._types.own_field(side.made, definition.fields[key])
                    field.extensions[PART] = Part(entity, side.origin)
                    brought[shown] = field
            return brought

        return fields

    def _finished(self, entity: Entity, settings: EntitySettings, sides: list[Side]) -> Finish:
        """What makes the fields of the common type those of an entity."""
        home = sides[0].origin
        certain = always(settings, sides)

        def finish(fields: dict[str, GraphQLField]) -> dict[str, GraphQLField]:
            for shown, field in fields.items():
                key = settings.key.index(shown) if shown in settings.key else None
                field.extensions.setdefault(PART, Part(entity, field.extensions.get(HOME, home), key))
                if shown not in certain:
                    field.type = nullable(field.type)
            return fields

        return finish

    def keys(self) -> dict[str, tuple[GraphQLObjectType, Sequence[str]]]:
        """Entity → its type, and the fields of its key."""
        return {
            name: (cast("GraphQLObjectType", sides[0].made.outputs[sides[0].key]), settings.key)
            for name, settings, _, sides in self._entities
        }

    def every(self) -> list[Entity]:
        """All that were made."""
        return [entity for _, _, entity, _ in self._entities]

    def unfinished(self) -> frozenset[str]:
        """The names of those of which a part is missing."""
        return frozenset(each.name for each in self.every() if each.waits)

    def guard(self, hidden: Container[str]) -> None:
        """Tells the entities whose rows a rule may hide. ``hidden``: the names of all such types."""
        for name, _, entity, _ in self._entities:
            entity.guarded = name in hidden

    def connect(self, links: LinkBuilder) -> None:
        """Finds the way from each part to each other one. Whatever is asked by a key asks the rules of the key."""
        for name, settings, entity, sides in self._entities:
            try:
                self._connect(links, settings, entity, sides)
            except Fault as fault:
                self.problems.append(fault.problem.under("entities", name))
                continue
            compares = tuple(f"{name}.{shown}" for shown in settings.key)
            for side in sides if len(sides) > 1 else ():
                brought = [shown for shown in side.fields.values() if shown not in settings.key]
                links.joined += [Joined(f"{name}.{shown}", compares) for shown in brought]

    def _connect(self, links: LinkBuilder, settings: EntitySettings, entity: Entity, sides: list[Side]) -> None:
        compares = {side.coordinate: written(settings, side) for side in sides}
        first = sides[0]
        for side in sides:
            fields = {shown: key for key, shown in side.fields.items()}
            entity.keys[side.origin] = tuple(fields[shown] for shown in settings.key)
            for other in sides:
                column = self._column(links, settings, (side, compares[side.coordinate]), other)
                entity.steps[side.origin, other.origin] = Link(column, entity.keys[side.origin])
                if side is first:
                    entity.steps[KEY_ALONE, other.origin] = Link(column, settings.key)
            operation = side.made.model.operations[side.settings.by.partition(".")[2]]
            note = "" if operation.keys is not None else links.batched(side.made, operation)
            if note:
                self.notes.append(f"entities.{entity.name}: {note}")
        entity.keys[KEY_ALONE] = settings.key
        shown_as = entity.steps[first.origin, first.origin].column.match.parts
        for side in sides:
            entity.parts[side.origin] = tuple(
                KeyPart(part.target, compares[side.coordinate][shown])
                for shown, part in zip(settings.key, shown_as, strict=True)
            )

    def _column(
        self,
        links: LinkBuilder,
        settings: EntitySettings,
        side: tuple[Side, Mapping[str, frozenset[Comparison]]],
        other: Side,
    ) -> Column:
        """What asks for rows of ``other`` by the key as ``side`` has and writes it.

        Raises:
            Fault: the operation gives no such rows, or takes no such keys.
        """
        where = ("from", other.coordinate)
        link = LinkSettings(one=other.settings.by, match={shown: shown for shown in settings.key})
        try:
            return links.step(
                link, (side[0].made, side[0].key), side[1], lambda shown: (side[0].held(shown), other.held(shown))
            )
        except Fault as fault:
            at = fault.problem.where
            if at[1:] and at[1] not in other.settings.match:  # it is matched by its own name, without a word
                at = ()
            raise Fault(fault.problem.what, *where, *at, mend=fault.problem.mend) from fault


def _check_words(name: str, settings: EntitySettings) -> None:
    wrong = name_fault(name)
    if wrong is not None:
        raise Fault(wrong[0], mend=wrong[1])
    twice = next((field for number, field in enumerate(settings.key) if field in settings.key[:number]), "")
    if twice:
        raise Fault(f'"{twice}" stands in the key twice', "key", mend="name each field of the key once")


def named_by_parts(problem: Problem, entities: Mapping[str, EntitySettings]) -> Problem:
    """What ``rename`` and ``hide`` say of an entity is said of its parts, whose types have their own names then."""
    owner = problem.what.removeprefix('there is no type "').removesuffix('"')
    if problem.where[:1] not in {("rename",), ("hide",)} or owner not in entities:
        return problem
    parts = ", ".join(part.partition(".")[2] for part in entities[owner].parts)
    return replace(problem, mend=f"say it of its parts: {parts}")
