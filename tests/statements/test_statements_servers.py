"""Statements and what their database alone can say or do: types it finds, time and rows it is given, being away."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from tests.mariadb import own_database
from tests.postgresql import own_schema
from tests.statements.shop import DATABASES, stated
from tests.through.gateway import codes, gateway
from tests.through.proxy import proxy

POSTGRESQL = """
CREATE TYPE "the Mood" AS ENUM ('so-so', 'great');
CREATE TABLE "Things" (
  id uuid PRIMARY KEY, mood "the Mood", tags text[], about jsonb, seen timestamptz, day date, price numeric(30,10),
  size real, wait interval, address inet, small smallint
);
INSERT INTO "Things" VALUES (
  '00000000-0000-0000-0000-00000000000a', 'so-so', '{a,NULL,":x"}', '{"a": [1, null]}', '2026-01-01T10:00+02',
  '2026-01-02',  12345678901234567890.0123456789, 34.8, '1 day 02:00', '10.0.0.1', 7
), ('00000000-0000-0000-0000-00000000000b', 'great', '{}', '"text"', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""


async def test_postgresql_says_the_types_of_columns_and_finds_those_of_arguments(tmp_path: Path) -> None:
    async with own_schema() as made:
        await made.connection.execute(POSTGRESQL)
        things = f'{made.name}."Things"'
        statements = {
            "all": {
                "sql": f"""select id, mood, tags, about, seen, day, price, size, wait::text as wait,
                    host(address) as ip, small, count(*) over () as n, true as yes, '\\x00ff'::bytea as raw
                    from {things} where ($tag$:no$tag$ = :text) is false and mood = :mood
                    and (tags @> :tags or :tags::text[] is null) and about @> :about::jsonb and seen >= :seen
                    and day >= :day and day > :seen and price > :least and wait < :wait and address = :ip
                    and id = any(:ids) and id in (:ids) and small = :small and id not in (:others)""",
                "arguments": {
                    "text": "String!", "mood": "TheMood!", "tags": "[String]", "about": "JSON!", "seen": "DateTime!",
                    "day": "Date!", "least": "Decimal!", "wait": "String!", "ip": "String!", "ids": "[UUID!]!",
                    "small": "Int!", "others": "[ID!]!",
                },
            },
            "one": {
                "sql": f"select about as a, mood from {things} where id = :id", "arguments": {"id": "ID!"},
                "returns": "one",
            },
            "age": {"sql": "select :a - :b + 1", "arguments": {"a": "Date!", "b": "Date!"}, "returns": "value"},
            "moods": {
                "sql": f"select id, mood from {things} order by id",
                "returns": {"many": {"id": "ID!", "mood": "the_mood"}},
            },
        }  # fmt: skip
        source = {
            "database": made.url.render_as_string(hide_password=False), "schemas": [made.name],
            "statements": statements,
        }  # fmt: skip
        text = f"sources:\n  depot: {json.dumps(source)}\naccess: {{ default: anonymous }}\n"
        async with gateway(tmp_path, text) as served:
            query = """query ($tags: [String], $ids: [UUID!]!, $small: Int!) { all(
                text: "x", mood: SO_SO, tags: $tags, about: {a: [1]}, seen: "2026-01-01T08:00:00Z", day: "2025-01-01",
                least: "12345678901234567890.0123456788", wait: "2 days", ip: "10.0.0.1", ids: $ids, small: $small,
                others: ["00000000-0000-0000-0000-00000000000b"]
            ) { id mood tags about seen day price size wait ip small n yes raw } }"""
            ids = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000c"]
            for tags in (["a", ":x"], None):
                (row,) = (await served.data(query, tags=tags, ids=ids, small=7))["all"]
                assert row == {
                    "id": ids[0], "mood": "SO_SO", "tags": ["a", None, ":x"], "about": {"a": [1, None]},
                    "seen": "2026-01-01T08:00:00+00:00", "day": "2026-01-02",
                    "price": "12345678901234567890.0123456789",
                    "size": 34.8, "wait": "1 day 02:00:00", "ip": "10.0.0.1", "small": 7, "n": "1", "yes": True,
                    "raw": "AP8=",
                }  # fmt: skip
            assert codes(await served.ask(query, tags=None, ids=ids, small=99999)) == [("BAD_REQUEST", ["all"])]
            found = await served.data(
                f'{{ one(id: "{ids[0][:-1]}b") {{ a mood }} age(a: "2026-02-01", b: "2026-01-01") }}'
            )
            assert found == {"one": {"a": "text", "mood": "great"}, "age": 32}
            found = await served.data(
                '{ moods { id mood } __type(name: "MoodsRow") { fields { type { name kind } } } }'
            )
            assert [row["mood"] for row in found["moods"]] == ["SO_SO", "great"]
            assert found["__type"]["fields"][1]["type"] == {"name": "TheMood", "kind": "ENUM"}
            assert codes(await served.ask('{ one(id: "not a uuid") { a } }')) == [("BAD_REQUEST", ["one"])]


SLOW = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1e12) select max(i) from n",
    "postgresql": "select 1 from pg_sleep(20)",
    "mariadb": "select sleep(20)",
}
MANY = {
    "sqlite": "with recursive n(i) as (select 1 union all select i + 1 from n where i < :most) select i from n",
    "postgresql": "select i from generate_series(1, :most) i",
    "mariadb": "with recursive n(i) as (select 1 union all select i + 1 from n where i < :most) select i from n",
}


