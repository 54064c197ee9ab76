"""Hand-written Strawberry fields in a column: called for each parent, or once for all where the module says so."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import GraphQLResolveInfo, GraphQLSchema
from graphql.execution.values import VariableValues
from graphql.pyutils import is_awaitable, is_iterable
from graphql.type import GraphQLResolveInfoHelpers

from schema.plan.calls import stepped
from schema.plan.fields import Strawberry
from schema.plan.levels import FieldLevel, Level, path_of
from schema.plan.operation import OperationPlan, PlannedField
from schema.plan.run import Run
from schema.plan.shapes import Shape


class Resolver(Protocol):
    def __call__(self, row: object, info: GraphQLResolveInfo[Run], /, **arguments: object) -> Any: ...


@dataclass(frozen=True, slots=True, eq=False)
class Guarded:
    """A hand-written resolver that runs only when the plan holds its field.

    ``shown``: for a field of a generated type, GraphQL name → source's key, by which the parent is shown.
    ``needs``: source's keys that the field reads.
    """

    resolver: Resolver
    shown: Mapping[str, str] | None
    needs: frozenset[str] = frozenset()

    def __call__(self, row: object, info: GraphQLResolveInfo[Run], **arguments: object) -> object:
        path = tuple(key for key in info.path.as_list() if isinstance(key, str))
        planned = info.context.plan.fields.get((info.parent_type.name, path))
        if planned is None:
            return None
        if planned.step is not None:
            return self._stepped(planned.step, row, info, arguments)
        return self.resolver(self.parent(row), info, **arguments)

    async def _stepped(
        self, step: PlannedField, row: object, info: GraphQLResolveInfo[Run], arguments: Mapping[str, object]
    ) -> object:
        found = await stepped(step, info.context, row)
        if not isinstance(found, Mapping):
            return found
        value = self.resolver(self.parent(found), info, **arguments)
        return await value if inspect.isawaitable(value) else value

    def parent(self, row: object) -> object:
        """The parent as the hand-written field sees it.

        Raises:
            Exception: what stands where something should be that the field needs.
        """
        if self.shown is None or not isinstance(row, Mapping):
            return row
        for key in self.needs:
            if isinstance(row.get(key), Exception):
                raise row[key]
        return {name: row[key] for name, key in self.shown.items() if key in row}


class Handwritten:
    """Runs the hand-written fields of one operation."""

    def __init__(self, schema: GraphQLSchema, plan: OperationPlan, variables: VariableValues, run: Run) -> None:
        self._schema = schema
        self._plan = plan
        self._variables = variables
        self._run = run

    def info(self, planned: PlannedField, level: Level, index: int) -> GraphQLResolveInfo[Run]:
        """What graphql-core would hand to a resolver for one value of a column."""
        return GraphQLResolveInfo(
            planned.name,
            list(planned.nodes),
            planned.definition.type,
            planned.parent,
            path_of(level, index),
            self._schema,
            dict(self._plan.fragments),
            None,
            self._plan.operation,
            self._variables,
            self._run,
            is_awaitable,
            None,
            GraphQLResolveInfoHelpers(_gather, _track),
        )

    async def values(
        self, planned: PlannedField, level: FieldLevel, arguments: Mapping[str, object]
    ) -> Sequence[object]:
        """A value or an exception for each parent of the column."""
        rows = level.objects.rows
        resolver = planned.definition.resolve
        if resolver is None:
            return [getattr(row, planned.name, None) for row in rows]
        if isinstance(resolver, Guarded):
            rows, broken = _parents(resolver, rows)
            resolver = resolver.resolver
            if broken:
                whole = [index for index in range(len(rows)) if index not in broken]
                return _with(broken, whole, await self._of(planned, level, resolver, rows, whole, arguments))
        return await self._of(planned, level, resolver, rows, range(len(rows)), arguments)

    async def _of(
        self,
        planned: PlannedField,
        level: FieldLevel,
        resolver: Callable[..., Any],
        rows: Sequence[object],
        at: Sequence[int],
        arguments: Mapping[str, object],
    ) -> Sequence[object]:
        """The values for the parents at ``at``."""
        batch = planned.plan.batch if isinstance(planned.plan, Strawberry) else None
        if batch is not None:
            return await batch([rows[index] for index in at]) if at else []
        values: list[object] = []
        held = any(isinstance(value, list | dict) for value in arguments.values())
        for index in at:
            # A plan's constant arguments serve many requests: what a resolver does to a list must stay its own affair.
            given = deepcopy(arguments) if held else arguments
            try:
                values.append(resolver(rows[index], self.info(planned, level, index), **given))
            except Exception as error:  # noqa: BLE001  # it belongs to this one value
                values.append(error)
        return await _awaited(values, planned.shape)


def _parents(guarded: Guarded, rows: Sequence[object]) -> tuple[list[object], dict[int, Exception]]:
    """The parents as they are shown, and the error of each that lacks what the field needs."""
    shown: list[object] = []
    broken: dict[int, Exception] = {}
    for index, row in enumerate(rows):
        try:
            shown.append(guarded.parent(row))
        except Exception as error:  # noqa: BLE001  # it becomes the value of the field
            shown.append(None)
            broken[index] = error
    return shown, broken


def _with(broken: Mapping[int, Exception], at: Sequence[int], values: Sequence[object]) -> list[object]:
    found = dict(zip(at, values, strict=True))
    return [broken[index] if index in broken else found[index] for index in range(len(at) + len(broken))]


async def _awaited(values: list[object], shape: Shape) -> list[object]:
    """The values when all of them, and all items of those that are lists, have come."""
    waiting = [index for index, value in enumerate(values) if inspect.isawaitable(value)]
    if waiting:
        jobs: list[Awaitable[object]] = [values[index] for index in waiting]  # type: ignore[misc]  # just seen
        for index, value in zip(waiting, await asyncio.gather(*jobs, return_exceptions=True), strict=True):
            cancelled = isinstance(value, asyncio.CancelledError)
            values[index] = RuntimeError("cancelled from within") if cancelled else value
    for index, value in enumerate(values):
        if shape.item is not None and value is not None:
            values[index] = await _items(value, shape.item)
    return values


async def _items(value: object, shape: Shape) -> object:
    """The list that a value is or gives one by one; as it is where it gives none, what it raised where it raised."""
    try:
        if isinstance(value, AsyncIterable):
            items = [item async for item in value]
        elif is_iterable(value):
            items = list(value)
        else:
            return value
        return await _awaited(items, shape)
    except Exception as error:  # noqa: BLE001  # it becomes the value of the field
        return error


async def _gather(awaitables: Sequence[Awaitable[Any]]) -> list[Any]:
    return list(await asyncio.gather(*awaitables))


def _track(values: Sequence[Any]) -> None:
    for value in values:
        if inspect.isawaitable(value):
            asyncio.ensure_future(value)  # noqa: RUF006  # as graphql-core: it is nobody's to wait for
