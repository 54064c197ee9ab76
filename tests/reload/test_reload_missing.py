"""A source that is away at the start comes, and is served without a restart; whatever else there is stays as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.file.config import read
from gateway.snapshot import load, load_or_wait
from resolvers import ConfigurationError
from tests.reload.house import System, behind, described, free_port, house, listening

ONE = """
    sources:
      crm: {{ openapi: "http://127.0.0.1:{port}/openapi.json" }}
    access: {{ default: anonymous }}
"""
TWO = """
    sources:
      stock: {{ database: "sqlite:///stock.db" }}
      crm:
        openapi: "http://127.0.0.1:{port}/openapi.json"
        operations: {{ orders: {{ keys: id, by: id }} }}
    links:
      Product.orders: {{ many: crm.orders, match: {{ sku: id }} }}
    access:
      default: anonymous
      rules: {{ Row.name: {{ roles: [staff] }} }}
"""


def stock(folder: Path) -> None:
    connection = sqlite3.connect(folder / "stock.db")
    connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY)")
    connection.execute("INSERT INTO products VALUES ('1')")
    connection.commit()
    connection.close()


async def test_with_every_source_away_the_gateway_starts_and_is_ready_when_one_comes(tmp_path: Path) -> None:
    port, system = free_port(), System()
    async with house(tmp_path, ONE.format(port=port)) as at:
        assert await at.ready() == (503, {"crm": "its description cannot be read"})
        refused = await at.client.post("/graphql", json={"query": "{ orders { id } }"})
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "SOURCE_UNAVAILABLE")
        assert refused.headers["retry-after"]
        async with listening(behind(system), port):
            await at.changed()
            assert await at.ask("{ orders { id name } }") == {"data": {"orders": [{"id": "1", "name": "Ada"}]}}
            assert await at.ready() == (200, {})


async def test_what_waited_for_a_source_is_there_with_it_and_under_its_rules(tmp_path: Path) -> None:
    stock(tmp_path)
    port, system = free_port(), System()
    async with house(tmp_path, TWO.format(port=port)) as at:
        assert await at.roots() >= {"products"}
        assert "orders" not in await at.roots()
        assert await at.ready() == (200, {"crm": "its description cannot be read"})
        before = at.holder.current.sources["stock"]
        async with listening(behind(system), port):
            await at.changed()
            body = await at.ask("{ products { sku orders { id } } }")
            assert body == {"data": {"products": [{"sku": "1", "orders": [{"id": "1"}]}]}}
            body = await at.ask("{ orders { name } }")
            assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
        assert at.holder.current.sources["stock"] is before, "what did not change stays open"
        assert at.holder.current.tallies["stock"].calls[None] == 1


async def test_a_source_whose_link_does_not_fit_keeps_no_other_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stock(tmp_path)
    ports, text = [free_port(), free_port()], TWO.format(port="{}")
    text = text.replace("links:", '  erp: { openapi: "http://127.0.0.1:{}/openapi.json" }\n    links:')
    file = text.replace("{}", str(ports[0]), 1).replace("{}", str(ports[1]), 1)
    misfit, good = System(described("other")), System(described("id", name="invoices"))
    async with house(tmp_path, file) as at, listening(behind(misfit), ports[0]):
        await at.refused()
        assert "isthmus.yaml:" in capsys.readouterr().out
        async with listening(behind(good), ports[1]):
            await at.changed()
            assert {"products", "invoices"} <= await at.roots()
            assert "orders" not in await at.roots()


async def test_missing_sources_are_asked_for_less_and_less_often(tmp_path: Path) -> None:
    port, system = free_port(), System(status=503)
    async with listening(behind(system), port), house(tmp_path, ONE.format(port=port)) as at:
        await at.until(lambda: at.holder.reloads.retries >= 4)
        times = len(system.asked("/openapi.json"))
        assert times <= 6, "once for each time, and at the start"
        system.status = 200
        await at.changed()
        assert await at.roots() >= {"orders"}


@pytest.mark.parametrize("wrong", ["nowhere.json", "http://127.0.0.1:{port}/openapi.json"])
async def test_what_somebody_must_mend_still_ends_the_start(tmp_path: Path, wrong: str) -> None:
    system = System(status=404)
    async with listening(behind(system)) as base:
        port = base.rpartition(":")[2]
        (tmp_path / "isthmus.yaml").write_text(
            ONE.format(port=port).replace(f"http://127.0.0.1:{port}/openapi.json", wrong.format(port=port))
        )
        chosen = read(tmp_path / "isthmus.yaml", {})
        with pytest.raises(ConfigurationError):
            await load_or_wait(chosen)
        with pytest.raises(ConfigurationError):
            await load(chosen)


async def test_a_description_that_was_fetched_once_is_served_while_its_host_is_away(tmp_path: Path) -> None:
    port, system = free_port(), System()
    async with listening(behind(system), port), house(tmp_path, ONE.format(port=port)) as at:
        assert await at.ready() == (200, {})
    async with house(tmp_path, ONE.format(port=port)) as at:
        assert await at.ready() == (200, {"crm": "it is served by what was known of it"})
        body = await at.ask("{ orders { id } }")
        assert body["errors"][0]["extensions"]["code"] == "SOURCE_UNAVAILABLE"
        async with listening(behind(system), port):
            await at.changed()
            assert await at.ask("{ orders { id } }") == {"data": {"orders": [{"id": "1"}]}}
            assert await at.ready() == (200, {})
