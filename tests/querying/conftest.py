"""The shop in each database there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.querying.shop import DATABASES, Shop, shop


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """The databases, one after the other."""
    return str(request.param)


@pytest.fixture
async def house(kind: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop(kind, tmp_path) as served:
        yield served
