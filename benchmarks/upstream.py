"""The one upstream of every competitor: users and orders (REST), products (SOAP). Run as a process of its own.

Replies are put together from bytes made at the start, so that it costs little and the same to everybody. It validates
nothing. Stock is a SQLite file, which each competitor opens itself: ``write_stock`` makes it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs

from benchmarks.asgi import Receive, Scope, Send, reply, request_body, serve
from benchmarks.records import ORDERS, PRODUCTS, STOCK, USERS

_USERS = {str(user["id"]): json.dumps(user, separators=(",", ":")).encode() for user in USERS}
_ORDERS = {count: json.dumps(ORDERS[:count], separators=(",", ":")).encode() for count in (1, 50, 100, 1000)}
_ITEM = "<p:item>" + "".join(f"<p:{name}>{{{name}}}</p:{name}>" for name in PRODUCTS[0]) + "</p:item>"
_PRODUCTS = {product["sku"].encode(): _ITEM.format(**product).encode() for product in PRODUCTS}
_BEFORE = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns:p="urn:shop:products"><s:Body><p:GetProductsResponse><p:return>'
)
_AFTER = b"</p:return></p:GetProductsResponse></s:Body></s:Envelope>"
_SKU = re.compile(rb">\s*(SKU-\d+)\s*<")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """``/users?ids=``, ``/users/{id}``, ``/orders?limit=`` and ``/products`` (SOAP 1.1)."""
    path = scope["path"]
    if path == "/products":
        wanted = dict.fromkeys(_SKU.findall(await request_body(receive)))
        items = b"".join(_PRODUCTS[sku] for sku in wanted if sku in _PRODUCTS)
        await reply(send, _BEFORE + items + _AFTER, b"text/xml; charset=utf-8")
        return
    query = parse_qs(scope["query_string"].decode())
    if path == "/orders":
        await reply(send, _ORDERS[int(query["limit"][0])])
    elif path == "/users":
        ids = ",".join(query["ids"]).split(",")
        await reply(send, b"[" + b",".join(_USERS[key] for key in ids if key in _USERS) + b"]")
    else:
        found = _USERS.get(path.removeprefix("/users/"))
        await reply(send, found or b"{}", status=200 if found else 404)


def write_stock(file: Path) -> None:
    """A new SQLite file with the table ``inventory``."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(
            "CREATE TABLE inventory (sku TEXT NOT NULL PRIMARY KEY, quantity INTEGER NOT NULL, warehouse TEXT NOT NULL)"
        )
        connection.executemany("INSERT INTO inventory VALUES (?, ?, ?)", STOCK)
    connection.close()


if __name__ == "__main__":
    serve(app)
