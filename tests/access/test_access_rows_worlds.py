"""The laws of rules on rows, tried a hundred times; ``tests/access/worlds.py`` tries them as often as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.access.worlds import a_house, tried


@pytest.mark.parametrize(("kind", "cases", "seed"), [("sqlite", 80, 5), ("postgresql", 20, 6)])
async def test_what_is_hidden_changes_nothing_and_is_all_that_is_missing(
    kind: str, cases: int, seed: int, tmp_path: Path
) -> None:
    async with a_house(tmp_path, kind) as house:
        assert await tried(house, cases, seed) > cases // 8
