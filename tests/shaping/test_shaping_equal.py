"""What is shaped is sent as its source writes it, also where Python takes the two for equal: True and 1, 0.00 and 0."""

from __future__ import annotations

import copy
import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.postgresql import own_schema
from tests.shaping.crm import DOCUMENT, crm
from tests.through.gateway import Gateway, codes, gateway

REST = """
sources: {{ crm: {{ openapi: ./crm.json, url: "{url}", writes: true }} }}
access: {{ default: anonymous }}
shape:
  Customer.level: {{ format: 1/0 }}
  Customer.seen: {{ scale: 2 }}
  Query.customers(level:): {{ {level} }}
"""


async def sent(folder: Path, asked: list[str], level: str, said: dict[str, Any] | None = None) -> tuple[Any, list[Any]]:
    """The answers, and what the source was asked for."""
    (folder / "crm.json").write_text(json.dumps(said or DOCUMENT))
    async with crm() as made, gateway(folder, REST.format(url=made.url, level=level)) as running:
        return [await running.ask(each) for each in asked], made.heard


async def test_flags_and_amounts_are_sent_as_numbers_in_queries_and_bodies(tmp_path: Path) -> None:
    body = '{ no: "7", level: true, seen: "-0.00" }'
    asked = [
        "{ customers(level: true) { no } }",
        "{ customers(level: false) { no } }",
        f"mutation {{ createCustomer(body: {body}) {{ level seen }} }}",
    ]
    answers, heard = await sent(tmp_path, asked, "format: 1/0")
    assert answers[-1] == {"data": {"createCustomer": {"level": True, "seen": "0.00"}}}
    assert json.dumps(heard) == json.dumps([{"level": "1"}, {"level": "0"}, {"no": "7", "level": 1, "seen": 0}])


async def test_amounts_beyond_the_format_of_their_argument_are_refused(tmp_path: Path) -> None:
    said: Any = copy.deepcopy(DOCUMENT)
    said["paths"]["/customers"]["get"]["parameters"][2]["schema"]["format"] = "int64"
    said["components"]["schemas"]["Customer"]["properties"]["seen"]["format"] = "int32"
    most = "92233720368547758.07"
    refused = [
        *(f'{{ customers(level: "{value}") {{ no }} }}' for value in ("92233720368547758.08", "1e300", "1e1000000")),
        'mutation { createCustomer(body: { no: "7", seen: "21474836.48" }) { no } }',
    ]
    answers, heard = await sent(tmp_path, [f'{{ customers(level: "{most}") {{ no }} }}', *refused], "scale: 2", said)
    assert [codes(each)[:1] and codes(each)[0][0] for each in answers] == [[], *["BAD_REQUEST"] * len(refused)]
    assert heard == [{"level": most.replace(".", "")}]


TABLE = """
CREATE TABLE rows (id INTEGER PRIMARY KEY, flag INTEGER, cents BIGINT);
INSERT INTO rows VALUES (1, 1, 0), (2, 0, 150);
CREATE TABLE secrets (id INTEGER PRIMARY KEY, flag INTEGER);
INSERT INTO secrets VALUES (1, 1), (2, 0);
"""
FILE = """
sources: { shop: { database: "URL", writes: true } }
shape:
  Row.flag: { format: 1/0 }
  Row.cents: { scale: 2 }
  Secret.flag: { format: 1/0 }
access:
  default: anonymous
  rules: { Secret: { rows: { flag: { eq: true } }, anonymous: true } }
"""


async def check(shop: Gateway) -> None:
    found = await shop.data("""{
      flag: rows(where: { flag: { eq: true } }) { id }
      either: rows(where: { flag: { in: [true, false] } }, orderBy: [{ id: ASC }]) { id }
      cents: rows(where: { cents: { eq: "0.00" } }) { id }
      groups: rowsAggregate(groupBy: [id], having: { max: { cents: { eq: "0.00" } } }) { key { id } }
      secrets { id }
    }""")
    assert found.pop("groups") == [{"key": {"id": 1}}]
    assert {name: [row["id"] for row in rows] for name, rows in found.items()} == {
        "flag": [1],
        "either": [1, 2],
        "cents": [1],
        "secrets": [1],
    }
    made = await shop.data('mutation { insertRow(row: { id: 3, flag: true, cents: "0.00" }) { flag cents } }')
    assert made["insertRow"] == {"flag": True, "cents": "0.00"}


async def test_postgresql_is_asked_with_its_own_values(tmp_path: Path) -> None:
    async with own_schema() as there:
        await there.connection.execute(TABLE)
        url = there.url.render_as_string(hide_password=False)
        async with gateway(tmp_path, FILE.replace('"URL"', f'"{url}", schemas: [{there.name}]')) as shop:
            await check(shop)


async def test_sqlite_is_asked_with_its_own_values(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as made:
        made.executescript(TABLE)
    made.close()
    async with gateway(tmp_path, FILE.replace("URL", "sqlite:///shop.db")) as shop:
        await check(shop)
