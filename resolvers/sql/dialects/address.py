"""The URL of a database: which dialect it names, and what to connect to. Nothing here connects.

No problem that is made here repeats the URL: it may hold a password.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from resolvers.sql.dialects.dialect import Address, Dialect, bad_address
from resolvers.sql.dialects.mariadb import MariaDb
from resolvers.sql.dialects.postgresql import PostgreSql
from resolvers.sql.dialects.sqlite import Sqlite

DIALECTS: tuple[Dialect, ...] = (Sqlite(), PostgreSql(), MariaDb())


def address(text: str, base: Path) -> tuple[Dialect, Address]:
    """Reads a database URL; a relative SQLite path starts at ``base``.

    Raises:
        DescriptionError: not a URL, a database that is not supported, a SQLite file that is not there.
    """
    forms = " or ".join(dialect.form for dialect in DIALECTS)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise bad_address("this is not the URL of a database", f"write {forms}") from None
    for dialect in DIALECTS:
        if url.drivername in dialect.drivers:
            return dialect, dialect.address(url, base)
    raise bad_address(f'databases of kind "{url.drivername}" are not supported yet', f"use {forms}")
