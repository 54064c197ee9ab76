"""The same queries over the same data give the same answers on every database: those of SQL written by hand."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, print_schema

from resolvers.model import ListRef
from resolvers.predicate import Page
from resolvers.source import Call, Context
from schema import ANONYMOUS, GraphQLRequest
from tests.databases.answers import rows_of_answer, rows_of_sql, spelled
from tests.databases.corpus import DATA, DATABASES, Loaded, loaded, script
from tests.databases.further import FURTHER
from tests.databases.queries import QUERIES, Query
from tests.through.gateway import Gateway, gateway

FILE = """
    sources:
      db: {{ database: "{url}" }}
    access: {{ default: anonymous }}
"""
EVERY = [(database, data) for data in DATA for database in DATABASES]


@pytest.fixture(scope="module", params=EVERY, ids="-".join)
def at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Loaded]]:
    database, data = request.param
    with loaded(database, data, tmp_path_factory.mktemp(data)) as made:
        yield database, data, made


async def asked(house: Gateway, query: str) -> tuple[Any, int]:
    """The answer, and the number of statements that it took."""
    context = Context(asyncio.get_running_loop().time() + 20, "test")
    answer = await house.snapshot.graph.execute(GraphQLRequest(query, None, {}), ANONYMOUS, context, read_only=True)
    return answer.body, len(context.journal.calls)


def different(query: Query, answer: list[Any], written: list[Any]) -> str:
    """What one has and the other has not; empty where they agree."""
    if query.ordered:
        return "" if answer == written else f"{answer[:5]} is not {written[:5]}"
    mine, theirs = sorted(answer, key=repr), sorted(written, key=repr)
    if mine == theirs:
        return ""
    one, other = [row for row in mine if row not in theirs], [row for row in theirs if row not in mine]
    return f"{len(mine)} and {len(theirs)} rows; {one[:3]} only in the answer, {other[:3]} only in the database"


async def test_answers_are_those_of_sql_written_by_hand(at: tuple[str, str, Loaded], tmp_path: Path) -> None:
    _, data, source = at
    wrong: dict[str, str] = {}
    async with gateway(tmp_path, FILE.format(url=source.url)) as house:
        for query in (query for query in (*QUERIES, *FURTHER) if query.data == data):
            body, statements = await asked(house, query.query)
            if "errors" in body:
                wrong[query.name] = str(body["errors"][:2])
                continue
            written = rows_of_sql(source.ask(spelled(query.sql, pascal=source.pascal)))
            found = different(query, rows_of_answer(query.query, body["data"]), written)
            if statements != query.statements:
                found += f" {statements} statements instead of {query.statements}"
            if found:
                wrong[query.name] = found
    assert not wrong, "\n".join(f"{name}: {reason}" for name, reason in wrong.items())


@pytest.mark.parametrize("data", DATA)
async def test_every_database_gives_the_same_schema(data: str, tmp_path: Path) -> None:
    schemas = set()
    for database in DATABASES:
        (tmp_path / database).mkdir()
        with loaded(database, data, tmp_path / database) as source:
            async with gateway(tmp_path, FILE.format(url=source.url)) as house:
                schemas.add(print_schema(build_client_schema(await house.data(get_introspection_query()))))
    assert len(schemas) == 1


async def test_names_with_spaces_and_views_over_views_are_served(tmp_path: Path) -> None:
    """Northwind as it came from SQL Server to SQLite: "Order Details", and views that read other views."""
    with contextlib.closing(sqlite3.connect(tmp_path / "northwind.db")) as connection:
        connection.executescript(script("northwind_sqlite.sql"))
        views = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]
    async with gateway(tmp_path, FILE.format(url="sqlite:///northwind.db")) as house:
        model = house.snapshot.sources["db"].model
        assert set(views) <= set(model.operations)
        lists = [
            name
            for name, operation in model.operations.items()
            if isinstance(operation.result, ListRef) and not operation.aggregate_of
        ]
        assert len(lists) == 13 + len(views)
        for name in lists:
            rows = await house.snapshot.sources["db"].execute(
                Call(name, page=Page(2)), Context(asyncio.get_running_loop().time() + 20, "test")
            )
            assert isinstance(rows, list), name
        found = await house.data("""{
            orderDetails(where: { orderID: { eq: 10248 } }, orderBy: [{ productID: ASC }]) {
              quantity product { productName category { categoryName } }
            }
        }""")
    assert found["orderDetails"][0] == {
        "quantity": 12,
        "product": {"productName": "Queso Cabrales", "category": {"categoryName": "Dairy Products"}},
    }


def test_there_are_enough_queries() -> None:
    assert len(QUERIES) >= 30
    assert len({query.name for query in QUERIES}) == len(QUERIES)
