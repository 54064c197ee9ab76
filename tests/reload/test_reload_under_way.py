"""A request ends on the graph, the rules and the limits that it began with; what only it needs is closed after it."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path

from tests.reload.house import System, behind, described, house, listening

FILE = """
    sources:
      crm: {{ openapi: ./orders.json, url: "{base}" }}
    access:
      default: anonymous
"""
RULE = "      rules: { Row.name: { roles: [staff] } }\n"


async def test_a_request_ends_on_what_it_began_with(tmp_path: Path) -> None:
    system = System(slow=asyncio.Event())
    (tmp_path / "orders.json").write_text(json.dumps(described("id", "name")))
    async with listening(behind(system)) as base, house(tmp_path, FILE.format(base=base)) as at:
        first = asyncio.create_task(at.ask("{ orders { name } }"))
        await at.until(lambda: system.waiting == 1)
        at.write(FILE.format(base=base) + RULE)
        await at.changed(1)
        second = asyncio.create_task(at.ask("{ orders { id name } }"))
        await at.until(lambda: system.waiting == 2)
        at.describe(described("id", "title"))
        at.write(FILE.format(base=base))
        await at.changed(2)
        assert at.holder.waiting == 2
        gone = await at.ask("{ orders { name } }")
        assert gone["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        assert system.slow is not None
        system.slow.set()
        assert await first == {"data": {"orders": [{"name": "Ada"}]}}
        body = await second
        assert body["data"] == {"orders": [{"id": "1", "name": None}]}
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
        await at.until(lambda: at.holder.waiting == 0)


async def test_a_write_whose_caller_left_ends_on_what_it_began_with(tmp_path: Path) -> None:
    system = System(slow=asyncio.Event())
    document = described("id", "name")
    document["paths"]["/orders"]["post"] = {
        "operationId": "placeOrder",
        "responses": {"200": document["paths"]["/orders"]["get"]["responses"]["200"]},
    }
    (tmp_path / "orders.json").write_text(json.dumps(document))
    text = FILE.replace('url: "{base}"', 'url: "{base}", writes: true')
    async with listening(behind(system)) as base, house(tmp_path, text.format(base=base)) as at:
        change = asyncio.create_task(at.ask("mutation { placeOrder { id } }"))
        await at.until(lambda: system.waiting == 1)
        change.cancel()
        await asyncio.gather(change, return_exceptions=True)
        at.describe(described("id", "title"))
        await at.changed()
        await asyncio.sleep(0.1)
        assert at.holder.waiting == 1, "its source is open as long as it runs"
        assert system.slow is not None
        system.slow.set()
        await at.until(lambda: at.holder.waiting == 0)


async def test_nothing_is_begun_while_the_server_drains(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(described("id", "name")))
    system = System()
    async with listening(behind(system)) as base, house(tmp_path, FILE.format(base=base)) as at:
        at.app.state.draining = True
        at.describe(described("id", "title"))
        at.reloader.ask()
        await asyncio.sleep(0.4)
        assert at.holder.reloads.ok == 0
        assert (await at.client.get("/readyz")).status_code == 503


async def test_asking_again_and_again_is_asking_once(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(described("id", "name")))
    system = System()
    async with listening(behind(system)) as base, house(tmp_path, FILE.format(base=base)) as at:
        before = at.holder.current
        for _ in range(1000):
            at.app.hang_up()
        await at.until(lambda: at.holder.reloads.unchanged >= 1)
        await asyncio.sleep(0.3)
        assert at.holder.reloads.unchanged == 1
        assert at.holder.current is before


async def test_descriptions_of_others_are_looked_at_when_asked_and_only_sent_where_they_changed(tmp_path: Path) -> None:
    system = System()
    async with listening(behind(system)) as base:
        text = FILE.format(base=base).replace("./orders.json", f"{base}/openapi.json")
        async with house(tmp_path, text) as at:
            system.document, asked = described("id", "name", "city"), len(system.asked("/openapi.json"))
            await asyncio.sleep(0.3)
            assert len(system.asked("/openapi.json")) == asked, "nobody asked for it"
            at.reloader.ask()
            await at.until(lambda: at.holder.reloads.unchanged == 1)
            assert system.heard[-1].headers["if-none-match"] == '"1"'
            system.version = 2
            at.reloader.ask()
            await at.changed()
            body = await at.ask("{ orders { city } }")
            assert "errors" not in body


async def test_a_change_that_changes_nothing_keeps_no_garbage_for_ever(tmp_path: Path) -> None:
    (tmp_path / "orders.json").write_text(json.dumps(described("id", "name")))
    async with listening(behind(System())) as base, house(tmp_path, FILE.format(base=base)) as at:
        before = gc.get_freeze_count()
        for number in range(3):
            at.write(FILE.format(base=base) + f"# {number}\n")
            await at.until(lambda number=number: at.holder.reloads.unchanged > number)  # type: ignore[misc]
        assert gc.get_freeze_count() == before
