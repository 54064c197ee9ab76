"""The executor: an operation runs column by column, one step per field of the plan instead of one per value.

A column is the values of one field for all its parents. Fields read from a row are taken, checked and put into
response objects for the whole column; a field that must wait (a call, a link, a hand-written resolver) is one
coroutine, which starts as soon as its parents are there. Lists are flattened and split again, abstract types are
grouped by run-time type. It decides nothing: access and selections stand in the plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import iscoroutine, iscoroutinefunction
from itertools import accumulate, chain, islice, repeat
from typing import Any, cast

import msgspec
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, OperationType, Undefined, default_type_resolver
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import inspect, is_iterable

from resolvers import TYPE_KEY, LimitExceeded, Row, leaves, read
from schema.access.masks import Mask
from schema.plan.calls import call, link
from schema.plan.fields import CallOperation, Link, Made, ReadKey, RowType, is_row
from schema.plan.handwritten import Handwritten
from schema.plan.laid import Laid, as_mappings
from schema.plan.leaves import coerce, enum_names, passes, spelled
from schema.plan.levels import Failure, Failures, FieldLevel, ItemLevel, Level, Objects, Pending
from schema.plan.operation import Block, Fixed, OperationPlan, PlannedField
from schema.plan.run import Run
from schema.plan.shapes import Shape

_NONE = type(None)
_UNDEFINED = type(Undefined)
_LISTS = {list}
_ROWS = {dict}


class Executed(msgspec.Struct, frozen=True):
    """``data`` is ``None`` when a null went all the way up. ``laid``: objects in it may be rows of a source."""

    data: dict[str, object] | None
    failures: Sequence[Failure]
    laid: bool = False


async def run_columns(schema: GraphQLSchema, plan: OperationPlan, variables: VariableValues, run: Run) -> Executed:
    """Executes a planned operation."""
    columns = _Columns(schema, plan, variables, run)
    try:
        return await columns.answer()
    except* LimitExceeded as group:  # all of the answer is null when it grows beyond its limit
        error = next(_leaves_of(group))
    return Executed(None, [Failure((), (), error, by_hand=False)])


def columns_understand(schema: GraphQLSchema) -> bool:
    """False when a hand-written type tells its run-time type asynchronously, which only graphql-core waits for."""
    asked = [
        asks
        for named in schema.type_map.values()
        for asks in (getattr(named, "is_type_of", None), getattr(named, "resolve_type", None))
    ]
    return not any(iscoroutinefunction(asks) for asks in asked)


class _Columns:
    def __init__(self, schema: GraphQLSchema, plan: OperationPlan, variables: VariableValues, run: Run) -> None:
        self._schema = schema
        self._plan = plan
        self._variables = variables
        self._run = run
        self._failures = Failures()
        self._handwritten = Handwritten(schema, plan, variables, run)
        self._laid = Laid(run, self._failures)
        run.lays = True

    async def answer(self) -> Executed:
        """The answer.

        Raises:
            LimitExceeded: it grows beyond its limit.
        """
        root, made = Objects([None]), cast("list[dict[str, object]]", [])
        if self._plan.operation.operation is OperationType.MUTATION:
            made = await self._serially(root)
        else:
            pending: Pending = []
            made = self._make(self._plan.root, root, pending)
            if pending:
                await self._all(pending)
        failures, everything = self._failures.settle()
        self._laid.hide()
        return Executed(None if everything else made[0], failures, self._laid.any)

    async def _serially(self, root: Objects) -> list[dict[str, object]]:
        """The root fields of a mutation, one after the other, each to its very end."""
        block = self._plan.root
        made: list[dict[str, object]] = [dict.fromkeys(entry.key for entry in block.entries)]
        root.made = made
        for entry in block.entries:
            if isinstance(entry, Fixed):
                made[0][entry.key] = entry.value
            else:
                await self._fill(entry, root)
                if self._failures and self._failures.settle()[1]:
                    break  # all is null already, and what comes after would change things nobody hears of
        return made

    def _make(self, block: Block, objects: Objects, pending: Pending) -> list[dict[str, object]]:
        """Makes the response objects: what can be read now is filled in, what must wait is put to ``pending``."""
        rows = objects.rows
        count = len(rows)
        self._run.objects -= count
        if self._run.objects < 0:
            raise LimitExceeded("the answer would have more objects than this server allows")
        if block.noted is not None and self._run.trail is not None:
            self._run.trail.note(block.noted, rows)
        if not block.entries:
            return [{} for _ in rows]
        columns: list[Iterable[object]] = []
        waiting: list[PlannedField] = []
        for entry in block.entries:
            if isinstance(entry, Fixed):
                columns.append(repeat(entry.value, count))
            elif isinstance(entry.plan, ReadKey) and entry.step is None:
                values = entry.plan.shown(read(rows, entry.plan.key))
                if entry.mask is not None:
                    values = _shown(entry.mask, values)
                columns.append(self._complete(entry, entry.shape, FieldLevel(objects, entry), values, pending))
            else:
                columns.append(repeat(None, count))
                waiting.append(entry)
        objects.made = made = block.build(columns)
        pending.extend((entry, objects) for entry in waiting)
        return made

    async def _fill(self, planned: PlannedField, objects: Objects) -> None:
        """Runs one field that waits, for all its parents, and everything below it."""
        values = await (self._own if planned.step is None else self._stepped)(planned, objects)
        pending: Pending = []
        results = self._complete(planned, planned.shape, FieldLevel(objects, planned), values, pending)
        objects.fill(planned.key, results)
        if pending:
            await self._all(pending)

    async def _all(self, pending: Pending) -> None:
        """Runs what waits, side by side."""
        if len(pending) == 1:
            await self._fill(*pending[0])
        else:
            try:
                await self._together(pending)
            except asyncio.CancelledError as error:
                raise error.with_traceback(None) from None  # Python 3.11's group and the error know each other

    async def _together(self, pending: Pending) -> None:
        async with asyncio.TaskGroup() as group:
            for planned, objects in pending:
                group.create_task(self._fill(planned, objects))

    async def _stepped(self, planned: PlannedField, objects: Objects) -> Sequence[object]:
        """As ``_own``, for a field of another part of the entity."""
        assert planned.step is not None
        # The rows of that part: where there is none, or none could be had, that is the value.
        values = list(await self._own(planned.step, objects))
        at = [index for index, value in enumerate(values) if isinstance(value, Mapping)]
        if at:
            placed = at if objects.at is None else [objects.at[index] for index in at]
            found = await self._own(planned, Objects([values[index] for index in at], objects.level, placed))
            for index, value in zip(at, found, strict=True):
                values[index] = value
        return values

    async def _own(self, planned: PlannedField, objects: Objects) -> Sequence[object]:
        """A value or an exception for each of the rows, for which the field's own plan is."""
        rows = objects.rows
        try:
            arguments = planned.constant
            if arguments is None:
                arguments = get_argument_values(
                    planned.definition, planned.nodes[0], self._variables, None, hide_suggestions=True
                )
            plan = planned.plan
            values: Sequence[object]
            if isinstance(plan, Link):
                values = await link(plan, planned, self._run, rows, arguments, whole=True)
            elif isinstance(plan, CallOperation):
                values = [await call(plan, planned, self._run, arguments) for _ in rows]
            elif isinstance(plan, ReadKey):
                values = read(rows, plan.key)
            elif isinstance(plan, Made):
                values = [plan.value(arguments) for _ in rows]
            else:
                return await self._handwritten.values(planned, FieldLevel(objects, planned), arguments)
            return values if planned.mask is None else _shown(planned.mask, values)
        except asyncio.CancelledError:
            if leaves():
                raise
            return [RuntimeError("cancelled from within")] * len(rows)
        except Exception as error:  # noqa: BLE001  # it is the outcome of the field, worded by the graph
            return [error] * len(rows)

    def _complete(
        self, planned: PlannedField, shape: Shape, level: Level, values: Sequence[object], pending: Pending
    ) -> Sequence[object]:
        """The response values of a column (GraphQL specification section 6.4.3)."""
        if shape.kind == "leaf":
            return self._leaves(planned, shape, level, values)
        if shape.kind == "list":
            return self._lists(planned, shape, level, values, pending)
        kinds = set(map(type, values))
        values = self._sifted(planned, shape, level, values, kinds)
        if shape.kind == "object":
            at: Sequence[int] = range(len(values))
            if kinds != _ROWS:
                if _hold_rows(kinds):
                    block = planned.below[shape.objects.name]
                    laid = self._laid.objects(planned, block, level, values, pending, self._complete)
                    if laid is not None:
                        return laid
                    values = as_mappings(values)
                at = [index for index, value in enumerate(values) if value is not None]
            return self._objects(planned, shape.objects, level, values, at, pending)
        return self._abstract(planned, shape, level, values, pending)

    def _leaves(self, planned: PlannedField, shape: Shape, level: Level, values: Sequence[object]) -> Sequence[object]:
        kinds = set(map(type, values))
        leaf = shape.leaf
        if passes(leaf, values, kinds, nullable=shape.nullable):
            return values
        named = enum_names(leaf, values, kinds)
        if named is not None:
            return named
        texts = spelled(leaf, values, kinds, nullable=shape.nullable)
        if texts is not None:
            return texts
        results: list[object] = []
        for index, value in enumerate(self._sifted(planned, shape, level, values, kinds)):
            try:
                results.append(None if value is None else coerce(leaf, value))
            except Exception as error:  # noqa: BLE001  # whatever a scalar raises is this value's error
                self._failures.add(level, index, planned, error)
                results.append(None)
        return results

    def _sifted(
        self, planned: PlannedField, shape: Shape, level: Level, values: Sequence[object], kinds: set[type]
    ) -> Sequence[object]:
        """The values with ``None`` for exceptions and for undefined ones; failures and forbidden nulls are noted."""
        suspicious = _NONE in kinds and not shape.nullable
        for kind in kinds:
            suspicious = suspicious or kind is _UNDEFINED or issubclass(kind, BaseException)
        if not suspicious:
            return values
        sifted: list[object] = []
        for index, value in enumerate(values):
            if isinstance(value, Exception):
                self._failures.add(level, index, planned, value)
            elif isinstance(value, BaseException):
                raise value
            elif value is not None and value is not Undefined:
                sifted.append(value)
                continue
            elif not shape.nullable:
                what = f"Cannot return null for non-nullable field {planned.parent}.{planned.name}."
                self._failures.add(level, index, planned, TypeError(what))
            sifted.append(None)
        return sifted

    def _lists(
        self, planned: PlannedField, shape: Shape, level: Level, values: Sequence[object], pending: Pending
    ) -> Sequence[object]:
        kinds = set(map(type, values))
        if kinds != _LISTS:
            values = self._sifted(planned, shape, level, values, kinds)
            if not kinds <= {list, _NONE}:
                values = [self._listed(planned, level, index, value) for index, value in enumerate(values)]
        lists = cast("Sequence[list[object] | None]", values)
        assert shape.item is not None
        ends = list(accumulate(0 if items is None else len(items) for items in lists))
        items = ItemLevel(level, shape.item.nullable, ends)
        flat = lists[0] if len(lists) == 1 else list(chain.from_iterable(items for items in lists if items is not None))
        done = self._complete(planned, shape.item, items, flat or (), pending)
        each = iter(done)
        items.lists = [None if held is None else list(islice(each, len(held))) for held in lists]
        return items.lists

    def _listed(self, planned: PlannedField, level: Level, index: int, value: object) -> list[object] | None:
        if value is None or isinstance(value, list):
            return value
        if is_iterable(value):
            try:
                return list(cast("Iterable[object]", value))
            except Exception as error:  # noqa: BLE001  # hand-written
                self._failures.add(level, index, planned, error)
                return None
        what = f"Expected Iterable, but did not find one for field '{planned.parent}.{planned.name}'."
        self._failures.add(level, index, planned, GraphQLError(what))
        return None

    def _objects(
        self,
        planned: PlannedField,
        named: GraphQLObjectType,
        level: Level,
        values: Sequence[object],
        at: Sequence[int],
        pending: Pending,
    ) -> Sequence[object]:
        """Response objects for the values at ``at``; null elsewhere."""
        if not self._are_rows(named, values):
            at = [index for index in at if self._is_type(planned, named, level, index, values[index])]
        if len(at) == len(values):
            objects = Objects(values, level)
            block = planned.below[named.name]
            if block.settled and isinstance(planned.plan, Link):
                return self._shared(block, values) or self._made(block, objects, pending)
            return self._made(block, objects, pending)
        objects = Objects([values[index] for index in at], level, at)
        results: list[object] = [None] * len(values)
        for index, made in zip(at, self._made(planned.below[named.name], objects, pending), strict=True):
            results[index] = made
        return results

    def _made(self, block: Block, objects: Objects, pending: Pending) -> list[dict[str, object]]:
        return self._make(block, objects, pending) if objects.rows else []

    def _shared(self, block: Block, rows: Sequence[object]) -> Sequence[object] | None:
        """Objects for rows of which most occur again and again, each made once; ``None`` where that does not do.

        One that fails must fail in every place where it stands.
        """
        distinct = dict(zip(map(id, rows), rows, strict=True))
        if 2 * len(distinct) > len(rows):
            return None
        before = len(self._failures)
        once = self._make(block, Objects(list(distinct.values())), [])
        self._run.objects -= len(rows) - len(distinct)
        if self._run.objects < 0 or len(self._failures) > before:
            self._failures.forget(before)
            self._run.objects += len(rows)
            return None
        made = dict(zip(distinct, once, strict=True))
        return [made[id(row)] for row in rows]

    @staticmethod
    def _are_rows(named: GraphQLObjectType, values: Sequence[object]) -> bool:
        """True when no object of the column has to be asked for its type."""
        if named.is_type_of is is_row:
            return set(map(type, values)) <= {dict, _NONE}
        return named.is_type_of is None

    def _is_type(
        self, planned: PlannedField, named: GraphQLObjectType, level: Level, index: int, value: object
    ) -> bool:
        assert named.is_type_of is not None
        try:
            told: object = named.is_type_of(value, self._info(planned, level, index))
            if told and not iscoroutine(told):
                return True
            error: Exception = GraphQLError(f"Expected value of type '{named}' but got: {inspect(value)}.")
            if iscoroutine(told):
                told.close()
                error = TypeError(f"The type '{named}' tells asynchronously whether a value is of it.")
        except Exception as raised:  # noqa: BLE001  # hand-written
            error = raised
        self._failures.add(level, index, planned, error)
        return False

    def _info(self, planned: PlannedField, level: Level, index: int) -> Any:
        """The info of the field that the value belongs to: that of its outermost list."""
        while isinstance(level, ItemLevel):
            index = level.owner(index)[0]
            level = level.parent
        return self._handwritten.info(planned, level, index)

    def _abstract(
        self, planned: PlannedField, shape: Shape, level: Level, values: Sequence[object], pending: Pending
    ) -> Sequence[object]:
        """Objects of an interface or union, grouped by their run-time type."""
        groups: dict[str, list[int]] = {}
        for index, value in enumerate(values):
            if value is not None:
                name = self._run_time_type(planned, shape, level, index, value)
                if name is not None:
                    groups.setdefault(name, []).append(index)
        results: list[object] = [None] * len(values)
        for name, at in groups.items():
            named = cast("GraphQLObjectType", self._schema.type_map[name])
            made = self._objects(planned, named, level, values, at, pending)
            for index in at:
                results[index] = made[index]
        return results

    def _run_time_type(
        self, planned: PlannedField, shape: Shape, level: Level, index: int, value: object
    ) -> str | None:
        abstract = shape.abstract
        resolve = abstract.resolve_type
        try:
            if isinstance(resolve, RowType):
                name: object = resolve.of(value.get(TYPE_KEY) if isinstance(value, Mapping) else None)
            else:
                chosen = resolve if resolve is not None else default_type_resolver
                name = chosen(value, self._info(planned, level, index), abstract)
            if isinstance(name, str) and name in planned.below:
                return name
            error: Exception = self._no_type(planned, abstract, name, value)
        except Exception as raised:  # noqa: BLE001  # hand-written
            error = raised
        self._failures.add(level, index, planned, error)
        return None

    def _no_type(self, planned: PlannedField, abstract: object, name: object, value: object) -> GraphQLError:
        where = f"for field '{planned.parent}.{planned.name}'"
        if name is None:
            return GraphQLError(
                f"Abstract type '{abstract}' must resolve to an Object type at runtime {where}. Either the"
                f" '{abstract}' type should provide a 'resolve_type' function or each possible type should provide an"
                " 'is_type_of' function."
            )
        if not isinstance(name, str):
            return GraphQLError(
                f"Abstract type '{abstract}' must resolve to an Object type at runtime {where} with value"
                f" {inspect(value)}, received '{inspect(name)}', which is not a valid Object type name."
            )
        found = self._schema.type_map.get(name)
        if found is None:
            return GraphQLError(
                f"Abstract type '{abstract}' was resolved to a type '{name}' that does not exist inside the schema."
            )
        if not isinstance(found, GraphQLObjectType):
            return GraphQLError(f"Abstract type '{abstract}' was resolved to a non-object type '{name}'.")
        return GraphQLError(f"Runtime Object type '{name}' is not a possible type for '{abstract}'.")


def _shown(mask: Mask, values: Sequence[object]) -> Sequence[object]:
    """What may be shown of the values."""
    return [mask.of(value) for value in values]


def _hold_rows(kinds: set[type]) -> bool:
    for kind in kinds:  # noqa: SIM110  # a generator costs more than what it would look at
        if issubclass(kind, Row):
            return True
    return False


def _leaves_of(group: BaseExceptionGroup[LimitExceeded]) -> Iterator[LimitExceeded]:
    for item in group.exceptions:
        if isinstance(item, BaseExceptionGroup):
            yield from _leaves_of(item)
        else:
            yield item
