"""Rows that came as a layout asked: they become the objects of the answer themselves, nothing is built anew.

Most of their values were checked while they were decoded. The others are completed here as columns and put back. What
fails, or does not fit, is left to the way that all rows go: then nothing of them has been changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import repeat
from typing import TypeAlias, cast

from msgspec import UNSET

from resolvers import LimitExceeded, Row, read
from schema.plan.fields import Link
from schema.plan.levels import Failures, FieldLevel, Level, Objects, Pending, run
from schema.plan.operation import Block, PlannedField
from schema.plan.run import Run
from schema.plan.shapes import Shape

_NONE = type(None)

Complete: TypeAlias = "Callable[[PlannedField, Shape, Level, Sequence[object], Pending], Sequence[object]]"
"""The response values of a column."""


class Laid:
    """The rows of one execution that stand in its answer; ``any`` of them."""

    def __init__(self, run: Run, failures: Failures) -> None:
        self._run = run
        self._failures = failures
        self._hidden: list[tuple[Sequence[Row], tuple[str, ...]]] = []
        self.any = False

    def objects(
        self,
        planned: PlannedField,
        block: Block,
        level: Level,
        values: Sequence[object],
        pending: Pending,
        complete: Complete,
    ) -> Sequence[object] | None:
        """The values, whose rows are now objects of the answer; ``None`` where they must be built as any others are.

        ``complete`` is not kept: whoever owns this and is owned by it would be garbage in a circle, for every request.

        Raises:
            LimitExceeded: the answer would have too many objects.
        """
        kinds = set(map(type, values))
        at = None
        present = cast("Sequence[Row]", values)
        if _NONE in kinds:
            at = [index for index, value in enumerate(values) if value is not None]
            present = cast("Sequence[Row]", [values[index] for index in at])
            kinds.remove(_NONE)
        kind = kinds.pop()
        if kinds or not issubclass(kind, Row) or (kind.layout is not block.layout and kind.layout != block.layout):
            return None
        distinct = present
        if isinstance(planned.plan, Link) and len(set(map(id, present))) < len(present):
            if not block.settled:
                return None
            distinct = list(dict(zip(map(id, present), present, strict=True)).values())
        objects = Objects(distinct, level, at, cast("Sequence[dict[str, object] | Row]", distinct))
        if not self._complete_all(block, objects, len(present), pending, complete):
            return None
        self.any = True
        if block.noted is not None and self._run.trail is not None:
            self._run.trail.note(block.noted, distinct)
        if kind.shown is not kind:
            shown = kind.shown
            for row in distinct:
                row.__class__ = shown  # of the same attributes, so that nothing is copied
        if kind.hidden:
            self._hidden.append((distinct, kind.hidden))
        pending.extend(zip(block.waiting, repeat(objects)))
        return values

    def _complete_all(self, block: Block, objects: Objects, count: int, pending: Pending, complete: Complete) -> bool:
        """Completes what was not checked yet; false, and all is as before, when something of it fails."""
        failed, left, waiting = len(self._failures), self._run.objects, len(pending)
        self._run.objects -= count
        if self._run.objects < 0:
            raise LimitExceeded("the answer would have more objects than this server allows")
        changed: list[tuple[str, Sequence[object]]] = []
        for entry, plan in block.unchecked:
            column = read(objects.rows, plan.key)
            results = complete(entry, entry.shape, FieldLevel(objects, entry), column, pending)
            if results is not column:
                changed.append((entry.key, results))
        if len(self._failures) > failed:
            self._failures.forget(failed)
            self._run.objects = left
            del pending[waiting:]
            return False
        for key, results in changed:
            objects.fill(key, results)
        return True

    def hide(self) -> None:
        """Takes out of the rows what only links needed; said when no link runs any more."""
        for rows, attributes in self._hidden:
            for attribute in attributes:
                run(map(setattr, rows, repeat(attribute), repeat(UNSET)))


def as_mappings(values: Sequence[object]) -> list[object]:
    """The values with mappings in place of rows that were made for an answer; one row gives one mapping."""
    made: dict[int, dict[str, object]] = {}
    for value in values:
        if isinstance(value, Row) and id(value) not in made:
            made[id(value)] = value.as_mapping()
    return [made[id(value)] if isinstance(value, Row) else value for value in values]
