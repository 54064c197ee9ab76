"""Laws of names over worlds of several small sources, each read and built as it is served.

What the file renames, describes, deprecates and keeps holds alike wherever a thing stands; a source that is added,
taken away or put elsewhere renames nothing that the lock pins.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.drift import locked
from gateway.file.config import read
from gateway.lock import save
from gateway.snapshot import Snapshot, load

TABLES = ("orders", "order", "Order_items", "items", "crm_orders", "persons")
COLUMNS = ("note", "Note", "customer_no", "customerNo", "weight", "class", "state")


@dataclass(frozen=True)
class Small:
    """A source: a database of a few tables, or a REST service whose operations give objects of the same names."""

    name: str
    tables: Mapping[str, Sequence[str]]
    rest: bool

    def put(self, folder: Path) -> str:
        """Writes what the source is read from; gives its line in the file."""
        if not self.rest:
            path = folder / f"{self.name}.db"
            path.unlink(missing_ok=True)
            with closing(sqlite3.connect(path)) as made:
                for table, columns in self.tables.items():
                    members = "".join(f', "{column}" text' for column in columns)
                    made.execute(f'create table "{table}" (id integer primary key{members})')
            return f'  {self.name}: {{ database: "sqlite:///{path}" }}'
        paths: dict[str, Any] = {}
        for table, columns in self.tables.items():
            row = {"type": "object", "properties": {each: {"type": "string"} for each in ("id", *columns)}}
            content = {"application/json": {"schema": {"type": "array", "items": {**row, "title": table}}}}
            answer = {"200": {"description": "", "content": content}}
            paths[f"/{table}"] = {"get": {"operationId": table, "responses": answer}}
        document = {"openapi": "3.0.3", "info": {"title": self.name, "version": "1"}, "paths": paths}
        (folder / f"{self.name}.json").write_text(json.dumps(document))
        return f'  {self.name}: {{ openapi: {self.name}.json, url: "http://127.0.0.1:9" }}'


def _distinct(name: str) -> str:
    return name.lower()  # SQLite knows no capitals


columns = st.lists(st.sampled_from(COLUMNS), unique_by=_distinct, min_size=1, max_size=3)
tables = st.lists(
    st.tuples(st.sampled_from(TABLES), columns), unique_by=lambda each: _distinct(each[0]), min_size=1, max_size=3
)


@st.composite
def worlds(draw: st.DrawFn) -> list[Small]:
    """Two or three sources that want the same names."""
    names = draw(st.permutations(["crm", "shop", "order"]))[: draw(st.integers(2, 3))]
    return [Small(name, dict(draw(tables)), draw(st.booleans())) for name in names]


def _file(folder: Path, world: Sequence[Small], more: str = "") -> Path:
    file = folder / "isthmus.yaml"
    lines = "\n".join(each.put(folder) for each in world)
    file.write_text(f"sources:\n{lines}\naccess: {{ default: anonymous }}\n{more}")
    return file


def _built(folder: Path, world: Sequence[Small], more: str = "") -> Snapshot:
    async def work() -> Snapshot:
        snapshot = await load(read(_file(folder, world, more), {}))
        await snapshot.close()
        return snapshot

    return asyncio.run(work())


def _names(snapshot: Snapshot) -> dict[tuple[str, str, object], str]:
    """(Source, kind, the source's name) → the name that is served."""
    assert snapshot.built is not None
    return {
        (source, kind, key): name
        for source, pins in snapshot.built.given.items()
        for kind in ("operations", "types", "fields", "arguments")
        for key, name in getattr(pins, kind).items()
    }


LESS = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@LESS
@given(st.data())
def test_what_the_lock_pins_is_not_renamed_by_other_sources(data: st.DataObject) -> None:
    world = data.draw(worlds())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = _built(folder, world)
        assert before.built is not None
        save(locked(before.sources, before.built, {}), folder)
        pinned = _names(before)
        others = [each for each in world if data.draw(st.booleans())] or world[:1]
        added = Small("added", dict(data.draw(tables)), data.draw(st.booleans()))
        after = _names(_built(folder, data.draw(st.permutations([*others, added]))))
        kept = {each.name for each in others}
        assert {key: after.get(key) for key in pinned if key[0] in kept} == {
            key: given for key, given in pinned.items() if key[0] in kept
        }


def _members(schema: GraphQLSchema) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for named in schema.type_map.values():
        if named.name.startswith("__"):
            continue
        if isinstance(named, GraphQLObjectType | GraphQLInputObjectType):
            found[named.name] = set(named.fields)
        elif isinstance(named, GraphQLEnumType):
            found[named.name] = set(named.values)
    return found


@LESS
@given(st.data())
def test_a_name_is_changed_kept_and_told_of_alike_wherever_it_stands(data: st.DataObject) -> None:
    drawn = data.draw(worlds())
    # A column that one table alone has: whatever holds it is about the rows of that table, however it is called.
    chosen = dict(drawn[0].tables)
    marked = data.draw(st.sampled_from(sorted(chosen)))
    chosen[marked] = [*chosen[marked], "mark"]
    world = [Small(drawn[0].name, chosen, rest=False), *drawn[1:]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = _built(folder, world)
        assert plain.graph is not None
        before = _members(plain.graph.schema)
        about = {each for each, members in before.items() if "mark" in members}
        [owner] = (each for each in about if f"{each}Where" in before)
        assert {f"{owner}{end}" for end in ("", "Where", "OrderBy", "Column")} <= about
        more = (
            f'rename: {{ {owner}.mark: {{ to: fresh, keep: "it is old" }} }}\n'
            f'describe: {{ {owner}.fresh: "What it is." }}\n'
        )
        graph = _built(folder, world, more).graph
        assert graph is not None
        after = _members(graph.schema)
        for each, members in before.items():
            assert after[each] == (members | {"fresh"} if each in about else members), each
        for each in about:
            named: Any = graph.schema.type_map[each]
            held = named.values if isinstance(named, GraphQLEnumType) else named.fields
            assert held["mark"].deprecation_reason == "it is old", each
            assert held["fresh"].deprecation_reason is None, each
            assert held["fresh"].description == "What it is.", each
