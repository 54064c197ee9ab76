"""``Graph``: an immutable schema, ready to answer requests: it parses, refuses or plans, runs, and words the errors.

How an operation runs is behind one seam, ``plan.reference.run_operation``; the edge sees only ``execute``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    print_schema,
    specified_rules,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.validation import MaxIntrospectionDepthRule

from resolvers import (
    BadRequest,
    CallerError,
    Code,
    Context,
    Forbidden,
    IsthmusError,
    LimitExceeded,
    Loaders,
    Source,
    SourceBadResponse,
    Unauthenticated,
)
from schema.access.principal import Principal
from schema.access.rules import Policy
from schema.limits import OperationLimits, check_size
from schema.plan.compile import Compiler, OperationPlan
from schema.plan.reference import run_operation
from schema.plan.run import Run
from schema.request import Answer, GraphQLRequest
from schema.unified import UnifiedSchema

_log = logging.getLogger("isthmus.graph")
_RULES = [*specified_rules, MaxIntrospectionDepthRule]


class MutationOverGet(CallerError):
    """GraphQL over HTTP section 5.2: GET must not change anything."""

    code = Code.BAD_REQUEST
    message = "A mutation needs POST."


class Graph:
    """One schema with its policy and its sources."""

    def __init__(
        self, unified: UnifiedSchema, policy: Policy, sources: Mapping[str, Source], limits: OperationLimits
    ) -> None:
        self._unified = unified
        self._policy = policy
        self._sources = sources
        self._limits = limits

    @property
    def schema(self) -> GraphQLSchema:
        return self._unified.graphql

    @property
    def anonymous(self) -> bool:
        """True when callers without a token may use what no rule protects."""
        return self._policy.default == "anonymous"

    def sdl(self) -> str:
        """The schema in the schema definition language."""
        return print_schema(self.schema)

    async def execute(
        self, request: GraphQLRequest, principal: Principal, context: Context, *, read_only: bool
    ) -> Answer:
        """Answers one request.

        Raises:
            Unauthenticated: anonymous callers are not allowed and more than ``{__typename}`` was asked.
            MutationOverGet: ``read_only``, and the operation is a mutation.
        """
        try:
            document = self._parse(request.query)
            operation = _operation(document, request.operation_name)
        except GraphQLError as error:
            return _refused([_formatted(error, context)])
        except CallerError as error:
            return _refused([_worded(error, context)])
        if principal.is_anonymous and not self.anonymous and not _only_typename(operation):
            raise Unauthenticated
        if read_only and operation.operation is not OperationType.QUERY:
            raise MutationOverGet
        errors = validate(self.schema, document, _RULES, max_errors=self._limits.max_errors, hide_suggestions=True)
        if errors:
            return _refused([_formatted(error, context) for error in errors[: self._limits.max_errors]])
        variables = get_variable_values(
            self.schema,
            operation.variable_definitions or (),
            dict(request.variables),
            max_errors=self._limits.max_errors,
            hide_suggestions=True,
        )
        if isinstance(variables, list):
            return _refused([_formatted(error, context) for error in variables])
        fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
        plan = Compiler(self.schema, self._policy, operation, fragments, variables, request.variables).plan(principal)
        run = Run(plan, principal, context, self._sources, Loaders(self._sources, context))
        result = await run_operation(self.schema, document, request.operation_name, request.variables, run)
        return _answer(result, plan, context)

    def _parse(self, query: str) -> DocumentNode:
        if len(query.encode("utf-8", "surrogatepass")) > self._limits.max_document_bytes:
            raise LimitExceeded(f"the document is longer than {self._limits.max_document_bytes} bytes")
        try:
            document = parse(query, max_tokens=self._limits.max_tokens, no_location=False)
            check_size(document, self._limits)
        except RecursionError as error:
            raise LimitExceeded("the document is nested too deeply") from error
        except GraphQLError as error:
            if "token" in error.message and "exceed" in error.message.lower():
                raise LimitExceeded(f"the document has more than {self._limits.max_tokens} tokens") from error
            raise
        return document


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [item for item in document.definitions if isinstance(item, OperationDefinitionNode)]
    if name is not None:
        named = [item for item in operations if item.name is not None and item.name.value == name]
        if not named:
            raise BadRequest("the document has no operation of that name")
        return named[0]
    if not operations:
        raise BadRequest("the document has no operation")
    if len(operations) > 1:
        raise BadRequest("the document has several operations: operationName must choose one")
    return operations[0]


def _only_typename(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY and all(
        isinstance(node, FieldNode) and node.name.value == "__typename" for node in operation.selection_set.selections
    )


def _refused(errors: list[dict[str, object]]) -> Answer:
    return Answer("request_error", {"errors": errors})


def _extensions(error: IsthmusError, context: Context) -> dict[str, object]:
    return {"code": error.code, **error.extensions, "requestId": context.request_id}


def _worded(error: IsthmusError, context: Context) -> dict[str, object]:
    message = error.detail if isinstance(error, CallerError) and error.detail else error.message
    return {"message": message, "extensions": _extensions(error, context)}


def _formatted(error: GraphQLError, context: Context) -> dict[str, object]:
    """A syntax, validation or coercion error: its message speaks of the caller's own document."""
    formatted: dict[str, object] = {"message": _short(error.message)}
    if error.locations:
        formatted["locations"] = [{"line": item.line, "column": item.column} for item in error.locations]
    formatted["extensions"] = {"code": Code.BAD_REQUEST, "requestId": context.request_id}
    return formatted


def _short(message: str) -> str:
    return message if len(message) <= 300 else f"{message[:300]}…"


def _answer(result: ExecutionResult, plan: OperationPlan, context: Context) -> Answer:
    errors: list[dict[str, object]] = [_forbidden(path, plan, context) for path in plan.refused]
    errors += [_failure(error, context) for error in result.errors or ()]
    body: dict[str, object] = {}
    if errors:
        body["errors"] = errors
    body["data"] = result.data
    return Answer("data", body)


def _forbidden(path: tuple[str, ...], plan: OperationPlan, context: Context) -> dict[str, object]:
    formatted = _worded(Forbidden(), context)
    locations = [item.loc for item in plan.refused[path].nodes if item.loc is not None]
    return {
        "message": formatted["message"],
        "locations": [{"line": item.start_token.line, "column": item.start_token.column} for item in locations],
        "path": list(path),
        "extensions": formatted["extensions"],
    }


def _failure(error: GraphQLError, context: Context) -> dict[str, object]:
    """An error of execution: its message is constant, what was really said goes to the log."""
    original = error.original_error
    if isinstance(original, IsthmusError):
        known = original
    elif isinstance(original, asyncio.CancelledError):
        raise original
    elif original is None or isinstance(original, GraphQLError):
        # graphql-core found that a value does not fit its type: the source's doing, and the text may quote it.
        known = SourceBadResponse(error.message)
    else:
        known = IsthmusError(repr(original))
        _log.error("a hand-written resolver failed", exc_info=original, extra={"request_id": context.request_id})
    _log.info("%s at %s: %s", known.code, error.path, known.detail, extra={"request_id": context.request_id})
    formatted = _worded(known, context)
    shown: dict[str, Any] = {"message": formatted["message"]}
    if error.locations:
        shown["locations"] = [{"line": item.line, "column": item.column} for item in error.locations]
    if error.path is not None:
        shown["path"] = error.path
    shown["extensions"] = formatted["extensions"]
    return shown
