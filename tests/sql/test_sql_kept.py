"""Catalogues that were kept: a gateway starts while its database is away, and notices when it is back."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import Engine, event, make_url

from resolvers.documents import DescriptionError
from resolvers.errors import SourceUnavailable
from resolvers.predicate import And
from resolvers.problem import ConfigurationError
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from resolvers.sql.catalogue import reflect
from resolvers.sql.catalogue.reflected import pack, unpack
from resolvers.sql.dialects import address
from tests.sql.asking import NewContext, ids
from tests.sql.servers import SERVERS, Server, server
from tests.through.gateway import codes, gateway
from tests.through.proxy import Proxy, proxy

TYPES = {
    "postgresql": """
        CREATE TYPE mood AS ENUM ('sad', 'so-so'); CREATE DOMAIN amount AS numeric(12,2);
        CREATE TYPE pair AS (a int, b text);
        CREATE EXTENSION IF NOT EXISTS citext;
        CREATE TABLE odd (
          id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m mood, ms mood[], a amount, p pair, c citext, ch char(4),
          t timestamptz, tt timetz, d date, u uuid, j jsonb, b bytea, r int4range, n numeric(30,10), f real, i interval,
          ip inet, x xml, ts tsvector, twice int GENERATED ALWAYS AS (2) STORED, v varchar(20) DEFAULT 'x',
          UNIQUE (m, d)
        );
    """,
    "mariadb": """
        CREATE TABLE odd (
          id int unsigned PRIMARY KEY AUTO_INCREMENT, e enum('a','it''s'), s set('a','b'), t tinyint(1),
          b bit(4),
          n decimal(30,10), f float, d datetime(3), ts timestamp NULL,
          y year, j json, g point, c char(4), v varchar(20),
          raw blob, u uuid, twice int AS (2) STORED, UNIQUE (e, d)
        );
    """,
}


@pytest.fixture(scope="module", params=SERVERS)
def there(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server(request.param) as made:
        made.run("CREATE TABLE things (id integer PRIMARY KEY, boss_id integer REFERENCES things (id))")
        made.run("INSERT INTO things VALUES (1, NULL), (2, 1)")
        made.run("CREATE VIEW seen AS SELECT id FROM things")
        made.run(TYPES[made.kind])
        yield made


@pytest.fixture
async def between(there: Server) -> AsyncIterator[Proxy]:
    url = make_url(there.url)
    async with proxy(url.host or "127.0.0.1", url.port or {"postgresql": 5432, "mariadb": 3306}[there.kind]) as made:
        yield made


def through(there: Server, between: Proxy) -> str:
    return make_url(there.url).set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)


async def opened(url: str, keep: Path | None, **settings: object) -> SqlSource:
    given = DatabaseSettings.model_validate({"database": url, "timeout_s": 5, **settings})
    return await open_database("depot", given, Path(), keep=keep)


def kept_in(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


async def test_a_database_that_is_away_at_the_start_is_served_by_what_was_kept(
    there: Server, between: Proxy, tmp_path: Path, context: NewContext
) -> None:
    url = through(there, between)
    before = await opened(url, tmp_path)
    await before.close()
    await between.stop()
    source = await opened(url, tmp_path)
    try:
        assert source.model.stale
        assert (source.model.operations, source.model.types) == (before.model.operations, before.model.types)
        assert (source.model.relations, source.model.enums) == (before.model.relations, before.model.enums)
        assert (source.model.left_out, source.model.digest) == (before.model.left_out, before.model.digest)
        with pytest.raises(SourceUnavailable):
            await ids(source, "things", And(()), context())
        await between.start()
        assert await ids(source, "things", And(()), context()) == [1, 2]
        async with asyncio.timeout(5):
            while source.model.stale:  # noqa: ASYNC110  # it is looked at beside the call
                await asyncio.sleep(0.01)
    finally:
        await source.close()


async def test_a_catalogue_that_changed_while_nobody_looked_is_told(
    there: Server, between: Proxy, tmp_path: Path, context: NewContext
) -> None:
    url = through(there, between)
    await (await opened(url, tmp_path)).close()
    await between.stop()
    there.run("CREATE TABLE new_one (id integer PRIMARY KEY)")
    source = await opened(url, tmp_path)
    try:
        await between.start()
        assert await ids(source, "things", And(()), context()) == [1, 2]
        async with asyncio.timeout(5):
            while "has changed" not in source.model.stale:  # noqa: ASYNC110  # it is looked at beside the call
                await asyncio.sleep(0.01)
        await between.stop()
        again = await opened(url, tmp_path)
        assert "new_one" in again.model.operations, "the next start has what was found"
        await again.close()
    finally:
        await source.close()
        there.run("DROP TABLE new_one")


@pytest.mark.parametrize("harm", ["absent", "cut", "changed", "other", "schemas"])
async def test_what_does_not_fit_is_as_good_as_absent(there: Server, between: Proxy, tmp_path: Path, harm: str) -> None:
    url = through(there, between)
    await (await opened(url, tmp_path)).close()
    await between.stop()
    file = kept_in(tmp_path)
    content = file.read_bytes()
    match harm:
        case "absent":
            file.unlink()
        case "cut":
            file.write_bytes(content[:-1])
        case "changed":
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "other":
            url = url.replace(f"/{make_url(url).database}", "/another")
    with pytest.raises(DescriptionError, match="cannot be reached"):
        await opened(url, tmp_path, **({"schemas": ["public"]} if harm == "schemas" else {}))


async def test_nothing_that_is_kept_is_secret_or_a_row(there: Server, tmp_path: Path) -> None:
    url = make_url(there.url)
    there.run("INSERT INTO things VALUES (77123456, NULL)")
    source = await opened(url.render_as_string(hide_password=False), tmp_path)
    await source.close()
    there.run("DELETE FROM things WHERE id = 77123456")
    file = kept_in(tmp_path)
    assert b"77123456" not in file.read_bytes()


async def test_every_type_is_packed_as_it_was_read(there: Server) -> None:
    dialect, where = address(there.url, Path())
    database = dialect.open(where, concurrency=1, timeout_s=5)
    reflected = await database.run(lambda connection: reflect(connection, (), dialect))
    await database.close()
    again = unpack(pack(reflected), dialect.types)
    for table in reflected.metadata.tables.values():
        other = again.metadata.tables[table.key]
        assert [repr(column.type) for column in other.columns] == [repr(column.type) for column in table.columns]
        assert [type(column.type) for column in other.columns] == [type(column.type) for column in table.columns]
        computed = [(column.computed is not None, column.identity is not None) for column in table.columns]
        assert [(column.computed is not None, column.identity is not None) for column in other.columns] == computed
    assert (again.views, again.unread) == (reflected.views, dict(reflected.unread))


async def test_the_catalogue_is_asked_for_in_bulk(there: Server) -> None:
    """As many questions for forty tables as for a few."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await (await opened(there.url, None)).close()
        few = len(asked)
        for number in range(40):
            there.run(f"CREATE TABLE more{number} (id integer PRIMARY KEY, at integer REFERENCES things (id))")
        asked.clear()
        source = await opened(there.url, None)
        await source.close()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        for number in range(40):
            there.run(f"DROP TABLE IF EXISTS more{number}")
    assert "more39" in source.model.operations
    assert len(asked) == few


