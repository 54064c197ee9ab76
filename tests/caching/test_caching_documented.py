"""The file of docs/caching.md is served, and does what stands beside its lines."""

from __future__ import annotations

from pathlib import Path

from tests.caching.crm import crm
from tests.through.gateway import gateway

PAGE = Path(__file__).parents[2] / "docs" / "caching.md"


async def test_the_file_of_the_page_is_served(tmp_path: Path) -> None:
    text = PAGE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    async with crm() as upstream:
        (tmp_path / "crm.openapi.json").write_text(upstream.document)
        text = text.replace("https://crm.internal", upstream.url).replace("authenticated", "anonymous")
        async with gateway(tmp_path, text) as made:
            for _ in range(2):
                await made.data("{ orders { customer { name } } me { name } customers { id } }")
            asked = ["GET /customers", "GET /customers?ids=1&ids=2&ids=3", *["GET /me", "GET /orders"] * 2]
            assert sorted(upstream.taken()) == sorted(asked)
            await made.data('mutation { rename(id: "1", body: { name: "x" }) { name } }')
            upstream.taken()
            answer = await made.data("{ customers { id name } }")
            assert {"id": "1", "name": "name 1!"} in answer["customers"]
