"""Calls and links of planned fields, for whichever executor runs them: arguments in, values or errors out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import cast

from msgspec.structs import replace

from resolvers import BadRequest, Call, Column, Conflict, Effect, Forbidden, In, Outcome, Page, Predicate, read
from resolvers import execute as execute_call
from schema.conditions import crosses, elsewhere, grouping, order
from schema.filters import DISTINCT, GROUP_BY, GROUP_ORDER, HAVING, LIMIT, OFFSET, ORDER_BY, WHERE
from schema.plan.arguments import present
from schema.plan.fields import CallOperation, Link
from schema.plan.operation import PlannedField
from schema.plan.run import Run
from schema.plan.semijoin import answered

_ROW_ARGUMENTS = {WHERE, ORDER_BY, LIMIT, OFFSET, DISTINCT, GROUP_BY, HAVING, GROUP_ORDER}


def _row_arguments(call: Call, arguments: Mapping[str, object], where: Predicate | None) -> Call:
    """``where``: the predicate of the argument of that name."""
    if not (_ROW_ARGUMENTS & arguments.keys()):
        return replace(call, arguments={**call.arguments, **arguments})
    given = dict(arguments)
    given_where = given.pop(WHERE, None)
    order_by = given.pop(ORDER_BY, None)
    limit, offset = given.pop(LIMIT, None), given.pop(OFFSET, None)
    distinct = given.pop(DISTINCT, None)
    group_by, having, group_order = (given.pop(name, None) for name in (GROUP_BY, HAVING, GROUP_ORDER))
    for name, value in (("limit", limit), ("offset", offset)):
        if isinstance(value, int) and value < 0:
            raise BadRequest(f"{name} cannot be negative")
    return replace(
        call,
        arguments={**call.arguments, **given},
        predicate=where,
        order=order(order_by),
        page=Page(cast("int | None", limit), cast("int | None", offset) or 0),
        distinct=tuple(dict.fromkeys(cast("list[str]", distinct or []))),
        grouping=grouping(group_by, having, group_order),
        question=repr(given_where) if crosses(given_where) else "",
    )


async def call(plan: CallOperation, planned: PlannedField, run: Run, arguments: Mapping[str, object]) -> object:
    """The value of a field that calls an operation; true for an operation without a result.

    Raises:
        IsthmusError: what became of the call, or of arguments that cannot be sent.
        Forbidden: a rule does not let the caller give these arguments.
    """
    source = run.sources[plan.source]
    selection = planned.laid if run.lays else planned.selection
    if arguments and plan.operation.change is None:
        arguments = present(arguments, plan.operation.arguments, source.model)
    if _ROW_ARGUMENTS.isdisjoint(arguments):
        made = Call(plan.operation.name, arguments, selection, lifetime=plan.lifetime)
    else:
        made = Call(plan.operation.name, selection=selection, lifetime=plan.lifetime)
        made = _row_arguments(made, arguments, await _filter(plan, run, arguments) if WHERE in arguments else None)
    if not run.guards.allow(planned.parent.name, planned.name, arguments):
        raise Forbidden
    try:
        value = await execute_call(source, plan.operation, made, run.context)
    except Conflict as conflict:
        raise _told(conflict, planned) from conflict
    finally:
        if plan.operation.effect is not Effect.READ:
            run.loaders.forget()
            run.guards.forget()
    return True if plan.operation.result is None else value


async def _filter(plan: CallOperation, run: Run, arguments: Mapping[str, object]) -> Predicate | None:
    where = arguments.get(WHERE)
    if not isinstance(where, Mapping):
        return None
    if plan.operation.change is not None and elsewhere(where, plan.operation.name):
        # What another system said a moment ago is no condition that holds while rows are changed.
        raise BadRequest("a change cannot be filtered through a link to another source")
    return await answered(where, plan.source, plan.operation, run)


def _told(conflict: Conflict, planned: PlannedField) -> Conflict:
    """The conflict as the caller may hear of it: fields by their names in the schema, those under a rule left out."""
    fields = conflict.extensions.get("fields")
    if not isinstance(fields, list):
        return conflict
    shown = [planned.columns[name] for name in fields if name in planned.columns]
    return Conflict(conflict.detail, extensions={**conflict.extensions, "fields": shown})


async def link(
    plan: Link, planned: PlannedField, run: Run, rows: Sequence[object], arguments: Mapping[str, object], *, whole: bool
) -> list[Outcome]:
    """The value or the error of a link for each of ``rows``, in their order, from one load.

    ``whole``: these are all the rows of the field.

    Raises:
        BadRequest: arguments that cannot be sent.
    """
    column = await _column(plan, run, rows, arguments)
    alone = whole and run.plan.loads[plan.column.group] == 1
    if plan.key_list:
        return await _listed(plan, planned, run, rows, column)
    # Rows that others see too must stay rows: what stands in the answer is changed there.
    selection = planned.laid if run.lays and alone else planned.selection
    found: Sequence[Outcome]
    if len(plan.keys) == 1:
        keys = read(rows, plan.keys[0])
        found = await run.loaders.load_column(column, keys, selection, alone=alone)
    else:
        tuples = list(zip(*(read(rows, key) for key in plan.keys), strict=True))
        found = await run.loaders.load(column, tuples, selection, alone=alone)
    return list(found) if plan.take is None else [_taken(plan.take, outcome) for outcome in found]


async def stepped(step: PlannedField, run: Run, row: object) -> Outcome:
    """The row of the part of an entity that a field belongs to, for a row of another part."""
    assert isinstance(step.plan, Link)
    (found,) = await link(step.plan, step, run, [row], {}, whole=False)
    return found


async def _column(plan: Link, run: Run, rows: Sequence[object], arguments: Mapping[str, object]) -> Column:
    column = plan.column
    if not arguments:
        return column
    model = run.sources[column.source].model
    where = arguments.get(WHERE)
    filtered: Predicate | None = None
    group = (*column.group, repr(sorted(arguments.items())))
    if isinstance(where, Mapping):
        base = _belonging(plan, rows) if crosses(where) and not plan.key_list else None
        filtered = await answered(where, column.source, column.operation, run, base)
        group = (*group, filtered)
    made = _row_arguments(column.call, present(arguments, column.operation.arguments, model), filtered)
    return dataclasses.replace(column, call=made, group=group)


def _belonging(plan: Link, rows: Sequence[object]) -> Predicate:
    """The condition that a row belongs to one of the parents ``rows``."""
    match = plan.column.match
    columns = [read(rows, key) for key in plan.keys]
    keys = [
        tuple(part.outgoing(value) for part, value in zip(match.parts, key, strict=True))
        for key in zip(*columns, strict=True)
        if all(part.canonical(value) is not None for part, value in zip(match.parts, key, strict=True))
    ]
    return In(match.fields, tuple(dict.fromkeys(keys)))


async def _listed(plan: Link, planned: PlannedField, run: Run, rows: Sequence[object], column: Column) -> list[Outcome]:
    """Each parent has a list of keys; its results are concatenated in the order of its keys."""
    lists = [value if isinstance(value, list | Exception) else [] for value in read(rows, plan.keys[0])]
    flat = [key for keys in lists if not isinstance(keys, Exception) for key in keys]
    outcomes = iter(await run.loaders.load_column(column, flat, planned.selection))
    results: list[Outcome] = []
    for keys in lists:
        mine = [next(outcomes) for _ in keys] if not isinstance(keys, Exception) else [keys]
        failed = next((item for item in mine if isinstance(item, Exception)), None)
        joined = [item for found in mine if isinstance(found, list) for item in found]
        results.append(failed if failed is not None else joined)
    return [_taken(plan.take, outcome) for outcome in results] if plan.take is not None else results


def _taken(take: str, found: Outcome) -> Outcome:
    """What ``take`` lifts out of a row, out of every row of a list, or the error as it is."""
    if isinstance(found, list):
        return [_taken(take, item) for item in found]
    return found.get(take) if isinstance(found, Mapping) else found
