"""Layouts: where in a plan rows of a source can stand in the answer as they are, and what they must be for it.

It decides for whole blocks when an operation is compiled; whether the rows that came fit is seen by ``laid.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLString,
)

from resolvers import Kind, Layout, Member, Selection
from schema.plan.fields import CallOperation, FieldPlan, Link, ReadKey, is_row
from schema.plan.operation import Block, Entry, Fixed
from schema.plan.shapes import Shape

_KINDS: Mapping[GraphQLLeafType, Kind] = {
    GraphQLString: "text",
    GraphQLID: "text",
    GraphQLInt: "int",
    GraphQLFloat: "float",
    GraphQLBoolean: "boolean",
}
"""Scalars that leave a fitting value as it is."""


def layout_of(entries: Sequence[Entry]) -> Layout | None:
    """How rows would look whose objects have these fields; ``None`` where a hand-written one must see them as mappings,
    a mask must take the place of values, or one field of the source would stand in two places.
    """
    members: list[Member] = []
    for entry in entries:
        if isinstance(entry, Fixed):
            members.append(Member(entry.key, value=entry.value))
        elif isinstance(entry.plan, Link) or entry.step is not None:
            members.append(Member(entry.key))
        elif isinstance(entry.plan, ReadKey) and entry.mask is None and entry.plan.written is None:
            kind = _KINDS.get(entry.shape.leaf, "any") if entry.shape.kind == "leaf" else "any"
            members.append(Member(entry.key, entry.plan.key, kind, entry.shape.nullable))
        else:
            return None
    keys = [member.key for member in members if member.key]
    return Layout(tuple(members)) if len(keys) == len(set(keys)) else None


def laid_out(selection: Selection, plan: FieldPlan, shape: Shape, blocks: Mapping[str, Block]) -> Selection:
    """The selection of a field with the layout of its objects, where the field brings rows of its own."""
    while shape.item is not None:
        shape = shape.item
    named = shape.named
    brings = isinstance(plan, CallOperation) or (isinstance(plan, Link) and plan.take is None and not plan.key_list)
    if not brings or not isinstance(named, GraphQLObjectType) or named.is_type_of is not is_row:
        return selection
    return replace(selection, layout=blocks[named.name].layout)
