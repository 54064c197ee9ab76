"""The trusted executor: graphql-core runs the operation, and one resolver interprets each field's plan.

It decides nothing: who may have a field and what a call must bring stands in the plan. A field that the plan does not
hold is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute,
)

from schema.plan.calls import call, link, stepped
from schema.plan.columns import Executed
from schema.plan.fields import CallOperation, Link, Made, ReadKey, Strawberry, plan_of
from schema.plan.levels import Failure
from schema.plan.operation import PlannedField, ResponsePath
from schema.plan.run import Run


async def run_reference(
    schema: GraphQLSchema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, object], run: Run
) -> Executed:
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
    finished: ExecutionResult = await result if inspect.isawaitable(result) else result
    if not finished.errors:
        return Executed(finished.data, [])
    fields = {path: planned for (_, path), planned in run.plan.fields.items()}
    return Executed(finished.data, [_failure(error, fields) for error in finished.errors])


def _failure(error: GraphQLError, fields: Mapping[ResponsePath, PlannedField]) -> Failure:
    nodes = [node for node in error.nodes or () if isinstance(node, FieldNode)]
    cause = error.original_error if isinstance(error.original_error, Exception) else error
    path = error.path or []
    planned = fields.get(tuple(key for key in path if isinstance(key, str)))
    if planned is None:
        return Failure(path, nodes, cause, by_hand=False)
    return Failure(path, nodes, cause, isinstance(planned.plan, Strawberry), planned.told)


def resolve(row: object, info: GraphQLResolveInfo[Run], /, **arguments: object) -> object:
    """The resolver of every field that has none of its own."""
    planned = _planned(info)
    if planned is None:
        return None
    plan = planned.plan
    if planned.marks is not None and info.context.trail is not None:
        info.context.trail.note(planned.marks, [row])
    if planned.step is not None:
        return _stepped(planned, planned.step, info.context, row, arguments)
    if isinstance(plan, ReadKey | Made):
        return _made(planned, plan, row, arguments)
    if isinstance(plan, CallOperation):
        return _call(plan, planned, info.context, arguments)
    if isinstance(plan, Link):
        return _link(plan, planned, info.context, row, arguments)
    return getattr(row, info.field_name, None)


def _made(planned: PlannedField, plan: ReadKey | Made, row: object, arguments: Mapping[str, object]) -> object:
    if isinstance(plan, Made):
        return plan.value(arguments)
    return _shown(planned, plan.shown([row.get(plan.key)])[0] if isinstance(row, Mapping) else None)


async def _stepped(
    planned: PlannedField, step: PlannedField, run: Run, row: object, arguments: Mapping[str, object]
) -> object:
    """The value of a field of another part of an entity: first the row of that part, then the field of it."""
    found, plan = await stepped(step, run, row), planned.plan
    if not isinstance(found, Mapping):
        return found
    if isinstance(plan, Link):
        return await _link(plan, planned, run, found, arguments)
    return _shown(planned, found.get(plan.key)) if isinstance(plan, ReadKey) else None


def _shown(planned: PlannedField, value: object) -> object:
    return value if planned.mask is None else planned.mask.of(value)


async def _call(plan: CallOperation, planned: PlannedField, run: Run, arguments: Mapping[str, object]) -> object:
    return _shown(planned, await call(plan, planned, run, arguments))


async def _link(plan: Link, planned: PlannedField, run: Run, row: object, arguments: Mapping[str, object]) -> object:
    (outcome,) = await link(plan, planned, run, [row], arguments, whole=False)
    return _shown(planned, outcome)


def _planned(info: GraphQLResolveInfo[Run]) -> PlannedField | None:
    run = info.context
    path = tuple(key for key in info.path.as_list() if isinstance(key, str))
    return run.plan.fields.get((info.parent_type.name, path))


def is_hand_written(definition: GraphQLField) -> bool:
    """True for a field that Strawberry resolves."""
    return definition.resolve is not None and not isinstance(plan_of(definition), ReadKey | CallOperation | Link)
