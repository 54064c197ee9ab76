"""A gateway that runs by pulled descriptions: it takes over what is pulled, and asks nobody by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from resolvers import Pin, Pinned, Pulled, digest_of, reviewable
from resolvers.errors import SourceUnavailable
from resolvers.predicate import And
from resolvers.source import Context
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.pulled.far import make, run
from tests.reload.house import System, behind, described, house, listening
from tests.sql.asking import ids
from tests.sql.servers import SERVERS, Server, server
from tests.sql.test_sql_kept import TYPES

FILE = """
    sources:
      crm: {{ openapi: "{base}/openapi.json" }}
    access: {{ default: anonymous }}
"""


async def test_what_is_pulled_is_taken_over_and_what_is_edited_is_not(tmp_path: Path) -> None:
    system = System(described("id", "name"))
    file = tmp_path / "isthmus.yaml"
    async with listening(behind(system)) as base:
        text = FILE.format(base=base)
        file.write_text(text.replace("\n    ", "\n").strip() + "\n")
        assert (await run("pull", file)).code == 0
        asked = len(system.asked("/openapi.json"))
        system.document, system.version = described("id", "name", "email"), 2
        async with house(tmp_path, text) as at:
            assert await at.ask("{ orders { name } }") == {"data": {"orders": [{"name": "Ada"}]}}
            at.reloader.ask()
            await at.until(lambda: at.holder.reloads.unchanged >= 1)
            assert "errors" in await at.ask("{ orders { email } }")
            assert len(system.asked("/openapi.json")) == asked
            # Pulled while it runs.
            assert (await run("pull", file)).code == 0
            await at.changed()
            assert await at.ask("{ orders { email } }") == {"data": {"orders": [{"email": None}]}}
            # Edited by hand: refused, until isthmus lock takes it.
            copy = tmp_path / "descriptions/crm/openapi.json"
            copy.write_text(copy.read_text().replace("email", "mail"))
            await at.until(lambda: at.holder.reloads.failed >= 1)
            assert await at.ask("{ orders { email } }") == {"data": {"orders": [{"email": None}]}}
            assert (await run("lock", file)).code == 0
            await at.until(lambda: not at.holder.reloads.failing)
            assert await at.ask("{ orders { mail } }") == {"data": {"orders": [{"mail": None}]}}


async def test_a_pulled_catalogue_is_watched_as_documents_are(tmp_path: Path) -> None:
    file = make(
        tmp_path,
        "http://127.0.0.1:9",
        "sources: {{ stock: {{ database: 'sqlite:///stock.db' }} }}\naccess: {{ default: anonymous }}\n",
    )
    assert (await run("pull", file)).code == 0
    catalogue = tmp_path / "descriptions/stock/catalogue.json"
    async with house(tmp_path, file.read_text()) as at:
        catalogue.write_text(catalogue.read_text().replace('"REAL"', '"INTEGER"'))
        await at.refused()
        assert (await run("lock", file)).code == 0
        await at.until(lambda: not at.holder.reloads.failing)
        body = await at.ask('{ __type(name: "Product") { fields { name type { name } } } }')
        assert {"name": "price", "type": {"name": "Int"}} in body["data"]["__type"]["fields"]


@pytest.fixture(scope="module", params=SERVERS)
def there(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server(request.param) as made:
        made.run("CREATE TABLE things (id integer PRIMARY KEY, boss_id integer REFERENCES things (id))")
        made.run("CREATE VIEW seen AS SELECT id FROM things")
        made.run(TYPES[made.kind])
        yield made


async def test_a_database_is_known_by_its_catalogue_alone(there: Server, tmp_path: Path) -> None:
    settings = {
        "functions": there.kind == "postgresql",
        "writes": True,
        "statements": {"some": {"sql": "SELECT * FROM things WHERE id > :least", "arguments": {"least": "Int!"},
                                "returns": {"many": "things"}}},
    }  # fmt: skip
    if there.kind == "postgresql":
        there.run("CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n * 2'")

    async def opened(url: str, pinned: Pinned | None = None, pulled: Pulled | None = None) -> SqlSource:
        given = DatabaseSettings.model_validate({"database": url, "timeout_s": 5, **settings})
        return await open_database("depot", given, tmp_path, described=pinned, pulled=pulled)

    pulled = Pulled()
    before = await opened(there.url, pulled=pulled)
    await before.close()
    pins = {}
    for address, content in pulled.copies.items():
        (tmp_path / address).write_bytes(reviewable(content))
        pins[address] = Pin(address, digest_of(reviewable(content)))
        assert all(part not in content.decode() for part in (str(make_url(there.url).password), "127.0.0.1"))
    away = make_url(there.url).set(host="127.0.0.1", port=9).render_as_string(hide_password=False)
    source = await opened(away, Pinned("depot", tmp_path, pins))
    try:
        assert source.model == before.model
        with pytest.raises(SourceUnavailable):
            await ids(source, "things", And(()), Context(asyncio.get_running_loop().time() + 20, "test"))
    finally:
        await source.close()
