"""``isthmus check --drift``: what live descriptions would change in the graph, whom that breaks, and an exit code."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.pulled.far import TOKEN, Far, crm, files, run
from tests.serving import serving

FILE = """\
sources:
  crm:
    openapi: "{far}/crm/openapi.json"
    references: network
    auth: {{ bearer: "{token}" }}
    operations: {{ customers: {{ keys: ids, by: id }} }}
  stock: {{ database: "sqlite:///stock.db" }}
links:
  Product.customers: {{ many: crm.customers, match: {{ owner: id }} }}
rename: {{ Customer.name: called }}
access:
  default: anonymous
  rules:
    Customer.email: {{ roles: [staff] }}
server: {{ documents: {{ manifest: [operations.json] }} }}
"""


def customers(*fields: str) -> dict[str, Any]:
    documents = crm(*fields)
    ids = {"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}
    documents["/crm/openapi.json"]["paths"]["/customers"]["get"]["parameters"] = [ids]
    return documents


def change(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / "stock.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@dataclass
class Home:
    far: Far
    file: Path


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    far = Far(customers("id", "name", "email"))
    change(tmp_path, "CREATE TABLE products (sku TEXT PRIMARY KEY, owner TEXT, size TEXT)")
    operations = {"a1": "query Sizes { products { sku size } }", "b2": "query Names { customers { id called } }"}
    (tmp_path / "operations.json").write_text(json.dumps(operations))
    file = tmp_path / "isthmus.yaml"
    async with serving(far.app()) as base:
        file.write_text(FILE.format(far=base, token=TOKEN), "utf-8")
        assert (await run("pull", file)).code == 0
        yield Home(far, file)


async def test_nothing_and_safe_changes_end_with_0(home: Home) -> None:
    ended = await run("check", home.file, "--drift")
    assert (ended.code, ended.out) == (0, "Nothing changed. 0 of 2 operations break.\n")
    before = files(home.file)
    home.far.files = customers("id", "name", "email", "phone")
    ended = await run("check", home.file, "--drift")
    assert ended.code == 0
    assert "crm: its description has changed\n" in ended.out
    assert "dangerous  Field Customer.phone was added. 1 more comes of it: 1 dangerous (--all lists it).\n" in ended.out
    every = await run("check", home.file, "--drift", "--all")
    assert (every.code, "safe       Field Customer.phone was added.\n" in every.out) == (0, True)
    assert files(home.file) == before


async def test_what_breaks_is_told_with_all_that_it_affects(home: Home) -> None:
    home.far.files = customers("id")
    change(home.file.parent, "ALTER TABLE products DROP COLUMN size")
    ended = await run("check", home.file, "--drift")
    assert ended.code == 2, ended.err
    assert re.search(
        r"^breaking   Field Product.size was removed. \d+ more come of it \(--all lists them\).$",
        ended.out,
        re.MULTILINE,
    )
    assert "breaking   Field Customer.email was removed. " in ended.out
    assert "ProductWhere.size" not in ended.out
    every = await run("check", home.file, "--drift", "--all")
    assert (every.code, "breaking   Field ProductWhere.size was removed.\n" in every.out) == (2, True)
    assert "isthmus.yaml:14  access.rules.Customer.email\n" in ended.out
    assert "isthmus.yaml:10  rename.Customer.name\n" in ended.out
    assert (
        "operation  a1 (operations.json) is no longer valid: Cannot query field 'size' on type 'Product'." in ended.out
    )
    assert "2 of 2 operations break." in ended.out
    told = json.loads((await run("check", home.file, "--drift", "--json")).out)
    assert told["sources"] == {"crm": "changed", "stock": "changed"}
    assert {each["where"] for each in told["affected"]} == {"access.rules.Customer.email", "rename.Customer.name"}
    assert {each["id"] for each in told["broken"]} == {"a1", "b2"}
    assert {each["of"] for each in told["changes"] if ".size " in each["what"]} == {None, "Product.size"}


async def test_a_link_that_loses_its_end_is_told(home: Home) -> None:
    home.far.files = customers("number", "name", "email")
    ended = await run("check", home.file, "--drift")
    assert ended.code == 2, ended.err
    assert "links.Product.customers" in ended.out
    assert "sources.crm.operations.customers" in ended.out
    assert "Field Customer.id was removed." in ended.out


async def test_a_source_that_is_away_is_told_and_hides_no_other(home: Home) -> None:
    home.far.files = {}
    ended = await run("check", home.file, "--drift")
    assert ended.code == 1
    assert "crm: cannot be compared\n" in ended.out
    assert "answered 503" in ended.out
    change(home.file.parent, "ALTER TABLE products DROP COLUMN size")
    ended = await run("check", home.file, "--drift")
    assert ended.code == 2
    assert "crm: cannot be compared\n" in ended.out
    assert "breaking   Field Product.size was removed. " in ended.out


async def test_without_pins_there_is_nothing_to_compare(home: Home) -> None:
    (home.file.parent / "isthmus.lock").unlink()
    ended = await run("check", home.file, "--drift")
    assert (ended.code, "mend: run isthmus pull" in ended.err) == (1, True)
