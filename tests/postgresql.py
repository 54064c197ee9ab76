"""A schema of its own in the test database of PostgreSQL; it is dropped again."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import URL, make_url

from tests.services import missing

POSTGRES = os.environ.get("ISTHMUS_TEST_POSTGRES_URL", "postgresql://root@127.0.0.1:5432/test")


@dataclass(frozen=True, slots=True)
class OwnSchema:
    """``connection`` may write to the schema ``name`` of the database at ``url``, and looks there first."""

    connection: asyncpg.Connection
    name: str
    url: URL


@contextlib.asynccontextmanager
async def own_schema() -> AsyncIterator[OwnSchema]:
    """An empty schema for as long as the block runs; skips the test where no database answers."""
    url = make_url(POSTGRES).set(drivername="postgresql")
    try:
        connection = await asyncpg.connect(url.render_as_string(hide_password=False), timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        missing(f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}")
    name = f"isthmus_{uuid.uuid4().hex[:12]}"
    try:
        await connection.execute(f"CREATE SCHEMA {name}; SET search_path TO {name}")
        yield OwnSchema(connection, name, url)
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        await connection.close()
