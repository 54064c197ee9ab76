"""Stored functions and procedures of MariaDB as fields, with untidy names and types, asked through the gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mariadb import OwnDatabase, own_database
from tests.through.gateway import codes, gateway

ROUTINES = (
    "CREATE TABLE orders (id int PRIMARY KEY, customer int, total decimal(12,2), state enum('open','it''s'))",
    "CREATE TABLE log (line varchar(40))",
    "INSERT INTO orders VALUES (1, 1, 10.10, 'open'), (2, 1, 0.20, 'it''s'), (3, 2, NULL, NULL)",
    """CREATE FUNCTION worth(customer_id int, most decimal(12,2)) RETURNS decimal(12,2) READS SQL DATA
       COMMENT 'What a customer has bought.'
       RETURN (SELECT sum(total) FROM orders WHERE customer = customer_id AND (most IS NULL OR total <= most))""",
    """CREATE FUNCTION `odd: Näme`(`a b` varchar(40), n bigint unsigned) RETURNS text DETERMINISTIC NO SQL
       RETURN concat(`a b`, ':', n)""",
    """CREATE FUNCTION is_late(day date, s enum('open','it''s')) RETURNS boolean NO SQL
       RETURN s = 'open' AND day < '2026-01-01'""",
    """CREATE FUNCTION note(line varchar(40)) RETURNS int MODIFIES SQL DATA
       BEGIN INSERT INTO log VALUES (line); RETURN 1; END""",
    "CREATE FUNCTION liar() RETURNS int READS SQL DATA BEGIN INSERT INTO log VALUES ('x'); RETURN 1; END",
    """CREATE PROCEDURE `close all`(IN customer_id int)
       UPDATE orders SET state = NULL WHERE customer = customer_id""",
    "CREATE PROCEDURE back(OUT n int) SET n = 1",
    "CREATE PROCEDURE report(IN least decimal(12,2)) READS SQL DATA SELECT id, total FROM orders WHERE total >= least",
)


@pytest.fixture
def own() -> Iterator[OwnDatabase]:
    with own_database() as made:
        for statement in ROUTINES:
            made.ask(statement)
        yield made


def text(own: OwnDatabase, **more: object) -> str:
    source = {"database": own.url, "functions": True, **more}
    return f"sources:\n  depot: {json.dumps(source)}\naccess: {{ default: anonymous }}\n"


async def test_stored_functions_and_procedures_are_fields(own: OwnDatabase, tmp_path: Path) -> None:
    statements = {
        "report": {
            "sql": "call report(:least)", "arguments": {"least": "Decimal!"},
            "returns": {"many": {"id": "Int!", "total": "Decimal"}},
        },
    }  # fmt: skip
    file = text(
        own,
        writes=True,
        functions=["worth", "odd*", "is_late", "note", "liar", "close*", "back"],
        statements=statements,
    )
    async with gateway(tmp_path, file) as served:
        found = await served.data("""{
            all: worth(customerId: 1) some: worth(customerId: 1, most: "1") none: worth
            oddNaeme(aB: "it's", n: "18446744073709551615") isLate(day: "2025-12-31", s: open) late: isLate(s: open)
            report(least: "0.2") { id total }
        }""")
        assert found == {
            "all": "10.30", "some": "0.20", "none": None, "oddNaeme": "it's:18446744073709551615", "isLate": True,
            "late": None, "report": [{"id": 1, "total": "10.10"}, {"id": 2, "total": "0.20"}],
        }  # fmt: skip
        for nasty in ("'; drop table log; --", "\\' or 1=1 -- ", "\\", "%s %(a)s", ":isthmus_0", "?"):
            given = await served.data('query ($v: String) { oddNaeme(aB: $v, n: "1") }', v=nasty)
            assert given == {"oddNaeme": f"{nasty}:1"}
            assert await served.data("mutation ($v: String) { note(line: $v) }", v=nasty) == {"note": 1}
        lines = own.ask("SELECT line FROM log")
        assert len(lines) == 6
        assert codes(await served.ask("{ liar }")) == [("SOURCE_REJECTED", ["liar"])]
        assert own.ask("SELECT line FROM log") == lines
        assert await served.data("mutation { closeAll(customerId: 1) }") == {"closeAll": True}
        assert own.ask("SELECT count(*) FROM orders WHERE state IS NULL") == [(3,)]
        left_out = {item.operation: item.reason for item in served.snapshot.sources["depot"].model.left_out}
        assert left_out["back(int(11))"].startswith("it gives values back in its arguments")
        told = await served.data('{ __type(name: "Query") { fields { name description } } }')
        assert {"name": "worth", "description": "What a customer has bought."} in told["__type"]["fields"]


async def test_a_procedure_is_a_mutation_and_needs_writes(own: OwnDatabase, tmp_path: Path) -> None:
    async with gateway(tmp_path, text(own)) as served:
        left_out = {item.operation: item.reason for item in served.snapshot.sources["depot"].model.left_out}
        assert left_out["close all"] == left_out["note"] == left_out["report"] == "writes are off"
    # A procedure that only reads may be said to do so; the database still sees to it that it does.
    more = {"operations": {"report": {"effect": "read"}, "close all": {"effect": "read"}}}
    async with gateway(tmp_path, text(own, **more)) as served:
        body = await served.ask('{ report(least: "1") closeAll(customerId: 1) }')
        assert body["data"] == {"report": True, "closeAll": None}
        assert codes(body) == [("SOURCE_REJECTED", ["closeAll"])]
        assert own.ask("SELECT count(*) FROM orders WHERE state IS NULL") == [(1,)]
