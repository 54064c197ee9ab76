"""Calls against real databases: what comes back, what is refused, and what a database never sees."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from resolvers.errors import (
    BadRequest,
    DeadlineExceeded,
    SourceTimeout,
)
from resolvers.predicate import And, Compare, In, IsNull, Not, Operator, Or, Order, Page, Predicate
from resolvers.source import LEAF, Call
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from resolvers.sql.dialects import address
from resolvers.sql.dialects.sqlite.database import SqliteDatabase
from tests.sql.asking import NewContext, fields, ids


async def test_sqlite_values_are_exact_and_dirty_ones_are_handed_on(shop: SqlSource, context: NewContext) -> None:
    rows = await shop.execute(Call("orders", order=(Order("id"),)), context())
    assert isinstance(rows, list)
    assert rows[0] == {
        "id": 1,
        "billing_customer_id": 1,
        "shipping_customer_id": 2,
        "total": Decimal("10.1"),
        "placed": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "due": date(2026, 2, 1),
        "ref": UUID("0b1e2d3c-0000-4000-8000-000000000001"),
        "qty": 1,
        "rate": 0.5,
        "raw": b"\x00\xff",
        "doc": {"a": [1]},
    }
    assert rows[1]["total"] == Decimal("1234567890123.45")
    assert rows[1]["doc"] == "not json"
    assert (rows[2]["placed"], rows[2]["qty"], rows[2]["due"]) == ("soon", "seven", date(2026, 2, 1))
    assert rows[3]["qty"] == 9007199254740993


async def test_only_the_selected_columns_are_read(shop: SqlSource, context: NewContext) -> None:
    assert await shop.execute(Call("notes", selection=fields("body")), context()) == [
        {"body": "same"},
        {"body": "same"},
        {"body": None},
    ]
    assert await shop.execute(Call("status", selection=LEAF), context()) == []
    rows = await shop.execute(Call("staff", selection=LEAF, order=(Order("name"),)), context())
    assert rows == [{"id": 3}, {"id": 2}, {"id": 1}]


async def test_by_key_gives_one_row_or_none(shop: SqlSource, depot: SqlSource, context: NewContext) -> None:
    name = fields("name")
    assert await shop.execute(Call("customer", {"id": 1}, name), context()) == {"name": "Ann"}
    assert await shop.execute(Call("customer", {"id": 9}, name), context()) is None
    assert await shop.execute(Call("customer_by_email", {"email": "a@x"}, name), context()) == {"name": "Ann"}
    line = Call("order_line", {"order_id": 1, "line_no": 2}, fields("sku"))
    assert await shop.execute(line, context()) == {"sku": "b"}
    assert await depot.execute(Call("customer", {"region": "EU", "no": 1}, name), context()) == {"name": "Ann"}
    for arguments in ({}, {"id": 1, "name": "x"}, {"id": None}, {"id": 1 << 70}, {"id": True}, {"id": "1; --"}):
        with pytest.raises(BadRequest):
            await shop.execute(Call("customer", arguments), context())


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("contains", "%", [3]),
        ("contains", "_", [3]),
        ("contains", "\\", [3]),
        ("contains", "b", [2]),
        ("contains", "B", [4]),
        ("startsWith", "a", []),
        ("startsWith", "A", [1]),
        ("endsWith", "--", [4]),
        ("endsWith", "%", []),
        ("like", "%n", [1, 4][:1]),
        ("like", "100\\%%", [3]),
        ("ilike", "BOB", [2]),
        ("ilike", "%RIEN%", [4]),
        ("eq", "O'Brien; --", [4]),
        ("ne", "Ann", [2, 3, 4]),
        ("gt", "Z", [2]),
    ],
)
async def test_text_conditions(
    shop: SqlSource, context: NewContext, operator: Operator, value: str, expected: list[int]
) -> None:
    assert await ids(shop, "customers", Compare("name", operator, value), context()) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (And(()), [1, 2, 3, 4]),
        (Or(()), []),
        (Not(Or(())), [1, 2, 3, 4]),
        (IsNull("billing_customer_id"), [3]),
        (Not(IsNull("billing_customer_id")), [1, 2, 4]),
        (In(("billing_customer_id",), ((1,), (2,), (1,))), [1, 2, 4]),
        (In(("billing_customer_id",), ()), []),
        (In(("billing_customer_id",), ((1 << 70,),)), []),
        (Not(In(("billing_customer_id",), ((1 << 70,),))), [1, 2, 4]),
        (Not(In(("billing_customer_id",), ())), [1, 2, 3, 4]),
        (In(("billing_customer_id", "shipping_customer_id"), ((1, 2), (2, 1), (1, 99))), [1, 2]),
        (In(("due", "id"), ((date(2026, 2, 1), 1), ("2026-02-01", 3))), [1, 3]),
        (Or((Compare("id", "lt", 2), Compare("id", "gte", 4))), [1, 4]),
        (Not(And((Compare("id", "gt", 1), Compare("id", "lte", 3)))), [1, 4]),
        (Compare("placed", "eq", "2026-01-31T13:00:00+01:00"), [1, 2]),
        (Compare("placed", "gt", "2026-01-31T12:00:00.5Z"), []),
        (Compare("due", "eq", date(2026, 2, 1)), [1, 3]),
        (In(("due",), (("2026-02-01",), ("2026-13-01",))), [1, 3]),
        (Compare("total", "eq", Decimal("10.10")), [1]),
        (Compare("total", "gt", "1234567890123.44"), [2]),
        (In(("total",), ((Decimal("10.1"),), (0,))), [1, 3]),
        (Compare("ref", "eq", "0B1E2D3C-0000-4000-8000-000000000001"), [1]),
        (Compare("raw", "eq", "AP8="), [1]),
        (Compare("qty", "eq", 9007199254740993), [4]),
    ],
)
async def test_conditions(shop: SqlSource, context: NewContext, predicate: Predicate, expected: list[int]) -> None:
    assert await ids(shop, "orders", predicate, context()) == expected


@pytest.mark.parametrize(
    "predicate",
    [
        Compare("nothing", "eq", 1),
        Compare('id" OR 1=1 --', "eq", 1),
        Compare("doc", "eq", "x"),
        Compare("id", "contains", "1"),
        Compare("raw", "gt", "AP8="),
        Compare("id", "eq", 1 << 63),
        Compare("id", "eq", "1 OR 1=1"),
        Compare("id", "eq", 1.0),
        Compare("rate", "eq", float("nan")),
        Compare("rate", "eq", 10**400),
        Compare("total", "eq", "1e999999"),
        Compare("total", "eq", Decimal("NaN")),
        Compare("placed", "eq", "yesterday"),
        Compare("placed", "eq", "0001-01-01T00:00:00+23:59"),
        Compare("due", "eq", "2026-02-30"),
        Compare("due", "eq", datetime(2026, 2, 1, tzinfo=UTC)),
        Compare("ref", "eq", "{x}"),
        Compare("raw", "eq", "not base64!"),
        In(("id", "nothing"), ((1, 2),)),
        In(("id",), ((1, 2),)),
    ],
)
async def test_what_no_column_can_hold_is_refused_before_the_driver(
    shop: SqlSource, context: NewContext, predicate: Predicate
) -> None:
    given = context()
    with pytest.raises(BadRequest):
        await shop.execute(Call("orders", predicate=predicate), given)
    assert given.journal.calls == []


@pytest.mark.parametrize("value", ["a\0b", "\ud800", "x\udfff"])
async def test_text_that_no_database_takes_is_refused(
    shop: SqlSource, depot: SqlSource, context: NewContext, value: str
) -> None:
    for source in (shop, depot):
        for predicate in (Compare("name", "eq", value), Compare("name", "ilike", value), In(("name",), ((value,),))):
            with pytest.raises(BadRequest) as caught:
                await source.execute(Call("customers", predicate=predicate), context())
            assert value not in caught.value.detail


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "'; DROP TABLE customers; --", '" OR 1=1', "/* */", "$1", ":name", "%(x)s"]
)
async def test_values_never_become_sql(shop: SqlSource, depot: SqlSource, context: NewContext, value: str) -> None:
    for source in (shop, depot):
        before = await source.execute(Call("customers"), context())
        for predicate in (Compare("name", "eq", value), Compare("name", "contains", value), In(("name",), ((value,),))):
            assert await source.execute(Call("customers", predicate=predicate), context()) == []
        assert await source.execute(Call("customers"), context()) == before


async def test_identifiers_come_from_the_catalogue_alone(shop: SqlSource, context: NewContext) -> None:
    evil = "id; DROP TABLE orders"
    for call in (
        Call(evil),
        Call("sqlite_master"),
        Call("orders", selection=fields(evil)),
        Call("orders", order=(Order(evil),)),
        Call("orders", order=(Order("doc"),)),
        Call("orders", page=Page(-1)),
        Call("orders", page=Page(1, 1 << 70)),
    ):
        with pytest.raises(BadRequest):
            await shop.execute(call, context())
    assert await shop.execute(Call("addresses", selection=fields("select")), context()) == [{"select": "x"}]


async def test_order_nulls_and_pages(shop: SqlSource, depot: SqlSource, context: NewContext) -> None:
    async def ordered(source: SqlSource, *order: Order, page: Page) -> list[object]:
        rows = await source.execute(Call("orders", selection=fields("id"), order=order, page=page), context())
        assert isinstance(rows, list)
        return [row["id"] for row in rows]

    billing = "billing_customer_id"
    assert await ordered(shop, Order(billing, nulls="last"), page=Page(3)) == [1, 2, 4]
    assert await ordered(shop, Order(billing, nulls="first"), page=Page(3, 1)) == [1, 2, 4]
    assert await ordered(
        shop, Order(billing, descending=True, nulls="first"), Order("id", descending=True), page=Page(None, 1)
    ) == [4, 2, 1]
    assert await ordered(shop, page=Page(0)) == []
    assert await ordered(depot, Order("total", nulls="first"), page=Page(1)) == [2]
    assert await ordered(depot, Order("billing_no"), page=Page(2)) == [1, 2]


async def test_the_journal_has_names_and_no_values(shop: SqlSource, context: NewContext) -> None:
    given = context()
    predicate = And((Compare("name", "eq", "canary"), IsNull("email")))
    await shop.execute(Call("customers", predicate=predicate), given)
    assert [record.wire for record in given.journal.calls] == ["SELECT customers WHERE name, email"]


async def test_the_model_may_be_replaced(shop: SqlSource, context: NewContext) -> None:
    shop.model = replace(shop.model, operations={"orders": shop.model.operations["orders"]})
    assert await ids(shop, "orders", Compare("id", "eq", 1), context()) == [1]


async def test_text_that_is_not_utf8_does_not_cost_the_other_rows(
    shop: SqlSource, sqlite_file: Path, context: NewContext
) -> None:
    with sqlite3.connect(sqlite_file) as connection:
        connection.execute("INSERT INTO notes VALUES (CAST(x'ff41' AS TEXT))")
    connection.close()
    rows = await shop.execute(Call("notes"), context())
    assert isinstance(rows, list)
    assert [row["body"] for row in rows] == ["same", "same", None, b"\xffA"]


@pytest.mark.parametrize("command", ["DELETE FROM notes", "PRAGMA user_version=7", "CREATE TABLE t (x)"])
async def test_sqlite_is_read_only(sqlite_file: Path, tmp_path: Path, command: str) -> None:
    _, where = address(f"sqlite:///{quote(sqlite_file.name)}", tmp_path)
    database = SqliteDatabase(where, concurrency=1, timeout_s=5)
    with pytest.raises(DBAPIError, match="readonly"):
        await database.run(lambda connection: connection.execute(text(command)))
    await database.close()


async def test_a_sqlite_statement_ends_with_its_time(shop: SqlSource, context: NewContext) -> None:
    given = context()
    given.deadline = asyncio.get_running_loop().time() + 0.3
    with pytest.raises(SourceTimeout) as caught:
        await shop.execute(Call("slow"), given)
    assert "SELECT" not in str(caught.value)
    assert given.journal.calls[0].seconds < 2
    assert len(await ids(shop, "orders", And(()), context())) == 4


async def test_a_cancelled_sqlite_call_gives_its_connection_back(
    sqlite_file: Path, tmp_path: Path, context: NewContext
) -> None:
    settings = DatabaseSettings.model_validate({"database": f"sqlite:///{quote(sqlite_file.name)}", "concurrency": 1})
    source = await open_database("one", settings, tmp_path)
    try:
        started, loop = asyncio.Event(), asyncio.get_running_loop()
        assert isinstance(source._database, SqliteDatabase)

        def tell(*_: object) -> None:
            loop.call_soon_threadsafe(started.set)

        event.listen(source._database._engine, "before_cursor_execute", tell)
        task = asyncio.create_task(source.execute(Call("slow", predicate=And(())), context()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await ids(source, "orders", And(()), context())) == 4
    finally:
        await source.close()


async def test_no_time_left_is_no_call(shop: SqlSource, context: NewContext) -> None:
    given = context()
    given.deadline = 0
    with pytest.raises(DeadlineExceeded):
        await shop.execute(Call("orders"), given)
