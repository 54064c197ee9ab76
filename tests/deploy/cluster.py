"""Four gateways behind HAProxy with Redis and PostgreSQL, by the very files of ``deploy/``, on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # the driver has no types
from sqlalchemy import make_url

from tests import redis_server
from tests.commands.conftest import Shell
from tests.postgresql import POSTGRES
from tests.services import missing
from tests.workers.supervised import FAR_S, Supervised

DEPLOY = Path(__file__).parents[2] / "deploy"
GATEWAYS = 4


@dataclass(frozen=True, slots=True)
class Cluster:
    """``port``: HAProxy's. ``database``: a connection to what they write to."""

    port: int
    gateways: list[Supervised]
    database: asyncpg.Connection


@contextlib.asynccontextmanager
async def desk() -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A database of its own with the tables of ``deploy/desk.sql``, and a connection to it."""
    url = make_url(POSTGRES).set(drivername="postgresql")
    name = f"isthmus_deploy_{uuid.uuid4().hex[:8]}"
    try:
        admin = await asyncpg.connect(url.render_as_string(hide_password=False), timeout=3)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        missing(f"no PostgreSQL for this test at ISTHMUS_TEST_POSTGRES_URL: {type(error).__name__}")
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        there = url.set(database=name).render_as_string(hide_password=False)
        connection = await asyncpg.connect(there)
        try:
            await connection.execute((DEPLOY / "desk.sql").read_text())
            yield there, connection
        finally:
            await connection.close()
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


@contextlib.asynccontextmanager
async def cluster(folder: Path, **environment: str) -> AsyncIterator[Cluster]:
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        missing("no haproxy on this machine")
    redis_server.settings()
    text = (DEPLOY / "isthmus.yaml").read_text("utf-8")
    # On a machine that has other work a Redis may take longer than callers would be let wait for it.
    (folder / "isthmus.yaml").write_text(text.replace("redis: {", "redis: { timeout_s: 3,"))
    shell = Shell(folder)
    async with desk() as (url, connection):
        given = {"DESK_URL": url, "REDIS_URL": redis_server.URL, "REDIS_PREFIX": f"{uuid.uuid4().hex}:", **environment}
        gateways: list[Supervised] = []
        haproxy = None
        try:
            started = [shell.serve("serve", "isthmus.yaml", "--port", "0", **given) for _ in range(GATEWAYS)]
            gateways += [Supervised(each) for each in await asyncio.gather(*started)]
            port = free_port()
            addresses = {f"GATEWAY_{n}": urlsplit(each.running.address).netloc for n, each in enumerate(gateways, 1)}
            haproxy = await asyncio.create_subprocess_exec(
                program, "-db", "-f", str(DEPLOY / "haproxy" / "haproxy.cfg"),
                env={**os.environ, **addresses, "HAPROXY_BIND": f"127.0.0.1:{port}"},
                stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            await answering(port)
            assert haproxy.returncode is None
            yield Cluster(port, gateways, connection)
        finally:
            if haproxy is not None:
                with contextlib.suppress(ProcessLookupError):
                    haproxy.send_signal(signal.SIGTERM)
                await haproxy.wait()
            for each in gateways:
                await each.leave()
            await shell.close()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


async def answering(port: int) -> None:
    """Waits until HAProxy has found the gateways."""
    async with asyncio.timeout(FAR_S):
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                status = await reader.readexactly(12)
                writer.close()
                if status.endswith(b"200"):
                    return
            await asyncio.sleep(0.1)
