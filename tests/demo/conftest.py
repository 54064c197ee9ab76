from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.demo import DemoServers


@pytest.fixture
async def demo() -> AsyncIterator[DemoServers]:
    async with DemoServers() as servers:
        yield servers
