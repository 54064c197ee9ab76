"""Keys of links that a shaped source cannot say lead nowhere; those beside them are found."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from resolvers.errors import BadRequest
from tests.raw_server import Heard, raw_server, reply
from tests.through.gateway import codes, gateway

STATE = {"type": "object", "properties": {"code": {"type": "string"}, "title": {"type": "string"}}}
CODES = {"name": "codes", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
LIST = {"type": "array", "items": {"$ref": "#/components/schemas/State"}}
REPLY = {"200": {"description": "", "content": {"application/json": {"schema": LIST}}}}
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "States", "version": "1"},
    "paths": {"/states": {"get": {"operationId": "states", "parameters": [CODES], "responses": REPLY}}},
    "components": {"schemas": {"State": STATE}},
}
FILE = """
    sources:
      shop: { database: "${env:SHOP}" }
      codes: { openapi: ./codes.json, url: "${env:CODES}", operations: { states: { keys: codes, by: code } } }
    links: { Thing.of: { one: codes.states, match: { state: code } } }
    shape: { State.code: { values: { A: ACTIVE, B: BROKEN } } }
    access: { default: anonymous }
"""


async def test_one_key_that_cannot_be_said_costs_no_other(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, state TEXT)")
        rows = [(1, "ACTIVE"), (2, "NOPE"), (3, None), (4, "BROKEN"), (5, "A")]
        shop.executemany("INSERT INTO things VALUES (?, ?)", rows)
    shop.close()
    (tmp_path / "codes.json").write_text(json.dumps(DESCRIPTION))

    async def answer(heard: Heard, writer: object) -> None:
        asked = parse_qs(urlsplit(heard.target).query).get("codes", ["A", "B"])
        body = json.dumps([{"code": code, "title": f"state {code}"} for code in asked]).encode()
        writer.write(reply(body))  # type: ignore[attr-defined]  # a StreamWriter

    environment = {"SHOP": f"sqlite:///{tmp_path}/shop.db"}
    async with raw_server(answer) as states, gateway(tmp_path, FILE, environment | {"CODES": states.url}) as house:
        found = await house.data("{ things(orderBy: { id: ASC }) { of { title } } }")
        titles = [each["of"] and each["of"]["title"] for each in found["things"]]
        assert titles == ["state A", None, None, "state B", None]
        # The code as it is written there is no word of ours, and is not sent.
        assert [sorted(parse_qs(urlsplit(each.target).query)["codes"]) for each in states.heard] == [["A", "B"]]
        found = await house.data("{ things(where: { id: { in: [2, 5] } }) { of { title } } }")
        assert [each["of"] for each in found["things"]] == [None, None]
        assert len(states.heard) == 1  # nothing is left to ask for
        refused = await house.ask('{ states(codes: ["NOPE"]) { title } }')
        assert [code for code, _ in codes(refused)] == [BadRequest.code]
