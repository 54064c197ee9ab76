"""Writing is off unless the file says otherwise; what it names must be there; names that exist are never taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.drift import locked
from gateway.file.config import read
from gateway.lock import read_lock, written
from gateway.snapshot import load
from resolvers import ConfigurationError, Problem
from tests.writing.stores import FILE, TABLES, House, SqliteStore, house

FIELDS = "{ __schema { mutationType { fields { name } } queryType { fields { name } } } }"


async def mutations(shop: House) -> set[str]:
    found = (await shop.data(FIELDS))["__schema"]["mutationType"]
    return {field["name"] for field in found["fields"]} if found is not None else set()


async def test_nothing_is_written_where_the_file_does_not_say_so(tmp_path: Path) -> None:
    async with house("sqlite", tmp_path, settings="timeout_s: 5") as shop:
        assert await mutations(shop) == set()
        assert "data" not in await shop.ask("mutation { deleteCustomer(id: 1) { id } }")


WRITES = [
    ("writes: false", set()),
    ("writes: [tags]", {"insertTag", "insertTags", "upsertTag", "updateTag", "updateTags", "deleteTag", "deleteTags"}),
    ("writes: [tags.insert, notes.delete]", {"insertTag", "insertTags", "deleteNotes"}),
    ("writes: [tags.deleteMany, tags.upsert]", {"deleteTags", "upsertTag"}),
    ("writes: ['Order Lines.update']", {"updateOrderLine", "updateOrderLines"}),
    ("writes: [tags, customers.insert], exclude: [tags]", {"insertCustomer", "insertCustomers"}),
    ("writes: true, include: [tags], exclude: ['*.update*']",
     {"insertTag", "insertTags", "upsertTag", "deleteTag", "deleteTags"}),
    ("writes: true, include: ['*s.delete']", {"deleteTag", "deleteCustomer", "deleteOrderLine"}),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "names"), WRITES)
async def test_writes_names_tables_and_what_may_be_done_with_them(
    tmp_path: Path, settings: str, names: set[str]
) -> None:
    async with house("sqlite", tmp_path, settings=settings) as shop:
        assert await mutations(shop) == names


async def problems(folder: Path, settings: str, text: str = FILE) -> list[Problem]:
    await SqliteStore(folder / "shop.db").run(TABLES["sqlite"])
    file = folder / "isthmus.yaml"
    file.write_text(text.replace("SCHEMAS", "").replace("SETTINGS", settings), "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        await load(read(file, {"URL": "sqlite:///shop.db"}))
    return list(raised.value.problems)


async def test_what_is_not_there_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    found = await problems(tmp_path, "writes: [tag, customers.insrt, rich, orders.insert]")
    assert [(problem.what, problem.mend, problem.where) for problem in found] == [
        ('"tag" of source "shop" cannot be written', 'did you mean "tags"', ("sources", "shop", "writes", 0)),
        (
            'source "shop" has no table or operation "customers.insrt"',
            'did you mean "customers.insert"',
            ("sources", "shop", "writes", 1),
        ),
        ('"rich" of source "shop" cannot be written', found[2].mend, ("sources", "shop", "writes", 2)),
        ('source "shop" has no table or operation "orders.insert"', found[3].mend, ("sources", "shop", "writes", 3)),
    ]


async def test_a_change_cannot_be_called_a_read(tmp_path: Path) -> None:
    settings = "writes: true, operations: { tags.insert: { effect: read } }"
    (problem,) = await problems(tmp_path, settings)
    assert problem.what == "what changes rows of a table is a write"


NAMESAKES = """
CREATE TABLE tags (word TEXT PRIMARY KEY);
CREATE TABLE insert_tag (id INTEGER PRIMARY KEY, tag_insert TEXT);
CREATE TABLE tag_set (id INTEGER PRIMARY KEY);
CREATE TABLE tags_change (id INTEGER PRIMARY KEY);
CREATE TABLE "set" (
  "set" INTEGER, "where" INTEGER, "ifMatch" INTEGER, word TEXT, PRIMARY KEY ("set", "where", "ifMatch")
);
"""


async def test_what_changes_takes_no_name_of_what_is_read(tmp_path: Path) -> None:
    tables = {"sqlite": NAMESAKES}
    (tmp_path / "off").mkdir()
    async with house("sqlite", tmp_path / "off", settings="writes: false", tables=tables) as shop:
        assert shop.served.snapshot.graph is not None
        before = shop.served.snapshot.graph.schema
    async with house("sqlite", tmp_path, tables=tables) as shop:
        graph = shop.served.snapshot.graph
        assert graph is not None
        for name, named in before.type_map.items():
            fields = getattr(named, "fields", {})
            assert fields.keys() <= getattr(graph.schema.type_map[name], "fields", {}).keys()
        assert "insertTag" not in await mutations(shop)
        query = """mutation {
            insertSet(row: { set: 1, where: 2, ifMatch: 3 }) { set }
            updateSet(set: 1, where: 2, ifMatch: 3, values: { word: "x" }, ifMatch_: { set: { eq: 1 } }) { word }
        }"""
        assert await shop.data(query) == {"insertSet": {"set": 1}, "updateSet": {"word": "x"}}


async def test_the_lock_keeps_the_names_of_changes(tmp_path: Path) -> None:
    async with house("sqlite", tmp_path, tables={"sqlite": "CREATE TABLE tags (word TEXT PRIMARY KEY);"}) as shop:
        snapshot = shop.served.snapshot
        assert snapshot.built is not None
        names = await mutations(shop)
        text = written(locked(snapshot.sources, snapshot.built, {}))
        assert json.dumps(["shop", "root", "tags.insert", "insertTag"]) in text.splitlines()
        (tmp_path / "isthmus.lock").write_text(text, "utf-8")
        assert read_lock(tmp_path) is not None
        await shop.store.run("CREATE TABLE insert_tag (id INTEGER PRIMARY KEY); CREATE TABLE tag_insert (id INTEGER);")
    again = await load(read(tmp_path / "isthmus.yaml", {"URL": "sqlite:///shop.db"}))
    try:
        assert again.graph is not None
        assert again.graph.schema.mutation_type is not None
        assert names <= again.graph.schema.mutation_type.fields.keys()
    finally:
        await again.close()


async def test_what_is_renamed_or_hidden_is_so_in_inputs_too(tmp_path: Path) -> None:
    text = FILE + "rename: { Customer.email: mail, Customer: Person }\nhide: [Customer.balance, Note]\n"
    async with house("sqlite", tmp_path, text=text) as shop:
        found = await shop.data('{ __type(name: "CustomerSet") { inputFields { name } } }')
        assert [field["name"] for field in found["__type"]["inputFields"]] == [
            "id", "name", "mail", "version", "active",
        ]  # fmt: skip
        made = await shop.data('mutation { insertCustomer(row: { name: "x", mail: "m" }) { __typename mail } }')
        assert made == {"insertCustomer": {"__typename": "Person", "mail": "m"}}
        body = await shop.ask('mutation { insertCustomer(row: { name: "x", mail: "m" }) { mail } }')
        assert body["errors"][0]["extensions"]["fields"] == ["mail"]
        assert not any("Note" in name for name in await mutations(shop))


async def test_a_table_whose_rows_no_caller_can_make_is_told(tmp_path: Path) -> None:
    tables = {
        "postgresql": "CREATE TYPE pair AS (a integer, b integer);"
        "CREATE TABLE odd (id integer PRIMARY KEY, p pair NOT NULL, word text);"
    }
    async with house("postgresql", tmp_path, tables=tables) as shop:
        names = await mutations(shop)
        assert not any(name.startswith(("insert", "upsert")) for name in names)
        model = shop.served.snapshot.sources["shop"].model
        assert any(item.operation == "odd.p" and "not inserted" in item.reason for item in model.left_out)


STATED = """
sources:
  shop: { database: "${env:URL}", schemas: [SCHEMAS], SETTINGS, tables: { twins: { key: [word] } } }
