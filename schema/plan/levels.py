"""Where the values of a column stand in the response: enough to rebuild a path, and to null what must be null.

A column runs without knowing any path. Only when something failed are paths rebuilt, from the offsets of lists and
the positions of objects, and only then is null propagated (GraphQL specification section 6.4.4): failures are taken
in the order of the response, and one that stands under an already nulled position is dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TypeAlias, cast

import msgspec
from graphql import FieldNode
from graphql.pyutils import Path

from resolvers import Row
from schema.plan.fields import Strawberry
from schema.plan.operation import PlannedField

run = deque[object](maxlen=0).extend
"""Does what an iterator does, for thousands of objects without a step of Python for each."""


class Objects(msgspec.Struct, eq=False):
    """Objects of one run-time type. ``at``: which value of ``level`` each of them is; ``None`` when all are, in order.

    ``rows`` are what their fields are read from, ``made`` the objects of the response. The root has no level.
    """

    rows: Sequence[object]
    level: Level | None = None
    at: Sequence[int] | None = None
    made: Sequence[dict[str, object] | Row] = ()

    def fill(self, key: str, values: Sequence[object]) -> None:
        """Puts the values of one response key."""
        assert len(self.made) == len(values)
        first = self.made[0] if self.made else None
        if isinstance(first, Row):
            run(map(setattr, self.made, repeat(first.slots[key]), values))
        else:
            for made, value in zip(cast("Sequence[dict[str, object]]", self.made), values, strict=True):
                made[key] = value

    def clear(self, key: str, index: int) -> None:
        """Puts null where a value stood."""
        made = self.made[index]
        if isinstance(made, Row):
            setattr(made, made.slots[key], None)
        else:
            made[key] = None


class FieldLevel(msgspec.Struct, eq=False):
    """The values of one field, one for each of ``objects``."""

    objects: Objects
    planned: PlannedField

    @property
    def nullable(self) -> bool:
        return self.planned.shape.nullable

    def clear(self, index: int) -> None:
        """Puts null where a value stood."""
        self.objects.clear(self.planned.key, index)


class ItemLevel(msgspec.Struct, eq=False):
    """The items of all lists of ``parent``, one list after the other; ``ends`` are their running lengths."""

    parent: Level
    nullable: bool
    ends: Sequence[int]
    lists: list[list[object] | None] = []  # msgspec makes a new one for each

    def owner(self, index: int) -> tuple[int, int]:
        """The list that holds an item, and the item's index in it."""
        owner = bisect_right(self.ends, index)
        return owner, index - (self.ends[owner - 1] if owner else 0)

    def clear(self, index: int) -> None:
        """Puts null where an item stood."""
        owner, position = self.owner(index)
        held = self.lists[owner]
        if held is not None:
            held[position] = None


Level: TypeAlias = "FieldLevel | ItemLevel"

Pending: TypeAlias = list[tuple[PlannedField, Objects]]
"""Fields that wait, with the objects that they belong to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of execution: where it happened, and why.

    ``by_hand``: in a hand-written field. ``field``: its coordinate, and the operation that it calls, for the log.
    """

    path: Sequence[str | int]
    nodes: Sequence[FieldNode]
    cause: Exception
    by_hand: bool
    field: str = ""


class Failures:
    """What failed while columns ran."""

    def __init__(self) -> None:
        self._found: list[tuple[Level, int, PlannedField, Exception]] = []

    def add(self, level: Level, index: int, planned: PlannedField, cause: Exception) -> None:
        """One value of a column failed, and null stands in its place."""
        self._found.append((level, index, planned, cause))

    def __len__(self) -> int:
        return len(self._found)

    def forget(self, count: int) -> None:
        """Keeps the first ``count``."""
        del self._found[count:]

    def settle(self) -> tuple[list[Failure], bool]:
        """Propagates nulls; gives the failures that remain in the order of the response, and whether all is null."""
        if not self._found:
            return [], False
        placed = [
            (*_position(level, index), level, index, planned, cause) for level, index, planned, cause in self._found
        ]
        placed.sort(key=lambda item: item[0])
        nulled: set[tuple[int, int]] = set()
        kept: list[Failure] = []
        everything = False
        for _, path, level, index, planned, cause in placed:
            if everything or _under(level, index, nulled):
                continue
            by_hand = isinstance(planned.plan, Strawberry)
            kept.append(Failure(path, planned.nodes, cause, by_hand, planned.told))
            everything = _null(level, index, nulled)
        return kept, everything


def _up(level: Level, index: int) -> tuple[Level, int] | None:
    if isinstance(level, ItemLevel):
        return level.parent, level.owner(index)[0]
    objects = level.objects
    if objects.level is None:
        return None
    return objects.level, objects.at[index] if objects.at is not None else index


def _position(level: Level, index: int) -> tuple[list[int], list[str | int]]:
    """The place in the order of the response, and the path."""
    order: list[int] = []
    path: list[str | int] = []
    here: tuple[Level, int] | None = (level, index)
    while here is not None:
        level, index = here
        if isinstance(level, ItemLevel):
            position = level.owner(index)[1]
            order.append(position)
            path.append(position)
        else:
            order.append(level.planned.order)
            path.append(level.planned.key)
        here = _up(level, index)
    return order[::-1], path[::-1]


def path_of(level: Level, index: int) -> Path:
    """The response path of one value of a column, as resolvers know it: every field with the type that it is of."""
    if isinstance(level, ItemLevel):
        owner, position = level.owner(index)
        return Path(path_of(level.parent, owner), position, None)
    above = _up(level, index)
    return Path(path_of(*above) if above is not None else None, level.planned.key, level.planned.parent.name)


def _under(level: Level, index: int, nulled: set[tuple[int, int]]) -> bool:
    here: tuple[Level, int] | None = (level, index)
    while here is not None:
        if (id(here[0]), here[1]) in nulled:
            return True
        here = _up(*here)
    return False


def _null(level: Level, index: int, nulled: set[tuple[int, int]]) -> bool:
    """Nulls the nearest position that may be null; true when there is none."""
    here: tuple[Level, int] | None = (level, index)
    while here is not None:
        level, index = here
        level.clear(index)
        if level.nullable:
            nulled.add((id(level), index))
            return False
        here = _up(level, index)
    return True
