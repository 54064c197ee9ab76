"""The limit: no GraphQL, no checks; raw ASGI, aiohttp, orjson, lxml and aiosqlite, one function for each query.

It is what a careful hand would write for these queries and nothing else: every gateway must cost more.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import aiosqlite
import orjson
from lxml import etree

from benchmarks.asgi import Receive, Scope, Send, reply, request_body, serve
from benchmarks.servers.soap import HEADERS, SPACE, envelope

FIELDS = ("id", "number", "userId", "sku", "quantity", "total", "status", "createdAt")
ITEM, SKU, NAME, BRAND = (f"{{{SPACE}}}{name}" for name in ("item", "sku", "name", "brand"))


class Hand:
    """One HTTP session and one connection to the stock, opened at the first request."""

    def __init__(self) -> None:
        self.shop = os.environ["BENCH_SHOP_URL"]
        self.products_url = os.environ["BENCH_PRODUCTS_URL"]
        self.session: aiohttp.ClientSession | None = None
        self.stock: aiosqlite.Connection | None = None

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        asked = orjson.loads(await request_body(receive))["operationName"]
        if self.session is None:
            # As many calls at once as the others have under way; more of them wait for a connection.
            self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=20))
        await reply(send, orjson.dumps({"data": await getattr(self, asked.lower())()}))

    async def q1(self) -> dict[str, Any]:
        user = await self.get("/users/1")
        return {"user": {name: user[name] for name in ("id", "name", "email")}}

    async def q2(self) -> dict[str, Any]:
        return {"orders": [{name: order[name] for name in FIELDS} for order in await self.get("/orders?limit=100")]}

    async def q3(self) -> dict[str, Any]:
        return await self.with_users(100)

    async def q4(self) -> dict[str, Any]:
        return await self.with_users(1000)

    async def with_users(self, count: int) -> dict[str, Any]:
        orders = await self.get(f"/orders?limit={count}")
        users = await self.users(orders)
        found = [{name: order[name] for name in FIELDS} for order in orders]
        for order in found:
            order["user"] = users.get(order["userId"])
        return {"orders": found}

    async def q5(self) -> dict[str, Any]:
        orders = await self.get("/orders?limit=50")
        users = await self.users(orders)
        products = await self.products({order["sku"] for order in orders})
        return {
            "orders": [
                {
                    "id": order["id"],
                    "number": order["number"],
                    "user": users.get(order["userId"]),
                    "product": products.get(order["sku"]),
                }
                for order in orders
            ]
        }

    async def q6(self) -> dict[str, Any]:
        orders = await self.get("/orders?limit=100")
        wanted = list({order["userId"] for order in orders})
        users = dict(zip(wanted, await asyncio.gather(*map(self.user, wanted)), strict=True))
        found = [{name: order[name] for name in FIELDS} for order in orders]
        for order in found:
            order["buyer"] = users[order["userId"]]
        return {"orders": found}

    async def q7(self) -> dict[str, Any]:
        orders, user = await asyncio.gather(self.with_users(100), self.q1())
        return {**orders, **user}

    async def user(self, key: int) -> dict[str, Any]:
        user = await self.get(f"/users/{key}")
        return {"id": user["id"], "name": user["name"]}

    async def get(self, path: str) -> Any:
        assert self.session is not None
        async with self.session.get(self.shop + path) as answer:
            return orjson.loads(await answer.read())

    async def users(self, orders: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
        ids = ",".join(map(str, {order["userId"] for order in orders}))
        return {user["id"]: {"id": user["id"], "name": user["name"]} for user in await self.get(f"/users?ids={ids}")}

    async def products(self, skus: set[str]) -> dict[str, dict[str, Any]]:
        assert self.session is not None
        async with self.session.post(self.products_url, data=envelope(skus), headers=HEADERS) as answer:
            root = etree.fromstring(await answer.read())
        found: dict[str, dict[str, Any]] = {}
        for item in root.iter(ITEM):
            sku = item.findtext(SKU) or ""
            found[sku] = {"sku": sku, "name": item.findtext(NAME), "brand": item.findtext(BRAND), "inventory": None}
        if self.stock is None:
            self.stock = await aiosqlite.connect(os.environ["BENCH_STOCK_FILE"])
        marks = ",".join("?" * len(found))
        statement = f"SELECT sku, quantity, warehouse FROM inventory WHERE sku IN ({marks})"  # noqa: S608  # only marks
        for sku, quantity, warehouse in await self.stock.execute_fetchall(statement, tuple(found)):
            found[sku]["inventory"] = {"quantity": quantity, "warehouse": warehouse}
        return found


if __name__ == "__main__":
    serve(Hand())
