"""What a gateway does to a server: limits that the server keeps, statements that end, sessions that stay clean."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from resolvers.documents import DescriptionError
from resolvers.errors import SourceBusy, SourceTimeout, SourceUnavailable
from resolvers.predicate import And, Compare, In, Order
from resolvers.source import Call
from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.faults.injector import Passes, Stalls, injected
from tests.sql.asking import NewContext, fields, ids
from tests.sql.servers import SERVERS, Server, server

SERVERS_OWN_WORDS = {"SQLSTATE 57014", "error 1969"}
STATES = {
    "postgresql": """
        CREATE FUNCTION meddle() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
          PERFORM set_config('search_path', 'pg_catalog', false), set_config('TimeZone', 'Asia/Tokyo', false),
                  set_config('statement_timeout', '1', false);
          RETURN 1;
        END $$;
    """,
    "mariadb": """
        CREATE FUNCTION meddle() RETURNS integer NOT DETERMINISTIC NO SQL BEGIN
          SET SESSION max_statement_time = 0.001, innodb_lock_wait_timeout = 1;
          RETURN 1;
        END;
    """,
}


@pytest.fixture(scope="module", params=SERVERS)
def there(request: pytest.FixtureRequest) -> Iterator[Server]:
    with server(request.param) as made:
        made.run("CREATE TABLE things (id integer PRIMARY KEY, at timestamp NULL)")
        made.run("INSERT INTO things VALUES (1, '2026-01-31 12:00:00'), (2, NULL)")
        made.run("CREATE TABLE locked (id integer PRIMARY KEY)")
        made.run("INSERT INTO locked VALUES (1)")
        made.run(f"CREATE VIEW sleepy AS SELECT id, {made.sleepy} AS z FROM things WHERE id = 1")
        made.run(STATES[made.kind])
        made.run("CREATE VIEW meddling AS SELECT id, meddle() AS z FROM things WHERE id = 1")
        made.run("CREATE VIEW moments AS SELECT id, at FROM things")
        yield made


@pytest.fixture
async def depot(there: Server) -> AsyncIterator[SqlSource]:
    source = await there.open(concurrency=1)
    yield source
    await source.close()


async def eventually(holds: Callable[[], object]) -> None:
    """Waits until it holds, and not longer than five seconds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # a server is asked; it sets no event
            await asyncio.sleep(0)


async def test_what_changes_something_is_refused_by_the_server(depot: SqlSource) -> None:
    with pytest.raises(DBAPIError, match=r"read.only|READ ONLY"):
        await depot._database.run(lambda connection: connection.execute(text("INSERT INTO things VALUES (9, NULL)")))


async def test_the_server_ends_a_statement_with_its_time(depot: SqlSource, there: Server, context: NewContext) -> None:
    said: set[str] = set()
    for _ in range(5):  # on a busy machine our own clock may be the first to tell
        given = context()
        given.deadline = asyncio.get_running_loop().time() + 0.4
        with pytest.raises(SourceTimeout) as caught:
            await depot.execute(Call("sleepy"), given)
        await eventually(lambda: not there.running("sleepy"))
        said.add(caught.value.detail)
        if said & SERVERS_OWN_WORDS:
            break
    assert said & SERVERS_OWN_WORDS, said
    assert await ids(depot, "things", And(()), context()) == [1, 2]


@pytest.mark.parametrize("keyed", [True, False])
async def test_a_server_that_freezes_within_its_rows_costs_no_more_than_the_deadline(
    there: Server, context: NewContext, *, keyed: bool
) -> None:
    """A frozen connection is parted from, and its place is given back."""
    there.run("CREATE TABLE IF NOT EXISTS wide (id integer PRIMARY KEY, v varchar(4000))")
    if not there.ask("SELECT count(*) FROM wide")[0]:
        rows_of_it = ", ".join(f"({n}, '{'x' * 4000}')" for n in range(300))
        there.run(f"INSERT INTO wide VALUES {rows_of_it}")
    url = make_url(there.url)
    predicate = In(("id",), tuple((n,) for n in range(300))) if keyed else And(())
    call = Call("wide", selection=fields("id", "v"), predicate=predicate, order=(Order("id"),))

    async with injected("127.0.0.1", url.port or {"postgresql": 5432, "mariadb": 3306}[there.kind]) as between:
        through = url.set(host="127.0.0.1", port=between.port).render_as_string(hide_password=False)
        source = await replace(there, url=through).open(concurrency=2)
        async with asyncio.timeout(60):
            for _ in range(2):  # with the places lost there would be none
                rows = None
                while rows is None:
                    with contextlib.suppress(SourceBusy):  # to part from a frozen one takes a moment
                        rows = await source.execute(call, context())
                assert isinstance(rows, list)
                assert len(rows) == 300
                between.choose(Stalls(100_000))
                frozen = []
                for _ in range(2):
                    given = context()
                    given.deadline = asyncio.get_running_loop().time() + 0.5
                    frozen.append(source.execute(call, given))
                for ended in await asyncio.gather(*frozen, return_exceptions=True):
                    assert isinstance(ended, SourceTimeout), repr(ended)
                between.choose(Passes())
            await source.close()


