"""The one upstream of every competitor: users and orders (REST), products (SOAP). Run as a process of its own.

Replies are put together from bytes made at the start and HTTP is read by httptools on a bare protocol, so that it costs
little and the same to everybody. It validates nothing. It counts what it is asked, and delays what it is told to.
Stock is a SQLite file, which each competitor opens itself: ``write_stock`` makes it.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
import sys
from collections import Counter
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import httptools
import uvloop

from benchmarks.records import ORDERS, PRODUCTS, STOCK, USERS

_USERS = {str(user["id"]).encode(): json.dumps(user, separators=(",", ":")).encode() for user in USERS}
_COUNTS = (1, 10, 50, 100, 1000, 10_000)
_ORDERS = {count: json.dumps(ORDERS[:count], separators=(",", ":")).encode() for count in _COUNTS}
_ITEM = "<p:item>" + "".join(f"<p:{name}>{{{name}}}</p:{name}>" for name in PRODUCTS[0]) + "</p:item>"
_PRODUCTS = {product["sku"].encode(): _ITEM.format(**product).encode() for product in PRODUCTS}
_BEFORE = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns:p="urn:shop:products"><s:Body><p:GetProductsResponse><p:return>'
)
_AFTER = b"</p:return></p:GetProductsResponse></s:Body></s:Envelope>"
_SKU = re.compile(rb">\s*(SKU-\d+)\s*<")
_JSON = b"application/json"
_HEAD = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"


class Upstream:
    """``/users?ids=``, ``/users/{id}``, ``/orders?limit=`` and ``/products`` (SOAP 1.1).

    ``/counts`` gives the calls since it was asked last, by first segment. ``/delays?orders=20&users=100`` makes their
    replies come so many ms later; without a query nothing is delayed.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.delays: dict[str, float] = {}

    def answer(self, target: bytes, body: bytes) -> tuple[float, bytes]:
        """The seconds to wait, and the bytes of the reply."""
        path, _, query = target.partition(b"?")
        first = path.split(b"/")[1].decode()
        if first == "counts":
            content = json.dumps(self.counts).encode()
            self.counts.clear()
            return 0.0, self.reply(content)
        if first == "delays":
            self.delays = {name: int(values[0]) / 1000 for name, values in parse_qs(query.decode()).items()}
            return 0.0, self.reply(b"{}")
        self.counts[first] += 1
        return self.delays.get(first, 0.0), self.found(path, query, body)

    def found(self, path: bytes, query: bytes, body: bytes) -> bytes:
        if path == b"/products":
            wanted = dict.fromkeys(_SKU.findall(body))
            items = b"".join(_PRODUCTS[sku] for sku in wanted if sku in _PRODUCTS)
            return self.reply(_BEFORE + items + _AFTER, b"text/xml; charset=utf-8")
        if path == b"/orders":
            return self.reply(_ORDERS[int(parse_qs(query)[b"limit"][0])])
        if path == b"/users":
            ids = b",".join(parse_qs(query)[b"ids"]).split(b",")
            return self.reply(b"[" + b",".join(_USERS[key] for key in ids if key in _USERS) + b"]")
        user = _USERS.get(path.removeprefix(b"/users/"))
        return self.reply(user) if user else self.reply(b"{}", status=b"404 Not Found")

    def reply(self, content: bytes, kind: bytes = _JSON, *, status: bytes = b"200 OK") -> bytes:
        return _HEAD % (status, kind, len(content)) + content


class Connection(asyncio.Protocol):
    """One connection of keep-alive requests, without pipelining."""

    transport: asyncio.Transport

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.parser = httptools.HttpRequestParser(self)
        self.target = self.body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.target = self.body = b""

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        delay, reply = self.upstream.answer(self.target, self.body)
        if delay:
            asyncio.get_running_loop().call_later(delay, self.transport.write, reply)
        else:
            self.transport.write(reply)


def write_stock(file: Path) -> None:
    """A new SQLite file with the table ``inventory``."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(
            "CREATE TABLE inventory (sku TEXT NOT NULL PRIMARY KEY, quantity INTEGER NOT NULL, warehouse TEXT NOT NULL)"
        )
        connection.executemany("INSERT INTO inventory VALUES (?, ?, ?)", STOCK)
    connection.close()


async def main() -> None:
    """Serves until SIGTERM; says on stderr where."""
    listening = socket.create_server(("127.0.0.1", 0))
    upstream = Upstream()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(upstream), sock=listening)
    sys.stderr.write(f"answers at http://127.0.0.1:{listening.getsockname()[1]}\n")
    sys.stderr.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
