"""Every mutation of docs/writing-databases.md gives the reply that stands below it, in the order of the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.writing.stores import conflict, house

PAGE = Path(__file__).parents[2] / "docs" / "writing-databases.md"


async def test_every_mutation_of_the_page_gives_its_reply(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    (file,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    pairs = re.findall(r"```graphql\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(pairs) == text.count("```graphql") > 5
    file = file.replace("${env:SHOP}", "${env:URL}")
    told = []
    async with house("sqlite", tmp_path, text=file, tables={"sqlite": script}) as shop:
        for query, reply in pairs:
            body = await shop.ask(query)
            assert body["data"] == json.loads(reply), (query, body)
            told += conflict(body)
    assert told == [
        ("CONFLICT", "stale", []),
        ("CONFLICT", "check", ["balance"]),
        ("CONFLICT", "unique", ["email"]),
    ]
