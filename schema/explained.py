"""A plan in words: which fields call sources, which join to them, and which are refused. Nothing runs for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from resolvers import ListRef, Operation, Selection
from schema.plan.fields import CallOperation, Link, Strawberry
from schema.plan.operation import Block, OperationPlan, PlannedField


@dataclass(frozen=True, slots=True)
class Step:
    """One field that does not lie in its parent's row.

    ``path``: response keys from the root. ``source`` and ``operation`` are empty for a hand-written field and for one
    that is refused; ``how``: when and how often it is called. ``asks``: the fields of the result that are needed.
    """

    path: tuple[str, ...]
    field: str
    how: str
    source: str = ""
    operation: str = ""
    asks: tuple[str, ...] = ()


def steps(plan: OperationPlan) -> tuple[Step, ...]:
    """The steps of a plan in the order of the document; those of one level run side by side."""
    refused = [
        Step(each.path, each.nodes[0].name.value, "refused: this caller may not use it") for each in plan.refused
    ]
    return (*_of(plan.root, set()), *refused)


def _of(block: Block, seen: set[tuple[str, ...]]) -> Iterator[Step]:
    for entry in block.entries:
        if not isinstance(entry, PlannedField):
            continue
        if entry.path not in seen:
            seen.add(entry.path)
            step = _step(entry)
            if step is not None:
                yield step
        for below in entry.below.values():
            yield from _of(below, seen)


def _step(planned: PlannedField) -> Step | None:
    plan, coordinate = planned.plan, f"{planned.parent.name}.{planned.name}"
    if isinstance(plan, CallOperation):
        asks = _leaves(planned.selection)
        return Step(planned.path, coordinate, "one call", plan.source, plan.operation.name, asks)
    if isinstance(plan, Link):
        column = plan.column
        asks = _leaves(planned.selection)
        return Step(planned.path, coordinate, _joined(plan), column.source, column.operation.name, asks)
    return Step(planned.path, coordinate, "hand-written") if isinstance(plan, Strawberry) else None


def _joined(plan: Link) -> str:
    operation: Operation = plan.column.operation
    keys = f"distinct {', '.join(plan.keys)} of its parents"
    if operation.keys is not None:
        return f"one call for up to {operation.keys.max_keys} {keys}"
    times = "a list each" if isinstance(operation.result, ListRef) else "one each"
    return f"a call for each of the {keys}, {times}"


def _leaves(selection: Selection, above: str = "") -> tuple[str, ...]:
    if selection.everything:
        return (f"{above}*",)
    found: list[str] = []
    for name, below in selection.fields.items():
        inner = _leaves(below, f"{above}{name}.")
        found += inner or [f"{above}{name}"]
    return tuple(found)
