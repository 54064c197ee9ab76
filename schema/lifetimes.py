"""For how long answers are kept, where the file says it by coordinate: laid over the plans of fields.

What a source does with it is the source's business; a field whose plan says nothing asks as its operation is set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

from resolvers import Effect, Lifetime, Problem, nearest
from schema.beside import called, kin_of
from schema.plan.fields import PLAN, CallOperation, FieldPlan, Link, plan_of

SECTION = "cache"


def lay_lifetimes(schema: GraphQLSchema, given: Mapping[str, Lifetime]) -> None:
    """Puts ``given`` (``Type.field``, or a type for all fields that ask a source for it) on the plans of fields."""
    if not given:
        return
    kin = kin_of(schema)
    of_fields = {name: life for each, life in given.items() if "." in each for name in called(kin, each)}
    for owner, name, definition in _fields(schema):
        plan = plan_of(definition)
        names = [f"{owner.name}.{name}", *(f"{each.name}.{name}" for each in owner.interfaces)]
        life = next((of_fields[each] for each in names if each in of_fields), None)
        life = life or given.get(get_named_type(definition.type).name)
        if life is not None and _asks(plan):
            definition.extensions = {**definition.extensions, PLAN: _with(plan, life)}


def check_lifetimes(schema: GraphQLSchema, given: Mapping[str, Lifetime], *, incomplete: bool) -> Iterator[Problem]:
    """Coordinates that do not exist, or that no source is asked for. ``incomplete``: a source is missing."""
    if incomplete or not given:
        return
    asked = {get_named_type(each.type).name for _, _, each in _fields(schema) if _asks(plan_of(each))}
    for coordinate in given:
        owner, _, name = coordinate.partition(".")
        where = (SECTION, coordinate)
        named = schema.type_map.get(owner)
        if owner.startswith("__") or not (name or named is not None):
            yield Problem(f'there is no type "{owner}"', where, nearest(owner, schema.type_map))
        elif not name:
            if owner not in asked:
                what = f'no field asks a source for "{owner}"'
                yield Problem(what, where, "name a type that a root field or a link gives", lacks=coordinate)
        elif not isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
            yield Problem(f'there is no type "{owner}" with fields', where, nearest(owner, schema.type_map))
        elif name not in named.fields:
            what = f'"{owner}" has no field "{name}"'
            yield Problem(what, where, nearest(name, named.fields), lacks=coordinate)
        elif isinstance(named, GraphQLObjectType) and not _asks(plan_of(named.fields[name])):
            what = f"{coordinate} asks no source for something that could be kept: it is read with its row, or writes"
            yield Problem(what, where, f"name the type, {owner}, or the field that gives it")


def _fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    for named in schema.type_map.values():
        if isinstance(named, GraphQLObjectType) and not named.name.startswith("__"):
            for name, definition in named.fields.items():
                yield named, name, definition


def _asks(plan: FieldPlan) -> bool:
    """Whether it asks a source and changes nothing there."""
    if isinstance(plan, CallOperation):
        return plan.operation.effect is Effect.READ
    return isinstance(plan, Link)


def _with(plan: FieldPlan, life: Lifetime) -> FieldPlan:
    if isinstance(plan, CallOperation):
        return replace(plan, lifetime=life)
    assert isinstance(plan, Link)
    column = plan.column
    call = msgspec.structs.replace(column.call, lifetime=life)
    return replace(plan, column=replace(column, call=call, group=(*column.group, life)))
