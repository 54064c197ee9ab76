"""The example of docs/files.md: its files are written, its configuration read, and its query gives its reply."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.through.gateway import gateway

PAGE = Path(__file__).parents[2] / "docs" / "files.md"


async def test_the_query_of_the_page_gives_its_reply(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    blocks = dict(re.findall(r"```(csv|jsonl|yaml|graphql|json)\n(.*?)```", text, re.DOTALL))
    assert len(blocks) == 5
    (tmp_path / "drop" / "deliveries").mkdir(parents=True)
    (tmp_path / "drop" / "deliveries" / "2024-01.csv").write_text(blocks["csv"], "windows-1252")
    (tmp_path / "drop" / "customers.jsonl").write_text(blocks["jsonl"], "utf-8")
    async with gateway(tmp_path, blocks["yaml"]) as house:
        assert await house.data(blocks["graphql"]) == json.loads(blocks["json"])
