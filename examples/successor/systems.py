"""A system of articles over SOAP, and its successor over REST: the same articles, and nothing else alike.

Nothing here knows of the gateway; ``python -m examples.successor`` starts both, and makes the shop's database.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from examples.systems import Asked, Reply, System, as_json, as_soap, elements, soap_call

SPACE = "urn:articles"
OLD = [
    {"grpCd": "20", "artNo": "7", "descr": "Hammer", "statCd": "A", "price": "19,90", "chgDat": "20260131"},
    {"grpCd": "20", "artNo": "13", "descr": None, "statCd": "X", "price": None, "chgDat": None},
    {"grpCd": "10", "artNo": "42", "descr": "Rope, 20 m", "statCd": "B", "price": "1.012,50", "chgDat": "20251201"},
    {"grpCd": "10", "artNo": "43", "descr": "Rope & hook", "statCd": "?", "price": "12,00", "chgDat": "20240229"},
]
NEW = [
    {"category": "tool", "sku": 7, "title": "Hammer", "lifecycle": "active", "unitPrice": "19.90",
     "modified": "2026-01-31", "warehouseScore": 0.9},
    {"category": "tool", "sku": 13, "title": None, "lifecycle": "retired", "unitPrice": None, "modified": None},
    {"category": "rope", "sku": 42, "title": "Rope, 20 m", "lifecycle": "phase-out", "unitPrice": "1012.50",
     "modified": "2025-12-01", "warehouseScore": 0.4},
    {"category": "rope", "sku": 43, "title": "Rope & hook", "lifecycle": "draft", "unitPrice": "12.00",
     "modified": "2024-02-29"},
]  # fmt: skip


def articles(asked: Asked) -> Reply:
    """``GetArticles`` for numbers, ``ListArticles`` for a group."""
    operation, given = soap_call(asked.body)
    if operation == "ListArticles":
        wanted = [given[0]["grpCd"]]
        found = [row for row in OLD if row["grpCd"] in wanted]
    else:
        wanted = sorted(str(int(each["artNo"])) for each in given)
        found = [row for row in OLD if row["artNo"] in wanted]
    inner = "".join(elements("art", {key: value for key, value in row.items() if key != "grpCd"}) for row in found)
    return as_soap(SPACE, operation, inner, f"{operation} {','.join(wanted)}")


def products(asked: Asked) -> Reply:
    """``GET /products?sku=…`` and ``GET /categories/…/products``."""
    numbers = sorted(map(int, asked.query.get("sku", [])))
    category = asked.path.split("/")[2] if asked.path.startswith("/categories/") else ""
    found = [row for row in NEW if row["category"] == category or row["sku"] in numbers]
    rows = [{key: value for key, value in row.items() if key != "category"} for row in found]
    query = f"?sku={','.join(map(str, numbers))}" if numbers else ""
    return as_json({"products": rows}, f"GET {asked.path}{query}")


def shop(path: Path) -> str:
    """The shop's database as a file of SQLite, made where there is none; its address."""
    if path.exists():
        return f"sqlite:///{path}"
    script = Path(__file__).with_name("shop.sql").read_text("utf-8")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return f"sqlite:///{path}"


def systems(first_port: int = 0) -> dict[str, System]:
    """The old one and the new one, not yet started."""
    return {"articles": System(articles, first_port), "products": System(products, first_port and first_port + 1)}


def exports(made: dict[str, System]) -> dict[str, str]:
    """What the files read from the environment, apart from the database."""
    return {f"{name.upper()}_URL": system.url for name, system in made.items()}
