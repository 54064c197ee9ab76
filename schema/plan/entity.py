"""Entities in plans: a field that one source brings is asked of rows that came from another.

Every row of an entity comes from one part, and an operation tells from which when it is compiled. A field of that part
is read from the row; a field of another part takes one step more, to the rows of the part that has it. Nothing runs
here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from graphql import GraphQLField

from resolvers import Column, KeyPart
from schema.plan.fields import FieldPlan, Link, ReadKey, plan_of

PART = "isthmus.part"
"""The key of a field's ``extensions`` under which stands which part of an entity it belongs to."""
HOME = "isthmus.home"
"""The key under which stands the source whose rows a link starts from."""
KEY_ALONE = ""
"""The source of rows that hold nothing but the key, by the names of its fields."""


@dataclass(slots=True, eq=False)
class Entity:
    """``keys``: source → its fields that hold the key, in the order of the key, ``parts``: how it writes them.
    ``steps``: (source of a row, source of a field) → the way from the one to the other. ``guarded``: a rule may hide
    its rows, so that a key alone leads nowhere before the row itself was looked at.
    """

    name: str
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    parts: dict[str, tuple[KeyPart, ...]] = field(default_factory=dict)
    steps: dict[tuple[str, str], Link] = field(default_factory=dict)
    guarded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a field of an entity is: ``home`` is the source of the rows that its plan is for. ``key``: which field of
    the key it shows, where it shows one.
    """

    entity: Entity
    home: str
    key: int | None = None

    def seen_from(self, source: str, plan: FieldPlan) -> tuple[Link | None, FieldPlan]:
        """The step that rows of ``source`` take before the field's plan is for them, and the plan."""
        entity = self.entity
        if source == self.home or source not in entity.keys:
            return None, plan
        own = entity.keys[source]
        if self.key is not None:
            return None, ReadKey(own[self.key], None if source == KEY_ALONE else entity.parts[source][self.key])
        home = entity.keys[self.home]
        is_known = source != KEY_ALONE or not entity.guarded
        if is_known and isinstance(plan, Link) and not plan.key_list and set(plan.keys) <= set(home):
            # The key is all that the link needs, and that is known here.
            places = [home.index(key) for key in plan.keys]
            column = plan.column
            if source != KEY_ALONE:
                column = _alike(column, [entity.parts[source][place] for place in places])
            return None, replace(plan, column=column, keys=tuple(own[place] for place in places))
        return entity.steps[source, self.home], plan


def _alike(column: Column, written: list[KeyPart]) -> Column:
    """The column for keys that another system writes in its own way."""
    parts = tuple(
        KeyPart(part.target, part.compare | other.compare)
        for part, other in zip(column.match.parts, written, strict=True)
    )
    if parts == column.match.parts:
        return column
    match = replace(column.match, parts=parts)
    return replace(column, match=match, group=(*column.group, match))


def plan_from(definition: GraphQLField, source: str) -> tuple[Link | None, FieldPlan]:
    """The plan of a field for rows of ``source``, and the step that they take before; a field of what is no entity is
    the same for all of them.
    """
    plan = plan_of(definition)
    part = definition.extensions.get(PART)
    return part.seen_from(source, plan) if isinstance(part, Part) else (None, plan)
