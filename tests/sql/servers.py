"""Database servers behind one small face, for tests of what a gateway does to a server: PostgreSQL and MariaDB."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from resolvers.sql import DatabaseSettings, SqlSource, open_database
from tests.mariadb import own_database
from tests.postgresql import POSTGRES
from tests.services import missing

SERVERS = ("postgresql", "mariadb")


@dataclass(frozen=True, slots=True)
class Server:
    """A database of its own. ``run``: statements by another driver; ``ask``: the first column of the rows.

    ``sessions``: the ids of the sessions there that are not the test's own; ``running``: of those, how many run a
    statement that holds a text; ``end``: ends a session. ``sleepy``: an expression that takes twenty seconds or more.
    """

    kind: str
    url: str
    run: Callable[[str], object]
    ask: Callable[[str], list[Any]]
    sessions_of: str
    running_of: str
    end_of: str
    sleepy: str

    def sessions(self) -> list[int]:
        return self.ask(self.sessions_of)

    def running(self, part: str) -> int:
        return int(self.ask(self.running_of.format(part=part))[0])

    def end(self, session: int) -> None:
        with contextlib.suppress(Exception):  # it may have ended by itself
            self.run(self.end_of.format(session=session))

    async def open(self, **settings: object) -> SqlSource:
        given = DatabaseSettings.model_validate({"database": self.url, **settings})
        return await open_database("depot", given, Path())


@contextlib.contextmanager
def server(kind: str) -> Iterator[Server]:
    """An empty database for as long as the block runs; skips the test where no such server answers."""
    with {"postgresql": _postgresql, "mariadb": _mariadb}[kind]() as made:
        yield made


@contextlib.contextmanager
def _postgresql() -> Iterator[Server]:
    url = make_url(POSTGRES).set(drivername="postgresql")
    name = f"isthmus_{uuid.uuid4().hex[:12]}"
    try:
        outside = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        missing(f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}")
    with contextlib.closing(outside):
        outside.execute(f"CREATE DATABASE {name}")
        own = url.set(database=name).render_as_string(hide_password=False)
        others = f"FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
        try:
            with psycopg.connect(own, autocommit=True) as connection:
                yield Server(
                    "postgresql",
                    own,
                    connection.execute,
                    lambda text: [row[0] for row in connection.execute(text).fetchall()],
                    f"SELECT pid {others}",
                    f"SELECT count(*) {others} AND state = 'active' AND strpos(query, '{{part}}') > 0",
                    "SELECT pg_terminate_backend({session})",
                    "pg_sleep(20)::text",
                )
        finally:
            outside.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _mariadb() -> Iterator[Server]:
    with own_database() as made:
        others = f"FROM information_schema.processlist WHERE db = '{made.name}' AND id <> connection_id()"
        yield Server(
            "mariadb",
            made.url,
            made.run,
            lambda text: [row[0] for row in made.ask(text)],
            f"SELECT id {others}",
            f"SELECT count(*) {others} AND locate('{{part}}', info) > 0",
            "KILL {session}",
            # While it sleeps, this server would see that nobody is there; while it counts, it does not.
            "(SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq < 0)",
        )