access: { default: anonymous }
"""


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
async def test_nothing_is_written_by_a_key_that_the_database_does_not_keep(kind: str, tmp_path: Path) -> None:
    table = "CREATE TABLE twins (word VARCHAR(9) NOT NULL, line INTEGER);"
    tables = dict.fromkeys((kind,), table + "INSERT INTO twins VALUES ('a', 1), ('a', 2);")
    async with house(kind, tmp_path, text=STATED, tables=tables) as shop:
        assert await mutations(shop) == {"insertTwin", "insertTwins", "updateTwins", "deleteTwins"}
        change = "mutation { updateTwins(where: { line: { eq: 1 } }, set: { line: 9 }) { affected } }"
        assert await shop.data(change) == {"updateTwins": {"affected": 1}}
        assert sorted(await shop.rows("SELECT word, line FROM twins")) == [("a", 2), ("a", 9)]
        change = 'mutation { insertTwin(row: { word: "a", line: 3 }) { word line } }'
        assert await shop.data(change) == {"insertTwin": {"word": "a", "line": 3}}
        change = "mutation { updateTwins(where: { line: { eq: 2 } }, set: { line: 8 }) { returning { line } } }"
        body = await shop.ask(change)
        if kind == "mariadb":  # whose UPDATE gives nothing back, and nothing tells these rows apart
            assert body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        else:
            assert body["data"] == {"updateTwins": {"returning": [{"line": 8}]}}
