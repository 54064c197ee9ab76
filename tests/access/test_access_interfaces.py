"""A rule on an interface holds for all of a type that implements it, also where another type leads to it."""

from __future__ import annotations

from typing import Annotated

import pytest
import strawberry

from schema import AccessSettings, Extension, Principal, RuleSettings
from tests.graph.company import company

CLERK = Principal("clerk")
BOSS = Principal("boss", roles=frozenset({"boss"}))


@strawberry.interface
class Staff:
    badge: int


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Manager(Staff, Named):
    salary: str = "SECRET"


@strawberry.type
class Visitor(Named):
    host: str = "nobody"


Anything = Annotated[Manager | Visitor, strawberry.union("Anything")]
MANAGER = Manager(badge=1, name="Mia")


def extension() -> Extension:
    made = Extension()

    @made.query
    def managers() -> list[Manager]:
        return [MANAGER]

    @made.query
    def staff() -> list[Staff]:
        return [MANAGER]

    @made.query
    def named() -> list[Named]:
        return [MANAGER, Visitor(name="Vic")]

    @made.query
    def anything() -> list[Anything]:
        return [MANAGER]

    return made


@pytest.mark.parametrize("coordinate", ["Staff", "Manager", "Manager.salary"])
@pytest.mark.parametrize(
    "query",
    [
        "{ managers { salary } }",
        "{ staff { ... on Manager { salary } } }",
        "{ named { ... on Manager { salary } } }",
        "{ anything { ... on Manager { salary } } }",
        "{ named { ...F } } fragment F on Named { ... on Staff { ... on Manager { salary } } }",
    ],
)
async def test_no_route_shows_what_an_interface_protects(coordinate: str, query: str) -> None:
    rules = {coordinate: RuleSettings(roles=("boss",))}
    made = company(AccessSettings(default="authenticated", rules=rules), extensions=[extension()])
    body = await made.ask(query, CLERK)
    assert "SECRET" not in str(body)
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    assert "SECRET" in str(await made.ask(query, BOSS))
