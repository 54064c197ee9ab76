"""The tables of types in docs/databases.md, held against a column of every type in them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

from resolvers.model import ListRef, NamedRef, ObjectType, SourceModel, TypeRef
from resolvers.sql import DatabaseSettings, open_database
from tests.sql.servers import server

DOCUMENT = (Path(__file__).parents[2] / "docs" / "databases.md").read_text("utf-8")
NEEDED = """
CREATE EXTENSION IF NOT EXISTS citext; CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS ltree;
CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN amount AS numeric(12,2);
"""


def documented(database: str) -> list[tuple[str, str, str]]:
    """Declared type, what it is served as, and what else is said of it, for every type in the table of a database."""
    section = DOCUMENT.split(f"### Types of {database}\n", 1)[1].split("\n#", 1)[0]
    rows = re.findall(r"^\| (`.*`) \| `(.*)` \| (.*)\|$", section, re.MULTILINE)
    return [
        (declared, served, said.strip()) for types, served, said in rows for declared in re.findall("`(.*?)`", types)
    ]


def written(found: TypeRef) -> str:
    if isinstance(found, ListRef):
        return f"[{written(found.item)}]"
    return "(enum)" if isinstance(found, NamedRef) else found.scalar.value


def table_of(types: list[tuple[str, str, str]]) -> str:
    columns = ", ".join(f"c{number} {declared}" for number, (declared, _, _) in enumerate(types))
    return f"CREATE TABLE every_type (id integer PRIMARY KEY, {columns})"


def check(model: SourceModel, types: list[tuple[str, str, str]]) -> None:
    made = model.types["every_type"]
    assert isinstance(made, ObjectType)
    rows = model.operations["every_type"].rows
    assert rows is not None
    told = {left.operation: left.reason for left in model.left_out if left.degraded}
    for number, (declared, served, said) in enumerate(types):
        name = f"c{number}"
        assert written(made.fields[name].type) == served, declared
        assert (name not in rows.filterable) == ("not filtered" in said), declared
        assert (name in rows.orderable) == (name in rows.filterable and "no order" not in said), declared
        reason = told.get(f"every_type.{name}", "")
        assert bool(reason) == ("as JSON" in said or "as text" in said or "as well-known text" in said), declared


@pytest.mark.parametrize(("database", "kind"), [("PostgreSQL", "postgresql"), ("MariaDB", "mariadb")])
async def test_types_are_served_as_documented(database: str, kind: str) -> None:
    types = documented(database)
    assert len(types) > 25
    with server(kind) as there:
        if kind == "postgresql":
            there.run(NEEDED)
        there.run(table_of(types))
        source = await there.open()
        await source.close()
    check(source.model, types)


async def test_types_of_sqlite_are_served_as_documented(tmp_path: Path) -> None:
    types = documented("SQLite")
    assert len(types) > 15
    with sqlite3.connect(tmp_path / "every.db") as connection:
        connection.execute(table_of(types))
    connection.close()
    settings = DatabaseSettings.model_validate({"database": f"sqlite:///{quote('every.db')}"})
    source = await open_database("every", settings, tmp_path)
    await source.close()
    check(source.model, types)
