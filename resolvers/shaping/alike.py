"""Which places of a source mean the same as a field: what is said of the one is said of the others.

The same field of an interface's implementations, the inputs that give a row its values, arguments that are compared
with it, foreign keys, and what aggregates say of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from resolvers.model import (
    NOWHERE,
    InterfaceType,
    NamedRef,
    ObjectType,
    Operation,
    Relation,
    SourceModel,
    UnionType,
    unwrapped,
)
from resolvers.shaping.shapes import Slot, at, named
from resolvers.views import GREATEST, KEY, LEAST

EXTREMES = frozenset({LEAST, GREATEST})


def member_of(model: SourceModel, key: str) -> str:
    """The member of an aggregate that is of a type; empty where there is none."""
    for definition in model.types.values():
        if isinstance(definition, ObjectType) and definition.of:
            for member, each in definition.fields.items():
                if each.type == NamedRef(key, each.type.nullable):
                    return member
    return ""


def given_to(model: SourceModel, owner: str, name: str) -> Iterator[Slot]:
    """The inputs whose field gives the value of this one: to a row, or since one place describes both."""
    described = at(model, ("field", owner, name))
    assert described is not None
    for key, each in model.inputs.items():
        given = each.fields.get(name)
        if given is None:
            continue
        same = given.place == described.place and given.place != NOWHERE and bool(given.place.pointer)
        if each.row_of == owner or (same and not model.has_tables):
            yield "input", key, name


def alike(model: SourceModel, place: Slot) -> Iterator[Slot]:
    """The places whose values are those of a field of a type."""
    _, owner, name = place
    if isinstance(model.types[owner], InterfaceType):
        for key, definition in model.types.items():
            if not isinstance(definition, UnionType) and owner in definition.interfaces:
                yield "field", key, name
    for relation in model.relations:
        yield from _related(model, relation, owner, name)
    yield from _told(model, owner, name)
    yield from given_to(model, owner, name)
    for operation in model.operations.values():
        yield from _asked(model, operation, owner, name)


def _related(model: SourceModel, relation: Relation, owner: str, name: str) -> Iterator[Slot]:
    """The other end of a foreign key."""
    operation = model.operations.get(relation.operation)
    target = named(operation.result) if operation is not None else ""
    for mine, theirs in relation.match:
        if (owner, name) == (relation.type, mine) and target:
            yield "field", target, theirs
        if (owner, name) == (target, theirs):
            yield "field", relation.type, mine


def _told(model: SourceModel, owner: str, name: str) -> Iterator[Slot]:
    """What aggregates say in the values of a field: what groups have in common, the least and the greatest."""
    for key, definition in model.types.items():
        if isinstance(definition, ObjectType) and definition.of == owner and name in definition.fields:
            told = definition.fields[name]
            if told.of == name and member_of(model, key) in {KEY, *EXTREMES}:
                yield "field", key, name


def _asked(model: SourceModel, operation: Operation, owner: str, name: str) -> Iterator[Slot]:
    """The arguments that the values of the field are given for."""
    row = operation.change.rows if operation.change is not None else named(unwrapped(operation).result)
    if row != owner:
        return
    for argument in (operation.by.get(name), operation.filters.get(name)):
        if argument is not None:
            yield "argument", operation.name, argument
    definition = model.types[owner]
    keys = definition.key if isinstance(definition, ObjectType) else ()
    if operation.change is not None and name in keys and name in operation.arguments:
        yield "argument", operation.name, name
    many = operation.keys
    if many is not None and many.argument and name in many.by and not many.separator:
        yield from _key_of(model, operation, many.argument, many.by[name])


def _key_of(model: SourceModel, operation: Operation, path: tuple[str, ...], member: str) -> Iterator[Slot]:
    place: Slot = ("argument", operation.name, path[0])
    for step in (*path[1:], *([member] if member else [])):
        found = at(model, place)
        below = named(found.type) if found is not None else ""
        if below not in model.inputs:
            return
        place = ("input", below, step)
    yield place
