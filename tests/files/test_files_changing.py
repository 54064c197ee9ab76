"""Files that are replaced, go on, break or vanish while the gateway runs: the next query sees it, no other suffers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from sqlalchemy import select

from resolvers.errors import SourceUnavailable
from resolvers.files import FilesSettings, open_files
from resolvers.files.database import FilesDatabase
from resolvers.files.table import FileTable
from tests.through.gateway import codes, gateway

FILE = """
sources:
  drop:
    files: ./drop
    tables:
      stock: { path: stock.csv, key: sku }
      notes: { path: "notes/*.csv", key: [no], broken_lines: skip }
      prices: { path: prices.parquet, key: sku }
      events: { path: events.jsonl }
access: { default: anonymous }
"""
ALL = "{ stock(orderBy: [{ sku: ASC }]) { sku count } notes { no } prices { sku price } events { at } }"


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    (made / "notes").mkdir(parents=True)
    (made / "stock.csv").write_text("sku,count\na,1\nb,2\n")
    (made / "notes" / "1.csv").write_text("no,text\n1,x\n")
    (made / "events.jsonl").write_text('{"at":"2024-01-01"}\n')
    parquet(made / "prices.parquet", "SELECT 'a' AS sku, 1.25::DECIMAL(10, 2) AS price")
    return made


def parquet(path: Path, select: str) -> None:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


async def asked(house: Any) -> Any:
    body = await house.ask(ALL)
    return body["data"], dict.fromkeys(f"{code} {'.'.join(map(str, path))}" for code, path in codes(body))


async def test_the_next_query_sees_another_content(drop: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with gateway(drop.parent, FILE) as house:
        data, errors = await asked(house)
        assert data["stock"] == [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]
        with (drop / "stock.csv").open("a") as file:
            file.write("c,3\n")
        (drop / "notes" / "2.csv").write_text("text,no,more\ny,2,?\n")
        parquet(drop / "prices.parquet", "SELECT 2.5::DECIMAL(10, 2) AS price, 'b' AS sku")
        (drop / "events.jsonl").write_text('{"at":"2024-01-02","who":"Ann"}\n')
        with caplog.at_level(logging.WARNING, "isthmus.sources"):
            data, errors = await asked(house)
        assert errors == {}
        assert data == {
            "stock": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}, {"sku": "c", "count": 3}],
            "notes": [{"no": 1}, {"no": 2}],
            "prices": [{"sku": "b", "price": "2.50"}],
            "events": [{"at": "2024-01-02"}],
        }
        assert "notes/2.csv has columns that are not served until the next start: more" in caplog.text
        assert "events.jsonl has columns that are not served until the next start: who" in caplog.text
        # The other columns first: names count, and no place.
        (drop / "stock.csv").write_text("count,sku\n9,z\n")
        data, errors = await asked(house)
        assert data["stock"] == [{"sku": "z", "count": 9}]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "SOURCE_UNAVAILABLE"),
        ("", "SOURCE_BAD_RESPONSE"),
        ("sku\na\n", "SOURCE_BAD_RESPONSE"),
        ("sku,count\na,1\nb\n", "SOURCE_BAD_RESPONSE"),
        ("sku,count\na,1,2\n", "SOURCE_BAD_RESPONSE"),
        ('sku,count\na,1\n"b,2\n', "SOURCE_BAD_RESPONSE"),
        ("sku,count\na,1.5\n", "SOURCE_BAD_RESPONSE"),
        ("sku,count\na,007\n", "SOURCE_BAD_RESPONSE"),
        ("sku,count\na,99999999999999999999\n", "SOURCE_BAD_RESPONSE"),
        ("sku,count\ncaf\udce9,1\n", "SOURCE_BAD_RESPONSE"),
    ],
)
async def test_what_cannot_be_read_is_an_error_at_its_place(drop: Path, content: str | None, code: str) -> None:
    async with gateway(drop.parent, FILE) as house:
        if content is None:
            (drop / "stock.csv").unlink()
        else:
            (drop / "stock.csv").write_text(content, "utf-8", "surrogateescape")
        data, errors = await asked(house)
        assert list(errors) == [f"{code} stock"]
        assert data["stock"] is None
        assert data["prices"] == [{"sku": "a", "price": "1.25"}]
        assert data["events"] == [{"at": "2024-01-01"}]
        (drop / "stock.csv").write_text("sku,count\na,1\n")
        data, errors = await asked(house)
        assert errors == {}
        assert data["stock"] == [{"sku": "a", "count": 1}]


class Replaced:
    """A table whose file is exchanged between the look at it and the reading, as often as there are contents."""

    def __init__(self, table: FileTable, path: Path, contents: Iterator[str]) -> None:
        self.name = table.name
        self.files = table.files
        self._table = table
        self._path = path
        self._contents = contents

    def now(self, cursor: Any) -> Any:
        found = self._table.now(cursor)
        content = next(self._contents, None)
        if content is not None:
            self._path.write_text(content)
        return found


async def test_a_file_that_is_exchanged_while_it_is_read_is_read_again_and_not_half(drop: Path) -> None:
    settings = FilesSettings.model_validate({"files": "drop", "tables": {"stock": {"key": "sku"}}})
    source = await open_files("drop", settings, drop.parent)
    try:
        database = source._database
        assert isinstance(database, FilesDatabase)
        table = source._catalogue.access["stock"].served.table
        # The columns stand the other way round: read by the old header, "z" would be a count.
        for contents, found in (
            (["count,sku\n9,zz\n"], [("zz", 9)]),
            (["sku,count\nab,3\n", "count,sku\n4,b\n"], None),
        ):
            replaced = Replaced(database._tables["stock"], drop / "stock.csv", iter(contents))
            asked = FilesDatabase(database._engine, {"stock": cast("FileTable", replaced)}, concurrency=1)
            query = select(table.c.sku, table.c.count)
            if found is not None:
                assert list(await asked.ask(query, 20)) == found
            else:
                with pytest.raises(SourceUnavailable):
                    await asked.ask(query, 20)
    finally:
        await source.close()


async def test_half_a_parquet_file_and_half_a_line_of_json_take_nothing_else_down(drop: Path) -> None:
    async with gateway(drop.parent, FILE) as house:
        whole = (drop / "prices.parquet").read_bytes()
        (drop / "prices.parquet").write_bytes(whole[: len(whole) // 2])
        (drop / "events.jsonl").write_text('{"at":"2024-01-01"}\n{"at":"20')
        data, errors = await asked(house)
        assert set(errors) == {"SOURCE_BAD_RESPONSE prices", "SOURCE_BAD_RESPONSE events"}
        assert data["stock"]
        assert data["notes"] == [{"no": 1}]
        parquet(drop / "prices.parquet", "SELECT 'a' AS sku")  # a column is gone
        _, errors = await asked(house)
        assert "SOURCE_BAD_RESPONSE prices" in errors


async def test_broken_lines_are_left_out_only_where_that_is_said_and_then_counted(
    drop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (drop / "notes" / "1.csv").write_text("no,text\n1,x\n2\n3,y,z\n4,w\n")
    (drop / "stock.csv").write_text("sku,count\na,1\nb\n")
    with caplog.at_level(logging.WARNING, "isthmus.sources"):
        async with gateway(drop.parent, FILE) as house:
            notes = "2 broken lines, the first: notes/1.csv line 3 (missing columns); they are left out"
            stock = "1 broken line, the first: stock.csv line 3 (missing columns); a query that meets one fails"
            assert f"table notes: {notes}" in caplog.text
            assert f"table stock: {stock}" in caplog.text
            signs = house.snapshot.sources["drop"].model.operations["notes"].evidence
            assert any("2 broken lines" in sign for sign in signs)
            data, errors = await asked(house)
            assert data["notes"] == [{"no": 1}, {"no": 4}]
            assert list(errors) == ["SOURCE_BAD_RESPONSE stock"]
            caplog.clear()
            (drop / "notes" / "2.csv").write_text("no,text\n5\n6,ok\n")
            data, _ = await asked(house)
            assert data["notes"] == [{"no": 1}, {"no": 4}, {"no": 6}]
            assert "1 broken line, the first: notes/2.csv line 2" in caplog.text


async def test_a_link_that_leads_out_of_the_folder_is_not_followed(drop: Path) -> None:
    secret = drop.parent / "secret.csv"
    secret.write_text("no,text\n7,secret\n")
    async with gateway(drop.parent, FILE) as house:
        (drop / "notes" / "3.csv").symlink_to(secret)
        body = await house.ask(ALL)
        assert codes(body) == [("SOURCE_UNAVAILABLE", ["notes"])]
        assert "secret" not in json.dumps(body)
        (drop / "notes" / "3.csv").unlink()
        (drop / "notes" / "3.csv").symlink_to(drop / "notes" / "1.csv")  # inside of it they are as good as others
        assert (await asked(house))[0]["notes"] == [{"no": 1}, {"no": 1}]


async def test_a_key_that_does_not_tell_rows_apart(drop: Path, caplog: pytest.LogCaptureFixture) -> None:
    (drop / "stock.csv").write_text("sku,count\na,1\na,2\nb,3\n")
    with caplog.at_level(logging.WARNING, "isthmus.sources"):
        async with gateway(drop.parent, FILE) as house:
            assert "the key sku is not unique: 1 of its values have several rows" in caplog.text
            body = await house.ask(
                '{ a: stockBySku(sku: "a") { count } b: stockBySku(sku: "b") { count } stock { sku } }'
            )
            assert codes(body) == [("LINK_AMBIGUOUS", ["a"])]
            assert body["data"]["b"] == {"count": 3}
            assert len(body["data"]["stock"]) == 3


async def test_files_that_are_away_at_the_start_are_served_by_what_was_known_of_them(drop: Path) -> None:
    async with gateway(drop.parent, FILE) as house:
        assert (await asked(house))[1] == {}
    stock, notes = (drop / "stock.csv").read_text(), (drop / "notes" / "1.csv").read_text()
    (drop / "stock.csv").unlink()
    (drop / "notes" / "1.csv").unlink()
    async with gateway(drop.parent, FILE) as house:
        data, errors = await asked(house)
        assert set(errors) == {"SOURCE_UNAVAILABLE stock", "SOURCE_UNAVAILABLE notes"}
        assert data["events"] == [{"at": "2024-01-01"}]
    async with gateway(drop.parent, FILE) as house:  # and it is kept once more
        (drop / "stock.csv").write_text(stock)
        (drop / "notes" / "1.csv").write_text(notes)
        data, errors = await asked(house)
        assert errors == {}
        assert data["stock"] == [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]
        (drop / "stock.csv").write_text("sku,count\na,1.5\n")
        assert list((await asked(house))[1]) == ["SOURCE_BAD_RESPONSE stock"]
    (drop / "stock.csv").unlink()
    async with gateway(drop.parent, FILE.replace("stock.csv, key", "stock.csv, delimiter: ',', key")) as house:
        left_out = {item.operation for item in house.snapshot.sources["drop"].model.left_out}
        assert left_out == {"stock"}  # other settings: what was kept is not what they say
