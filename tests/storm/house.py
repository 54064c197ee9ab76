"""A gateway with everything that a stranger can touch: tokens, keys, rules on rows, masks, views, costs, documents."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from gateway.app import make_app
from gateway.file.config import read
from gateway.snapshot import Holder, load
from gateway.token import sign

_FILE = """
sources:
  shop:
    database: sqlite:///shop.sqlite
    writes: [orders]
access:
  default: authenticated
  tags: { private: ["*.iban"] }
  rules:
    Customer.name: { anonymous: true }
    Query.customers: { anonymous: true }
    "#private": { roles: [staff], mask: last4 }
    Order: { rows: { customerId: { eq: $claims.customer } }, unless: { roles: [staff] } }
  views: { small: { include: ["Query.customers", "Customer.*"] } }
limits: { cost: { max: 100000, report: true } }
server:
  jwt: { issuer: "https://id.example/", audience: isthmus, secret: "0123456789abcdef0123456789abcdef" }
  documents: { automatic: {} }
  api_keys: { keys: [{ name: ci, hash: "sha256:6e2b1b5d8d1f3f0a2c9d9f6c0f8f9a1b2c3d4e5f60718293a4b5c6d7e8f90a1b" }] }
"""
_TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, iban TEXT, since TIMESTAMP, credit NUMERIC(12,2));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),
  state TEXT, total NUMERIC(12,2));
INSERT INTO customers VALUES (1, 'Ann', 'CH93-0076', '2024-01-31 12:00:00', 1.5), (2, 'Bö', NULL, NULL, 20);
INSERT INTO orders VALUES (1, 1, 'open', 9.75), (2, 1, 'paid', 1), (3, 2, 'open', NULL);
"""


@dataclass(frozen=True, slots=True)
class House:
    app: Starlette
    tokens: tuple[str, ...]


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """The application and good tokens for it: a customer's, and one of the staff."""
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.executescript(_TABLES)
    (folder / "isthmus.yaml").write_text(_FILE, "utf-8")
    chosen = read(folder / "isthmus.yaml", {})
    snapshot = await load(chosen)
    jwt = chosen.settings.server.jwt
    tokens = tuple(sign(jwt, name, scopes=[], roles=roles) for name, roles in (("ann", []), ("bob", ["staff"])))
    try:
        yield House(make_app(Holder(snapshot), chosen.settings.server), tokens)
    finally:
        await snapshot.close()
