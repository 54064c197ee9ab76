"""DuckDB reads what it was told to and nothing else, and a statement ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Table, func, select

from resolvers.errors import SourceRejected, SourceTimeout
from resolvers.files import FilesSettings, open_files
from resolvers.files.database import FilesDatabase
from resolvers.files.scan import text
from resolvers.sql import SqlSource

FAR_S = 30


async def opened(folder: Path, **more: Any) -> SqlSource:
    return await open_files("drop", FilesSettings.model_validate({"files": "drop", **more}), folder)


def database(source: SqlSource) -> FilesDatabase:
    made = source._database
    assert isinstance(made, FilesDatabase)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(5000)))
    (tmp_path / "drop" / "b.csv").write_text("id\n1\n")
    (tmp_path / "drop-2").mkdir()
    (tmp_path / "drop-2" / "secret.csv").write_text("id\n1\n")
    return tmp_path


@pytest.fixture
async def source(folder: Path) -> AsyncIterator[SqlSource]:
    made = await opened(folder, concurrency=1)
    yield made
    await made.close()


async def test_nothing_outside_is_read_or_loaded_and_no_setting_is_changed(source: SqlSource, folder: Path) -> None:
    cursor = database(source)._engine.cursor()
    inside, outside = str(folder / "drop" / "b.csv"), str(folder / "drop-2" / "secret.csv")
    assert cursor.execute(f"SELECT count(*) FROM read_csv({text(inside)})").fetchall() == [(1,)]
    around = str(folder / "drop" / ".." / "drop-2" / "secret.csv")
    for statement in (
        f"SELECT * FROM read_csv({text(outside)})",
        f"SELECT * FROM read_csv({text(around)})",
        f"SELECT * FROM read_text({text('/etc/passwd')})",
        f"SELECT * FROM glob({text('/etc/*')})",
        f"COPY (SELECT 1) TO {text(str(folder / 'made.csv'))}",
        f"ATTACH {text(str(folder / 'made.db'))}",
        "SET enable_external_access=true",
        "SET allowed_directories=['/']",
        "SET lock_configuration=false",
        "SET memory_limit='64GB'",
        "RESET memory_limit",
        "INSTALL httpfs",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            cursor.execute(statement).fetchall()
    cursor.close()


async def test_nothing_but_one_select_is_run_even_inside_the_folder(source: SqlSource, folder: Path) -> None:
    cursor = database(source)._engine.cursor()
    target = folder / "drop" / "made.csv"
    for statement in (f"COPY (SELECT 1) TO {text(str(target))}", "SELECT 1; SELECT 2", "CREATE TABLE t (a INT)"):
        with pytest.raises(SourceRejected):
            database(source)._rows(cursor, statement, [])
    assert not target.exists()
    with pytest.raises(SourceRejected):
        await database(source).change(lambda connection: connection, 1)
    cursor.close()


async def test_a_statement_ends_with_its_time_and_with_its_caller(source: SqlSource) -> None:
    table = source._catalogue.access["a"].served.table
    assert isinstance(table, Table)
    others = [table.alias(f"isthmus_{number}") for number in range(4)]
    endless = select(func.count()).select_from(others[0].join(others[1], others[0].c.id != others[1].c.id))
    endless = endless.join(others[2], others[2].c.id != others[0].c.id).join(
        others[3], others[3].c.id != others[0].c.id
    )
    short = select(func.count()).select_from(table)
    asked = database(source)
    with pytest.raises(SourceTimeout):
        await asked.ask(endless, 0.3)
    # There is one thread: it answers again only where the statement has ended.
    assert list(await asked.ask(short, FAR_S)) == [(5000,)]
    task = asyncio.create_task(asked.ask(endless, FAR_S * 10))
    done, _ = await asyncio.wait({task}, timeout=0.3)
    assert not done
    task.cancel()
    assert list(await asked.ask(short, FAR_S)) == [(5000,)]
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_the_temporary_files_go_with_the_source(folder: Path) -> None:
    (folder / "drop" / "c.csv").write_bytes("id;name\n1;Zürich\n".encode("cp1252"))
    made = await opened(folder, tables={"c": {"encoding": "windows-1252"}, "b": {"key": "id"}})
    spill = database(made)._engine.spill
    assert list(spill.glob("*.csv"))
    await made.close()
    assert not spill.exists()
