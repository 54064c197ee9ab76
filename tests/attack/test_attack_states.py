"""What is told of sources: that they answer again, and once that they do not."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.attack.house import TRUSTED, database, gateway, token
from tests.serving import serving

OWNER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "team": {"type": "string"}},
}


def document(path: str, parameter: Mapping[str, object], schema: Mapping[str, object]) -> str:
    answers = {
        "200": {"description": "", "content": {"application/json": {"schema": schema}}},
        "404": {"description": ""},
    }
    operation = {"operationId": "owners", "parameters": [parameter], "responses": answers}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "CRM", "version": "1"},
            "paths": {path: {"get": operation}},
        }
    )


class Crm:
    """Answers everything with one status."""

    def __init__(self) -> None:
        self.status = 503

    async def answer(self, request: Request) -> Response:
        given = [int(number) for number in request.query_params.getlist("ids")]
        if self.status == 200:
            return JSONResponse([{"id": number, "team": "a"} for number in given])
        return Response(status_code=self.status)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{rest:path}", self.answer)])


async def test_replicas_that_say_no_are_there(tmp_path: Path) -> None:
    crm = Crm()
    parameter: dict[str, object] = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    (tmp_path / "crm.json").write_text(document("/owners/{id}", parameter, OWNER))
    async with serving(crm.app()) as one, serving(crm.app()) as other:
        text = f"""
sources:
  crm:
    openapi: crm.json
    url: ["{one}", "{other}"]
    retries: {{ max: 0 }}
    breaker: {{ minimum_calls: 2, open_s: 0.5, open_most_s: 0.5 }}
access: {{ default: authenticated }}
server: {{ {TRUSTED} }}
"""
        async with gateway(tmp_path, text) as asking:
            for _ in range(200):
                await asking.ask("{ owners(id: 1) { id } }", token("ann"))
                if "crm" in (await asking.client.get("/readyz")).json()["degraded"]:
                    break
            else:
                pytest.fail("it never told that the source is away")
            crm.status = 404
            for _ in range(200):
                reply = await asking.ask("{ owners(id: 1) { id } }", token("ann"))
                if reply == {"data": {"owners": None}}:
                    break
            assert reply == {"data": {"owners": None}}
            assert "crm" not in (await asking.client.get("/readyz")).json()["degraded"]


async def test_a_rule_that_cannot_be_asked_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    crm = Crm()
    parameter: dict[str, object] = {
        "name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}},
    }  # fmt: skip
    (tmp_path / "crm.json").write_text(document("/owners", parameter, {"type": "array", "items": OWNER}))
    rows = [f"insert into items values ({number}, {number})" for number in range(200)]
    database(tmp_path / "x.db", ["create table items (id integer primary key, owner integer)", *rows])
    async with serving(crm.app()) as url:
        text = f"""
sources:
  db: {{ database: "sqlite:///{tmp_path}/x.db" }}
  crm:
    openapi: crm.json
    url: "{url}"
    retries: {{ max: 0 }}
    operations: {{ owners: {{ keys: ids, by: id, max_keys: 500 }} }}
links: {{ Item.holder: {{ one: crm.owners, match: {{ owner: id }} }} }}
access:
  default: authenticated
  rules: {{ Item: {{ rows: {{ holder: {{ team: {{ eq: $claims.team }} }} }} }} }}
server: {{ {TRUSTED} }}
"""
        async with gateway(tmp_path, text) as asking:
            caplog.set_level(logging.WARNING, "isthmus.access")
            reply = await asking.ask("{ items { id } }", token("ann", team="a"))
            assert reply["data"] == {"items": []}
            assert len([each for each in caplog.records if each.name == "isthmus.access"]) == 1
            crm.status = 200
            reply = await asking.ask("{ items { id } }", token("ann", team="a"))
            assert len(reply["data"]["items"]) == 200
