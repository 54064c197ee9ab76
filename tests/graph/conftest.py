"""A source in memory for tests of the schema storey."""

from __future__ import annotations

import pytest

from tests.graph.company import Memory


@pytest.fixture
def memory() -> type[Memory]:
    return Memory
