"""What hand-written fields may give: iterators, awaitables within them, and types that judge their values."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
import strawberry
from graphql.pyutils import Path

from schema import Executor, Extension
from tests.graph.company import company

EXECUTORS: list[Executor] = ["columns", "reference"]


@strawberry.type
class Judged:
    number: int

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> Any:
        async def later() -> bool:
            await asyncio.sleep(0)
            return isinstance(value, Judged) and value.number < 2

        return later()


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_an_iterator_that_fails_on_its_way_fails_its_field_alone(executor: Executor) -> None:
    extension = Extension()

    @extension.query
    def breaks() -> list[int] | None:
        def each() -> Iterator[int]:
            yield 1
            raise ValueError("secret")

        return cast("list[int]", each())

    @extension.query
    def nested() -> list[list[int] | None]:
        def each() -> Iterator[int]:
            yield 1
            raise ValueError("secret")

        return cast("list[list[int] | None]", ([2], each(), (3, 4)))

    made = company(extensions=[extension], executor=executor)
    body = await made.ask("{ breaks nested }")
    assert body["data"] == {"breaks": None, "nested": [[2], None, [3, 4]]}
    assert [error["path"] for error in body["errors"]] == [["breaks"], ["nested", 1]]
    assert "secret" not in str(body)


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_items_that_come_later_are_awaited_whatever_gives_them(executor: Executor) -> None:
    extension = Extension()

    async def later(number: int) -> int:
        await asyncio.sleep(0)
        if number == 2:
            raise ValueError("secret")
        return number

    @extension.query
    def tupled() -> list[int | None]:
        return cast("list[int | None]", (later(1), later(2), 3))

    @extension.query
    def generated() -> list[int | None]:
        return cast("list[int | None]", (later(number) for number in (1, 2)))

    made = company(extensions=[extension], executor=executor)
    body = await made.ask("{ tupled generated }")
    assert body["data"] == {"tupled": [1, None, 3], "generated": [1, None]}
    assert [error["path"] for error in body["errors"]] == [["tupled", 1], ["generated", 1]]


async def test_a_type_that_judges_its_values_later_is_never_taken_for_a_yes() -> None:
    extension = Extension()

    @extension.query
    def judged() -> Judged | None:
        return Judged(number=7)

    body = await company(extensions=[extension]).ask("{ judged { number } }")
    assert body["data"] == {"judged": None}
    assert [error["path"] for error in body["errors"]] == [["judged"]]


@pytest.mark.parametrize("executor", EXECUTORS)
async def test_a_path_tells_the_type_of_every_field_on_it(executor: Executor) -> None:
    extension = Extension()
    seen: list[list[object]] = []

    @extension.field("Person")
    def where(_parent: object, info: strawberry.Info) -> str:
        path: Path | None = info.path
        found = []
        while path is not None:
            found.append((path.key, path.typename))
            path = path.prev
        seen.append(cast("list[object]", found))
        return "here"

    made = company(extensions=[extension], executor=executor)
    await made.ask("{ search { where } }")
    assert seen[0] == [("where", "Person"), (0, None), ("search", "Query")]
