"""Calls against MariaDB: its own types and their odd values, its collations, its limits and its connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from resolvers.errors import BadRequest, SourceBadResponse, SourceRejected
from resolvers.model import ListRef, NamedRef, ObjectType, Scalar, ScalarRef, TypeRef
from resolvers.predicate import Compare, In, IsNull, Order, Predicate
from resolvers.source import Call
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.mariadb import OwnDatabase, own_database
from tests.sql.asking import NewContext, fields, ids

TABLES = """
CREATE TABLE customers (
  region char(4), no smallint, name varchar(20) NOT NULL COMMENT 'As on the letter.', email varchar(50) UNIQUE,
  note text, feeling enum('sad','so-so','it''s, fine'),
  PRIMARY KEY (region, no), UNIQUE KEY part (note(5))
) COMMENT 'Who buys.';
CREATE TABLE orders (
  id int PRIMARY KEY AUTO_INCREMENT, region char(4), no smallint, tiny tinyint, paid boolean, sure bit(1), bits bit(10),
  wide int unsigned, big bigint unsigned, total decimal(30,10), small float, rate double, due date, booked datetime(6),
  placed timestamp(3) NULL, at time, later time(3), made year, doc json, fixed binary(4), some varbinary(20), raw blob,
  tags set('a','b','c'), ref uuid, peer inet6, spot point, twice int AS (tiny * 2) STORED,
  loud varchar(10) AS (upper(region)), code varchar(10) CHARACTER SET latin1 COLLATE latin1_bin,
  FOREIGN KEY (region, no) REFERENCES customers (region, no)
);
CREATE VIEW named AS SELECT id, region FROM orders;
CREATE TABLE gone (id int PRIMARY KEY);
CREATE VIEW broken AS SELECT id FROM gone;
DROP TABLE gone;
SET sql_mode = '';
INSERT INTO customers VALUES ('EU', 1, 'Ann', 'a@x', 'same1', 'it''s, fine'),
  ('EU', 2, '100%_\\\\', NULL, 'same2', NULL),
  ('US', 1, 'Ánn ', NULL, NULL, 'sad');
INSERT INTO orders
  (id, region, no, tiny, paid, sure, bits, wide, big, total, small, rate, due, booked, placed, at, later, made, doc,
   fixed, some, raw, tags, ref, peer, spot, code)
VALUES
  (1, 'eu', 1, -3, true, b'1', b'1010101010', 4294967295, 18446744073709551615, 12345678901234567890.0123456789, 34.8,
   0.1, '2026-02-01', '2026-01-31 12:00:00.123456', '2026-01-31 12:00:00.5', '12:30:00', '-01:00:00.5', 2026,
   '{"a": [1, null]}', x'00ff', x'00ff', x'ff', 'c,a', '0b1e2d3c-0000-4000-8000-000000000001', '::1',
   ST_GeomFromText('POINT(1 2)'), 'Ä1'),
  (2, NULL, NULL, NULL, 7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '0000-00-00', '0000-00-00 00:00:00',
   '0000-00-00 00:00:00', '800:00:00', NULL, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, 'ä1');
