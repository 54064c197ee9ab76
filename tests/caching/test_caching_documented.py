"""The file of docs/caching.md is served, and does what stands beside its lines."""

from __future__ import annotations

from pathlib import Path

from tests.caching.crm import crm
from tests.sql.servers import server
from tests.through.gateway import gateway

PAGE = Path(__file__).parents[2] / "docs" / "caching.md"


def block(number: int) -> str:
    return PAGE.read_text("utf-8").split("```yaml\n")[number + 1].partition("```")[0]


async def test_the_file_of_the_page_is_served(tmp_path: Path) -> None:
    text = block(0)
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


async def test_of_what_is_written_and_read_at_copies_no_more_is_kept_than_the_page_says(tmp_path: Path) -> None:
    with server("postgresql") as there:
        for name in ("orders", "payments", "products"):
            there.run(f"CREATE TABLE {name} (id integer PRIMARY KEY)")
            there.run(f"INSERT INTO {name} VALUES (1)")
        text = next(block(number) for number in range(9) if "max_lag_s" in block(number))
        environment = {"SHOP_URL": there.url, "SHOP_COPY": there.url}
        async with gateway(tmp_path, text + "access: { default: anonymous }\n", environment) as made:
            calls = made.snapshot.tallies["shop"].calls
            for name, often in (("products", 1), ("orders", 1), ("payments", 2)):
                calls.clear()
                for _ in range(2):
                    assert await made.data(f"{{ {name} {{ id }} }}") == {name: [{"id": 1}]}
                assert calls == {None: often}, name
