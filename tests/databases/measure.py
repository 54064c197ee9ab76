"""How long a gateway takes to know a large database: ``python -m tests.databases.measure [TABLES]``.

Each table has thirteen columns, a unique key and a foreign key. Prints the best of three, in seconds, and what is kept.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import make_url

from resolvers.sql import DatabaseSettings, open_database
from resolvers.sql.catalogue import kept_catalogue, reflect
from resolvers.sql.dialects import address
from resolvers.sql.remembered import Room
from tests.sql.servers import SERVERS, Server, server


def table(number: int) -> str:
    columns = ", ".join(f"c{column} varchar(40)" for column in range(8))
    foreign = f", FOREIGN KEY (parent_id) REFERENCES t{number - 1} (id)" if number else ""
    return (
        f"CREATE TABLE t{number} (id integer PRIMARY KEY, parent_id integer, code varchar(20) NOT NULL, "
        f"total decimal(12,2), made timestamp NULL, {columns}, UNIQUE (code){foreign})"
    )


def files_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def opened(url: str, keep: Path) -> tuple[float, float]:
    """Seconds by the clock and of this process, for one start."""
    settings = DatabaseSettings.model_validate({"database": url, "timeout_s": 60})
    wall, cpu = time.perf_counter(), time.process_time()
    source = await open_database("big", settings, Path(), keep=keep)
    took = time.perf_counter() - wall, time.process_time() - cpu
    await source.close()
    return took


async def measured(there: Server, tables: int) -> None:
    for number in range(tables):
        there.run(table(number))
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder)
        read = min([await opened(there.url, keep) for _ in range(3)])
        size = sum(file.stat().st_size for file in files_of(keep))
    say(f"{there.kind}: {tables} tables read in {read[0]:.2f} s ({read[1]:.2f} s of CPU here), {size:,} bytes kept")


def away(there: Server, tables: int) -> None:
    """The same database at an address where nobody listens, started from what was kept."""
    url = make_url(there.url).set(host="127.0.0.1", port=1).render_as_string(hide_password=False)

    async def run() -> None:
        dialect, where = address(there.url, Path())
        database = dialect.open(where, concurrency=1, timeout_s=60)
        reflected = await database.run(lambda connection: reflect(connection, (), dialect))
        await database.close()
        _, nowhere = address(url, Path())
        with tempfile.TemporaryDirectory() as folder:
            place = nowhere.url.set(password=None).render_as_string()
            kept_catalogue(Room(Path(folder), "big", place, ()), dialect.types).save(reflected)
            took = min([await opened(url, Path(folder)) for _ in range(3)])
        say(f"{there.kind}: {tables} tables from what was kept in {took[0]:.2f} s ({took[1]:.2f} s of CPU here)")

    asyncio.run(run())


def main() -> None:
    logging.getLogger("isthmus.sources").setLevel(logging.ERROR)
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    for kind in SERVERS:
        with server(kind) as there:
            asyncio.run(measured(there, tables))
            away(there, tables)


if __name__ == "__main__":
    main()
