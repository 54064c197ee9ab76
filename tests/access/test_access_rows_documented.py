"""Every query of docs/access-rows.md gives the reply that stands below it, for the caller whose claims stand above."""

from __future__ import annotations

import json
import re
from pathlib import Path

from resolvers import load
from tests.access.rows_house import DOCUMENT, SECRET, Desk, RowsHouse, World
from tests.serving import serving
from tests.through.gateway import gateway
from tests.writing.stores import store

PAGE = Path(__file__).parents[2] / "docs" / "access-rows.md"
AGENTS = ({"id": "a2", "team": "blue", "boss": "x"}, {"id": "a1", "team": "red", "boss": "x"})


async def test_every_query_of_the_page_gives_its_reply(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8")
    (script,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    (file,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    pairs = re.findall(r"```graphql\n# (.*?)\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(pairs) == text.count("```graphql") > 5
    file = file.replace("https://id.example.com/", "https://id")
    desk = Desk(World(agents=AGENTS))
    (tmp_path / "desk.json").write_text(json.dumps(DOCUMENT), "utf-8")
    async with serving(desk.app()) as address, store("sqlite", tmp_path) as (made, url):
        await made.run(script)
        async with gateway(tmp_path, file, {"SHOP": url, "DESK": address, "SECRET": SECRET}) as served:
            house = RowsHouse(served, made, desk)
            for claims, query, reply in pairs:
                given = load(claims)
                assert isinstance(given, dict)
                assert await house.data(query, **given) == json.loads(reply), query
