"""Writes that are lost, late, blocked or too many: what is told is what became of them, and nothing is done twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.postgresql import own_schema
from tests.through.gateway import Gateway, codes, gateway
from tests.through.proxy import Proxy, proxy
from tests.writing.stores import FILE, KINDS, TABLES, House, PostgresStore, SqliteStore, conflict, house, written

INSERT = 'mutation { insertCustomer(row: { name: "Ann" }) { id } }'
UPDATE = 'mutation { updateCustomer(id: 1, set: { name: "changed" }) { name } }'


class Behind:
    """A gateway that reaches its PostgreSQL through a proxy."""

    def __init__(self, served: Gateway, store: PostgresStore, between: Proxy) -> None:
        self.served, self.store, self.between = served, store, between

    async def names(self) -> list[str]:
        return [row[0] for row in await self.store.ask("SELECT name FROM customers ORDER BY id")]


@pytest.fixture
async def behind(tmp_path: Path) -> AsyncIterator[Behind]:
    async with own_schema() as made, proxy(made.url.host or "127.0.0.1", made.url.port or 5432) as between:
        store = PostgresStore(made.connection, made.name)
        await store.run(TABLES["postgresql"])
        there = made.url.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
        text = written(FILE, store, "writes: true, timeout_s: 2, concurrency: 1")
        async with gateway(tmp_path, text, {"URL": there}) as served:
            await served.data("{ tags { word } }")
            yield Behind(served, store, between)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Asks until it is so, five seconds at most."""
    ends = asyncio.get_running_loop().time() + 5
    while not await holds():
        assert asyncio.get_running_loop().time() < ends
        await asyncio.sleep(0.02)


async def test_an_answer_that_is_lost_at_commit_leaves_the_outcome_unknown(behind: Behind) -> None:
    behind.between.answer_lost_at = b"COMMIT"
    assert codes(await behind.served.ask(INSERT)) == [("OUTCOME_UNKNOWN", ["insertCustomer"])]

    async def written_once() -> bool:
        return await behind.names() == ["Ann"]

    await eventually(written_once)
    assert behind.between.sent.count(b"INSERT INTO") == 1


async def test_a_commit_that_never_arrived_leaves_the_outcome_unknown_and_is_not_sent_again(behind: Behind) -> None:
    behind.between.lost_at = b"COMMIT"
    assert codes(await behind.served.ask(INSERT)) == [("OUTCOME_UNKNOWN", ["insertCustomer"])]
    assert behind.between.sent.count(b"INSERT INTO") == 1
    assert await behind.names() == []


async def test_a_statement_that_is_lost_before_commit_changed_nothing_and_is_not_sent_again(behind: Behind) -> None:
    for lost in ("lost_at", "answer_lost_at"):
        setattr(behind.between, lost, b"INSERT INTO")
        behind.between.sent.clear()
        assert codes(await behind.served.ask(INSERT)) == [("SOURCE_UNAVAILABLE", ["insertCustomer"])]
        assert behind.between.sent.count(b"INSERT INTO") == 1
        setattr(behind.between, lost, b"")
        assert await behind.names() == []


async def test_a_commit_that_hangs_is_answered_in_time(behind: Behind) -> None:
    behind.between.hangs_at = b"COMMIT"
    started = asyncio.get_running_loop().time()
    assert codes(await behind.served.ask(INSERT)) == [("OUTCOME_UNKNOWN", ["insertCustomer"])]
    assert asyncio.get_running_loop().time() - started < 3
    behind.between.hangs_at = b""
    behind.between.flow()

    async def answers() -> bool:
        return "errors" not in await behind.served.ask('mutation { upsertTag(row: { word: "x" }) { word } }')

    await eventually(answers)  # the connection is free again, whatever became of it


async def test_a_connection_that_was_lost_while_idle_costs_no_write(behind: Behind) -> None:
    await behind.between.stop()
    await behind.between.start()
    assert await behind.served.data(INSERT) == {"insertCustomer": {"id": 1}}
    assert await behind.names() == ["Ann"]


