"""What is wrong with statements is told when the file is loaded, at its line, with how to mend it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.querying.shop import TABLES, database
from tests.statements.shop import in_words

TOLD: dict[str, tuple[dict[str, object], str]] = {
    "an unknown argument": (
        {"sql": "select id from §orders where id = :ordr", "arguments": {"order": "Int!"}, "returns": "many"},
        'sql: the statement names :ordr, which is no argument; did you mean "order"',
    ),
    "an unused argument": (
        {"sql": "select ':a' from §orders -- :a", "arguments": {"a": "Int"}, "returns": {"value": "String"}},
        'arguments.a: the statement does not use "a"; write :a in it, or remove the argument',
    ),
    "two statements": (
        {"sql": "select 1;\n drop table §orders", "returns": {"value": "Int"}},
        "sql: it is more than one statement (line 1 of it); write one statement; each is a field of its own",
    ),
    "a string without end": (
        {"sql": "select 'it''s", "returns": {"value": "Int"}}, "sql: ' is not closed; "
    ),
    "a comment without end": ({"sql": "select 1 /* x", "returns": {"value": "Int"}}, "sql: /* is not closed; "),
    "nothing": ({"sql": " -- nothing\n ;"}, "sql: there is no statement in it (line 1 of it); "),
    "a write that says it reads": (
        {"sql": "delete from §orders"},
        "sql: it begins with delete, which a read does not do; say effect: write, and writes at the source",
    ),
    "what is never served": (
        {"sql": "drop table §orders", "effect": "write"},
        ('sql: "drop" is no statement that can be served; begin with one of call, delete, insert, merge, replace, '
        "select, show, table, update, values, with"),
    ),
    "no type": (
        {"sql": "select :a", "arguments": {"a": "Integr!"}, "returns": {"value": "Int"}},
        'arguments.a: there is no type "Integr"; ',
    ),
    "a default of another type": (
        {"sql": "select :a", "arguments": {"a": {"type": "Int", "default": "x"}}, "returns": {"value": "Int"}},
        "arguments.a.default: its default does not fit Int: a takes a whole number; ",
    ),
    "no such table": (
        {"sql": "select * from §orders", "returns": {"many": "Ordre"}},
        'returns.many: there is no table or view "Ordre"; did you mean "order"',
    ),
    "a part of a table": (
        {"sql": "select id, name from §staff", "returns": {"many": "staff"}},
        ('returns.many: rows of staff have "boss_id", which it does not give; select all columns of the table and no '
        "others, or state the columns instead of it"),
    ),
    "more than a table": (
        {"sql": "select s.*, 1 as one from §staff s", "returns": {"many": "staff"}},
        'returns.many: it gives "one", which rows of staff do not have; select all columns of the table and no',
    ),
    "a column that is not there": (
        {"sql": "select id from §orders", "returns": {"many": {"id": "Int", "totl": "Decimal"}}},
        'returns.many.totl: it gives no column "totl"; ',
    ),
    "a column that is not stated": (
        {"sql": "select id, total from §orders", "returns": {"many": {"id": "Int"}}},
        'returns.many: it gives "total" too, which is not stated; state it, or leave it out of the statement',
    ),
    "keys that are no list": (
        {
            "sql": "select id from §orders where id = :a", "arguments": {"a": "Int"},
            "returns": {"many": {"id": "Int"}}, "keys": "a", "by": "id",
        },
        'keys: "a" does not take a list; name the argument that takes a list',
    ),
    "a key that is no column": (
        {
            "sql": "select id from §orders where id in (:a)", "arguments": {"a": "[Int!]!"},
            "returns": {"many": {"id": "Int"}}, "keys": "a", "by": "ident",
        },
        'by: the result has no field "ident"; ',
    ),
}  # fmt: skip


async def problems(kind: str, folder: Path, statements: Mapping[str, Mapping[str, object]], more: str = "") -> str:
    """What is told of a file with these statements; each stands in a line of its own, from line 4 on."""
    async with database(kind, folder, TABLES) as settings:
        schemas = settings.get("schemas")
        schema = str(schemas[0]) if isinstance(schemas, list) else ""
        lines = [
            f"      {json.dumps(name)}: {json.dumps({**each, 'sql': in_words(kind, str(each['sql']), schema)})}"
            for name, each in statements.items()
        ]
        head = ", ".join(f"{key}: {json.dumps(value)}" for key, value in settings.items())
        source = "\n".join(f"    {part}" for part in head.split(", ") + more.split("|") if part)
        file = folder / "isthmus.yaml"
        text = (
            f"sources:\n  shop:\n{source}\n    statements:\n" + "\n".join(lines) + "\naccess: { default: anonymous }\n"
        )
        file.write_text(text, "utf-8")
        chosen = read(file, {})
        with pytest.raises(ConfigurationError) as told:
            await (await load(chosen)).close()
        return chosen.describe(told.value.problems).replace(f'"{schema}".', "")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
async def test_everything_is_told_at_once_at_its_place(kind: str, tmp_path: Path) -> None:
    text = await problems(kind, tmp_path, {name: each for name, (each, _) in TOLD.items()})
    told = [read_block(block) for block in text.split("\n\n")]
    for name, (_, expected) in TOLD.items():
        assert any(each == name and said.startswith(expected) for _, said, each in told), (name, text)
    places = {name: place for place, _, name in told}
    assert len(set(places.values())) == len(TOLD)
    assert all(place.startswith("isthmus.yaml:") for place in places.values())


def read_block(block: str) -> tuple[str, str, str]:
    """The place in the file, what is told as ``key: what; mend``, and the name of the statement."""
    head, what, *mend = block.split("\n")
    place, _, path = head.partition("  sources.shop.statements.")
    name = next(name for name in sorted(TOLD, key=len, reverse=True) if path.startswith(name))
    said = f"{path.removeprefix(name + '.')}: {what.strip()}; {' '.join(mend).strip().removeprefix('mend: ')}"
    return place, said, name


REFUSED: dict[str, tuple[str, str]] = {
    "sqlite": ("select id fro §orders\nwher", "near"),
    "postgresql": ("select id\nfrom §orderz", 'orderz" does not exist'),
    "mariadb": ("select id\nfrom §orderz", "orderz' doesn't exist"),
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
async def test_what_the_database_does_not_take_is_told_in_its_words(kind: str, tmp_path: Path) -> None:
    sql, said = REFUSED[kind]
    told = await problems(kind, tmp_path, {"wrong": {"sql": sql, "returns": {"value": "Int"}}})
    assert "the database does not take it: " in told
    assert said in told
    assert ("(line 2 of it)" in told) == (kind == "postgresql")


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
async def test_types_that_nobody_says_are_asked_for_with_a_line_to_paste(kind: str, tmp_path: Path) -> None:
    statements: dict[str, dict[str, object]] = {
        "totals": {
            "sql": 'select customer_id, sum(total) as "the sum", count(*) as n from §orders group by customer_id'
        }
    }
    told = await problems(kind, tmp_path, statements)
    assert "the database does not say the types of the columns (customer_id, the sum, n)" in told
    guess = ("String", "String") if kind == "sqlite" else ("Decimal", "BigInt")
    assert f"write returns: {{ many: {{ customer_id: Int, 'the sum': {guess[0]}, n: {guess[1]} }} }}" in told


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
async def test_a_list_stands_in_an_in_alone_where_lists_are_no_values(kind: str, tmp_path: Path) -> None:
    statement = {
        "sql": "select id from §orders where :ids = id",
        "arguments": {"ids": "[Int!]"},
        "returns": {"value": "Int"},
    }
    told = await problems(kind, tmp_path, {"lists": statement})
    assert ":ids is a list, which this database takes in IN (:ids) alone\n  mend: write IN (:ids)" in told


async def test_a_place_without_a_name_is_told(tmp_path: Path) -> None:
    told = await problems("sqlite", tmp_path, {"nameless": {"sql": "select ?1 + @x", "returns": {"value": "Int"}}})
    assert "?1 has no name\n  mend: write :name, and name it under arguments" in told
    told = await problems("postgresql", tmp_path, {"nameless": {"sql": "select $1 + 1", "returns": {"value": "Int"}}})
    assert "$1 has no name" in told


async def test_a_comment_that_is_executed_is_told(tmp_path: Path) -> None:
    statement = {"sql": "select 1 /*! union select 2 */", "returns": {"value": "Int"}}
    assert "a comment that is executed hides" in await problems("mariadb", tmp_path, {"hidden": statement})
