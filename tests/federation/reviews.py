"""A subgraph of somebody else: reviews of customers, whom it knows by nothing but their key."""

from __future__ import annotations

import strawberry
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.federation import Schema


@strawberry.federation.type(keys=["id"])
class Customer:
    id: int = strawberry.federation.field()

    @strawberry.field
    def reviews(self) -> list[str]:
        return [f"Review of {self.id}"]

    @classmethod
    def resolve_reference(cls, id: int) -> Customer:  # noqa: A002  # the name is the key's
        return Customer(id=id)


@strawberry.type
class Query:
    @strawberry.field
    def reviewed(self) -> list[Customer]:
        return [Customer(id=number) for number in (1, 9, 4)]


SCHEMA = Schema(query=Query, types=[Customer])


def app() -> Starlette:
    """The subgraph, at /graphql."""
    made = Starlette()
    made.mount("/graphql", GraphQL(SCHEMA))
    return made
