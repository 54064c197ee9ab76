"""Three systems that each know a part of a customer: a CRM over REST, billing over SOAP, a warehouse's database.

Each writes the customer's number in its own way and knows customers that the others do not. Nothing here knows of the
gateway.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from examples.systems import Asked, Reply, System, as_json, as_soap, elements, soap_call

SPACE = "urn:billing"
CLIENTS = [
    {"id": 1, "name": "Ada", "segment": "A"},
    {"id": 2, "name": "Bao", "segment": None},
    {"id": 3, "name": None, "segment": "B"},
    {"id": 4, "name": "Cleo", "segment": "B"},
    {"id": 5, "name": "Dov", "segment": "A"},
]
PARTIES = [
    {"partyNo": "     9", "name": "Eve Ltd", "balance": "90.50", "rating": "B"},
    {"partyNo": "     4", "name": "Cleo", "balance": "40.00", "rating": "A"},
    {"partyNo": "     4", "name": "Cleo", "balance": "41.00", "rating": "A"},
    {"partyNo": "     2", "name": "Bao", "balance": "20.50", "rating": None},
    {"partyNo": "     1", "name": "Ada & Co", "balance": "10.50", "rating": "A+"},
    {"partyNo": "     1", "name": "Ada & Co", "balance": "10.50", "rating": "A+"},
]


def crm(asked: Asked) -> Reply:
    """``GET /clients``: those of the ids, or all, the last first."""
    ids = sorted(map(int, asked.query.get("ids", [])))
    rows = [row for row in CLIENTS if not ids or row["id"] in ids]
    said = f"GET {asked.path}" + (f"?ids={','.join(map(str, ids))}" if ids else "")
    return as_json(rows[::-1], said)


def billing(asked: Asked) -> Reply:
    """``GetParties``: it reads numbers as numbers, and writes them six places wide."""
    operation, held = soap_call(asked.body)
    wanted = sorted(int(each["number"]) for each in held)
    found = [row for row in PARTIES if int(str(row["partyNo"])) in wanted]
    said = f"{operation} {','.join(map(str, wanted))}"
    return as_soap(SPACE, operation, "".join(elements("party", row) for row in found), said)


def warehouse(path: Path) -> str:
    """The database as a file of SQLite, made where there is none; its address."""
    if path.exists():
        return f"sqlite:///{path}"
    script = Path(__file__).with_name("warehouse.sql").read_text("utf-8")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return f"sqlite:///{path}"


def systems(first_port: int = 0) -> dict[str, System]:
    """Those that speak HTTP, not yet started."""
    return {"crm": System(crm, first_port), "billing": System(billing, first_port and first_port + 1)}


def exports(made: dict[str, System]) -> dict[str, str]:
    """What ``isthmus.yaml`` reads from the environment, apart from the database."""
    return {f"{name.upper()}_URL": system.url for name, system in made.items()}
