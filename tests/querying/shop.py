"""A shop with untidy rows, the same in every database, and the gateway in front of it as tests ask it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, cast

from gateway.file.config import read
from gateway.snapshot import Snapshot, load
from resolvers import Context, Journal
from resolvers.source import Caller
from schema import ANONYMOUS, GraphQLRequest, Principal
from tests.mariadb import own_database
from tests.postgresql import own_schema

TABLES = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, email VARCHAR(40) UNIQUE, city VARCHAR(40), credit DECIMAL(12,2)
);
CREATE TABLE staff (id INTEGER PRIMARY KEY, name VARCHAR(40), boss_id INTEGER REFERENCES staff (id));
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), taken_by INTEGER REFERENCES staff (id),
  placed DATE, total DECIMAL(12,2), state VARCHAR(10)
);
CREATE TABLE products (id INTEGER PRIMARY KEY, label VARCHAR(40), price DECIMAL(12,2));
CREATE TABLE order_lines (
  order_id INTEGER NOT NULL REFERENCES orders (id), line_no INTEGER NOT NULL,
  product_id INTEGER REFERENCES products (id), quantity INTEGER, PRIMARY KEY (order_id, line_no)
);
CREATE TABLE notes (body VARCHAR(40));
"""
ROWS = """
INSERT INTO customers VALUES
  (1, 'Ann', 'ann@x', 'Bern', 10.10), (2, 'Bob', NULL, 'bern', NULL), (3, '100%_\\ pure', NULL, NULL, 0.30),
  (4, 'Zoë', 'zoe@x', 'Basel', 12345678.90), (5, 'nobody', 'no@x', 'Basel', 0);
INSERT INTO staff VALUES (1, 'top', NULL), (2, 'mid', 1), (3, 'low', 2), (4, 'low too', 2);
INSERT INTO orders VALUES
  (1, 1, 3, '2026-01-31', 10.10, 'open'), (2, 1, 2, '2026-02-01', 0.20, 'paid'), (3, NULL, NULL, NULL, 7.00, 'open'),
  (4, 2, 4, '2026-02-01', NULL, NULL), (5, 4, 3, '2025-12-31', 99.99, 'paid'), (6, 1, 1, '2026-02-01', 0.20, 'open'),
  (7, 4, NULL, NULL, 1.00, 'lost');
INSERT INTO products VALUES (1, 'cup', 2.50), (2, 'tea', 0.99), (3, 'kettle', NULL), (4, 'never sold', 1.00);
INSERT INTO order_lines VALUES
  (1, 1, 1, 2), (1, 2, 2, 1), (2, 1, 2, NULL), (4, 1, NULL, 3), (5, 1, 3, 1), (5, 2, 1, 6), (5, 3, 2, 6), (6, 1, 2, 4);
INSERT INTO notes VALUES ('same'), ('same'), (NULL);
"""
DATABASES = ("sqlite", "postgresql", "mariadb")


@dataclass(slots=True)
class Shop:
    """``kind``: which database it is. ``statements``: how many the last question cost, and what they were; ``texts``:
    the same as the database got them.
    """

    kind: str
    snapshot: Snapshot
    statements: list[str]
    texts: list[str]

    async def ask(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
        """The body of the answer, as JSON says it."""
        context = Context(
            asyncio.get_running_loop().time() + 20,
            "test",
            caller=Caller(claims={"sub": principal.subject}),
            journal=Journal(detailed=True),
        )
        request = GraphQLRequest(query, None, variables)
        answer = await self.snapshot.graph.execute(request, principal, context, read_only=True)
        self.statements = [call.wire for call in context.journal.calls]
        self.texts = [call.text for call in context.journal.calls]
        return json.loads(answer.encode())

    async def data(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> Any:
        """The data of an answer without errors."""
        body = await self.ask(query, principal, **variables)
        assert "errors" not in body, body["errors"][:2]
        return body["data"]

    async def refusal(self, query: str, principal: Principal = ANONYMOUS, **variables: object) -> tuple[str, str]:
        """Code and message of the only error of an answer."""
        body = await self.ask(query, principal, **variables)
        (error,) = body["errors"]
        return error["extensions"]["code"], error["message"]


@contextlib.asynccontextmanager
async def database(kind: str, folder: Path, script: str) -> AsyncIterator[Mapping[str, object]]:
    """The settings of a source whose tables ``script`` made."""
    if kind == "sqlite":
        with sqlite3.connect(folder / "shop.db") as connection:
            connection.executescript(script)
        connection.close()
        yield {"database": "sqlite:///shop.db"}
    elif kind == "mariadb":
        with own_database("utf8mb4_bin") as own:
            own.run(f"SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES'); {script}")
            yield {"database": own.url}
    else:
        async with own_schema() as made:
            await made.connection.execute(script)
            yield {"database": made.url.render_as_string(hide_password=False), "schemas": [made.name]}


@contextlib.asynccontextmanager
async def shop(
    kind: str, folder: Path, rest: str = "", script: str = TABLES + ROWS, **more: object
) -> AsyncIterator[Shop]:
    """The gateway over one database; ``rest``: what else the configuration file says, ``more``: of the source."""
    rest = dedent(rest) or "access: { default: anonymous }"
    async with database(kind, folder, script) as settings:
        if "schemas" in settings and isinstance(tables := more.get("tables"), dict):
            (own,) = cast("list[str]", settings["schemas"])
            more["tables"] = {f"{own}.{name}": stated for name, stated in tables.items()}
        file = folder / "isthmus.yaml"
        file.write_text(f"sources:\n  shop: {json.dumps({**settings, **more})}\n{rest}\n", "utf-8")
        snapshot = await load(read(file, {}))
        try:
            yield Shop(kind, snapshot, [], [])
        finally:
            await snapshot.close()
