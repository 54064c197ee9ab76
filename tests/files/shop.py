"""A folder of untidy files and a CRM over REST that knows who ordered what was delivered."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.serving import serving
from tests.through.gateway import Gateway, gateway

JANUARY = (
    "ID;Kunde;Betrag;Datum;Notiz;Strichcode;Notiz\n"
    "007;1;1.234,50;03.01.2024;Zürich, 5 €;12345678901234567890;\n"
    '008;2;2,25;04.01.2024;"mit; Strich und\nzwei Zeilen";12345678901234567891;b\n'
    "010;1;;;NULL;00000000000000000001;\n"
)
FEBRUARY = (
    "Kunde;ID;Betrag;Datum;Notiz;Strichcode;Notiz;Lager\n2;011;-0,75;29.02.2024;kurz;99999999999999999999;;Bern\n"
)
PRODUCTS = (
    b"\xef\xbb\xbfcode,price,seen,at,weight,day\r\n"
    b"0815,1.50,true,2024-01-01 10:00:00,1.5e3,20240131\r\n\r\n"
    b"4711,2,FALSE,2024-01-02 11:30:15,2,20240201\r\n"
)
CUSTOMERS = [
    {"id": 1, "name": "Ann", "tags": ["a", "b"], "address": {"city": "Bern", "zip": "03000"}},
    {"id": 2, "name": "Bob", "tags": [], "address": None, "since": "2020-02-29"},
]
FILE = """
sources:
  crm:
    openapi: ./crm.json
    url: {url}
    operations: {{ orders: {{ keys: deliveries, by: deliveryId }} }}
  drop:
    files: ./drop
    tables:
      deliveries:
        path: deliveries/*.csv
        key: [ID]
        delimiter: ";"
        encoding: windows-1252
        decimal: ","
        date_format: "%d.%m.%Y"
        nulls: ["", "NULL"]
        types: {{ Betrag: String }}
        references: [{{ columns: Kunde, table: customers }}]
      customers: {{ path: customers.jsonl, key: id }}
      products: {{ path: products.csv.gz, key: code, date_format: "%Y%m%d" }}
links:
  Order.delivery: {{ one: drop.deliveries, match: {{ deliveryId: id }} }}
  Delivery.orders: {{ many: crm.orders, match: {{ id: deliveryId }} }}
access: {{ default: anonymous }}
"""
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/orders": {
            "get": {
                "operationId": "orders",
                "parameters": [
                    {"name": "deliveries", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
                            }
                        }
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Order": {
                "type": "object",
                "properties": {"no": {"type": "string"}, "deliveryId": {"type": "string"}},
            }
        }
    },
}
ORDERS = [
    {"no": "A", "deliveryId": "007"},
    {"no": "B", "deliveryId": "7"},
    {"no": "C", "deliveryId": "011"},
    {"no": "D", "deliveryId": "007"},
]


@dataclass(frozen=True, slots=True)
class Shop:
    """``asked``: the deliveries that each call of the CRM asked for."""

    house: Gateway
    drop: Path
    asked: list[list[str]] = field(default_factory=list)


def lay(drop: Path) -> None:
    """Writes the files."""
    (drop / "deliveries").mkdir(parents=True)
    (drop / "deliveries" / "2024-01.csv").write_bytes(JANUARY.encode("cp1252"))
    (drop / "deliveries" / "2024-02.csv").write_bytes(FEBRUARY.encode("cp1252"))
    (drop / "products.csv.gz").write_bytes(gzip.compress(PRODUCTS))
    (drop / "customers.jsonl").write_text("".join(json.dumps(each) + "\n" for each in CUSTOMERS), "utf-8")


@contextlib.asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Shop]:
    drop = folder / "drop"
    lay(drop)
    asked: list[list[str]] = []

    async def orders(request: Request) -> JSONResponse:
        wanted = request.query_params.getlist("deliveries")
        asked.append(sorted(wanted))
        return JSONResponse([each for each in ORDERS if not wanted or each["deliveryId"] in wanted])

    (folder / "crm.json").write_text(json.dumps(DOCUMENT), "utf-8")
    async with (
        serving(Starlette(routes=[Route("/orders", orders)])) as url,
        gateway(folder, FILE.format(url=url)) as house,
    ):
        yield Shop(house, drop, asked)
