"""Entities in plans: a field that one part brings is asked of rows that came from another.

Every row of an entity comes from one part, and an operation tells from which when it is compiled. A field of that part
is read from the row; a field of another part takes one step more, to the rows of the part that has it. Nothing runs
here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from graphql import GraphQLField

from resolvers import Column, KeyPart
from schema.plan.fields import KEY_ALONE, FieldPlan, Link, Origin, ReadKey, plan_of

PART = "isthmus.part"
"""The key of a field's ``extensions`` under which stands which part of an entity it belongs to."""
HOME = "isthmus.home"
"""The key under which stands the ``Origin`` of the rows that a link or a hand-written field starts from."""


@dataclass(slots=True, eq=False)
class Entity:
    """Its parts are the origins of its rows. ``key``: in the schema; ``keys``: part → its fields that hold the key, in
    that order, ``parts``: how it writes them. ``steps``: (part of a row, part of a field) → the way from the one to
    the other. ``guarded``: a rule may hide its rows, so that a key alone leads nowhere before the row itself was looked
    at. ``waits``: the source of a part is missing; ``has_first``: that of the first one is there.
    """

    name: str
    key: tuple[str, ...]
    keys: dict[Origin, tuple[str, ...]] = field(default_factory=dict)
    parts: dict[Origin, tuple[KeyPart, ...]] = field(default_factory=dict)
    steps: dict[tuple[Origin, Origin], Link] = field(default_factory=dict)
    guarded: bool = False
    waits: bool = False
    has_first: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What a field of an entity is: ``home`` is the part whose rows its plan is for. ``key``: which field of
    the key it shows, where it shows one.
    """

    entity: Entity
    home: Origin
    key: int | None = None

    def seen_from(self, origin: Origin, plan: FieldPlan) -> tuple[Link | None, FieldPlan]:
        """The step that rows of ``origin`` take before the field's plan is for them, and the plan."""
        entity = self.entity
        if origin == self.home:
            return None, plan
        own = entity.keys[origin]
        if self.key is not None:
            return None, ReadKey(own[self.key], None if origin == KEY_ALONE else entity.parts[origin][self.key])
        home = entity.keys[self.home]
        is_known = origin != KEY_ALONE or not entity.guarded
        if is_known and isinstance(plan, Link) and not plan.key_list and set(plan.keys) <= set(home):
            # The key is all that the link needs, and that is known here.
            places = [home.index(key) for key in plan.keys]
            column = plan.column
            if origin != KEY_ALONE:
                column = _alike(column, [entity.parts[origin][place] for place in places])
            return None, replace(plan, column=column, keys=tuple(own[place] for place in places))
        return entity.steps[origin, self.home], plan


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


def plan_from(definition: GraphQLField, origin: Origin) -> tuple[Link | None, FieldPlan]:
    """The plan of a field for rows of ``origin``, and the step that they take before; a field of what is no entity is
    the same for all of them.
    """
    plan = plan_of(definition)
    part = definition.extensions.get(PART)
    return part.seen_from(origin, plan) if isinstance(part, Part) else (None, plan)
