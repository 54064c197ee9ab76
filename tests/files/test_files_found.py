"""What becomes of a folder as it is: every file a table, every type served, and why what is left out is left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import httpx
import pytest

from gateway.file.config import UnreadableFile, read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.commands.conftest import Shell
from tests.through.gateway import codes, gateway

FILE = "sources: { drop: { files: ./drop, KEYS } }\naccess: { default: anonymous }\n"
PARQUET = """SELECT
  1::UTINYINT AS tiny, 18446744073709551615::UBIGINT AS big,
  12345678901234567890123456789012345678::DECIMAL(38, 0) AS huge,
  34.8::FLOAT AS single, 12.50::DECIMAL(10, 2) AS price, 'open'::ENUM('open', 'done') AS state,
  TIMESTAMPTZ '2024-01-01 10:00:00+02' AS at, TIMESTAMP_NS '2024-01-01 10:00:00.123456789' AS nanos,
  'x'::BLOB AS raw, uuid() AS uid, [1, NULL, 3] AS numbers, ['a'] AS texts,
  {'a': 1, 'b': [DATE '2024-01-01']} AS struct,
  MAP {'k': 2} AS map, [{'a': 1}] AS structs, NULL::INTEGER AS "select", 'q' AS "we""ird $ 'name'" """


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    made = tmp_path / "drop"
    made.mkdir()
    return made


def parquet(path: Path, select: str) -> None:
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


async def test_every_type_of_parquet_is_served(drop: Path) -> None:
    parquet(drop / "all.parquet", PARQUET)
    async with gateway(drop.parent, FILE.replace("KEYS", "")) as house:
        found = await house.data(
            """{ all(where: { state: { eq: "open" }, big: { gt: "18446744073709551614" }, single: { gt: 34.7 } }) {
              tiny big huge single price state at nanos raw numbers texts struct map structs select weIrdName uid } }"""
        )
        (row,) = found["all"]
        assert len(row.pop("uid")) == 36
        assert row == {
            "tiny": 1, "big": "18446744073709551615", "huge": "12345678901234567890123456789012345678",
            "single": 34.8, "price": "12.50", "state": "open", "at": "2024-01-01T08:00:00+00:00",
            "nanos": "2024-01-01 10:00:00.123456789", "raw": "eA==", "numbers": [1, None, 3], "texts": ["a"],
            "struct": {"a": 1, "b": ["2024-01-01"]}, "map": {"k": 2}, "structs": [{"a": 1}], "select": None,
            "weIrdName": "q",
        }  # fmt: skip
        told = {item.operation: item.reason for item in house.snapshot.sources["drop"].model.left_out}
        assert set(told) == {"all.nanos", "all.struct", "all.map", "all.structs"}


async def test_every_file_is_a_table_or_has_a_reason(drop: Path) -> None:
    (drop / "plain.csv").write_text("id\tName\n1\tAnn\n")
    (drop / "it's [1] *.csv").write_text('"id","a ""b"""\n1,x\n')
    (drop / "it's 1.csv").write_text("id\n2\n")
    (drop / "rows.txt").write_text("1;Ann\n2;Bob\n")
    (drop / "empty.csv").write_text("")
    (drop / "head.csv").write_text("id,name")
    (drop / "plain.jsonl").write_text('{"id": 1}\n')
    (drop / "bad.jsonl").write_text('{"id": 1}\n{"id"')
    (drop / "bad.parquet").write_bytes(b"PAR1")
    (drop / "image.png").write_bytes(b"\x89PNG")
    (drop / "inner").mkdir()
    (drop / "out.csv").symlink_to("/etc/hostname")
    async with gateway(drop.parent, FILE.replace("KEYS", "")) as house:
        found = await house.data("{ plain { id name } head { name } headAggregate { count } itS12 { id aB } }")
        assert found == {
            "plain": [{"id": 1, "name": "Ann"}], "head": [], "headAggregate": [{"count": 0}],
            "itS12": [{"id": 1, "aB": "x"}],
        }  # fmt: skip
        model = house.snapshot.sources["drop"].model
        told = {item.operation: item.reason for item in model.left_out}
        assert told == {
            "rows": "its first line looks like a row: say header: true or header: false",
            "empty": "empty.csv is empty, or begins with an empty line",
            "plain.jsonl": 'it would be the table "plain", as plain.csv is: name both in tables',
            "bad": "a file is broken (line 3)",
            "bad.parquet": 'it would be the table "bad", as bad.jsonl is: name both in tables',
            "out": '"out.csv" leads out of the folder',
        }
    tables = 'tables: { rows: { path: rows.txt, header: false, columns: [no, name], key: "no" }, bad: { path: inner } }'
    async with gateway(drop.parent, FILE.replace("KEYS", tables)) as house:
        assert await house.data("{ row(no: 2) { name } }") == {"row": {"name": "Bob"}}


