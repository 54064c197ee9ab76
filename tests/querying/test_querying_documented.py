"""Every query of docs/querying-databases.md gives the reply that stands below it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.querying.shop import shop

PAGE = Path(__file__).parents[2] / "docs" / "querying-databases.md"


async def test_every_query_of_the_page_gives_its_reply(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    pairs = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(pairs) == text.count("```graphql") > 5
    async with shop("sqlite", tmp_path, script=script) as house:
        for query, reply in pairs:
            assert await house.data(query) == json.loads(reply), query
