from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission

from resolvers import ConfigurationError
from schema import Extension, GraphQLRequest
from tests.graph.company import company

Parent = Mapping[str, object]


class Never(BasePermission):
    message = "never"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:  # noqa: ARG002  # Strawberry's
        return False


class Loud(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return str(await next_(source, info, **kwargs)).upper()


@strawberry.type
class Receipt:
    number: int

    @strawberry.field
    async def doubled(self) -> int:
        await asyncio.sleep(0)
        return self.number * 2


async def test_synchronous_and_asynchronous_fields_see_what_they_need_by_graphql_names() -> None:
    extension = Extension()
    seen: list[Parent] = []

    @extension.field("Orders", needs=("personId", "number"))
    def label(parent: Parent, prefix: str = "no") -> str:
        seen.append(parent)
        return f"{prefix}:{parent['number']}/{parent['personId']}"

    @extension.field("Orders", needs=("cost",))
    async def gross_cost(parent: Parent) -> int:
        await asyncio.sleep(0)
        return int(str(parent["cost"])) * 2

    made = company(extensions=[extension])
    body = await made.ask('{ orders { label(prefix: "x") grossCost } }')
    assert body == {"data": {"orders": [{"label": "x:A-1/1", "grossCost": 10}]}}
    assert set(made.shop.calls[0].selection.fields) == {"person_id", "number", "cost"}


async def test_a_batch_gets_the_whole_column_once() -> None:
    extension = Extension()
    seen: list[list[object]] = []

    @extension.batch("Person", needs=("id",))
    async def rank(parents: list[Parent]) -> list[int]:
        seen.append([parent["id"] for parent in parents])
        return [10 + number for number in range(len(parents))]

    made = company(extensions=[extension])
    people = [{"id": key, "email": "e", "name": "n", "salary": 1} for key in range(50)]
    made.crm.answers = {**made.crm.answers, "search": lambda _: people}
    body = await made.ask("{ search { rank } }")
    assert [row["rank"] for row in body["data"]["search"]] == list(range(10, 60))
    assert seen == [list(range(50))]


async def test_a_batch_of_the_wrong_length_fails_its_field_and_says_nothing_of_itself() -> None:
    extension = Extension()

    @extension.batch("Person", needs=("id",))
    async def rank(parents: list[Parent]) -> list[int | None]:
        return []

    body = await company(extensions=[extension]).ask("{ search { id rank } }")
    assert body["data"] == {"search": [{"id": 1, "rank": None}]}
    (error,) = body["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["search", 0, "rank"], "INTERNAL")
    assert "results for" not in str(body)


async def test_permission_classes_and_field_extensions_work_on_generated_types() -> None:
    extension = Extension()

    @extension.field("Person", needs=("name",), permission_classes=[Never])
    async def nickname(parent: Parent) -> str | None:
        raise AssertionError("it must not run")

    @extension.field("Person", needs=("name",), extensions=[Loud()], description="Loudly.")
    async def shout(parent: Parent) -> str:
        return str(parent["name"])

    made = company(extensions=[extension])
    body = await made.ask("{ search { shout nickname } }")
    assert body["data"] == {"search": [{"shout": "ADA", "nickname": None}]}
    assert [error["path"] for error in body["errors"]] == [["search", 0, "nickname"]]
    assert '"""Loudly."""' in made.graph.sdl()


async def test_hand_written_mutations_and_types_stand_beside_generated_ones() -> None:
    extension = Extension()

    @extension.mutation
    async def issue_receipt(number: int) -> Receipt:
        return Receipt(number=number)

    @extension.query
    def receipts() -> list[Receipt]:
        return [Receipt(number=1), Receipt(number=2)]

    made = company(extensions=[extension])
    body = await made.ask("mutation { issueReceipt(number: 4) { doubled } change { id } }")
    assert body["data"] == {"issueReceipt": {"doubled": 8}, "change": {"id": 1}}
    assert (await made.ask("{ receipts { number } search { id } }"))["data"] == {
        "receipts": [{"number": 1}, {"number": 2}],
        "search": [{"id": 1}],
    }


def faults(extension: Extension) -> list[tuple[str, str]]:
    with pytest.raises(ConfigurationError) as raised:
        company(extensions=[extension])
    assert {problem.where for problem in raised.value.problems} == {("extensions",)}
    return [(problem.what, problem.mend) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("owner", "needs", "what", "mend"),
    [
        ("Persn", (), 'an extension adds to the type "Persn", which does not exist', 'did you mean "Person"'),
        ("Person", ("nam",), 'Person.orders needs "nam", which is no field of "Person"', 'did you mean "name"'),
        ("Person", (), "an extension adds Person.orders, which exists already", "choose another name"),
        (
            "Lonely",
            (),
            'no field returns "Lonely", so nobody could ask for this',
            "link from a type that is returned, or remove it",
        ),
    ],
)
def test_what_does_not_fit_is_said_when_the_graph_is_built(
    owner: str, needs: tuple[str, ...], what: str, mend: str
) -> None:
    extension = Extension()

    @extension.field(owner, needs=needs)
    def orders(parent: Parent) -> str:
        return ""

    assert (what, mend) in faults(extension)


def test_a_hand_written_field_does_not_replace_a_generated_one() -> None:
    extension = Extension()

    @extension.field("Person")
    def name(parent: Parent) -> str:
        return "x"

    assert faults(extension) == [("an extension adds Person.name, which exists already", "choose another name")]


async def test_what_a_resolver_does_to_its_arguments_does_not_last() -> None:
    extension = Extension()

    @extension.query
    def emptied(given: strawberry.scalars.JSON) -> int:
        assert isinstance(given, list)
        count = len(given)
        given.clear()
        return count

    made = company(extensions=[extension])
    for _ in range(3):
        assert await made.ask("{ emptied(given: [1, 2]) }") == {"data": {"emptied": 2}}


@pytest.mark.parametrize("executor", ["columns", "reference"])
async def test_no_mutation_runs_after_the_answer_is_lost(executor: Any) -> None:
    extension = Extension()
    ran: list[str] = []

    @extension.mutation
    def breaks() -> int:
        ran.append("breaks")
        raise ValueError

    @extension.mutation
    def follows() -> int:
        ran.append("follows")
        return 1

    body = await company(extensions=[extension], executor=executor).ask("mutation { breaks follows }")
    assert body["data"] is None
    assert ran == ["breaks"]


async def test_a_resolver_that_is_cancelled_from_within_fails_alone() -> None:
    extension = Extension()

    @extension.query
    async def cancelled() -> int | None:
        raise asyncio.CancelledError

    @extension.query
    def fine() -> int:
        return 1

    body = await company(extensions=[extension]).ask("{ cancelled fine }")
    assert body["data"] == {"cancelled": None, "fine": 1}
    assert [error["path"] for error in body["errors"]] == [["cancelled"]]


async def test_a_comment_does_not_make_a_read_a_write() -> None:
    graph = company().graph
    assert not graph.writes(GraphQLRequest("# mutation\n{ desk { first { id } } }"))
    assert not graph.writes(GraphQLRequest("mutation {"))
    assert graph.writes(GraphQLRequest("mutation { remove }"))
