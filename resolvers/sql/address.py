"""The URL of a database, checked and brought to the form that the driver takes. Nothing here connects.

No problem that is made here repeats the URL: it may hold a password.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from resolvers.documents import DescriptionError
from resolvers.problem import Problem

Dialect: TypeAlias = Literal["sqlite", "postgresql"]

_DIALECTS: dict[str, Dialect] = {
    "sqlite": "sqlite",
    "sqlite+aiosqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "postgresql+asyncpg": "postgresql",
}


@dataclass(frozen=True, slots=True)
class Address:
    """``connect`` are the driver's own arguments beside the URL."""

    dialect: Dialect
    url: URL
    connect: dict[str, object] = field(default_factory=dict)


def address(text: str, base: Path) -> Address:
    """Reads a database URL; a relative SQLite path starts at ``base``.

    Raises:
        DescriptionError: not a URL, a database that is not supported, a SQLite file that is not there.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _problem("this is not the URL of a database", "write sqlite:///path or postgresql://…") from None
    dialect = _DIALECTS.get(url.drivername)
    if dialect is None:
        raise _problem(f'databases of kind "{url.drivername}" are not supported yet', "use sqlite or postgresql")
    return _sqlite(url, base) if dialect == "sqlite" else _postgresql(url)


def _sqlite(url: URL, base: Path) -> Address:
    if url.query or url.host:
        raise _problem("a SQLite URL has a path and nothing else", "write sqlite:///path")
    if not url.database or url.database == ":memory:":
        raise _problem("a SQLite database in memory has no tables to serve", "name a file: sqlite:///path")
    path = base / url.database
    if not path.is_file():
        raise _problem(f'there is no database file "{url.database}"', "correct the path, or make the file")
    # mode=ro: SQLite itself refuses every write, whatever statement should reach it.
    uri = f"file:{quote(str(path.resolve()))}"
    return Address("sqlite", URL.create("sqlite", database=uri, query={"mode": "ro", "uri": "true"}))


def _postgresql(url: URL) -> Address:
    connect: dict[str, object] = {}
    for key, value in url.query.items():
        if key in {"ssl", "sslmode"} and isinstance(value, str):
            connect["ssl"] = value
        elif key == "application_name" and isinstance(value, str):
            connect["server_settings"] = {"application_name": value}
        else:
            raise _problem(f'the URL parameter "{key}" is not supported yet', "leave it out")
    return Address("postgresql", url.set(drivername="postgresql+asyncpg", query={}), connect)


def _problem(what: str, mend: str) -> DescriptionError:
    return DescriptionError(Problem(what, where=("database",), mend=mend))
