"""Every query of docs/statements.md gives the reply that stands below it, in the order of the page."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

from tests.through.gateway import gateway

PAGE = Path(__file__).parents[2] / "docs" / "statements.md"


async def test_every_query_of_the_page_gives_its_reply(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    file, _ = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    pairs = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(pairs) == text.count("```graphql") == 2
    with sqlite3.connect(tmp_path / "stock.db") as connection:
        connection.executescript(script)
    connection.close()
    async with gateway(tmp_path, file, {"STOCK": "sqlite:///stock.db"}) as served:
        for query, reply in pairs:
            assert await served.data(query) == json.loads(reply), query