@contextlib.asynccontextmanager
async def locked(shop: House) -> AsyncIterator[None]:
    """Somebody else has changed the customer with the id 1 and not said whether that counts."""
    change = "UPDATE customers SET version = 9 WHERE id = 1"
    store = shop.store
    if isinstance(store, SqliteStore):
        with contextlib.closing(sqlite3.connect(store.path)) as other:
            other.execute(change)
            yield
            other.rollback()
    else:
        await store.run(f"BEGIN; {change}")
        try:
            yield
        finally:
            await store.run("ROLLBACK")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_row_that_somebody_else_holds_is_waited_for_no_longer_than_the_source_may_take(
    kind: str, tmp_path: Path
) -> None:
    async with house(kind, tmp_path, settings="writes: true, timeout_s: 2") as shop:
        await shop.data(INSERT)
        async with locked(shop):
            started = asyncio.get_running_loop().time()
            assert codes(await shop.ask(UPDATE)) == [("SOURCE_TIMEOUT", ["updateCustomer"])]
            assert asyncio.get_running_loop().time() - started < 3
            if kind != "sqlite":  # which has one writer
                assert await shop.data('mutation { insertTag(row: { word: "x" }) { word } }')
        assert await shop.rows("SELECT name, version FROM customers") == [("Ann", 1)]
        assert await shop.data(UPDATE) == {"updateCustomer": {"name": "changed"}}


async def test_a_change_that_a_deadlock_undid_is_made_again(tmp_path: Path) -> None:
    async with house("postgresql", tmp_path, settings="writes: true, timeout_s: 9") as shop:
        await shop.store.run("INSERT INTO customers (name) VALUES ('a'), ('b')")
        await shop.store.run("SET deadlock_timeout = '1min'; BEGIN; UPDATE customers SET version = 5 WHERE id = 2")
        change = "mutation { updateCustomers(where: { id: { in: [1, 2] } }, set: { version: 7 }) { affected } }"
        asking = asyncio.create_task(shop.ask(change))

        async def waits() -> bool:
            return await shop.rows("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") == [(True,)]

        await eventually(waits)
        await shop.store.run("UPDATE customers SET version = 6 WHERE id = 1; COMMIT")
        assert (await asking)["data"] == {"updateCustomers": {"affected": 2}}
        assert await shop.rows("SELECT version FROM customers ORDER BY id") == [(7,), (7,)]


CLASH = """
    CREATE OR REPLACE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval((TG_TABLE_SCHEMA || '.tries')::regclass) <= {times} THEN
        RAISE EXCEPTION 'clash' USING ERRCODE = '{state}';
      END IF;
      RETURN NEW;
    END $$;
    ALTER SEQUENCE tries RESTART;
"""
TRIGGERS = {
    "statement": "CREATE TRIGGER clash BEFORE INSERT OR UPDATE ON customers",
    "commit": "CREATE CONSTRAINT TRIGGER clash AFTER INSERT OR UPDATE ON customers DEFERRABLE INITIALLY DEFERRED",
}


@pytest.mark.parametrize("at", TRIGGERS)
@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_what_a_clash_undid_is_tried_three_times_more_where_twice_is_as_once(
    tmp_path: Path, state: str, at: str
) -> None:
    async with house("postgresql", tmp_path, settings="writes: true, timeout_s: 9") as shop:
        await shop.store.run("INSERT INTO customers (name) VALUES ('a'); CREATE SEQUENCE tries")
        await shop.store.run(CLASH.format(times=3, state=state))
        await shop.store.run(f"{TRIGGERS[at]} FOR EACH ROW EXECUTE FUNCTION clash()")
        assert await shop.data(UPDATE) == {"updateCustomer": {"name": "changed"}}
        assert await shop.rows("SELECT last_value FROM tries") == [(4,)]
        await shop.store.run(CLASH.format(times=4, state=state))
        body = await shop.ask(UPDATE)
        assert conflict(body) == [("CONFLICT", "concurrent", None)]
        assert body["errors"][0]["extensions"]["retryable"] is True
        assert await shop.rows("SELECT last_value FROM tries") == [(4,)]
        await shop.store.run(CLASH.format(times=1, state=state))
        assert conflict(await shop.ask(INSERT)) == [("CONFLICT", "concurrent", None)]
        assert await shop.rows("SELECT last_value FROM tries") == [(1,)], "an insert is never made twice"
        assert await shop.rows("SELECT name FROM customers") == [("changed",)]