"""


@pytest.fixture(scope="module")
def own() -> Iterator[OwnDatabase]:
    with own_database() as made:
        made.run("SET time_zone = '+00:00';" + TABLES)
        yield made


@pytest.fixture
async def depot(own: OwnDatabase) -> AsyncIterator[SqlSource]:
    source = await open_database("depot", DatabaseSettings.model_validate({"database": own.url}), Path())
    yield source
    await source.close()


async def test_mariadb_values_are_exact(depot: SqlSource, context: NewContext) -> None:
    assert await depot.execute(Call("order", {"id": 1}), context()) == {
        "id": 1,
        "region": "eu",
        "no": 1,
        "tiny": -3,
        "paid": True,
        "sure": True,
        "bits": 682,
        "wide": 4294967295,
        "big": 18446744073709551615,
        "total": Decimal("12345678901234567890.0123456789"),
        "small": 34.8,
        "rate": 0.1,
        "due": date(2026, 2, 1),
        "booked": datetime(2026, 1, 31, 12, 0, 0, 123456),  # noqa: DTZ001 - a column without a zone
        "placed": datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC),
        "at": time(12, 30),
        "later": "-1 day, 22:59:59.500000",
        "made": 2026,
        "doc": {"a": [1, None]},
        "fixed": b"\x00\xff\x00\x00",
        "some": b"\x00\xff",
        "raw": b"\xff",
        "tags": ["a", "c"],
        "ref": UUID("0b1e2d3c-0000-4000-8000-000000000001"),
        "peer": "::1",
        "spot": "POINT(1 2)",
        "twice": -6,
        "loud": "EU",
        "code": "Ä1",
    }


async def test_odd_values_are_handed_on_and_a_day_of_zeros_is_none(depot: SqlSource, context: NewContext) -> None:
    row = await depot.execute(Call("order", {"id": 2}), context())
    assert isinstance(row, dict)
    assert (row["paid"], row["tags"], row["due"], row["booked"], row["placed"]) == (True, [], None, None, None)
    assert row["at"] == "33 days, 8:00:00"


async def test_mariadb_types(depot: SqlSource) -> None:
    orders = depot.model.types["orders"]
    assert isinstance(orders, ObjectType)
    expected: dict[str, TypeRef] = {
        "id": ScalarRef(Scalar.INT),
        "tiny": ScalarRef(Scalar.INT, True),
        "paid": ScalarRef(Scalar.BOOLEAN, True),
        "sure": ScalarRef(Scalar.BOOLEAN, True),
        "bits": ScalarRef(Scalar.INT, True),
        "wide": ScalarRef(Scalar.BIG_INT, True),
        "big": ScalarRef(Scalar.BIG_INT, True),
        "total": ScalarRef(Scalar.DECIMAL, True),
        "small": ScalarRef(Scalar.FLOAT, True),
        "placed": ScalarRef(Scalar.DATE_TIME, True),
        "made": ScalarRef(Scalar.INT, True),
        "doc": ScalarRef(Scalar.JSON, True),
        "fixed": ScalarRef(Scalar.BASE64, True),
        "tags": ListRef(NamedRef("orders_tags", True), True),
        "ref": ScalarRef(Scalar.UUID, True),
        "spot": ScalarRef(Scalar.STRING, True),
    }
    assert {name: orders.fields[name].type for name in expected} == expected
    assert [value.value for value in depot.model.enums["customers_feeling"].values] == ["sad", "so-so", "it's, fine"]
    reasons = {left.operation: left.reason for left in depot.model.left_out}
    assert set(reasons) == {"orders.spot", "broken"}


async def test_mariadb_comments_keys_and_relations(depot: SqlSource) -> None:
    customers = depot.model.types["customers"]
    assert isinstance(customers, ObjectType)
    assert customers.description == "Who buys."
    assert customers.fields["name"].description == "As on the letter."
    assert customers.key == ("region", "no")
    assert "customer_by_email" in depot.model.operations
    assert "customer_by_note" not in depot.model.operations, "the key is of the beginning of the text alone"
    match = (("region", "region"), ("no", "no"))
    assert [(found.type, found.match) for found in depot.model.relations] == [("orders", match), ("customers", match)]
    assert "named" in depot.model.operations


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Compare("big", "eq", 18446744073709551615), [1]),
        (Compare("wide", "gt", 4294967294), [1]),
        (Compare("total", "eq", "12345678901234567890.0123456789"), [1]),
        (Compare("total", "eq", "12345678901234567890.0123456788"), []),
        (Compare("small", "eq", 34.8), [1]),
        (In(("small",), ((34.8,), (1e300,))), [1]),
        (Compare("rate", "eq", 0.1), [1]),
        (Compare("paid", "eq", True), [1, 2]),
        (Compare("paid", "ne", True), []),
        (Compare("paid", "eq", False), []),
        (Compare("sure", "eq", True), [1]),
        (Compare("bits", "eq", 682), [1]),
        (Compare("booked", "eq", "2026-01-31T12:00:00.123456"), [1]),
        (Compare("placed", "eq", "2026-01-31T13:00:00.5+01:00"), [1]),
        (Compare("due", "gte", "2026-02-01"), [1]),
        (Compare("at", "eq", "12:30"), [1]),
        (Compare("made", "eq", 2026), [1]),
        (Compare("ref", "eq", UUID("0b1e2d3c-0000-4000-8000-000000000001")), [1]),
        (Compare("raw", "eq", b"\xff"), [1]),
        (Compare("peer", "eq", "::1"), [1]),
        (Compare("region", "eq", "EU"), [1]),
        (Compare("code", "eq", "Ä1"), [1]),
        (Compare("code", "like", "Ä%"), [1]),
        (Compare("code", "ilike", "ä%"), [1, 2]),
        (In(("region", "no"), (("EU", 1), ("US", 7))), [1]),
        (IsNull("region"), [2]),
    ],
)
async def test_mariadb_conditions(
    depot: SqlSource, context: NewContext, predicate: Predicate, expected: list[int]
) -> None:
    assert await ids(depot, "orders", predicate, context()) == expected


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Compare("name", "eq", "ann"), ["Ann", "Ánn "]),
        (Compare("name", "like", "an%"), []),
        (Compare("name", "startsWith", "An"), ["Ann"]),
        (Compare("name", "ilike", "á%"), ["Ánn "]),
        (Compare("name", "contains", "%"), ["100%_\\"]),
        (Compare("name", "endsWith", "\\"), ["100%_\\"]),
        (Compare("name", "contains", "\\"), ["100%_\\"]),
        (Compare("name", "eq", "100%_\\"), ["100%_\\"]),
        (Compare("feeling", "eq", "it's, fine"), ["Ann"]),
    ],
)
async def test_mariadb_texts(depot: SqlSource, context: NewContext, predicate: Predicate, expected: list[str]) -> None:
    assert sorted(await ids(depot, "customers", predicate, context(), "name"), key=str) == expected


async def test_nulls_stand_where_the_caller_says(depot: SqlSource, context: NewContext) -> None:
    for nulls, expected in (("first", [2, 1]), ("last", [1, 2])):
        for descending in (False, True):
            order = (Order("total", descending=descending, nulls="first" if nulls == "first" else "last"),)
            rows = await depot.execute(Call("orders", selection=fields("id"), order=order), context())
            assert isinstance(rows, list)
            assert [row["id"] for row in rows] == expected


@pytest.mark.parametrize(
    "predicate",
    [
        Compare("big", "eq", -1),
        Compare("big", "eq", 1 << 64),
        Compare("wide", "eq", 1 << 32),
        Compare("tiny", "eq", 128),
        Compare("bits", "eq", 1 << 10),
        Compare("small", "eq", 1e300),
        Compare("tags", "eq", "a"),
        Compare("doc", "eq", "x"),
        Compare("spot", "eq", "POINT(1 2)"),
        Compare("region", "eq", "a\0b"),
        Compare("region", "eq", "\ud800"),
    ],
)
async def test_what_no_column_can_hold_is_refused_before_the_driver(
    depot: SqlSource, context: NewContext, predicate: Predicate
) -> None:
    given = context()
    with pytest.raises(BadRequest):
        await depot.execute(Call("orders", predicate=predicate), given)
    assert given.journal.calls == []


@pytest.mark.parametrize(
    "value", ["' OR '1'='1", "\\' OR 1=1 -- ", "\\", "'; DROP TABLE orders; -- ", "/* */", "%s", "%(x)s", ":name", "?"]
)
async def test_values_never_become_sql(depot: SqlSource, context: NewContext, value: str) -> None:
    before = await depot.execute(Call("customers"), context())
    for predicate in (Compare("name", "eq", value), In(("name",), ((value,), (value + "x",)))):
        assert await depot.execute(Call("customers", predicate=predicate), context()) == []
    assert await depot.execute(Call("customers"), context()) == before


async def test_a_failure_holds_no_text_of_the_server(depot: SqlSource, own: OwnDatabase, context: NewContext) -> None:
    own.run("RENAME TABLE orders TO moved")
    try:
        with pytest.raises(SourceBadResponse) as caught:
            await depot.execute(Call("orders"), context())
    finally:
        own.run("RENAME TABLE moved TO orders")
    assert caught.value.detail == "error 1146"


async def test_a_table_that_may_not_be_read(own: OwnDatabase, context: NewContext) -> None:
    user = f"{own.name}_user"
    own.run(f"CREATE USER {user}; GRANT SELECT ON {own.name}.orders TO {user}")
    try:
        url = own.url.replace("//root@", f"//{user}@")
        source = await open_database("depot", DatabaseSettings.model_validate({"database": url}), Path())
        own.run(f"REVOKE SELECT ON {own.name}.orders FROM {user}")
        with pytest.raises(SourceRejected):
            await source.execute(Call("orders"), context())
        await source.close()
    finally:
        own.run(f"DROP USER {user}")


async def test_thousands_of_keys_are_one_statement_and_more_than_it_takes_are_refused(
    depot: SqlSource, context: NewContext
) -> None:
    given = context()
    keys = tuple((number,) for number in range(30_000))
    assert await ids(depot, "orders", In(("id",), keys), given) == [1, 2]
    assert len(given.journal.calls) == 1
    with pytest.raises(BadRequest, match="at most 30000 values"):
        await depot.execute(Call("orders", predicate=In(("id",), (*keys, (30_000,)))), context())


async def test_foreign_keys_lead_from_database_to_database(own: OwnDatabase, context: NewContext) -> None:
    with own_database() as other:
        other.run("CREATE TABLE regions (id int PRIMARY KEY, name text); INSERT INTO regions VALUES (1, 'north')")
        other.run(
            f"CREATE TABLE {own.name}.shops (id int PRIMARY KEY, region_id int,"
            f" FOREIGN KEY (region_id) REFERENCES {other.name}.regions (id));"
            f"INSERT INTO {own.name}.shops VALUES (7, 1)"
        )
        try:
            settings = {"database": own.url, "schemas": [own.name, other.name]}
            source = await open_database("depot", DatabaseSettings.model_validate(settings), Path())
            (relation,) = (found for found in source.model.relations if found.type == "shops")
            assert (relation.name, relation.operation, relation.match) == ("region", "regions", (("region_id", "id"),))
            rows = await source.execute(Call("regions", predicate=In(("id",), ((1,),))), context())
            assert rows == [{"id": 1, "name": "north"}]
            await source.close()
        finally:
            own.run(f"DROP TABLE {own.name}.shops")
