"""A schema of its own in the test database, reached through a proxy; it is dropped again."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import pytest
from sqlalchemy import make_url

from tests.through.proxy import Proxy, proxy

POSTGRES = os.environ.get("ISTHMUS_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/test")


@dataclass(frozen=True, slots=True)
class Depot:
    """``connection`` may write to ``schema``; ``url`` leads to the same database through ``proxy``."""

    connection: asyncpg.Connection
    schema: str
    proxy: Proxy
    url: str


@pytest.fixture
async def depot() -> AsyncIterator[Depot]:
    url = make_url(POSTGRES).set(drivername="postgresql")
    try:
        connection = await asyncpg.connect(url.render_as_string(hide_password=False), timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}"
        (pytest.fail if os.environ.get("ISTHMUS_REQUIRE_SERVICES") == "1" else pytest.skip)(reason)
    schema = f"isthmus_{uuid.uuid4().hex[:12]}"
    try:
        await connection.execute(f"CREATE SCHEMA {schema}; SET search_path TO {schema};")
        async with proxy(url.host or "127.0.0.1", url.port or 5432) as made:
            there = url.set(host="127.0.0.1", port=made.port)
            yield Depot(connection, schema, made, there.render_as_string(hide_password=False))
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await connection.close()