FILE = """
    sources:
      depot: { database: "${env:DEPOT}", timeout_s: 2 }
    access: { default: anonymous }
"""


async def test_the_gateway_says_what_it_serves_by_what_was_kept(there: Server, between: Proxy, tmp_path: Path) -> None:
    environment = {"DEPOT": through(there, between)}
    async with gateway(tmp_path, FILE, environment) as house:
        assert (await house.client.get("/readyz")).json()["degraded"] == {}
    await between.stop()
    async with gateway(tmp_path, FILE, environment) as house:
        ready = await house.client.get("/readyz")
        assert (ready.status_code, list(ready.json()["degraded"])) == (200, ["depot"])
        assert codes(await house.ask("{ things { id } }")) == [("SOURCE_UNAVAILABLE", ["things"])]
        await between.start()
        assert await house.data("{ things(where: { id: { lt: 3 } }) { id boss { id } } }") == {
            "things": [{"id": 1, "boss": None}, {"id": 2, "boss": {"id": 1}}]
        }
        async with asyncio.timeout(5):
            while (await house.client.get("/readyz")).json()["degraded"]:
                pass


async def test_check_warns_of_what_was_kept(there: Server, between: Proxy, tmp_path: Path) -> None:
    environment = {**os.environ, "DEPOT": through(there, between)}
    (tmp_path / "isthmus.yaml").write_text(dedent(FILE))
    for expected in (False, True):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "check", "isthmus.yaml",
            cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        said, _ = await process.communicate()
        assert process.returncode == 0
        assert (b"warning: the database cannot be reached" in said) == expected, said
        if not expected:
            await between.stop()


STATED = """
    sources:
      depot:
        database: "${env:DEPOT}"
        tables: { lately: { key: id } }
    access: { default: anonymous }
"""


async def test_a_view_that_was_dropped_takes_nothing_else_down(there: Server, tmp_path: Path) -> None:
    """What is stated of it fitted when the gateway started last: the database changed, not the file."""
    there.run("CREATE VIEW lately AS SELECT id FROM things")
    environment = {"DEPOT": there.url}
    try:
        async with gateway(tmp_path, STATED, environment) as house:
            assert await house.data("{ latelyById(id: 1) { id } }") == {"latelyById": {"id": 1}}
    finally:
        there.run("DROP VIEW lately")
    async with gateway(tmp_path, STATED, environment) as house:
        degraded = (await house.client.get("/readyz")).json()["degraded"]
        assert degraded == {"depot": "it is served by what was known of it"}
        assert codes(await house.ask("{ lately { id } }")) == [("SOURCE_BAD_RESPONSE", ["lately"])]
        assert await house.data("{ things(where: { id: { eq: 1 } }) { id } }") == {"things": [{"id": 1}]}


async def test_a_view_that_never_was_is_a_fault_of_the_file(there: Server, tmp_path: Path) -> None:
    settings = DatabaseSettings.model_validate({"database": there.url, "tables": {"latly": {"key": "id"}}})
    for _ in range(2):
        with pytest.raises(ConfigurationError, match='no table or view "latly"'):
            await open_database("depot", settings, tmp_path, keep=tmp_path)
