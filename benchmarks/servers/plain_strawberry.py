"""Strawberry with its DataLoader, httpx and SQLAlchemy, as their documentation shows them: no caches, no tuning."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Any

import httpx
import strawberry
from lxml import etree
from sqlalchemy import bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from benchmarks.asgi import serve
from benchmarks.servers.soap import HEADERS, SPACE, envelope

STATEMENT = text("SELECT sku, quantity, warehouse FROM inventory WHERE sku IN :skus").bindparams(
    bindparam("skus", expanding=True)
)


@strawberry.type
class User:
    id: int
    name: str
    email: str
    city: str


@strawberry.type
class Inventory:
    quantity: int
    warehouse: str


@strawberry.type
class Product:
    sku: str
    name: str
    brand: str

    @strawberry.field
    async def inventory(self, info: strawberry.Info) -> Inventory | None:
        found: Inventory | None = await info.context.inventory.load(self.sku)
        return found


@strawberry.type
class Order:
    id: int
    number: str
    user_id: int
    sku: str
    quantity: int
    total: float
    status: str
    created_at: str

    @strawberry.field
    async def user(self, info: strawberry.Info) -> User | None:
        found: User | None = await info.context.users.load(self.user_id)
        return found

    @strawberry.field
    async def buyer(self, info: strawberry.Info) -> User:
        found: User = await info.context.buyers.load(self.user_id)
        return found

    @strawberry.field
    async def product(self, info: strawberry.Info) -> Product | None:
        found: Product | None = await info.context.products.load(self.sku)
        return found


@strawberry.type
class Query:
    @strawberry.field
    async def user(self, info: strawberry.Info, id: int) -> User:  # noqa: A002  # the argument's name in the query
        found: User = await info.context.load_user(id)
        return found

    @strawberry.field
    async def orders(self, info: strawberry.Info, limit: int) -> list[Order]:
        reply = await info.context.client.get("/orders", params={"limit": limit})
        return [_order(row) for row in reply.json()]


def _order(row: dict[str, Any]) -> Order:
    return Order(
        id=row["id"],
        number=row["number"],
        user_id=row["userId"],
        sku=row["sku"],
        quantity=row["quantity"],
        total=row["total"],
        status=row["status"],
        created_at=row["createdAt"],
    )


@dataclass
class Context:
    """The loaders of one request."""

    client: httpx.AsyncClient
    engine: AsyncEngine
    places: asyncio.Semaphore

    def __post_init__(self) -> None:
        self.buyers: DataLoader[int, User] = DataLoader(self.load_single_users)
        self.users: DataLoader[int, User | None] = DataLoader(self.load_users)
        self.products: DataLoader[str, Product | None] = DataLoader(self.load_products)
        self.inventory: DataLoader[str, Inventory | None] = DataLoader(self.load_inventory)

    async def load_user(self, key: int) -> User:
        async with self.places:
            reply = await self.client.get(f"/users/{key}")
        return User(**reply.json())

    async def load_single_users(self, ids: list[int]) -> list[User]:
        return await asyncio.gather(*map(self.load_user, ids))

    async def load_users(self, ids: list[int]) -> list[User | None]:
        reply = await self.client.get("/users", params={"ids": ",".join(map(str, ids))})
        found = {row["id"]: User(**row) for row in reply.json()}
        return [found.get(key) for key in ids]

    async def load_products(self, skus: list[str]) -> list[Product | None]:
        reply = await self.client.post(os.environ["BENCH_PRODUCTS_URL"], content=envelope(skus), headers=HEADERS)
        found: dict[str, Product] = {}
        for item in etree.fromstring(reply.content).iter(f"{{{SPACE}}}item"):
            sku, name, brand = (item.findtext(f"{{{SPACE}}}{part}") or "" for part in ("sku", "name", "brand"))
            found[sku] = Product(sku=sku, name=name, brand=brand)
        return [found.get(key) for key in skus]

    async def load_inventory(self, skus: list[str]) -> list[Inventory | None]:
        async with self.engine.connect() as connection:
            rows = (await connection.execute(STATEMENT, {"skus": skus})).all()
        found = {row.sku: Inventory(quantity=row.quantity, warehouse=row.warehouse) for row in rows}
        return [found.get(key) for key in skus]


class Server(GraphQL[Context, None]):
    """One HTTP client and one engine for all requests, a context with new loaders for each."""

    def __init__(self) -> None:
        super().__init__(strawberry.Schema(Query), graphql_ide=None)
        self.client = httpx.AsyncClient(base_url=os.environ["BENCH_SHOP_URL"])
        self.engine = create_async_engine(os.environ["BENCH_STOCK_URL"])
        self.places = asyncio.Semaphore(20)

    async def get_context(self, request: Any, response: Any) -> Context:  # noqa: ARG002  # Strawberry's signature
        return Context(self.client, self.engine, self.places)


if __name__ == "__main__":
    serve(Server())
