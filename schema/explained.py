"""A plan in words: which fields call sources, which join to them, and which are refused. Nothing runs for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from graphql.execution.values import VariableValues

from resolvers import And, BadRequest, ListRef, Operation, Selection
from schema.conditions import elsewhere, predicate
from schema.plan.arguments import filter_of
from schema.plan.fields import CallOperation, Link, Strawberry
from schema.plan.operation import Block, OperationPlan, PlannedField
from schema.plan.semijoin import way


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


def steps(plan: OperationPlan, variables: VariableValues) -> tuple[Step, ...]:
    """The steps of a plan in the order of the document; those of one level run side by side, and what filters ask of
    other sources is asked before.
    """
    refused = [Step(each.path, each.field, "refused: this caller may not use it") for each in plan.refused]
    return (*_of(plan.root, variables, set()), *refused)


def _of(block: Block, variables: VariableValues, seen: set[tuple[str, ...]]) -> Iterator[Step]:
    for entry in block.entries:
        if not isinstance(entry, PlannedField):
            continue
        if entry.path not in seen:
            seen.add(entry.path)
            if entry.step is not None:
                yield from filter(None, [_step(entry.step)])
            step = _step(entry)
            if step is not None:
                yield from _filters(entry, variables)
                yield step
        for below in entry.below.values():
            yield from _of(below, variables, seen)


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


def _filters(planned: PlannedField, variables: VariableValues) -> Iterator[Step]:
    """What the filter of a field asks of other sources."""
    plan, where = planned.plan, filter_of(planned, variables)
    if where is None:
        return
    with suppress(BadRequest):  # then it asks nothing, and the field says why when it runs
        if isinstance(plan, CallOperation):
            yield from _asked(planned.path, where, plan.source, plan.operation)
        elif isinstance(plan, Link):
            yield from _asked(planned.path, where, plan.column.source, plan.column.operation)


def _asked(path: tuple[str, ...], where: Mapping[str, object], source: str, operation: Operation) -> Iterator[Step]:
    rows = operation.connection_of or operation.aggregate_of or operation.name
    for each in elsewhere(where, rows):
        lookup = each.lookup
        there = lookup.column
        yield from _asked(path, each.where, there.source, there.operation)
        said = f"where {lookup.coordinate}"
        chosen, pushed = way(lookup, each.quantifier, predicate(each.where) or And(()))
        fields, keys = ", ".join(there.match.fields), ", ".join(lookup.keys)
        if chosen == "filtered":
            how = f"up to {lookup.most} distinct {fields} of rows that fulfil the filter"
            yield Step(path, said, how, there.source, there.operation.name, there.match.fields)
        elif chosen == "listed" and lookup.listing is not None:
            how = f"one list by {', '.join(pushed)}, for up to {lookup.most} distinct {fields}"
            yield Step(path, said, how, there.source, lookup.listing.operation.name, there.match.fields)
        else:
            yield Step(path, said, f"up to {lookup.most} distinct {keys}", source, each.rows, lookup.keys)
            single = there.operation.keys is None
            most = 1 if there.operation.keys is None else there.operation.keys.max_keys
            how = f"a call for {'each' if single else f'up to {most}'} of them, whose rows are judged"
            yield Step(path, said, how, there.source, there.operation.name)


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
