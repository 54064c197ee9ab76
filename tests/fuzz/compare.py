"""One case: the same operation by columns and by graphql-core, on the same company."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import OperationType, parse, validate

from resolvers import Context
from schema import ANONYMOUS, Executor, Graph, GraphQLRequest, GraphSettings, OperationLimits, build
from schema.plan.fields import ReadKey
from schema.plan.operation import PlannedField
from tests.fuzz.operations import Writer
from tests.fuzz.world import STILL, World, make, waits

_BOUNDED = {"cost", "filter_keys", "filter_depth"}
LIMITS = OperationLimits.model_validate(
    {**dict.fromkeys(OperationLimits.model_fields.keys() - _BOUNDED, 1 << 30), "filter_depth": 5}
)
"""Nothing is refused for its size: both executors would say the same, before either runs."""


@dataclass(frozen=True)
class Case:
    """What both executors said. ``difference``: what is wrong, empty when nothing is. ``exact``: errors alike too.

    ``strict``: nothing below the root waits, so even the order of errors had to be the same.
    """

    query: str
    difference: str
    exact: bool
    failures: int
    strict: bool = False


def graphs(world: World) -> dict[Executor, Graph]:
    made: dict[Executor, Graph] = {}
    names: tuple[Executor, ...] = ("columns", "reference")
    for executor in names:
        settings = GraphSettings(links=world.links, extensions=world.extensions, executor=executor, limits=LIMITS)
        made[executor] = build(world.sources(), settings).graph
    return made


async def cases(seed: int, operations: int) -> list[Case]:
    """Random operations on the company of a seed; each runs twice, with the conditions turned round."""
    world = make(seed)
    made = graphs(world)
    done: list[Case] = []
    for number in range(operations):
        schema, rng = made["columns"].schema, Random(f"{seed}/{number}")
        query = (Writer(schema, rng, waits) if number % 3 == 0 else Writer(schema, rng)).operation()
        if validate(made["columns"].schema, parse(query)):
            continue  # a merge conflict: nothing to run
        for yes in (True, False):
            variables = {"yes": yes, "no": not yes, "n": number}
            replies = {name: await ask(graph, query, variables) for name, graph in made.items()}
            done.append(
                _compared(query, replies["columns"], replies["reference"], _orders(made["columns"], query, variables))
            )
    return done


async def ask(graph: Graph, query: str, variables: Mapping[str, object]) -> Any:
    answer = await graph.execute(GraphQLRequest(query, "Fuzz", variables), ANONYMOUS, context(), read_only=False)
    return json.loads(answer.encode())


def context() -> Context:
    """That of one request, which nothing hurries."""
    return Context(asyncio.get_running_loop().time() + 60, "r", max_calls=100_000)


def _orders(graph: Graph, query: str, variables: Mapping[str, object]) -> int:
    """How many fields of the root may tell their errors in any order among each other; 0: fields below wait, too.

    A field that does not wait is completed before anything else happens, in graphql-core as by columns.
    """
    document = graph.documents.get(query, "Fuzz")
    coerced = graph._variables(graph.schema, document.operation, variables)
    assert not isinstance(coerced, list)
    fields = document.plan(graph._policy, ANONYMOUS, coerced, variables).fields
    if any(len(path) > 1 and _waits(planned) for (_, path), planned in fields.items()):
        return 0
    serial = document.operation.operation is OperationType.MUTATION
    return 1 if serial else sum(len(path) == 1 for _, path in fields)


def _waits(planned: PlannedField) -> bool:
    return not (isinstance(planned.plan, ReadKey) or planned.name in STILL)


def _misplaced(mine: list[dict[str, Any]], theirs: list[dict[str, Any]], *, together: bool) -> bool:
    """True when errors differ, or their order does: of all where they come ``together``, else below each root field."""
    if together:
        return list(map(_told, mine)) != list(map(_told, theirs))
    roots = {error["path"][0] for error in (*mine, *theirs)}
    return any(
        [_told(error) for error in mine if error["path"][0] == root]
        != [_told(error) for error in theirs if error["path"][0] == root]
        for root in roots
    )


def _compared(query: str, columns: Any, reference: Any, orders: int) -> Case:
    mine, theirs = columns.get("errors", []), reference.get("errors", [])
    if json.dumps(columns.get("data")) != json.dumps(reference.get("data")):
        return Case(query, "data", exact=False, failures=len(mine))
    exact = sorted(map(_told, mine)) == sorted(map(_told, theirs))
    difference = ""
    if not exact and _nulls(mine, columns["data"]) != _nulls(theirs, columns["data"]):
        difference = "errors"
    strict = orders == 1 or (orders > 1 and columns["data"] is not None)
    if not difference and strict and _misplaced(mine, theirs, together=orders == 1):
        difference = "order of errors"
    return Case(query, difference, exact, len(mine), strict)


def _told(error: dict[str, Any]) -> str:
    return json.dumps([error["path"], error["message"], error["extensions"], error.get("locations")])


def _nulls(errors: list[dict[str, Any]], data: Any) -> set[str]:
    """The nulls that the errors explain. Which of several errors under one null is told is a matter of timing."""
    found = set()
    for error in errors:
        value, path = data, []
        for key in error["path"]:
            if value is None:
                break
            path.append(key)
            value = value[key] if isinstance(value, dict) or key < len(value) else None
        found.add(json.dumps(path))
    return found
