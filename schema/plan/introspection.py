"""Answers to introspection: made once for each document, off the event loop, and kept as bytes.

Of a schema with thousands of types one answer costs seconds, and every code generator asks for it. All callers are
shown the same schema, so all share what is kept.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute

from schema.request import Answer, GraphQLRequest

_MOST = 16
_MOST_BYTES = 64 * 1024 * 1024


class Introspections:
    """The answers of one schema, the least recently asked forgotten first."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: OrderedDict[tuple[str, str | None, str], bytes] = OrderedDict()
        self._held = 0
        self._one_at_a_time = asyncio.Lock()

    async def answer(self, node: DocumentNode, request: GraphQLRequest) -> Answer:
        """The answer to a valid document that asks nothing but introspection."""
        key = (request.query, request.operation_name, json.dumps(request.variables, sort_keys=True, default=repr))
        async with self._one_at_a_time:
            known = self._known.get(key)
            if known is None:
                known = await asyncio.to_thread(self._make, node, request.operation_name, request.variables)
                self._known[key] = known
                self._held += len(known)
                while self._held > _MOST_BYTES or len(self._known) > _MOST:
                    self._held -= len(self._known.popitem(last=False)[1])
            else:
                self._known.move_to_end(key)
        return Answer("data", {}, known)

    def _make(self, node: DocumentNode, operation_name: str | None, variables: Mapping[str, object]) -> bytes:
        result = execute(self._schema, node, variable_values=dict(variables), operation_name=operation_name)
        assert isinstance(result, ExecutionResult)
        assert not result.errors
        return Answer("data", {"data": result.data}).encode()
