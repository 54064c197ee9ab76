"""Answers to introspection: made once for each document and class of access, off the event loop, and kept as bytes.

Of a schema with thousands of types one answer costs seconds, and every code generator asks for it. Which schema a
caller is shown is not decided here.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, SelectionSetNode, execute

from schema.access.shown import Class
from schema.plan.operation import OperationPlan
from schema.request import Answer, GraphQLRequest

_MOST = 64
_MOST_BYTES = 64 * 1024 * 1024


class Introspections:
    """The answers of one schema, the least recently asked forgotten first."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Class, str, str | None, str], bytes] = OrderedDict()
        self._held = 0
        self._one_at_a_time = asyncio.Lock()

    async def answer(self, shown: GraphQLSchema, lacking: Class, node: DocumentNode, request: GraphQLRequest) -> Answer:
        """The answer to a valid document that asks nothing but introspection; ``shown``: what callers see."""
        variables = json.dumps(request.variables, sort_keys=True, default=repr)
        key = (lacking, request.query, request.operation_name, variables)
        async with self._one_at_a_time:
            known = self._known.get(key)
            if known is None:
                known = await asyncio.to_thread(_make, shown, node, request.operation_name, request.variables)
                self._known[key] = known
                self._held += len(known)
                while self._held > _MOST_BYTES or len(self._known) > _MOST:
                    self._held -= len(self._known.popitem(last=False)[1])
            else:
                self._known.move_to_end(key)
        return Answer("data", {}, known)


async def beside_data(shown: GraphQLSchema, plan: OperationPlan, variables: Mapping[str, object]) -> dict[str, object]:
    """The introspection that an operation asks beside data, by response key."""
    return await asyncio.to_thread(_beside_data, shown, plan, variables)


def _beside_data(shown: GraphQLSchema, plan: OperationPlan, variables: Mapping[str, object]) -> dict[str, object]:
    fields = SelectionSetNode(selections=plan.introspected)
    alone = replace(plan.operation, selection_set=fields)
    return _executed(shown, DocumentNode(definitions=(alone, *plan.fragments.values())), None, variables)


def _make(
    shown: GraphQLSchema, node: DocumentNode, operation_name: str | None, variables: Mapping[str, object]
) -> bytes:
    return Answer("data", {"data": _executed(shown, node, operation_name, variables)}).encode()


def _executed(
    shown: GraphQLSchema, node: DocumentNode, operation_name: str | None, variables: Mapping[str, object]
) -> dict[str, object]:
    result = execute(shown, node, variable_values=dict(variables), operation_name=operation_name)
    assert isinstance(result, ExecutionResult)
    assert not result.errors
    assert result.data is not None
    return result.data
