"""Every example of docs/links.md does what stands below it."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from gateway.commands import named
from tests.serving import serving
from tests.through.gateway import gateway

PAGE = Path(__file__).parents[2] / "docs" / "links.md"


def crm(held: dict[str, Any]) -> Starlette:
    async def customers(request: Request) -> Response:
        keys, segment = request.query_params.getlist("ids"), request.query_params.get("segment")
        rows = [
            row
            for row in held["customers"]
            if (not keys or row["id"] in keys) and segment in {None, row.get("segment")}
        ]
        return JSONResponse({"data": rows})

    async def visits(request: Request) -> Response:
        given = request.query_params
        return JSONResponse(
            [
                {"day": row["day"], "kind": row["kind"]}
                for row in held["visits"]
                if row["customer"] == given["customer"]
                and given.get("kind") in {None, row["kind"]}
                and given.get("after", "") <= row["day"]
            ]
        )

    return Starlette(routes=[Route("/customers", customers), Route("/visits", visits)])


async def test_every_example_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    description, file = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    held, *_ = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    pairs = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(pairs) == text.count("```graphql") > 3
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(script)
    connection.close()
    (tmp_path / "crm.openapi.yaml").write_text(description, "utf-8")
    async with serving(crm(held)) as url, gateway(tmp_path, file, {"CRM_URL": url}) as opened:
        for query, reply in pairs:
            assert await opened.data(query) == json.loads(reply), query


def test_check_says_what_the_page_says(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    description, file = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (told,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    *_, reasons = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.executescript(script)
    connection.close()
    (tmp_path / "crm.openapi.yaml").write_text(description, "utf-8")
    path = tmp_path / "isthmus.yaml"
    path.write_text(file, "utf-8")
    environment = {"CRM_URL": "http://127.0.0.1:9"}
    said = CliRunner().invoke(named(()), ["check", str(path)], env=environment)
    assert told in said.stdout, said.output
    found = json.loads(CliRunner().invoke(named(()), ["check", str(path), "--json"], env=environment).stdout)["links"]
    assert {coordinate: found[coordinate] for coordinate in reasons} == reasons
    # The other sentences of the page about names.
    path.write_text(f"{file}rename: {{ Order.depot: warehouse }}\nhide: [Product.orders]\n", "utf-8")
    shown = CliRunner().invoke(named(()), ["sdl", str(path)], env=environment).stdout
    assert "warehouse: Depot" in shown
    assert "depot:" not in shown
    assert "\n  orders(" not in shown.partition("type Product ")[2].partition("}")[0]
