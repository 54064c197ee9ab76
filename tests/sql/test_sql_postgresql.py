"""Calls against PostgreSQL: its own types, its time limits, its locks and its connections."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from resolvers.errors import (
    BadRequest,
    SourceBadResponse,
    SourceTimeout,
    SourceUnavailable,
)
from resolvers.predicate import And, Compare, In, Predicate
from resolvers.source import Call
from resolvers.sql import SqlSource
from resolvers.sql.dialects.postgresql.database import PostgreSqlDatabase
from tests.sql.asking import NewContext, ids


async def test_postgresql_values_are_exact(depot: SqlSource, context: NewContext) -> None:
    row = await depot.execute(Call("order", {"id": 1}), context())
    assert row == {
        "id": 1,
        "billing_region": "EU",
        "billing_no": 1,
        "shipping_region": "US",
        "shipping_no": 1,
        "big": 9007199254740993,
        "total": Decimal("12345678901234567890.0123456789"),
        "fee": Decimal("2.50"),
        "rate": 0.1,
        "small": pytest.approx(0.1),
        "paid": True,
        "placed": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "booked": datetime(2026, 1, 31, 12),  # noqa: DTZ001 - a column without a zone
        "due": date(2026, 2, 1),
        "at": time(12, 30),
        "ref": UUID("0b1e2d3c-0000-4000-8000-000000000001"),
        "doc": {"a": [1, None]},
        "raw": b"\x00\xff",
        "tags": ["x", None],
        "moods": ["sad"],
        "took": "1 day",
        "peer": "10.0.0.1/32",
    }


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Compare("big", "eq", 9007199254740993), [1]),
        (Compare("total", "eq", "12345678901234567890.0123456789"), [1]),
        (Compare("fee", "eq", Decimal("2.504")), []),
        (Compare("fee", "eq", Decimal("2.5")), [1]),
        (Compare("fee", "lt", Decimal("1e30")), [1]),
        (Compare("rate", "eq", 0.1), [1]),
        (Compare("small", "eq", 0.1), [1]),
        (In(("small",), ((0.1,), (1e300,))), [1]),
        (Compare("paid", "eq", True), [1]),
        (Compare("placed", "eq", "2026-01-31T12:00:00Z"), [1]),
        (Compare("booked", "lte", "2026-01-31T13:00:00+01:00"), [1]),
        (Compare("due", "gte", "2026-02-01"), [1]),
        (Compare("at", "eq", "12:30"), [1]),
        (Compare("ref", "eq", UUID("0b1e2d3c-0000-4000-8000-000000000001")), [1]),
        (Compare("raw", "eq", b"\x00\xff"), [1]),
        (Compare("billing_region", "eq", "EU"), [1, 2]),
        (In(("billing_no",), ((1,), (99999,), (3,))), [1, 2]),
        (In(("billing_no",), ()), []),
        (In(("billing_no",), ((99999,),)), []),
        (In(("billing_region", "billing_no"), (("EU", 1), ("US", 7))), [1, 2]),
        (In(("billing_region", "billing_no"), (("EU", 7), ("US", 1))), []),
        (In(("ref",), (("0b1e2d3c-0000-4000-8000-000000000001",), ("nonsense",))), [1]),
        (In(("due",), (("2026-02-01",),)), [1]),
        (In(("total", "fee"), (("12345678901234567890.0123456789", "2.5"),)), [1]),
    ],
)
async def test_postgresql_conditions(
    depot: SqlSource, context: NewContext, predicate: Predicate, expected: list[int]
) -> None:
    assert await ids(depot, "orders", predicate, context()) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Compare("feeling", "eq", "so-so"), ["Ann"]),
        (In(("feeling",), (("sad",), ("happy",), ("unheard",))), ["Ánn"]),
        (Compare("name", "contains", "%"), ["100%_\\"]),
        (Compare("name", "endsWith", "\\"), ["100%_\\"]),
        (Compare("name", "ilike", "á%"), ["Ánn"]),
        (Compare("name", "like", "a%"), []),
        (In(("name",), (("Ann and more than twenty letters",),)), []),
        (Compare("name", "eq", "Ann" + " " * 30), []),
        (In(("region",), (("US",),)), ["Ánn"]),
    ],
)
async def test_postgresql_text_and_enums(
    depot: SqlSource, context: NewContext, predicate: Predicate, expected: list[str]
) -> None:
    assert await ids(depot, "customers", predicate, context(), "name") == expected


@pytest.mark.parametrize(
    ("operation", "predicate"),
    [
        ("orders", Compare("billing_no", "eq", 40000)),
        ("orders", Compare("id", "eq", 1 << 31)),
        ("orders", Compare("big", "eq", 1 << 63)),
        ("orders", Compare("small", "eq", 1e300)),
        ("orders", Compare("took", "eq", "1 day")),
        ("orders", Compare("tags", "eq", "x")),
        ("customers", Compare("feeling", "eq", "furious")),
        ("customers", Compare("feeling", "like", "s%")),
        ("customers", Compare("name", "like", "lone\\")),
    ],
)
async def test_postgresql_refuses_before_the_driver(
    depot: SqlSource, context: NewContext, operation: str, predicate: Predicate
) -> None:
    given = context()
    with pytest.raises(BadRequest):
        await depot.execute(Call(operation, predicate=predicate), given)
    assert given.journal.calls == []


async def test_many_thousand_keys_are_one_statement(depot: SqlSource, context: NewContext) -> None:
    given = context()
    keys = tuple((number,) for number in range(40_000))
    assert await ids(depot, "hidden", In(("id",), keys), given) == [1, 2]
    assert len(given.journal.calls) == 1


async def test_postgresql_is_read_only(depot: SqlSource) -> None:
    with pytest.raises(DBAPIError, match="read-only transaction"):
        await depot._database.run(lambda connection: connection.execute(text("CREATE TABLE isthmus_never (x int)")))


async def test_postgresql_keeps_the_statements_time(depot: SqlSource, context: NewContext) -> None:
    given = context()
    given.deadline = asyncio.get_running_loop().time() + 0.4
    with pytest.raises(SourceTimeout, match="57014") as caught:
        await depot.execute(Call("sleepy"), given)
    assert "pg_sleep" not in str(caught.value)
    assert given.journal.calls[0].seconds < 2
    assert len(await ids(depot, "orders", And(()), context())) == 2


async def test_a_lock_ends_in_time_and_other_tables_go_on(depot: SqlSource, scratch: Any, context: NewContext) -> None:
    async with scratch.connection.transaction():
        await scratch.connection.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        given = context()
        given.deadline = asyncio.get_running_loop().time() + 0.5
        with pytest.raises(SourceTimeout, match="55P03"):
            await depot.execute(Call("orders"), given)
        assert len(await ids(depot, "customers", And(()), context(), "name")) == 3


async def test_a_cancelled_call_stops_its_statement_and_gives_the_connection_back(
    scratch: Any, context: NewContext
) -> None:
    source = await scratch.open(concurrency=1)
    sleeping = (
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()"
    )
    mine = f"%{scratch.schema}.sleepy%"
    try:
        task = asyncio.create_task(source.execute(Call("sleepy"), context()))
        async with asyncio.timeout(5):
            while not await scratch.connection.fetchval(sleeping, mine):
                pass
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ids(source, "hidden", And(()), context()) == [1, 2]
        async with asyncio.timeout(5):
            while await scratch.connection.fetchval(sleeping, mine):
                pass
    finally:
        await source.close()


async def test_a_full_pool_is_unavailable_within_a_second(scratch: Any, context: NewContext) -> None:
    source = await scratch.open(concurrency=1)
    try:
        assert isinstance(source._database, PostgreSqlDatabase)
        async with source._database._engine.connect():
            with pytest.raises(SourceUnavailable):
                await source.execute(Call("hidden"), context())
    finally:
        await source.close()


async def test_a_connection_that_the_server_ended_is_replaced(
    depot: SqlSource, scratch: Any, context: NewContext
) -> None:
    pid = await depot._database.run(lambda connection: connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    await scratch.connection.execute(f"SELECT pg_terminate_backend({pid})")
    assert await ids(depot, "hidden", And(()), context()) == [1, 2]


async def test_what_the_database_complains_about_stays_inside(
    depot: SqlSource, scratch: Any, context: NewContext
) -> None:
    with pytest.raises(SourceBadResponse) as caught:
        await depot.execute(Call("dividing"), context())
    assert caught.value.detail == "SQLSTATE 22012"
    await scratch.connection.execute("DROP TABLE staff")
    with pytest.raises(SourceBadResponse, match="42P01"):
        await depot.execute(Call("staff"), context())
