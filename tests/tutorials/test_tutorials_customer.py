"""docs/tutorials/customer.md: what it shows is what there is, whichever system is down."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import pytest
from sqlalchemy import make_url

from examples.customer.systems import exports, systems, warehouse
from tests.mariadb import own_database
from tests.postgresql import own_schema
from tests.through.proxy import Proxy, proxy
from tests.tutorials.walk import (
    Page,
    answers,
    commands_are_told,
    lines,
    mistakes_are_told,
    shown_files,
    started,
    walking,
)

PAGE = Page("customer", "customer")
SCRIPT = (PAGE.folder / "warehouse.sql").read_text("utf-8")
AWAY = {"CRM_URL": "http://127.0.0.1:9", "BILLING_URL": "http://127.0.0.1:9"}


def test_the_file_is_the_one_that_is_shown_and_as_long_as_is_said() -> None:
    shown_files(PAGE)
    assert PAGE.said(r"(\d+) lines of YAML") == [str(lines((PAGE.folder / "isthmus.yaml").read_text("utf-8")))]


@contextlib.asynccontextmanager
async def database(kind: str) -> AsyncIterator[tuple[str, Proxy]]:
    """The warehouse in a real server, behind a proxy that can go away."""
    async with contextlib.AsyncExitStack() as stack:
        if kind == "mariadb":
            own = stack.enter_context(own_database())
            own.run(SCRIPT)
            url = make_url(own.url)
        else:
            schema = await stack.enter_async_context(own_schema())
            await schema.connection.execute(f"CREATE DATABASE {schema.name}")
            stack.push_async_callback(schema.connection.execute, f"DROP DATABASE {schema.name} WITH (FORCE)")
            url = schema.url.set(database=schema.name)
            connection = await asyncpg.connect(url.render_as_string(hide_password=False))
            await connection.execute(SCRIPT)
            await connection.close()
        between = await stack.enter_async_context(proxy(url.host or "127.0.0.1", url.port or 5432))
        there = url.set(host="127.0.0.1", port=between.port)
        yield there.render_as_string(hide_password=False), between


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
async def test_every_query_is_answered_as_is_shown_by_the_calls_that_are_shown(kind: str, tmp_path: Path) -> None:
    asked = []
    async with database(kind) as (url, between):
        for down, blocks in PAGE.parts():
            made = systems()
            started(made)
            async with walking(PAGE, tmp_path, made, exports(made) | {"WAREHOUSE_URL": url}) as walk:
                if down == "warehouse":
                    await between.stop()
                elif down:
                    made[down].stop()
                asked.append(await answers(walk, blocks))
    assert asked == [4, 2, 2, 1]


def test_every_command_prints_what_is_shown(tmp_path: Path) -> None:
    environment = AWAY | {"WAREHOUSE_URL": warehouse(tmp_path / "warehouse.db")}
    assert commands_are_told(PAGE, tmp_path, environment) == 1


def test_six_mistakes_are_told_as_is_shown(tmp_path: Path) -> None:
    environment = AWAY | {"WAREHOUSE_URL": warehouse(tmp_path / "warehouse.db")}
    assert mistakes_are_told(PAGE, tmp_path, environment) == 6
