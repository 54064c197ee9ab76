"""A schema of its own in the test database, reached through a proxy; it is dropped again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
import pytest

from tests.postgresql import own_schema
from tests.through.proxy import Proxy, proxy


@dataclass(frozen=True, slots=True)
class Depot:
    """``connection`` may write to ``schema``; ``url`` leads to the same database through ``proxy``."""

    connection: asyncpg.Connection
    schema: str
    proxy: Proxy
    url: str


@pytest.fixture
async def depot() -> AsyncIterator[Depot]:
    async with own_schema() as made, proxy(made.url.host or "127.0.0.1", made.url.port or 5432) as between:
        there = made.url.set(host="127.0.0.1", port=between.port)
        yield Depot(made.connection, made.name, between, there.render_as_string(hide_password=False))