@pytest.mark.parametrize("kind", DATABASES)
async def test_rows_and_time_are_bounded(kind: str, tmp_path: Path) -> None:
    statements = {
        "slow": {"sql": SLOW[kind], "returns": {"value": "Int"}},
        "numbers": {"sql": MANY[kind], "arguments": {"most": "Int!"}, "returns": {"many": {"i": "Int!"}}},
        "several": {"sql": MANY[kind], "arguments": {"most": "Int!"}, "returns": {"one": {"i": "Int!"}}},
    }
    async with stated(kind, tmp_path, statements, more={"max_rows": 100, "timeout_s": 2}) as shop:
        body = await shop.ask("{ some: numbers(most: 100) { i } more: numbers(most: 900) { i } slow }")
        assert len(body["data"]["some"]) == 100
        assert codes(body) == [("LIMIT_EXCEEDED", ["more"]), ("SOURCE_TIMEOUT", ["slow"])]
        assert codes(await shop.ask("{ several(most: 2) { i } }")) == [("SOURCE_BAD_RESPONSE", ["several"])]
        # What one statement was limited to is no limit of the next one, over the same connections.
        assert len((await shop.data("{ orders { id } }"))["orders"]) == 7


@contextlib.asynccontextmanager
async def own(kind: str) -> AsyncIterator[tuple[URL, list[str], Callable[[str], Awaitable[None]]]]:
    """A database, its schemas, and what runs a statement there."""
    if kind == "postgresql":
        async with own_schema() as made:
            yield made.url, [made.name], made.connection.execute
    else:
        with own_database() as database:

            async def run(statement: str) -> None:
                database.run(statement)

            yield make_url(database.url), [], run


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_statements_are_known_while_the_database_is_away(kind: str, tmp_path: Path) -> None:
    async with own(kind) as (where, schemas, run):
        await run("CREATE TABLE orders (id integer PRIMARY KEY, total numeric(12,2))")
        await run("INSERT INTO orders VALUES (1, 2.50)")
        port = {"postgresql": 5432, "mariadb": 3306}[kind]
        async with proxy(where.host or "127.0.0.1", where.port or port) as between:
            through = where.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
            table = f"{schemas[0]}.orders" if schemas else "orders"
            statement: dict[str, object] = {
                "sql": f"select id, total * :by as worth from {table} where id = :id",
                "arguments": {"by": "Decimal!", "id": "Int!"}, "returns": {"one": {"id": "Int!", "worth": "Decimal"}},
            }  # fmt: skip
            new = {**statement, "sql": f"select id, total as worth, {1} as one from {table} where id = :id and :by = 1"}

            def text(statements: object) -> str:
                source = {"database": through, "schemas": schemas, "statements": statements}
                return f"sources:\n  shop: {json.dumps(source)}\naccess: {{ default: anonymous }}\n"

            query = '{ worth(by: "2", id: 1) { id worth } }'
            async with gateway(tmp_path, text({"worth": statement})) as served:
                before = (await served.data(query))["worth"]
                assert (before["id"], float(before["worth"])) == (1, 5.0)
            await between.stop()
            async with gateway(tmp_path, text({"worth": statement, "fresh": new})) as served:
                assert codes(await served.ask(query)) == [("SOURCE_UNAVAILABLE", ["worth"])]
                (left_out,) = (
                    item for item in served.snapshot.sources["shop"].model.left_out if item.operation == "fresh"
                )
                assert left_out.reason == "the database is away, and nothing is known of what the statement gives"
                await between.start()
                async with asyncio.timeout(10):
                    while "errors" in (body := await served.ask(query)):  # noqa: ASYNC110  # as callers would
                        await asyncio.sleep(0.05)  # the breaker looks again after a moment
                assert body["data"]["worth"] == before
            # Another table: the file is as it was, and so is what is served.
            await run("ALTER TABLE orders RENAME TO bills")
            async with gateway(tmp_path, text({"worth": statement})) as served:
                assert "no longer fits its statements" in served.snapshot.sources["shop"].model.stale
                assert codes(await served.ask(query)) == [("SOURCE_BAD_RESPONSE", ["worth"])]
