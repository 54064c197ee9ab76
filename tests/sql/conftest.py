"""A real SQLite file and a real PostgreSQL schema, both with untidy data; the latter is dropped again."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import pytest

from resolvers.source import Context
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.postgresql import POSTGRES, own_schema

SQLITE = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, active BOOLEAN);
CREATE TABLE addresses (id INTEGER PRIMARY KEY, customer_id INTEGER, line TEXT, "select" TEXT);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  billing_customer_id INTEGER REFERENCES customers(id),
  shipping_customer_id INTEGER REFERENCES customers(id),
  total DECIMAL(12,2), placed DATETIME, due DATE, ref UUID, qty INTEGER, rate REAL, raw BLOB, doc JSON
);
CREATE TABLE order_lines (
  order_id INTEGER NOT NULL REFERENCES orders(id), line_no INTEGER NOT NULL, sku TEXT, PRIMARY KEY (order_id, line_no)
);
CREATE TABLE shipments (
  id INTEGER PRIMARY KEY, order_id INTEGER, line_no INTEGER,
  FOREIGN KEY (order_id, line_no) REFERENCES order_lines(order_id, line_no)
);
CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, boss_id INTEGER REFERENCES staff(id));
CREATE TABLE status (id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE companies (id INTEGER PRIMARY KEY, gone_id INTEGER REFERENCES nowhere(id));
CREATE TABLE notes (body TEXT);
CREATE VIEW spenders AS SELECT billing_customer_id AS customer_id, count(*) AS n FROM orders GROUP BY 1;
CREATE VIEW broken AS SELECT x FROM never_made;
CREATE VIEW slow AS
  WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 2000000000) SELECT count(*) AS n FROM up;
INSERT INTO customers VALUES (1,'Ann','a@x',1),(2,'bob',NULL,0),(3,'100%_\\ pure',NULL,NULL),(4,'O''Brien; --',NULL,2);
INSERT INTO orders VALUES
  (1,1,2,10.10,'2026-01-31T12:00:00Z','2026-02-01','0b1e2d3c-0000-4000-8000-000000000001',1,0.5,x'00ff','{"a":[1]}'),
  (2,1,99,'1234567890123.45','2026-01-31 12:00:00',NULL,NULL,NULL,NULL,NULL,'not json'),
  (3,NULL,NULL,0,'soon','2026-02-01 00:00:00',NULL,'seven',NULL,NULL,NULL),
  (4,2,2,NULL,NULL,NULL,NULL,9007199254740993,NULL,NULL,NULL);
INSERT INTO order_lines VALUES (1,1,'a'),(1,2,'b'),(2,1,'a'),(77,1,'orphan');
INSERT INTO shipments VALUES (1,1,2),(2,1,NULL),(3,8,8);
INSERT INTO staff VALUES (1,'top',NULL),(2,'mid',1),(3,'low',2);
INSERT INTO notes VALUES ('same'),('same'),(NULL);
"""

POSTGRESQL = """
CREATE TYPE mood AS ENUM ('sad', 'so-so', 'happy');
CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE >= 0);
CREATE TABLE customers (
  region char(4), no smallint, name varchar(20) NOT NULL, email text UNIQUE, feeling mood, PRIMARY KEY (region, no)
);
COMMENT ON TABLE customers IS 'Who buys.';
COMMENT ON COLUMN customers.name IS 'As on the letter.';
CREATE TABLE orders (
  id integer PRIMARY KEY,
  billing_region char(4), billing_no smallint,
  shipping_region char(4), shipping_no smallint,
  big bigint, total numeric(30,10), fee amount, rate double precision, small real, paid boolean,
  placed timestamptz, booked timestamp, due date, at time, ref uuid, doc jsonb, raw bytea,
  tags text[], moods mood[], took interval, peer inet,
  FOREIGN KEY (billing_region, billing_no) REFERENCES customers,
  FOREIGN KEY (shipping_region, shipping_no) REFERENCES customers
);
CREATE TABLE staff (id int PRIMARY KEY, boss_id int REFERENCES staff);
CREATE TABLE hidden (id int PRIMARY KEY, word text);
CREATE UNIQUE INDEX ON hidden (word) WHERE id > 10;
CREATE VIEW sleepy AS SELECT id, pg_sleep(30)::text AS z FROM hidden;
CREATE VIEW dividing AS SELECT id, 1 / (id - 1) AS z FROM hidden;
CREATE MATERIALIZED VIEW totals AS SELECT billing_no AS no, sum(total) AS total FROM orders GROUP BY 1;
INSERT INTO customers VALUES
  ('EU', 1, 'Ann', 'a@x', 'so-so'), ('EU', 2, '100%_\\', NULL, NULL), ('US', 1, 'Ánn', NULL, 'sad');
INSERT INTO orders VALUES (
  1, 'EU', 1, 'US', 1, 9007199254740993, 12345678901234567890.0123456789, 2.50, 0.1, 0.1, true,
  '2026-01-31 13:00:00+01', '2026-01-31 12:00:00', '2026-02-01', '12:30', '0b1e2d3c-0000-4000-8000-000000000001',
  '{"a": [1, null]}', '\\x00ff', ARRAY['x', NULL], ARRAY['sad']::mood[], '1 day', '10.0.0.1'
);
INSERT INTO orders (id, billing_region, billing_no, shipping_no) VALUES (2, 'EU', 1, 1);
INSERT INTO staff VALUES (1, NULL), (2, 1);
INSERT INTO hidden VALUES (1, 'a'), (2, 'a');
"""


@pytest.fixture
def context() -> Callable[[], Context]:
    return lambda: Context(asyncio.get_running_loop().time() + 10, "test")


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "a b%20#.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SQLITE)
        connection.execute("INSERT INTO addresses VALUES (1, 1, 'High St', 'x')")
    connection.close()
    return path


@pytest.fixture
async def shop(sqlite_file: Path, tmp_path: Path) -> AsyncIterator[SqlSource]:
    settings = DatabaseSettings.model_validate({"database": f"sqlite:///{quote(sqlite_file.name)}", "timeout_s": 5})
    source = await open_database("shop", settings, tmp_path)
    yield source
    await source.close()


class Scratch:
    """A schema of its own in the test database, and a connection that may write to it."""

    def __init__(self, connection: asyncpg.Connection, schema: str) -> None:
        self.connection = connection
        self.schema = schema

    async def open(self, **settings: object) -> SqlSource:
        given = DatabaseSettings.model_validate({"database": POSTGRES, "schemas": [self.schema], **settings})
        return await open_database("depot", given, Path())


@pytest.fixture
async def scratch() -> AsyncIterator[Scratch]:
    async with own_schema() as made:
        await made.connection.execute(POSTGRESQL)
        yield Scratch(made.connection, made.name)


@pytest.fixture
async def depot(scratch: Scratch) -> AsyncIterator[SqlSource]:
    source = await scratch.open()
    yield source
    await source.close()
