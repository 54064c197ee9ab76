"""Reads go to the copies of a database, changes and what follows them to the database itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from gateway.file.config import read
from gateway.snapshot import load
from resolvers import ConfigurationError
from tests.sql.servers import SERVERS, Server, server
from tests.through.cluster import Cluster, following, own_cluster
from tests.through.gateway import Gateway, gateway
from tests.through.proxy import Proxy, proxy

TABLES = """
CREATE TABLE makers (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE goods (id INTEGER PRIMARY KEY, maker_id INTEGER REFERENCES makers (id));
"""
FILE = """
    sources:
      db:
        database: "${{env:PRIMARY}}"
        replicas: {replicas}
        writes: true
        timeout_s: 5
    access: {{ default: anonymous }}
"""
READ = "{ makers(orderBy: { id: ASC }) { name goods { id } } }"

CLIENTS = """SELECT count(*) > 0 FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class House:
    """A gateway over a primary and its copies, each of which knows its own name and is reached through a proxy."""

    gateway: Gateway
    servers: list[Server]
    proxies: list[Proxy]

    async def names(self, times: int = 1) -> set[str]:
        """Which of them answered."""
        found = set()
        for _ in range(times):
            found |= {row["name"] for row in (await self.gateway.data(READ))["makers"]}
        return found


@contextlib.asynccontextmanager
async def house(kind: str, folder: Path, copies: int = 2, more: str = "") -> AsyncIterator[House]:
    async with contextlib.AsyncExitStack() as stack:
        servers = [stack.enter_context(server(kind)) for _ in range(copies + 1)]
        environment, proxies = {}, []
        for number, each in enumerate(servers):
            name = f"copy {number}" if number else "primary"
            for statement in TABLES.split(";")[:-1]:
                each.run(statement)
            each.run(f"INSERT INTO makers VALUES (1, '{name}')")
            each.run("INSERT INTO goods VALUES (1, 1)")
            url = make_url(each.url)
            between = await stack.enter_async_context(proxy(url.host or "127.0.0.1", url.port or 0))
            proxies.append(between)
            shown = url.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
            environment["PRIMARY" if not number else f"COPY{number}"] = shown
        replicas = ", ".join(f'"${{env:COPY{number}}}"' for number in range(1, copies + 1))
        text = FILE.format(replicas=f"[{replicas}]") + more
        yield House(await stack.enter_async_context(gateway(folder, text, environment)), servers, proxies)


@pytest.mark.parametrize("kind", SERVERS)
async def test_reads_go_to_copies_and_what_follows_a_change_to_the_database_itself(kind: str, tmp_path: Path) -> None:
    async with house(kind, tmp_path) as served:
        primary = served.proxies[0]
        primary.sent.clear()
        accepted = primary.accepted
        assert await served.names(20) == {"copy 1", "copy 2"}
        (taken,) = (await served.gateway.data("{ makersAggregate { max { name } } }"))["makersAggregate"]
        assert taken["max"]["name"] in {"copy 1", "copy 2"}
        assert (primary.accepted, bytes(primary.sent)) == (accepted, b""), "the primary hears nothing of a read"
        copied = [bytes(each.sent) for each in served.proxies[1:]]
        found = await served.gateway.data("""mutation {
            insertGood(row: { id: 2, makerId: 1 }) { id maker { name } }
            again: updateMakers(where: { id: { eq: 9 } }, set: { name: "none" }) { affected }
        }""")
        assert found == {"insertGood": {"id": 2, "maker": {"name": "primary"}}, "again": {"affected": 0}}
        assert copied == [bytes(each.sent) for each in served.proxies[1:]], "the copies hear nothing of a change"
        assert served.servers[0].ask("SELECT count(*) FROM goods") == [2]
        assert [each.ask("SELECT count(*) FROM goods") for each in served.servers[1:]] == [[1], [1]]
        refused = await served.gateway.ask("mutation { insertGood(row: { id: 2 }) { id maker { name } } }")
        assert refused["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await served.names(4) <= {"copy 1", "copy 2"}, "the next operation reads the copies again"


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_copy_that_dies_costs_nobody_an_answer_and_comes_back(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(kind, tmp_path) as served:
        assert await served.names(20) == {"copy 1", "copy 2"}
        await served.proxies[1].stop()
        assert await served.names(20) == {"copy 2"}
        assert served.proxies[1].accepted <= 12
        told = served.gateway.snapshot.tallies["db"].replicas
        assert {name: (each.ejected, each.under_way) for name, each in told.items()} == {
            "1": (True, 0),
            "2": (False, 0),
        }
        assert told["1"].failures >= 1
        assert told["2"].calls >= 20
        assert told["2"].latency_s > 0
        await served.proxies[2].stop()
        assert await served.names(20) == {"primary"}, "where no copy is left the database itself is read"
        assert {record.levelno for record in caplog.records if "is left out for" in record.message} == {logging.WARNING}
        assert all(str(make_url(each.url).database) not in caplog.text for each in served.servers)
        await served.proxies[1].start()
        async with asyncio.timeout(10):
            while await served.names() != {"copy 1"}:  # noqa: ASYNC110  # it is left out for a while
                await asyncio.sleep(0.1)
        assert "replica 1 answers again" in caplog.text


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_copy_that_is_silent_is_not_waited_for_twice(kind: str, tmp_path: Path) -> None:
    async with house(kind, tmp_path, copies=1) as served:
        served.proxies[1].hang()
        assert await served.names() == {"primary"}
        accepted = served.proxies[1].accepted
        assert await served.names(5) == {"primary"}
        assert served.proxies[1].accepted == accepted
        served.proxies[1].flow()


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_copy_that_lacks_a_table_is_left_out_and_one_wrong_question_leaves_nobody_out(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(kind, tmp_path) as served:
        served.servers[1].run("DROP TABLE goods")
        assert await served.names(20) in ({"copy 2"}, {"copy 1", "copy 2"})  # rows of makers are there still
        assert "replica 1 is left out for 2 s: it is not like the others" in caplog.text
        caplog.clear()
        for each in (served.servers[0], served.servers[2]):
            each.run("DROP TABLE goods")
        body = await served.gateway.ask(READ)
        assert {error["extensions"]["code"] for error in body["errors"]} == {"SOURCE_BAD_RESPONSE"}
        assert "replica 2 is left out" not in caplog.text
        assert await served.gateway.data("{ makers { name } }") == {"makers": [{"name": "copy 2"}]}


async def test_a_change_over_a_connection_to_what_is_no_primary_any_more_is_made_over_a_new_one(
    primary: Cluster, tmp_path: Path
) -> None:
    primary.psql("CREATE TABLE papers (id INTEGER PRIMARY KEY)")
    text = FILE.replace("        replicas: {replicas}\n", "").format()
    with following(primary) as standby:
        await standby.until("SELECT count(*) FROM papers", "0")
        async with (
            proxy("127.0.0.1", standby.port) as between,
            gateway(tmp_path, text, {"PRIMARY": f"postgresql://postgres@127.0.0.1:{between.port}/postgres"}) as served,
        ):
            change = "mutation { insertPaper(row: { id: 1 }) { id } }"
            refused = await served.ask(change)
            assert refused["errors"][0]["extensions"]["code"] == "SOURCE_REJECTED", "both connections lead there"
            await asyncio.gather(*(served.data("{ papers { id } }") for _ in range(4)))
            between.lead("127.0.0.1", primary.port)
            assert await served.data(change) == {"insertPaper": {"id": 1}}
            assert primary.psql("SELECT count(*) FROM papers") == "1"
            assert await served.data("{ papers { id } }") == {"papers": [{"id": 1}]}


async def _problems(folder: Path, settings: str) -> list[Any]:
    file = folder / "isthmus.yaml"
    file.write_text(f"sources:\n  db: {settings}\naccess: {{ default: anonymous }}\n")
    with pytest.raises(ConfigurationError) as raised:
        await load(read(file, {}))
    return [(problem.where[2:], problem.what) for problem in raised.value.problems]


async def test_what_cannot_be_a_copy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.db").touch()
    server_url = "postgresql://u:secret@127.0.0.1:9/x"
    found = await _problems(tmp_path, f'{{ database: "sqlite:///shop.db", replicas: ["{server_url}"], max_lag_s: 3 }}')
    assert [where for where, _ in found] == [("replicas",), ("max_lag_s",)]
    found = await _problems(
        tmp_path, f'{{ database: "{server_url}", replicas: ["mariadb://u:secret@h/x", "nothing"] }}'
    )
    assert [where for where, _ in found] == [("replicas", 0), ("replicas", 1)]
    assert "secret" not in str(found)
    found = await _problems(tmp_path, '{ database: "mariadb://u@h/x", replicas: ["mariadb://u@h/x"], max_lag_s: 3 }')
    assert [where for where, _ in found] == [("max_lag_s",)]


@pytest.fixture(scope="module")
def primary() -> Any:
    with own_cluster() as made:
        yield made


async def test_a_standby_of_postgresql_is_read_while_it_keeps_up(
    primary: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with following(primary) as standby:
        text = FILE.format(replicas='["${env:COPY}"]').replace("writes:", "max_lag_s: 1\n        writes:")
        primary.psql(
            "CREATE TABLE makers (id INTEGER PRIMARY KEY, name VARCHAR(40)); INSERT INTO makers VALUES (1, 'a')"
        )
        await standby.until("SELECT count(*) FROM makers", "1")
        async with gateway(tmp_path, text, {"PRIMARY": primary.url, "COPY": standby.url}) as served:
            query = "{ makers(orderBy: { id: ASC }) { name } }"
            assert await served.data(query) == {"makers": [{"name": "a"}]}
            assert standby.psql(CLIENTS) == "True"
            await served.data('mutation { insertMaker(row: { id: 2, name: "b" }) { name } }')
            async with asyncio.timeout(10):
                while len((await served.data(query))["makers"]) < 2:  # noqa: ASYNC110  # it follows
                    await asyncio.sleep(0.05)
            standby.psql("SELECT pg_wal_replay_pause()")
            await served.data('mutation { insertMaker(row: { id: 3, name: "c" }) { name } }')
            async with asyncio.timeout(10):
                while len((await served.data(query))["makers"]) < 3:  # noqa: ASYNC110  # until it is known to be behind
                    await asyncio.sleep(0.05)
            assert "replica 1 is too far behind" in caplog.text
            standby.psql("SELECT pg_wal_replay_resume()")
            async with asyncio.timeout(10):
                while "up to date again" not in caplog.text:
                    await served.data(query)
                    await asyncio.sleep(0.05)
            await asyncio.to_thread(standby.control, "stop", "-m", "immediate")
            for _ in range(5):
                assert len((await served.data(query))["makers"]) == 3
