"""The tables that are asked, in a schema of their own: 1,000 customers, 10,000 orders, 30,000 items."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg  # type: ignore[import-untyped]  # the driver has no types

_TABLES = """
    CREATE TABLE customers (
      id int PRIMARY KEY, name text NOT NULL, city text NOT NULL, segment text NOT NULL, credit numeric(12,2) NOT NULL,
      email text, since timestamptz NOT NULL
    );
    CREATE TABLE orders (
      id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, number text NOT NULL UNIQUE,
      placed timestamptz NOT NULL, status text NOT NULL, total numeric(12,2) NOT NULL, currency text NOT NULL, note text
    );
    CREATE TABLE items (
      id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders, sku text NOT NULL, product text NOT NULL,
      quantity int NOT NULL, price numeric(12,2) NOT NULL
    );
    CREATE TABLE events (
      id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, note text, amount numeric(12,2) NOT NULL,
      at timestamptz NOT NULL
    );
    INSERT INTO customers SELECT i, 'Customer ' || i, 'City ' || i % 50, (array['A','B','C'])[1 + i % 3], i * 1.5,
      CASE WHEN i % 11 = 0 THEN NULL ELSE 'c' || i || '@example.com' END, timestamptz '2020-01-01Z' + i * interval '1 h'
      FROM generate_series(1, 1000) i;
    INSERT INTO orders SELECT i, 1 + (i * 7) % 1000, 'O-' || i, timestamptz '2024-01-01Z' + i * interval '13 min',
      (array['open','paid','shipped','cancelled'])[1 + i % 4], (i % 977) * 1.25, 'EUR',
      CASE WHEN i % 5 = 0 THEN NULL ELSE 'note ' || i END FROM generate_series(1, 10000) i;
    INSERT INTO items SELECT i, 1 + (i - 1) / 3, 'S-' || i % 500, 'Product ' || i % 500, 1 + i % 7, (i % 313) * 0.75
      FROM generate_series(1, 30000) i;
    CREATE INDEX ON orders (customer_id); CREATE INDEX ON orders (placed, id); CREATE INDEX ON orders (status);
    CREATE INDEX ON items (order_id);
"""


@asynccontextmanager
async def tables(url: str) -> AsyncIterator[str]:
    """The name of the schema, which is there for as long as the block runs.

    Raises:
        OSError: no database answers there. asyncpg.PostgresError: it does not let us in.
    """
    connection = await asyncpg.connect(url, timeout=5)
    schema = f"isthmus_bench_{uuid.uuid4().hex[:12]}"
    try:
        await connection.execute(f"CREATE SCHEMA {schema}")
        await connection.execute(f"SET search_path TO {schema}")
        await connection.execute(_TABLES)
        await connection.execute("ANALYZE")
        yield schema
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await connection.close()


async def empty_events(url: str, schema: str) -> int:
    """Takes away what was inserted, and tells how many rows that were."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        count: int = await connection.fetchval(f"SELECT count(*) FROM {schema}.events")  # noqa: S608  # our own name
        await connection.execute(f"TRUNCATE {schema}.events")
    finally:
        await connection.close()
    return count
