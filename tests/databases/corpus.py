"""Chinook and Northwind, loaded into PostgreSQL, MariaDB and SQLite from the scripts of the corpus.

Chinook has a script for each of them; Northwind's, a dump of PostgreSQL, is rewritten for the others.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url

from resolvers.sql.dialects.scalars import shortest_single
from tests.mariadb import own_database
from tests.postgresql import POSTGRES
from tests.services import missing

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "sql"
DATABASES = ("sqlite", "postgresql", "mariadb")
DATA = ("chinook", "northwind")
_LONG = re.compile(r"(?<=[ (])[0-9]+\.[0-9]{6,}(?=[,)])")
"""Numbers of single precision that the dump shows with more digits than they have."""


class Ask(Protocol):
    def __call__(self, statement: str) -> Sequence[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """``url``: where the gateway finds it. ``ask``: the rows of hand-written SQL, by another driver than the gateway's.

    ``pascal``: its tables and columns are spelled ``InvoiceLine`` and not ``invoice_line``.
    """

    url: str
    ask: Ask
    pascal: bool


def script(name: str) -> str:
    """A script of the corpus; skips the test where that is not beside the repository."""
    path = CORPUS / name
    if not path.exists():
        missing(f"no {name} in the corpus beside the repository")
    return path.read_text("utf-8-sig")


@contextlib.contextmanager
def loaded(database: str, data: str, folder: Path) -> Iterator[Loaded]:
    """The data in a database of its own, for as long as the block runs. Texts are compared by their bytes."""
    opened = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}[database]
    with opened(data, folder) as made:
        yield made


@contextlib.contextmanager
def _sqlite(data: str, folder: Path) -> Iterator[Loaded]:
    path = folder / f"{data}.db"
    if data == "chinook":
        script("chinook_pg.sql")
        shutil.copy(CORPUS / "chinook.sqlite", path)
        path.chmod(0o600)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        if data == "northwind":
            connection.executescript("BEGIN;" + _northwind({"bytea": "BLOB", "real": "REAL"}) + "COMMIT;")
        yield Loaded(f"sqlite:///{path}", lambda text: connection.execute(text).fetchall(), data == "chinook")


@contextlib.contextmanager
def _postgresql(data: str, _folder: Path) -> Iterator[Loaded]:
    url = make_url(POSTGRES).set(drivername="postgresql")
    name = f"isthmus_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(url.render_as_string(hide_password=False), autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        missing(f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}")
    with contextlib.closing(server):
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        own = url.set(database=name).render_as_string(hide_password=False)
        try:
            with psycopg.connect(own, autocommit=True) as connection:
                text = script(f"{data}_pg.sql")
                connection.execute(re.sub(r"^(DROP DATABASE|CREATE DATABASE|\\c).*$", "", text, flags=re.MULTILINE))
                yield Loaded(own, lambda text: connection.execute(text).fetchall(), pascal=False)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def _mariadb(data: str, _folder: Path) -> Iterator[Loaded]:
    with own_database("utf8mb4_bin") as made:
        if data == "chinook":
            text = script("chinook_mysql.sql")
            made.run(re.sub(r"^(DROP DATABASE|CREATE DATABASE|USE) .*$", "", text, flags=re.MULTILINE))
        else:
            made.run("SET sql_mode = 'NO_BACKSLASH_ESCAPES', FOREIGN_KEY_CHECKS = 0")
            made.run(_northwind({"bytea": "LONGBLOB", "real": "FLOAT"}))
        yield Loaded(made.url, made.ask, data == "chinook")


@dataclass(slots=True)
class _Table:
    columns: str
    key: str = ""
    references: list[str] = field(default_factory=list)


def _northwind(types: dict[str, str]) -> str:
    """The dump as other databases take it: keys stand in their tables, types are spelled as they spell them."""
    text = script("northwind_pg.sql")
    tables = {
        name: _Table(columns.strip())
        for name, columns in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", text, re.DOTALL)
    }
    for name, key in re.findall(r"ALTER TABLE ONLY (\w+)\s+ADD CONSTRAINT \w+ PRIMARY KEY \((.*?)\);", text):
        tables[name].key = key
    foreign = r"ALTER TABLE ONLY (\w+)\s+ADD CONSTRAINT \w+ FOREIGN KEY \((.*?)\) REFERENCES (\w+)"
    for name, columns, target in re.findall(foreign, text):
        referred = tables[target].key
        tables[name].references.append(f"FOREIGN KEY ({columns}) REFERENCES {target} ({referred})")
    made = []
    for name, table in tables.items():
        columns = table.columns.replace("character varying", "varchar")
        for theirs, ours in types.items():
            columns = re.sub(rf"\b{theirs}\b", ours, columns)
        parts = [columns, *([f"PRIMARY KEY ({table.key})"] if table.key else []), *table.references]
        made.append(f"CREATE TABLE {name} ({', '.join(parts)});")
    rows = re.findall(r"^INSERT INTO .*;$", text, re.MULTILINE)
    return "\n".join([*made, *(_LONG.sub(_short, row.replace(r"'\x'", "x''")) for row in rows)])


def _short(found: re.Match[str]) -> str:
    return str(shortest_single(float(found.group())))
