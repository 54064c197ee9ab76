"""graphql-core's ``execute`` with our plan behind it, for tests that were written for graphql-core.

An operation that the gateway would plan is compiled and run column by column; every other goes to graphql-core, for a
reason that is counted. Which it is, is decided before anything runs.
"""

from __future__ import annotations

import asyncio
import inspect
import types
from collections import Counter
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    default_field_resolver,
    located_error,
    validate_schema,
)
from graphql import execute as core_execute
from graphql import execute_sync as core_execute_sync
from graphql.execution.execute import assume_not_async_iterable, assume_not_awaitable
from graphql.execution.values import VariableValues, get_variable_values

from resolvers import BadRequest, Context, Loaders
from schema import ANONYMOUS, AccessSettings
from schema.access.rows import Guards
from schema.access.rules import Policy
from schema.masked import wears_masks
from schema.plan.columns import _Columns, columns_understand
from schema.plan.documents import Document, _operation
from schema.plan.handwritten import Handwritten
from schema.plan.levels import Level
from schema.plan.operation import Block, Entry, Fixed, OperationPlan, PlannedField
from schema.plan.run import Run

T = TypeVar("T")
Resolver = Callable[..., Any]

PLANNED = "planned"
counts: Counter[str] = Counter()
"""How many operations were ``planned``; of the others, how many went to graphql-core for each reason."""

_OPEN = AccessSettings.model_validate({"default": "anonymous"})
_OBEYED = {"defer", "stream", "experimental_disableErrorPropagation"}
"""Directives that graphql-core's executor heeds where a schema has them; the gateway's schemas never do."""


_ASSUMED = (assume_not_awaitable, assume_not_async_iterable)
"""What ``graphql_sync`` always brings for the options ``is_awaitable`` and ``is_async_iterable``."""


@dataclass(frozen=True)
class Asked:
    """One call of ``execute``, as far as the gateway has such a thing."""

    schema: GraphQLSchema
    document: DocumentNode
    root_value: Any = None
    context_value: Any = None
    variable_values: Mapping[str, Any] | None = None
    operation_name: str | None = None
    field_resolver: Resolver | None = None
    max_coercion_errors: int = 50
    hide_suggestions: bool = False


@dataclass(frozen=True)
class Made:
    """A plan and what it runs with."""

    asked: Asked
    plan: OperationPlan
    variables: VariableValues
    waits: list[str]


def execute(*arguments: Any, **named: Any) -> Any:
    """As ``graphql.execute``. Inside an event loop, two fields that could wait must be awaited."""
    return _execute(core_execute, arguments, named, may_wait=True)


def execute_sync(*arguments: Any, **named: Any) -> Any:
    """As ``graphql.execute_sync``."""
    return _execute(core_execute_sync, arguments, named, may_wait=False)


def execute_for_graphql_sync(*arguments: Any, **named: Any) -> Any:
    """What ``graphql.graphql_sync`` calls to execute."""
    return _execute(core_execute, arguments, named, may_wait=False)


def _execute(original: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any], *, may_wait: bool) -> Any:
    given = dict(inspect.signature(original).bind(*arguments, **named).arguments)
    given.update(given.pop("custom_context_args", {}))
    made = _made(given)
    if isinstance(made, str):
        counts[made] += 1
        return original(*arguments, **named)
    if isinstance(made, ExecutionResult):
        return made
    counts[PLANNED] += 1
    answer = _answer(made)
    if may_wait and _in_a_loop():
        return _begun(answer, made.waits)
    return _finished(answer)


def _made(given: dict[str, Any]) -> Made | ExecutionResult | str:
    """The plan, the answer to variables that do not fit, or why graphql-core must run it."""
    fields = Asked.__dataclass_fields__
    for name, value in given.items():
        if name not in fields and value and value not in _ASSUMED:
            return f"the option {name} has no counterpart"
    asked = Asked(**{name: value for name, value in given.items() if name in fields})
    for reason, holds in _ELSEWHERE:
        if holds(asked):
            return reason
    operation = _chosen(asked)
    assert operation is not None
    variables = get_variable_values(
        asked.schema,
        operation.variable_definitions or (),
        dict(asked.variable_values or {}),
        max_errors=asked.max_coercion_errors,
        hide_suggestions=asked.hide_suggestions,
    )
    if isinstance(variables, list):
        return ExecutionResult(None, variables)
    document = Document(asked.document, operation, asked.schema)
    plan = document.plan(Policy(asked.schema, _OPEN, wears_masks), ANONYMOUS, variables, asked.variable_values or {})
    if plan.introspected:
        return "introspection"
    waits: list[str] = []
    return Made(asked, _with_resolvers(plan, asked, waits), variables, waits)


def _chosen(asked: Asked) -> OperationDefinitionNode | None:
    try:
        return _operation(asked.document, asked.operation_name)
    except BadRequest:
        return None