async def test_types_that_are_stated_take_what_they_can_hold_and_nothing_is_rounded(drop: Path) -> None:
    (drop / "a.csv").write_text("n,x,d\n007,1e3,31.01.2024\n")
    (drop / "j.jsonl").write_text('{"n":"7","x":1.25,"d":"31.01.2024"}\n')
    types = 'types: { n: Int, x: KIND, d: Date }, date_format: "%d.%m.%Y"'
    tables = f"tables: {{ a: {{ {types.replace('KIND', 'Float')} }}, j: {{ {types.replace('KIND', 'Decimal')} }} }}"
    async with gateway(drop.parent, FILE.replace("KEYS", tables)) as house:
        query = "{ a { n x d } j { n x d } }"
        assert await house.data(query) == {
            "a": [{"n": 7, "x": 1000, "d": "2024-01-31"}],
            "j": [{"n": 7, "x": "1.25", "d": "2024-01-31"}],
        }
        (drop / "a.csv").write_text("n,x,d\n1.5,1,01.01.2024\n")
        (drop / "j.jsonl").write_text('{"n":"7","x":1.255,"d":"31.01.2024"}\n')
        assert codes(await house.ask(query)) == [("SOURCE_BAD_RESPONSE", ["a"]), ("SOURCE_BAD_RESPONSE", ["j"])]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("tables: { a: { path: ../secret.csv } }", "it is a path inside the folder"),
        ("tables: { a: { path: /etc/passwd } }", "it is a path inside the folder"),
        ("tables: { a: { path: a.csv, delimitr: ';' } }", 'did you mean "delimiter"?'),
        ("tables: { a: { path: a.csv, encoding: klingon } }", "it is the name of an encoding"),
        ("tables: { a: { path: a.csv, types: { idd: Int } } }", '"a" has no column "idd"'),
        ("tables: { a: { path: a.csv, key: idd } }", '"a" has no column "idd"'),
        ("tables: { a: { path: p.parquet, delimiter: ';' } }", "delimiter is said of CSV files"),
        ("tables: { aa: {} }", 'there is no file of the name "aa"'),
        ("tables: { a: { references: [{ columns: id, table: b }] } }", 'there is no table or view "b"'),
        ("tables: { a: { columns: [id] } }", "columns needs header: false"),
        ("writes: true", "files are never written"),
        ("exclude: [z]", 'has no table or operation "z"'),
    ],
)
async def test_what_is_stated_and_does_not_fit_is_refused_with_its_line(drop: Path, keys: str, said: str) -> None:
    (drop / "a.csv").write_text("id\n1\n")
    parquet(drop / "p.parquet", "SELECT 1 AS id")
    file = drop.parent / "isthmus.yaml"
    file.write_text(FILE.replace("KEYS", keys))
    told = ""
    try:
        chosen = read(file, {})
        try:
            await (await load(chosen)).close()
        except ConfigurationError as error:
            told = chosen.describe(error.problems)
    except UnreadableFile as error:
        told = error.text
    assert told.startswith("isthmus.yaml:1")
    assert said in told


def test_the_library_that_is_not_installed_is_told_with_the_line_and_how_to_install_it(drop: Path) -> None:
    (drop.parent / "isthmus.yaml").write_text(FILE.replace("KEYS", ""))
    without = "import sys; sys.modules['duckdb'] = None; from gateway.__main__ import main; main()"
    command = [sys.executable, "-c", without, "check", "isthmus.yaml"]
    ended = subprocess.run(command, cwd=drop.parent, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "isthmus.yaml:1" in ended.stderr + ended.stdout
    assert "pip install 'isthmus[files]'" in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


async def test_the_commands_take_files_by_their_names(shell: Shell) -> None:
    (shell.folder / "orders.csv").write_text("id,total\n007,1.50\n008,2.25\n")
    told = await shell.run("inspect", "orders.csv")
    assert "files: 1 of 1 operations served" in told.out
    assert "columns: id String, total Decimal" in told.out
    explained = await shell.run("explain", "x=orders.csv", '{ orders(where: { id: { eq: "007" } }) { total } }')
    assert 'WHERE "orders"."id" = ?' in explained.out
    running = await shell.serve("serve", "x=./orders.csv", "--port", "0")
    async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
        answer = await client.post("/graphql", json={"query": "{ orders { id total } }"})
        assert answer.json()["data"]["orders"] == [{"id": "007", "total": "1.50"}, {"id": "008", "total": "2.25"}]
