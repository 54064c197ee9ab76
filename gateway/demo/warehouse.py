"""The demo company's warehouse: a SQLite database with keys of every kind, a view, and rows that break its own rules.

It is written once, the same at every start; nothing here reads it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.demo.records import PRODUCTS, UNKNOWN_SKU, orders, sku, spread

SUPPLIERS = 24
UNKNOWN_SUPPLIER = 999

TABLES = """
CREATE TABLE suppliers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  country TEXT,
  contact_email TEXT UNIQUE
);
CREATE TABLE locations (
  code TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  city TEXT,
  parent_code TEXT REFERENCES locations (code)
);
CREATE TABLE products (
  sku TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  supplier_id INTEGER REFERENCES suppliers (id),
  purchase_price DECIMAL(10, 2) NOT NULL,
  weight_kg REAL,
  ean TEXT UNIQUE,
  discontinued BOOLEAN NOT NULL DEFAULT 0,
  introduced_on DATE
);
CREATE TABLE stock_levels (
  sku TEXT NOT NULL REFERENCES products (sku),
  location_code TEXT NOT NULL REFERENCES locations (code),
  quantity INTEGER NOT NULL,
  counted_at DATETIME,
  PRIMARY KEY (sku, location_code)
);
CREATE TABLE stock_counts (
  id INTEGER PRIMARY KEY,
  sku TEXT,
  location_code TEXT,
  counted INTEGER NOT NULL,
  counted_on DATE NOT NULL,
  FOREIGN KEY (sku, location_code) REFERENCES stock_levels (sku, location_code)
);
CREATE TABLE shipments (
  id INTEGER PRIMARY KEY,
  order_number TEXT,
  location_code TEXT REFERENCES locations (code),
  carrier TEXT,
  tracking_code TEXT,
  shipped_at DATETIME,
  delivered_on DATE,
  UNIQUE (carrier, tracking_code)
);
CREATE INDEX shipments_order_number ON shipments (order_number);
CREATE TABLE shipment_lines (
  shipment_id INTEGER NOT NULL REFERENCES shipments (id),
  line_no INTEGER NOT NULL,
  sku TEXT REFERENCES products (sku),
  quantity INTEGER NOT NULL,
  PRIMARY KEY (shipment_id, line_no)
);
CREATE VIEW low_stocks AS
  SELECT products.sku, products.name, stock_levels.location_code, stock_levels.quantity
  FROM products LEFT JOIN stock_levels ON stock_levels.sku = products.sku
  WHERE stock_levels.quantity IS NULL OR stock_levels.quantity < 10;