@pytest.mark.parametrize("kind", KINDS)
async def test_of_many_writers_none_overwrites_what_it_has_not_seen(kind: str, tmp_path: Path) -> None:
    async with house(kind, tmp_path, settings="writes: true, timeout_s: 20") as shop:
        await shop.data(INSERT)
        query = """mutation ($now: Int!, $next: Int!) {
            updateCustomer(id: 1, set: { version: $next }, ifMatch: { version: { eq: $now } }) { version }
        }"""

        async def counts_up() -> None:
            while True:
                now = (await shop.data("{ customer(id: 1) { version } }"))["customer"]["version"]
                body = await shop.ask(query, now=now, next=now + 1)
                if "errors" not in body:
                    return
                assert conflict(body)[0][:2] in {("CONFLICT", "stale"), ("CONFLICT", "concurrent")}

        await asyncio.gather(*(counts_up() for _ in range(8)))
        assert await shop.rows("SELECT version FROM customers") == [(9,)]


async def test_a_caller_who_leaves_does_not_end_the_write_that_is_under_way(behind: Behind) -> None:
    await behind.served.data(INSERT)
    await behind.store.run("BEGIN; UPDATE customers SET version = 9 WHERE id = 1")
    with pytest.raises(httpx.ReadTimeout):
        await behind.served.client.post("/graphql", json={"query": UPDATE}, timeout=0.3)
    await behind.store.run("ROLLBACK")

    async def changed() -> bool:
        return await behind.names() == ["changed"]

    await eventually(changed)


@pytest.mark.parametrize("kind", KINDS)
async def test_more_rows_than_may_be_touched_at_once_are_not_touched(kind: str, tmp_path: Path) -> None:
    async with house(kind, tmp_path, settings="writes: true, max_rows: 3") as shop:
        await shop.data('mutation { insertTags(rows: [{ word: "a" }, { word: "b" }, { word: "c" }]) { affected } }')
        await shop.data('mutation { insertTag(row: { word: "d" }) { word } }')
        many = ", ".join(f'{{ word: "{number}" }}' for number in range(4))
        for change, returning in (
            (f"insertTags(rows: [{many}])", "affected"),
            ('updateTags(where: { word: { lt: "z" } }, set: { word: "y" })', "affected"),
            ('deleteTags(where: { word: { lt: "z" } })', "affected"),
            ('deleteTags(where: { word: { lt: "z" } })', "returning { word }"),
        ):
            body = await shop.ask(f"mutation {{ {change} {{ {returning} }} }}")
            expected = "CONFLICT" if "updateTags" in change else "LIMIT_EXCEEDED"
            assert [code for code, _ in codes(body)] == [expected], change
        assert sorted(await shop.rows("SELECT word FROM tags")) == [("a",), ("b",), ("c",), ("d",)]
        await shop.store.run("INSERT INTO customers (name) VALUES ('1'), ('2'), ('3'), ('4')")
        for returning in ("affected", "affected returning { id version }"):
            change = (
                f"mutation {{ updateCustomers(where: {{ id: {{ gt: 0 }} }}, set: {{ version: 9 }}) {{ {returning} }} }}"
            )
            assert codes(await shop.ask(change)) == [("LIMIT_EXCEEDED", ["updateCustomers"])]
        assert await shop.rows("SELECT sum(version) FROM customers") == [(4,)]


SLY = {
    "postgresql": """
    CREATE FUNCTION sly() RETURNS text LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO tags VALUES ('sly'); RETURN 'x'; END $$;
    CREATE VIEW harmless AS SELECT 1 AS id, sly() AS word;
    """,
    "mariadb": """
    CREATE FUNCTION sly() RETURNS VARCHAR(9) MODIFIES SQL DATA BEGIN INSERT INTO tags VALUES ('sly'); RETURN 'x'; END;
    CREATE VIEW harmless AS SELECT 1 AS id, sly() AS word;
    """,
}


