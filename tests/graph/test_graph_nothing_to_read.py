"""Sources that have nothing to read, or nothing at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers import (
    WRITES_ARE_OFF,
    Argument,
    ConfigurationError,
    Context,
    Effect,
    LeftOut,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
)
from schema import ANONYMOUS, GraphQLRequest, GraphSettings, build

INT = ScalarRef(Scalar.INT)


async def test_a_graph_that_only_writes_is_served(memory: Any) -> None:
    add = Operation("add", Effect.WRITE, {"a": Argument("a", INT, required=True)}, INT)
    source = memory(SourceModel("sums", "wsdl", {"add": add}), {"add": lambda call: call.arguments["a"]})
    graph = build({"sums": source}, GraphSettings()).graph

    async def ask(query: str) -> Any:
        context = Context(asyncio.get_running_loop().time() + 5, "r1")
        answer = await graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=False)
        return answer.body

    assert await ask("mutation { add(a: 2) }") == {"data": {"add": 2}}
    assert await ask("{ sources }") == {"data": {"sources": ["sums"]}}


def problem(model: SourceModel, memory: Any) -> tuple[str, str]:
    with pytest.raises(ConfigurationError) as raised:
        build({model.name: memory(model, {})}, GraphSettings())
    (found,) = raised.value.problems
    assert found.where == ("sources", model.name)
    return found.what, found.mend


def test_why_nothing_is_served_is_told(memory: Any) -> None:
    model = SourceModel("sums", "wsdl", {}, left_out=(LeftOut("Add", WRITES_ARE_OFF),), declared=1)
    what, mend = problem(model, memory)
    assert what == "none of its 1 operations can be served; 1 of them: writes are off"
    assert "effect: read" in mend


def test_an_empty_database_is_told(memory: Any) -> None:
    what, mend = problem(SourceModel("stock", "database", {}), memory)
    assert what == "there are no tables or views in it"
    assert mend == "name others with schemas"


async def test_a_document_of_webhooks_alone_is_a_valid_graph(memory: Any) -> None:
    graph = build({"hooks": memory(SourceModel("hooks", "openapi", {}), {})}, GraphSettings()).graph
    context = Context(asyncio.get_running_loop().time() + 5, "r1")
    answer = await graph.execute(GraphQLRequest("{ sources }"), ANONYMOUS, context, read_only=False)
    assert answer.body == {"data": {"sources": ["hooks"]}}
