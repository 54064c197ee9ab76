"""PostgreSQL servers of a test's own, which may be stopped as it likes, and copies of them that follow."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.services import missing


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server of the test's own, in ``folder``."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def psql(self, statement: str) -> str:
        """The first value that a statement gives."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            given = connection.execute(statement)
            row = given.fetchone() if given.description is not None else None
            return "" if row is None else str(row[0])

    async def until(self, statement: str, said: str) -> None:
        """Waits until a statement gives what it should; as long as it fails it does not."""
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(psycopg.Error):
                    if await asyncio.to_thread(self.psql, statement) == said:
                        return
                await asyncio.sleep(0.05)

    def control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.folder), "-w", "-l", str(self.folder / "log"), *arguments)

    def run(self, program: str, *arguments: str) -> None:
        """Runs a program of PostgreSQL, which refuses to be run by root."""
        user = "postgres" if os.geteuid() == 0 else None
        done = subprocess.run(
            [self.programs / program, *arguments], user=user, capture_output=True, check=False, cwd="/", timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()


def _programs() -> Path:
    on_path = shutil.which("pg_ctl")
    found = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found or not (found[-1] / "initdb").exists():
        missing("no initdb and pg_ctl for a PostgreSQL of the test's own")
    return found[-1]


def _place() -> tuple[Path, int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="isthmus-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    return folder, port


@contextlib.contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A server that runs until the block ends."""
    programs = _programs()
    folder, port = _place()
    made = Cluster(programs, folder, port)
    try:
        made.run("initdb", "-D", str(folder), "-U", "postgres", "-A", "trust", "--no-sync")
        with _running(made):
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def following(primary: Cluster) -> Iterator[Cluster]:
    """A copy of a server that follows it and can only be read."""
    if not (primary.programs / "pg_basebackup").exists():
        missing("no pg_basebackup for a copy of a PostgreSQL of the test's own")
    folder, port = _place()
    made = Cluster(primary.programs, folder, port)
    try:
        address = ("-h", "127.0.0.1", "-p", str(primary.port), "-U", "postgres")
        made.run("pg_basebackup", "-D", str(folder), "-R", "-X", "stream", "-c", "fast", "--no-sync", *address)
        folder.chmod(0o700)
        with _running(made):
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(made: Cluster) -> Iterator[None]:
    settings = f"port = {made.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
    with (made.folder / "postgresql.conf").open("a") as file:
        file.write(settings)
    made.control("start")
    try:
        yield
    finally:
        with contextlib.suppress(AssertionError):  # the test may have stopped it
            made.control("stop", "-m", "immediate")
