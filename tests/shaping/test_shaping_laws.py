"""For any codes and formats: results, inputs and filters are what plain Python says of the values that are meant.

How values are written is said here a second time, by other means than the gateway's own.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers import Context, ShapeSettings, Source, open_all, settings_of
from schema import ANONYMOUS, GraphQLRequest, GraphSettings, build
from tests.shaping.crm import Crm, crm

DOCUMENT_OF = {
    "openapi": "3.0.3",
    "info": {"title": "things", "version": "1"},
    "paths": {
        "/customers": {
            "get": {
                "operationId": "things",
                "parameters": [{"name": "gender", "in": "query", "schema": {"type": "string"}}],
                "responses": {"200": {"description": "", "content": {"application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}},
            },
            "post": {
                "operationId": "addThing",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"200": {"description": "", "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Thing"}}}}},
            },
        }
    },
    "components": {"schemas": {"Thing": {"type": "object", "properties": {
        "no": {"type": "integer"}, "gender": {"type": "string"}, "many": {"type": "array", "items": {"type": "string"}},
    }}}},
}  # fmt: skip


@dataclass
class Written:
    """How values are written. ``shown``: a value of an answer → the value; ``literal``: a value in a query."""

    shape: dict[str, Any]
    values: st.SearchStrategy[Any]
    write: Callable[[Any], str]
    shown: Callable[[Any], Any]
    literal: Callable[[Any], str]
    ordered: bool = False
    taken: frozenset[str] = frozenset()
    """Texts that cannot mean nothing, since they mean something."""
    nulls: tuple[str, ...] = ()
    firm: bool = False
    """Whether the column can hold no null, so that the one text in ``nulls`` stands for it."""


@st.composite
def codes(draw: st.DrawFn) -> Written:
    words = draw(st.lists(st.from_regex(r"[A-Z][A-Z0-9_]{0,5}", fullmatch=True), min_size=1, max_size=5, unique=True))
    text = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), max_size=4)
    spelled = draw(st.lists(text, min_size=len(words), max_size=len(words), unique=True))
    back = dict(zip(words, spelled, strict=True))
    shape = {"values": dict(zip(spelled, words, strict=True))}
    return Written(shape, st.sampled_from(words), back.__getitem__, str, str, taken=frozenset(spelled))


@st.composite
def dates(draw: st.DrawFn) -> Written:
    parts = draw(st.permutations(["YYYY", "MM", "DD"]))
    between = draw(st.sampled_from(["", ".", "-", "/", " "]))
    sizes = {"YYYY": ("year", 4), "MM": ("month", 2), "DD": ("day", 2)}

    def write(value: date) -> str:
        return between.join(f"{getattr(value, sizes[part][0]):0{sizes[part][1]}}" for part in parts)

    ordered = parts == ["YYYY", "MM", "DD"]
    return Written(
        {"format": between.join(parts)}, st.dates(), write, date.fromisoformat, lambda value: f'"{value}"', ordered
    )


@st.composite
def numbers(draw: st.DrawFn) -> Written:
    mark = draw(st.sampled_from([",", "."]))
    thousands = draw(st.sampled_from([each for each in ["", ".", ",", "'", " "] if each != mark]))
    places = draw(st.integers(0, 4))
    behind = draw(st.booleans())
    whole = ["1", "234", "567"] if not places else ["1", "234"]
    sample = thousands.join(whole) + (mark + "9" * places if places else "") + ("-" if behind else "")

    def write(value: Decimal) -> str:
        digits = str(abs(int(value.scaleb(places)))).zfill(places + 1)
        head, tail = (digits[:-places], digits[-places:]) if places else (digits, "")
        groups: list[str] = []
        while head:
            groups.insert(0, head[-3:] if thousands else head)
            head = head[:-3] if thousands else ""
        told = thousands.join(groups) + (mark + tail if places else "")
        sign = "-" if value < 0 else ""
        return told + sign if behind else sign + told

    values = st.integers(-(10**12), 10**12).map(lambda value: Decimal(value).scaleb(-places))
    return Written({"format": sample}, values, write, Decimal, lambda value: f'"{value:f}"')


@st.composite
def flags(draw: st.DrawFn) -> Written:
    word = st.text(
        st.characters(codec="ascii", exclude_characters="/YDHhm", categories=["L", "N"]), min_size=1, max_size=3
    )
    yes, no = draw(st.tuples(word, st.one_of(word, st.just(""))).filter(lambda pair: pair[0] != pair[1]))
    spelled = {True: yes, False: no}
    return Written(
        {"format": f"{yes}/{no}"},
        st.booleans(),
        spelled.__getitem__,
        bool,
        lambda value: str(value).lower(),
        taken=frozenset({yes, no}),
    )


@st.composite
def padded(draw: st.DrawFn) -> Written:
    width = draw(st.integers(2, 9))
    values = st.integers(0, min(10**width, 2**31) - 1)
    return Written({"format": "0" * width}, values, lambda value: str(value).rjust(width, "0"), int, str, ordered=True)


@st.composite
def texts(draw: st.DrawFn) -> Written:
    """What is nothing but what it says."""
    values = st.text("aB0 /-", max_size=3)
    return Written({}, values, str, str, json.dumps, ordered=draw(st.just(True)))


WRITTEN = st.one_of(codes(), dates(), numbers(), flags(), padded())
NOTHING = ("", "0", "00000000", "00.00.0000", "N/A", "-", "99991231", "'", "%")


@st.composite
def nothing(draw: st.DrawFn) -> Written:
    """What is written so, beside texts that mean nothing."""
    written = draw(st.one_of(WRITTEN, texts()))
    free = [each for each in NOTHING if each not in written.taken]
    nulls = tuple(draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True)))
    shape = {**written.shape, "nulls": list(nulls)}
    if "values" in shape and draw(st.booleans()):
        shape = {"values": {**shape["values"], **dict.fromkeys(nulls)}}
    values = written.values.filter(lambda value: written.write(value) not in nulls)
    return replace(written, shape=shape, values=values, nulls=nulls, firm=len(nulls) == 1 and draw(st.booleans()))


@dataclass
class World:
    """One table and one REST service, whatever their values mean."""

    runner: asyncio.Runner
    file: Path
    table: Source
    rest: Source
    service: Crm = field(repr=False)

    def ask(self, source: Source, shape: dict[str, Any], query: str) -> Any:
        made = {coordinate: ShapeSettings.model_validate(each) for coordinate, each in shape.items()}
        graph = build({source.model.name: source}, GraphSettings(shape=made)).graph

        async def asked() -> Any:
            context = Context(asyncio.get_running_loop().time() + 60, "r", max_calls=100_000)
            answer = await graph.execute(GraphQLRequest(query), ANONYMOUS, context, read_only=False)
            return json.loads(answer.encode())

        body = self.runner.run(asked())
        assert "errors" not in body, (body["errors"][:1], query)
        return body["data"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("laws")
    with sqlite3.connect(folder / "t.db") as made:
        made.execute("CREATE TABLE things (no INTEGER PRIMARY KEY, a VARCHAR(60))")
        made.execute("CREATE TABLE firms (no INTEGER PRIMARY KEY, a VARCHAR(60) NOT NULL)")
    made.close()
    (folder / "t.json").write_text(json.dumps(DOCUMENT_OF))
    with asyncio.Runner() as runner:
        service = crm()
        running = runner.run(service.__aenter__())
        stated = {
            "t": ("database", settings_of("database").model_validate({"database": "sqlite:///t.db", "writes": True})),
            "r": ("openapi", settings_of("openapi").model_validate(
                {"openapi": "./t.json", "url": running.url, "writes": True})),
        }  # fmt: skip
        opened = runner.run(open_all(stated, folder))
        yield World(runner, folder / "t.db", opened.sources["t"], opened.sources["r"], running)
        for source in opened.sources.values():
            runner.run(source.close())
        runner.run(service.__aexit__(None, None, None))


LAW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@LAW
@given(data=st.data(), written=st.one_of(WRITTEN, nothing()))
def test_a_table_is_asked_for_what_is_meant(world: World, data: st.DataObject, written: Written) -> None:
    values: list[Any] = data.draw(st.lists(st.one_of(st.none(), written.values), min_size=1, max_size=8))
    wanted = data.draw(st.lists(st.one_of(written.values, st.sampled_from(values)).filter(lambda each: each is not None)
        if any(value is not None for value in values) else written.values, min_size=1, max_size=3))  # fmt: skip
    table = "firms" if written.firm else "things"
    missing = st.sampled_from(written.nulls if written.firm else (None, *written.nulls))
    with sqlite3.connect(world.file) as made:
        made.execute(f"DELETE FROM {table}")
        made.executemany(
            f"INSERT INTO {table} VALUES (?, ?)",
            [(no, data.draw(missing) if value is None else written.write(value)) for no, value in enumerate(values)],
        )
    made.close()
    one, several = written.literal(wanted[0]), ", ".join(map(written.literal, wanted))
    conditions: dict[str, tuple[str, Callable[[Any], bool]]] = {
        "eq": (f"eq: {one}", lambda value: value == wanted[0]),
        "ne": (f"ne: {one}", lambda value: value is not None and value != wanted[0]),
        "in": (f"in: [{several}]", lambda value: value in wanted),
        "nin": (f"nin: [{several}]", lambda value: value is not None and value not in wanted),
        "isNull": ("isNull: true", lambda value: value is None),
        "there": ("isNull: false", lambda value: value is not None),
    }
    if written.ordered:
        conditions |= {
            "lt": (f"lt: {one}", lambda value: value is not None and value < wanted[0]),
            "gte": (f"gte: {one}", lambda value: value is not None and value >= wanted[0]),
        }
    if "format" not in written.shape and "values" not in written.shape:
        conditions["startsWith"] = f"startsWith: {one}", lambda value: value is not None and value.startswith(wanted[0])
    fields = [f"{name}: {table}(where: {{ a: {{ {asked} }} }}) {{ no }}" for name, (asked, _) in conditions.items()]
    negated = [
        f"not{name}: {table}(where: {{ not: {{ a: {{ {asked} }} }} }}) {{ no }}"
        for name, (asked, _) in conditions.items()
    ]
    orderable = written.ordered and not written.nulls
    order = "orderBy: [{ a: DESC_NULLS_LAST }, { no: ASC }]" if orderable else "orderBy: { no: ASC }"
    grouped = written.firm or not written.nulls
    groups = f"groups: {table}Aggregate(groupBy: [a]) {{ key {{ a }} count }}" if grouped else ""
    distinct = f"distinct: {table}(distinct: [a]) {{ a }}" if grouped else ""
    shape = {f"{'Firm' if written.firm else 'Thing'}.a": written.shape}
    found = world.ask(
        world.table, shape, f"{{ all: {table}({order}) {{ no a }} {groups} {distinct} {' '.join(fields)} }}"
    )
    found |= world.ask(world.table, shape, f"{{ {' '.join(negated)} }}")
    told = [(row["no"], None if row["a"] is None else written.shown(row["a"])) for row in found["all"]]
    expected: list[tuple[int, Any]] = list(enumerate(values))
    if orderable:
        there = [pair for pair in expected if pair[1] is not None]
        there.sort(key=lambda pair: pair[1], reverse=True)
        assert [value for _, value in told] == [value for _, value in there] + [None] * (len(values) - len(there))
        told.sort(key=lambda pair: pair[0])
    assert told == expected
    for name, (_, holds) in conditions.items():
        assert sorted(row["no"] for row in found[name]) == [no for no, value in expected if holds(value)], name
        unknown = name not in {"isNull", "there"}
        assert sorted(row["no"] for row in found[f"not{name}"]) == [
            no for no, value in expected if not holds(value) and not (unknown and value is None)
        ], name
    if not grouped:
        return
    shown = [None if row["a"] is None else written.shown(row["a"]) for row in found["distinct"]]
    assert len(shown) == len(set(values))
    assert set(shown) == set(values)
    counted = {None if each["key"]["a"] is None else written.shown(each["key"]["a"]): each["count"]
               for each in found["groups"]}  # fmt: skip
    assert counted == {value: values.count(value) for value in values}


@LAW
@given(data=st.data(), written=WRITTEN)
def test_what_is_given_is_written_and_read_again(world: World, data: st.DataObject, written: Written) -> None:
    value = data.draw(written.values)
    with sqlite3.connect(world.file) as made:
        made.execute("DELETE FROM things")
    made.close()
    literal = written.literal(value)
    found = world.ask(
        world.table,
        {"Thing.a": written.shape},
        f"mutation {{ insertThing(row: {{ no: 1, a: {literal} }}) {{ a }} "
        f"updateThings(where: {{ a: {{ eq: {literal} }} }}, set: {{ a: {literal} }}) {{ affected }} }}",
    )
    assert written.shown(found["insertThing"]["a"]) == value
    assert found["updateThings"]["affected"] == 1
    with sqlite3.connect(world.file) as opened:
        assert opened.execute("SELECT a FROM things").fetchall() == [(written.write(value),)]
    opened.close()
    rest = {"Thing.gender": written.shape, "Thing.many": written.shape, "Query.things(gender:)": written.shape}
    world.service.heard.clear()
    added = world.ask(
        world.rest,
        rest,
        f"mutation {{ addThing(body: {{ no: 1, gender: {literal}, many: [{literal}] }}) {{ gender many }} }}",
    )["addThing"]
    assert (written.shown(added["gender"]), [written.shown(each) for each in added["many"]]) == (value, [value])
    assert world.service.heard == [{"no": 1, "gender": written.write(value), "many": [written.write(value)]}]
    world.service.rows = [{"no": 1, "gender": written.write(value)}, {"no": 2, "gender": written.write(value) + "?"}]
    rows = world.ask(world.rest, rest, f"{{ things(gender: {literal}) {{ no gender }} }}")["things"]
    assert [(row["no"], written.shown(row["gender"])) for row in rows] == [(1, value)]
    assert world.service.heard[1:] == [{"gender": written.write(value)}]
