"""A database that was away at the start is written by the catalogue that was kept, with the same names and errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.through.gateway import Gateway, codes, gateway
from tests.through.proxy import proxy
from tests.writing.stores import FILE, TABLES, conflict, store, written

CHANGES = """mutation {
    insertCustomer(row: { name: "Ann", email: "a@x" }) { id version shout }
    twice: insertCustomer(row: { name: "Bob", email: "a@x" }) { id }
    check: insertCustomer(row: { name: "Bob", balance: "-1" }) { id }
    foreign: insertOrderLine(row: { order: 1, groesse: "L", select: "x", customerId: 9 }) { order }
    key: insertCustomer(row: { name: "Bob", id: 1 }) { id }
}"""


def sdl(served: Gateway) -> str:
    assert served.snapshot.graph is not None
    return served.snapshot.graph.sdl()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_what_was_kept_knows_what_can_be_written(kind: str, tmp_path: Path) -> None:
    async with store(kind, tmp_path) as (made, address):
        await made.run(TABLES[kind])
        url = make_url(address)
        async with proxy(url.host or "127.0.0.1", url.port or {"postgresql": 5432}.get(kind, 3306)) as between:
            there = url.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
            text = written(FILE, made, "writes: true, timeout_s: 3")
            async with gateway(tmp_path, text, {"URL": there}) as served:
                before = sdl(served)
            await between.stop()
            async with gateway(tmp_path, text, {"URL": there}) as served:
                assert sdl(served) == before
                body = await served.ask('mutation { insertTag(row: { word: "x" }) { word } }')
                assert codes(body) == [("SOURCE_UNAVAILABLE", ["insertTag"])]
                await between.start()
                body = await served.ask(CHANGES)
                assert body["data"]["insertCustomer"] == {"id": 1, "version": 1, "shout": "ANN"}
                assert conflict(body) == [
                    ("CONFLICT", "unique", ["email"]),
                    ("CONFLICT", "check", ["balance"]),
                    ("CONFLICT", "foreignKey", ["customerId"]),
                    ("CONFLICT", "unique", ["id"]),
                ]
