from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.writing.stores import KINDS, House, house


@pytest.fixture(params=KINDS)
async def shop(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with house(request.param, tmp_path) as opened:
        yield opened