@pytest.mark.parametrize("kind", SLY)
async def test_a_query_never_writes_also_over_a_connection_that_has_just_written(kind: str, tmp_path: Path) -> None:
    tables = {kind: TABLES[kind] + SLY[kind]}
    async with house(kind, tmp_path, settings="writes: true, concurrency: 1", tables=tables) as shop:
        if kind == "postgresql":
            await shop.store.run(f"ALTER FUNCTION sly() SET search_path = {shop.store.schema}")
        await shop.data('mutation { insertTag(row: { word: "a" }) { word } }')
        assert [code for code, _ in codes(await shop.ask("{ harmless { word } }"))] != []
        assert await shop.rows("SELECT word FROM tags") == [("a",)]


async def test_a_database_user_without_the_right_is_told_so(tmp_path: Path) -> None:
    async with house("postgresql", tmp_path) as shop:
        await shop.store.run(
            "CREATE VIEW gone AS SELECT 1; DROP TABLE tags; CREATE VIEW tags AS SELECT 'x'::text AS word"
        )
        body = await shop.ask('mutation { insertTag(row: { word: "a" }) { word } }')
        assert [code for code, _ in codes(body)] == ["SOURCE_FAULT"]


HOSTILE = (
    "'", '"', "`", "\\", "'; DROP TABLE customers; --", '" OR ""="', "1' OR '1'='1", "%s", "%(x)s", ":name", "?", "$1",
    "{0}", "\u202e☃\U0001f4a3", "a\tb\nc\r", "--", "/* */", "NULL", "\\'; DELETE FROM tags; #", "x' AND SLEEP(5)-- ",
    "'||pg_sleep(5)||'", "1; SELECT pg_sleep(5)", "\x1a", "\uff05", "' UNION SELECT 1 --",
)  # fmt: skip


async def test_hostile_text_is_text_wherever_it_stands(shop: House) -> None:
    insert = """mutation ($rows: [OrderLineInsert!]!) {
        insertOrderLines(rows: $rows) { affected returning { groesse select } }
    }"""
    rows = [{"order": 1, "groesse": text, "select": text} for text in HOSTILE]
    made = (await shop.data(insert, rows=rows))["insertOrderLines"]
    assert sorted(row["select"] for row in made["returning"]) == sorted(HOSTILE)
    change = """mutation ($text: String!) {
        updateOrderLine(
            order: 1, groesse: $text, set: { select: $text, where: 3 }, ifMatch: { select: { eq: $text } }
        ) { groesse select where }
        updateOrderLines(where: { groesse: { eq: $text }, select: { in: [$text] } }, set: { select: $text }) {
            affected
        }
        upsertOrderLine(row: { order: 1, groesse: $text, select: $text }) { select }
        like: deleteOrderLines(where: { select: { contains: $text }, groesse: { eq: $text } }) { affected }
        gone: deleteOrderLine(order: 1, groesse: $text) { order }
    }"""
    for text in HOSTILE:
        assert await shop.data(change, text=text) == {
            "updateOrderLine": {"groesse": text, "select": text, "where": 3},
            "updateOrderLines": {"affected": 1},
            "upsertOrderLine": {"select": text},
            "like": {"affected": 1},
            "gone": None,
        }, text
    assert await shop.rows('SELECT count(*) FROM "Order Lines"') == [(0,)]


async def test_text_that_no_database_takes_is_refused(shop: House) -> None:
    query = "mutation ($text: String!) { insertTag(row: { word: $text }) { word } }"
    answers: list[Any] = []
    for text in ("a\0b", "\ud800"):
        content = json.dumps({"query": query, "variables": {"text": text}})
        headers = {"Content-Type": "application/json"}
        answers.append((await shop.served.client.post("/graphql", content=content, headers=headers)).json())
    assert all([error["extensions"]["code"] for error in body["errors"]] == ["BAD_REQUEST"] for body in answers)
    assert await shop.rows("SELECT count(*) FROM tags") == [(0,)]
