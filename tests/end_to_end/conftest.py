from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.trading import House, trading_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with trading_house() as made:
        yield made