async def test_a_statement_that_nobody_waits_for_ends_at_the_server(
    depot: SqlSource, there: Server, context: NewContext
) -> None:
    task = asyncio.create_task(depot.execute(Call("sleepy"), context()))
    await eventually(lambda: there.running("sleepy"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: not there.running("sleepy"))
    assert await ids(depot, "things", And(()), context()) == [1, 2]
    await eventually(lambda: len(there.sessions()) == 1)


async def test_a_lock_ends_a_statement_in_time_and_other_tables_go_on(
    depot: SqlSource, there: Server, context: NewContext
) -> None:
    locking = {"postgresql": "BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE", "mariadb": "LOCK TABLES locked WRITE"}
    there.run(locking[there.kind])
    try:
        given = context()
        given.deadline = asyncio.get_running_loop().time() + 1.5
        with pytest.raises(SourceTimeout):
            await depot.execute(Call("locked"), given)
    finally:
        there.run({"postgresql": "ROLLBACK", "mariadb": "UNLOCK TABLES"}[there.kind])
    assert await ids(depot, "things", And(()), context()) == [1, 2]


async def test_connections_that_the_server_ended_while_idle_cost_nobody_an_error(
    there: Server, context: NewContext
) -> None:
    source = await there.open(concurrency=3)
    try:
        for _ in range(2):
            answers = await asyncio.gather(*(ids(source, "things", And(()), context()) for _ in range(3)))
            assert answers == [[1, 2]] * 3
            for session in there.sessions():
                there.end(session)
        assert await ids(source, "things", And(()), context()) == [1, 2]
    finally:
        await source.close()


async def test_a_read_whose_connection_is_ended_is_asked_again_once(
    depot: SqlSource, there: Server, context: NewContext
) -> None:
    task = asyncio.create_task(depot.execute(Call("sleepy"), context()))
    ended: set[int] = set()

    def another() -> object:
        return there.running("sleepy") and set(there.sessions()) - ended

    for _ in range(2):
        await eventually(another)
        ended |= set(there.sessions())
        for session in ended:
            there.end(session)
    with pytest.raises(SourceUnavailable):
        await task
    assert len(ended) == 2, "it was asked once more, and then no more"
    await eventually(lambda: not there.running("sleepy"))
    assert await ids(depot, "things", And(()), context()) == [1, 2]


async def test_what_a_statement_does_to_its_session_is_gone_for_the_next_one(
    depot: SqlSource, there: Server, context: NewContext
) -> None:
    noon = Compare("at", "eq", "2026-01-31T12:00:00")
    assert await ids(depot, "meddling", And(()), context()) == [1]
    assert await ids(depot, "moments", noon, context()) == [1]
    sessions = there.sessions()
    given = context()
    given.deadline = asyncio.get_running_loop().time() + 0.3
    with pytest.raises(SourceTimeout):
        await depot.execute(Call("sleepy"), given)
    assert await ids(depot, "meddling", And(()), context()) == [1]
    assert await ids(depot, "moments", noon, context()) == [1]
    assert there.sessions() == sessions, "all over one connection"
    assert await ids(depot, "things", noon, context()) == [1]


async def test_no_more_sessions_than_calls_that_may_be_under_way(there: Server, context: NewContext) -> None:
    source = await there.open(concurrency=3)
    try:
        calls = [asyncio.create_task(ids(source, "things", And(()), context())) for _ in range(40)]
        assert await asyncio.gather(*calls) == [[1, 2]] * 40
        assert len(there.sessions()) <= 3
    finally:
        await source.close()
    await eventually(lambda: not there.sessions())


async def test_a_pool_without_a_free_connection_is_unavailable_within_a_second(
    depot: SqlSource, there: Server, context: NewContext
) -> None:
    task = asyncio.create_task(depot.execute(Call("sleepy"), context()))
    await eventually(lambda: there.running("sleepy"))
    with pytest.raises(SourceUnavailable, match="within 1 s"):
        await depot.execute(Call("things"), context())
    given = context()
    given.deadline = asyncio.get_running_loop().time() + 0.2
    with pytest.raises(SourceTimeout):
        await depot.execute(Call("things"), given)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("name", ["ssl", "sslmode"])
async def test_a_server_that_cannot_prove_itself_is_not_talked_to_in_plain_text(there: Server, name: str) -> None:
    """The servers of these tests have no certificate that anybody trusts, or none at all."""
    where = make_url(there.url).update_query_dict({name: "verify-full"}).render_as_string(hide_password=False)
    settings = DatabaseSettings.model_validate({"database": where, "timeout_s": 3})
    with pytest.raises(DescriptionError) as caught:
        await open_database("depot", settings, Path())
    assert caught.value.problem.what.startswith("the database cannot be reached: ")