def _is_invalid(asked: Asked) -> bool:
    operation = _chosen(asked)
    return operation is None or bool(
        Document(asked.document, operation, asked.schema).errors(asked.schema, frozenset(), 1)
    )


def _subscribes(asked: Asked) -> bool:
    operation = _chosen(asked)
    return operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _has_fragment_arguments(asked: Asked) -> bool:
    fragments = [node for node in asked.document.definitions if isinstance(node, FragmentDefinitionNode)]
    return any(node.variable_definitions for node in fragments)


_ELSEWHERE: tuple[tuple[str, Callable[[Asked], bool]], ...] = (
    ("the schema is not valid", lambda asked: bool(validate_schema(asked.schema))),
    (
        "the schema has a directive that only graphql-core obeys",
        lambda asked: any(directive.name in _OBEYED for directive in asked.schema.directives),
    ),
    ("fragments with arguments are not parsed", _has_fragment_arguments),
    ("the document has no such operation", lambda asked: _chosen(asked) is None),
    ("subscriptions are not served", _subscribes),
    (
        "a type tells its run-time type asynchronously",
        lambda asked: not columns_understand(asked.schema),
    ),
    ("the document is not valid", _is_invalid),
)
"""Why graphql-core must run an operation; the first that holds is counted."""


def _with_resolvers(plan: OperationPlan, asked: Asked, waits: list[str]) -> OperationPlan:
    """The plan with graphql-core's resolvers for fields without one; root fields resolve from the root value.

    ``waits`` is told the names of fields whose values come later.
    """

    def watched(resolver: Resolver, *, at_root: bool) -> Resolver:
        def resolve(row: object, info: GraphQLResolveInfo[Any], **arguments: object) -> object:
            value = resolver(asked.root_value if at_root else row, info, **arguments)
            if inspect.isawaitable(value) or isinstance(value, AsyncIterable):
                waits.append(info.field_name)
            return value

        return resolve

    def field(planned: PlannedField) -> PlannedField:
        definition = copy(planned.definition)
        definition.resolve = definition.resolve or asked.field_resolver or default_field_resolver
        definition.resolve = watched(definition.resolve, at_root=len(planned.path) == 1)
        below = {name: block(inner) for name, inner in planned.below.items()}
        return replace(planned, definition=definition, below=below)

    def block(found: Block) -> Block:
        entries: list[Entry] = [entry if isinstance(entry, Fixed) else field(entry) for entry in found.entries]
        return replace(found, entries=tuple(entries))

    return replace(plan, root=block(plan.root))


class _Infos(Handwritten):
    """Hands out the context and root value of the test."""

    asked: Asked

    def info(self, planned: PlannedField, level: Level, index: int) -> GraphQLResolveInfo[Any]:
        found: Any = super().info(planned, level, index)
        asked = self.asked
        told = found._replace(context=asked.context_value, root_value=asked.root_value)
        return cast("GraphQLResolveInfo[Any]", told)


async def _answer(made: Made) -> ExecutionResult:
    asked = made.asked
    context = Context(asyncio.get_running_loop().time() + 60, "r")
    run = Run(made.plan, ANONYMOUS, context, Guards(None, {}, context), Loaders({}, context))
    columns = _Columns(asked.schema, made.plan, made.variables, run)
    infos = _Infos(asked.schema, made.plan, made.variables, run)
    infos.asked = asked
    columns._handwritten = infos
    done = await columns.answer()
    errors = [located_error(failure.cause, list(failure.nodes), list(failure.path)) for failure in done.failures]
    return ExecutionResult(done.data, errors or None)


def _in_a_loop() -> bool:
    return asyncio._get_running_loop() is not None


def _begun(answer: Coroutine[Any, Any, T], waits: list[str]) -> T | Coroutine[Any, Any, T]:
    """The answer where nothing in it waits, as graphql-core would give it; otherwise what is left to await."""

    async def left(rest: Awaitable[T]) -> T:
        return await rest

    async def known(value: T) -> T:
        return value

    try:
        awaited = answer.send(None)
    except StopIteration as ended:
        value = cast("T", ended.value)
        return known(value) if waits else value

    @types.coroutine
    def rest() -> Generator[Any, Any, T]:
        held = awaited
        while True:
            try:
                try:
                    sent = yield held
                except BaseException as error:  # noqa: BLE001  # it goes on to where it belongs
                    held = answer.throw(error)
                else:
                    held = answer.send(sent)
            except StopIteration as ended:
                return cast("T", ended.value)

    return left(rest())


def _finished(answer: Coroutine[Any, Any, T]) -> T:
    """The answer, from a loop of its own; a test that asks synchronously may itself run inside a loop."""
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(answer)
    finally:
        loop.close()
        asyncio._set_running_loop(outer)
