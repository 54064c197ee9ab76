"""A database of its own on the MariaDB or MySQL server of the tests; it is dropped again."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.constants import CLIENT
from sqlalchemy import URL, make_url

from tests.services import missing

MARIADB = os.environ.get("ISTHMUS_TEST_MARIADB_URL", "mariadb://root@127.0.0.1:3306")


@dataclass(frozen=True, slots=True)
class OwnDatabase:
    """``connection`` may write to the database ``name`` at ``url`` and is in it; it takes many statements at once."""

    connection: pymysql.Connection[Any]
    name: str
    url: str

    def run(self, script: str) -> None:
        """Runs statements, one after the other."""
        with self.connection.cursor() as cursor:
            cursor.execute(script)
            while cursor.nextset():
                pass

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


def connected(url: URL, database: str | None = None) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username or "root",
        password=url.password or "",
        database=database,
        charset="utf8mb4",
        autocommit=True,
        client_flag=CLIENT.MULTI_STATEMENTS,
        connect_timeout=3,
    )


@contextlib.contextmanager
def own_database(collation: str = "utf8mb4_general_ci") -> Iterator[OwnDatabase]:
    """An empty database for as long as the block runs; skips the test where no server answers."""
    url = make_url(MARIADB)
    try:
        connection = connected(url)
    except pymysql.Error as error:
        missing(f"no MariaDB for this test at ISTHMUS_TEST_MARIADB_URL: {type(error).__name__}")
    name = f"isthmus_{uuid.uuid4().hex[:12]}"
    made = OwnDatabase(connection, name, url.set(database=name).render_as_string(hide_password=False))
    try:
        made.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE {collation}; USE {name}")
        yield made
    finally:
        made.run(f"DROP DATABASE IF EXISTS {name}")
        connection.close()
