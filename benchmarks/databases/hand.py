"""The limit: no GraphQL, no token, no checks; raw ASGI, asyncpg and orjson, one function for each question."""

from __future__ import annotations

import os
from datetime import datetime
from decimal import Decimal
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import orjson

from benchmarks.asgi import Receive, Scope, Send, reply, request_body, serve

_LIST = "SELECT id, customer_id, number, placed, status, total, currency, note FROM orders ORDER BY id LIMIT 100"
_GROUPS = "SELECT status, count(*), sum(total), max(total) FROM orders GROUP BY status"
_PART = "SELECT id, number, placed, total FROM orders WHERE (placed, id) > ($1, $2) ORDER BY placed, id LIMIT 51"
_INSERT = "INSERT INTO events (kind, note, amount, at) SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::timestamptz[])"  # noqa: E501  # one statement


class Hand:
    """A pool like that of the others, opened at the first request."""

    def __init__(self) -> None:
        self.pool: asyncpg.Pool | None = None

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        asked = orjson.loads(await request_body(receive))
        if self.pool is None:
            settings = {"search_path": os.environ["BENCH_SCHEMA"]}
            self.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], server_settings=settings)
        name = asked.get("operationName") or "before"
        async with self.pool.acquire() as connection:
            found = await getattr(self, f"_{name}")(connection, asked["variables"])
        await reply(send, orjson.dumps({"data": found}, default=str))

    async def _list(self, connection: asyncpg.Connection, _: Any) -> Any:
        names = ("id", "customerId", "number", "placed", "status", "total", "currency", "note")
        return [dict(zip(names, row, strict=True)) for row in await connection.fetch(_LIST)]

    async def _nested(self, connection: asyncpg.Connection, _: Any) -> Any:
        customers = {
            row[0]: {"id": row[0], "name": row[1], "orders": []}
            for row in await connection.fetch("SELECT id, name FROM customers ORDER BY id LIMIT 20")
        }
        asked = "SELECT id, number, customer_id FROM orders WHERE customer_id = ANY($1) ORDER BY id"
        orders: dict[int, dict[str, Any]] = {}
        for row in await connection.fetch(asked, list(customers)):
            orders[row[0]] = order = {"id": row[0], "number": row[1], "items": []}
            customers[row[2]]["orders"].append(order)
        asked = "SELECT id, sku, quantity, order_id FROM items WHERE order_id = ANY($1) ORDER BY id"
        for row in await connection.fetch(asked, list(orders)):
            orders[row[3]]["items"].append({"id": row[0], "sku": row[1], "quantity": row[2]})
        return list(customers.values())

    async def _aggregate(self, connection: asyncpg.Connection, _: Any) -> Any:
        return [list(row) for row in await connection.fetch(_GROUPS)]

    async def _before(self, connection: asyncpg.Connection, _: Any) -> Any:
        row = await connection.fetchrow("SELECT placed, id FROM orders ORDER BY placed, id OFFSET 49 LIMIT 1")
        return f"{row[0].isoformat()} {row[1]}"

    async def _connection(self, connection: asyncpg.Connection, variables: Any) -> Any:
        placed, _, number = variables["after"].partition(" ")
        rows = await connection.fetch(_PART, datetime.fromisoformat(placed), int(number))
        names = ("id", "number", "placed", "total")
        return [dict(zip(names, row, strict=True)) for row in rows[:50]], len(rows) > 50

    async def _insert(self, connection: asyncpg.Connection, variables: Any) -> Any:
        rows = variables["rows"]
        columns = (
            [row["kind"] for row in rows],
            [row["note"] for row in rows],
            [Decimal(row["amount"]) for row in rows],
            [datetime.fromisoformat(row["at"]) for row in rows],
        )
        return int((await connection.execute(_INSERT, *columns)).rpartition(" ")[2])


if __name__ == "__main__":
    serve(Hand())
