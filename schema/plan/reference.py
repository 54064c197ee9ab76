"""The trusted executor: graphql-core runs the operation, and one resolver interprets each field's plan.

It decides nothing: who may have a field and what a call must bring stands in the plan. A field that the plan does not
hold is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLField,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute,
)

from resolvers import BadRequest, Call, IsthmusError, Outcome, Page
from resolvers import execute as execute_call
from schema.filters import LIMIT, OFFSET, ORDER_BY, WHERE, order, predicate
from schema.plan.arguments import present
from schema.plan.compile import PlannedField
from schema.plan.fields import CallOperation, Link, ReadKey, plan_of
from schema.plan.run import Run

Resolver = Callable[..., Any]


async def run_operation(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, object], run: Run
) -> ExecutionResult:
    """Executes a planned operation."""
    result = execute(
        schema,
        document,
        context_value=run,
        variable_values=dict(variables),
        operation_name=operation_name,
        field_resolver=resolve,
        hide_suggestions=True,
    )
    return await result if inspect.isawaitable(result) else result


def resolve(row: object, info: GraphQLResolveInfo[Run], **arguments: object) -> object:
    """The resolver of every field that has none of its own."""
    planned = _planned(info)
    if planned is None:
        return None
    run = info.context
    plan = planned.plan
    if isinstance(plan, ReadKey):
        return row.get(plan.key) if isinstance(row, Mapping) else None
    if isinstance(plan, CallOperation):
        return _call(plan, planned, run, arguments)
    if isinstance(plan, Link):
        return _link(plan, planned, run, cast("Mapping[str, object]", row), arguments)
    return getattr(row, info.field_name, None)


def guard(owner_names: Mapping[str, str] | None, resolver: Resolver) -> Resolver:
    """A hand-written resolver that runs only when the plan holds its field.

    ``owner_names``: for a field of a generated type, GraphQL name → source's key, by which the parent is shown.
    """

    def guarded(row: object, info: GraphQLResolveInfo[Run], **arguments: object) -> object:
        if _planned(info) is None:
            return None
        if owner_names is not None and isinstance(row, Mapping):
            row = {name: row[key] for name, key in owner_names.items() if key in row}
        return resolver(row, info, **arguments)

    return guarded


def _planned(info: GraphQLResolveInfo[Run]) -> PlannedField | None:
    run = info.context
    path = tuple(key for key in info.path.as_list() if isinstance(key, str))
    return run.plan.fields.get((info.parent_type.name, path))


def is_hand_written(definition: GraphQLField) -> bool:
    """True for a field that Strawberry resolves."""
    return definition.resolve is not None and not isinstance(plan_of(definition), ReadKey | CallOperation | Link)


def _row_arguments(call: Call, arguments: Mapping[str, object]) -> Call:
    given = dict(arguments)
    where, order_by = given.pop(WHERE, None), given.pop(ORDER_BY, None)
    limit, offset = given.pop(LIMIT, None), given.pop(OFFSET, None)
    for name, value in (("limit", limit), ("offset", offset)):
        if isinstance(value, int) and value < 0:
            raise BadRequest(f"{name} cannot be negative")
    return replace(
        call,
        arguments={**call.arguments, **given},
        predicate=predicate(where) if isinstance(where, Mapping) else None,
        order=order(order_by),
        page=Page(cast("int | None", limit), cast("int | None", offset) or 0),
    )


async def _call(plan: CallOperation, planned: PlannedField, run: Run, arguments: Mapping[str, object]) -> object:
    source = run.sources[plan.source]
    given = present(arguments, plan.operation.arguments, source.model)
    call = _row_arguments(Call(plan.operation.name, selection=planned.selection), given)
    value = await execute_call(source, plan.operation, call, run.context)
    return True if plan.operation.result is None else value


async def _link(
    plan: Link, planned: PlannedField, run: Run, row: Mapping[str, object], arguments: Mapping[str, object]
) -> object:
    column = plan.column
    if arguments:
        model = run.sources[column.source].model
        call = _row_arguments(column.call, present(arguments, column.operation.arguments, model))
        column = replace(column, call=call, group=(*column.group, repr(sorted(arguments.items()))))
    if plan.key_list:
        listed = row.get(plan.keys[0])
        values: list[Sequence[object]] = [(item,) for item in listed] if isinstance(listed, list) else []
    else:
        values = [[row.get(key) for key in plan.keys]]
    outcomes = await run.loaders.load(column, values, planned.selection)
    if plan.key_list:
        return [_taken(plan, item) for outcome in outcomes for item in cast("list[object]", _raised(outcome))]
    (outcome,) = outcomes
    found = _raised(outcome)
    return [_taken(plan, item) for item in found] if isinstance(found, list) else _taken(plan, found)


def _raised(outcome: Outcome) -> object:
    if isinstance(outcome, IsthmusError):
        raise outcome
    return outcome


def _taken(plan: Link, found: object) -> object:
    if plan.take is None or not isinstance(found, Mapping):
        return found
    return found.get(plan.take)
