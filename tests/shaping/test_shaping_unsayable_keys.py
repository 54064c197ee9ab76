"""Keys of links that a shaped source cannot say lead nowhere; those beside them are found."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from resolvers.errors import BadRequest
from tests.raw_server import Heard, raw_server, reply
from tests.through.gateway import codes, gateway


def _read(operation: str, reply: object, **parameter: object) -> dict[str, object]:
    answer = {"200": {"description": "", "content": {"application/json": {"schema": reply}}}}
    return {"get": {"operationId": operation, "parameters": [parameter], "responses": answer}}


STRING, INTEGER, STATE = {"type": "string"}, {"type": "integer"}, {"$ref": "#/components/schemas/State"}
LIST = {"type": "array", "items": STATE}
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "States", "version": "1"},
    "paths": {
        "/states": _read("states", LIST, name="codes", schema={"type": "array", "items": STRING}, **{"in": "query"}),
        "/states/{no}": _read("state", STATE, name="no", schema=INTEGER, required=True, **{"in": "path"}),
    },
    "components": {
        "schemas": {"State": {"type": "object", "properties": {"code": STRING, "no": INTEGER, "title": STRING}}}
    },
}
FILE = """
    sources:
      shop: { database: "${env:SHOP}" }
      codes:
        openapi: ./codes.json
        url: "${env:CODES}"
        operations:
          states: { keys: codes, by: code }
          state: { by: { "no": "no" }, compare: [number] }
    links:
      Thing.of: { one: codes.states, match: { state: code } }
      Thing.numbered: { one: codes.state, match: { number: "no" } }
    shape:
      State.code: { values: { A: ACTIVE, B: BROKEN } }
      State.no: { type: String }
    access: { default: anonymous }
"""
ROWS = [(1, "ACTIVE", "007"), (2, "NOPE", "x7"), (3, None, None), (4, "BROKEN", "8"), (5, "A", "7.5")]


async def answer(heard: Heard, writer: asyncio.StreamWriter) -> None:
    split = urlsplit(heard.target)
    last = split.path.rpartition("/")[2]
    found: object = {"code": "A", "no": int(last), "title": f"number {last}"} if last != "states" else [
        {"code": code, "no": 1, "title": f"state {code}"} for code in parse_qs(split.query).get("codes", ["A", "B"])
    ]  # fmt: skip
    writer.write(reply(json.dumps(found).encode()))


async def test_one_key_that_cannot_be_said_costs_no_other(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE things (id INTEGER PRIMARY KEY, state TEXT, number TEXT)")
        shop.executemany("INSERT INTO things VALUES (?, ?, ?)", ROWS)
    shop.close()
    (tmp_path / "codes.json").write_text(json.dumps(DESCRIPTION))
    environment = {"SHOP": f"sqlite:///{tmp_path}/shop.db"}
    async with raw_server(answer) as states, gateway(tmp_path, FILE, environment | {"CODES": states.url}) as house:
        found = await house.data("{ things(orderBy: { id: ASC }) { of { title } } }")
        titles = [each["of"] and each["of"]["title"] for each in found["things"]]
        assert titles == ["state A", None, None, "state B", None]
        # The code as the source writes it is no word of ours, and is not sent.
        assert [sorted(parse_qs(urlsplit(each.target).query)["codes"]) for each in states.heard] == [["A", "B"]]
        found = await house.data("{ things(where: { id: { in: [2, 5] } }) { of { title } } }")
        assert [each["of"] for each in found["things"]] == [None, None]
        assert len(states.heard) == 1  # nothing is left to ask for
        refused = await house.ask("{ states(codes: [NOPE]) { title } }")
        assert [code for code, _ in codes(refused)] == [BadRequest.code]
        found = await house.data("{ things(orderBy: { id: ASC }) { numbered { title no } } }")
        assert [each["numbered"] for each in found["things"]] == [
            {"title": "number 7", "no": "7"}, None, None, {"title": "number 8", "no": "8"}, None,
        ]  # fmt: skip
        assert sorted(each.target for each in states.heard[1:]) == ["/states/7", "/states/8"]
