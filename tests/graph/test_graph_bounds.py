"""What an answer may grow to at run time, whatever its document looks like."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resolvers import (
    Call,
    Context,
    Effect,
    Field,
    ListRef,
    NamedRef,
    ObjectType,
    Operation,
    Scalar,
    ScalarRef,
    SourceModel,
)
from schema import ANONYMOUS, GraphQLRequest, GraphSettings, OperationLimits, build

INT = ScalarRef(Scalar.INT)


def model() -> SourceModel:
    row = ObjectType("Row", {"n": Field("n", INT), "rows": Field("rows", ListRef(NamedRef("Row")))})
    rows = Operation("rows", Effect.READ, {}, ListRef(NamedRef("Row", nullable=True)))
    return SourceModel("memory", "openapi", {"rows": rows}, {"Row": row})


def rows(_call: Call) -> object:
    return [{"n": "wrong", "rows": [{"n": 1}, {"n": 2}]} for _ in range(300)]


async def ask(memory: Any, query: str, **limits: int) -> Any:
    settings = GraphSettings(limits=OperationLimits.model_validate(limits))
    graph = build({"memory": memory(model(), {"rows": rows})}, settings).graph
    context = Context(asyncio.get_running_loop().time() + 5, "r1")
    answer = await graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=False)
    return answer.body


async def test_errors_beyond_the_limit_are_counted(memory: Any) -> None:
    body = await ask(memory, "{ rows { n } }", max_failures=20)
    assert body["data"] == {"rows": [None] * 300}
    assert [error["path"] for error in body["errors"]] == [["rows", index, "n"] for index in range(20)]
    assert body["extensions"] == {"moreErrors": 280}


@pytest.mark.parametrize(("most", "served"), [(900 + 1, True), (900, False)])
async def test_an_answer_has_no_more_objects_than_allowed(memory: Any, most: int, *, served: bool) -> None:
    body = await ask(memory, "{ rows { rows { n } } }", max_objects=most)
    assert (body["data"] is not None) is served
    if not served:
        assert [error["extensions"]["code"] for error in body["errors"]] == ["LIMIT_EXCEEDED"]