"""

_GOODS = ("Rope", "Crate", "Lantern", "Coffee", "Tarpaulin", "Pulley", "Compass", "Varnish", "Kerosene", "Anchor")
_KINDS = ("small", "medium", "large", "spare", "export")
_CARRIERS = ("Pacific Freight", "CanalPost", "Bluebird")
_DAY = date(2026, 1, 5)
_NOON = datetime(2026, 1, 5, 12, 0)  # noqa: DTZ001  # the warehouse writes local time without a zone


def write(path: Path) -> None:
    """Makes the database at ``path``, which must not exist.

    Raises:
        FileExistsError: there is something already.
    """
    path.touch(exist_ok=False)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        shipments = list(_shipments())
        _fill(connection, "suppliers", _suppliers())
        _fill(connection, "locations", _locations())
        _fill(connection, "products", _products())
        _fill(connection, "stock_levels", _stock_levels())
        _fill(connection, "stock_counts", _stock_counts())
        _fill(connection, "shipments", (shipment for shipment, _ in shipments))
        _fill(connection, "shipment_lines", (line for _, lines in shipments for line in lines))


def _fill(connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """SQLite does not enforce foreign keys unless asked, which is how the orphans get in."""
    every = list(rows)
    places = ", ".join("?" * len(every[0]))
    connection.executemany(f"INSERT INTO {table} VALUES ({places})", every)  # noqa: S608  # our own table names


def _suppliers() -> Iterable[Sequence[object]]:
    for number in range(1, SUPPLIERS + 1):
        country = ("PA", "NL", "DE", None)[spread(number, 50, 4)]
        yield number, f"Supplier {number}", country, f"sales@supplier{number}.example" if number % 5 else None


def _locations() -> Iterable[Sequence[object]]:
    for code, city in (("BAL", "Balboa"), ("COL", "Colón"), ("ROT", None)):
        yield code, f"{city or 'Rented'} depot", city, None
        for aisle in range(1, 5):
            yield f"{code}-{aisle}", f"Aisle {aisle}", city, code
    yield "OLD-1", "Aisle of a depot that was given up", None, "OLD"


def _products() -> Iterable[Sequence[object]]:
    for number in range(1, PRODUCTS + 1):
        supplier: int | None = spread(number, 51, SUPPLIERS) + 1
        if number % 19 == 0:
            supplier = None
        elif number % 43 == 0:
            supplier = UNKNOWN_SUPPLIER
        yield (
            sku(number),
            f"{_GOODS[spread(number, 52, len(_GOODS))]}, {_KINDS[spread(number, 53, len(_KINDS))]}",
            "Keep dry." if number % 4 == 0 else None,
            supplier,
            (spread(number, 54, 20_000) + 25) / 100,
            round((spread(number, 55, 5_000) + 1) / 100, 2) if number % 6 else None,
            f"4{spread(number, 56, 10_000):05d}{number:06d}" if number % 3 else None,
            int(number % 14 == 0),
            str(_DAY - timedelta(days=spread(number, 57, 3_000))) if number % 8 else None,
        )


def _stock_levels() -> Iterable[Sequence[object]]:
    codes = [code for code, _, _, parent in _locations() if parent is not None]
    for number in range(1, PRODUCTS + 1):
        if number % 21 == 0:
            continue
        first = spread(number, 60, len(codes))
        for place in range(spread(number, 61, 5) + 1):
            counted = _NOON + timedelta(minutes=spread(number, 62 + place, 400_000))
            yield (
                sku(number),
                codes[(first + place) % len(codes)],
                spread(number, 70 + place, 400) - 3,
                counted.isoformat(" ", "microseconds") if (number + place) % 5 else None,
            )


def _stock_counts() -> Iterable[Sequence[object]]:
    for number, level in enumerate(_stock_levels(), 1):
        if number % 3 == 0:
            place = level[1] if number % 10 else None
            yield number, level[0], place, level[2], str(_DAY + timedelta(days=number % 280))


def _shipments() -> Iterable[tuple[Sequence[object], list[Sequence[object]]]]:
    number = 0
    for order in orders():
        if order["status"] not in {"shipped", "delivered"}:
            continue
        for part in range(1 + spread(order["id"], 80, 2)):
            number += 1
            yield _shipment(number, order, part)
    number += 1
    yield _shipment(number, {"id": 5, "number": "SO-00000", "status": "shipped", "lines": []}, 0)
    number += 1
    yield _shipment(number, {"id": 6, "number": None, "status": "shipped", "lines": []}, 0)


def _shipment(number: int, order: Mapping[str, Any], part: int) -> tuple[Sequence[object], list[Sequence[object]]]:
    shipped = _NOON + timedelta(hours=order["id"] * 7 + 30 + part * 24)
    row = (
        number,
        order["number"],
        ("BAL", "COL", "ROT", None)[spread(number, 81, 4)],
        _CARRIERS[spread(number, 82, len(_CARRIERS))] if number % 9 else None,
        f"T{number:07d}" if number % 12 else None,
        shipped.isoformat(" ", "microseconds"),
        str((shipped + timedelta(days=4)).date()) if order["status"] == "delivered" else None,
    )
    kept = [line for place, line in enumerate(order["lines"]) if part == 0 or place % 2 == 0]
    lines: list[Sequence[object]] = [
        (number, place, line["sku"], line["quantity"]) for place, line in enumerate(kept, 1)
    ]
    if number % 50 == 0:
        lines.append((number, len(lines) + 1, UNKNOWN_SKU, 1))
    return row, lines
