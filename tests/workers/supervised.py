"""A supervisor and its workers, as a test or a measurement starts them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from tests.commands.conftest import Ended, Running, Shell
from tests.workers.client import Caller, post

FAR_S = 60.0
QUERY = post("{ products { sku name } }")


class Supervised:
    """A supervisor and its workers. What they log is read as it comes: a full pipe would stop them."""

    keeps_requests = True

    def __init__(self, running: Running) -> None:
        self.running = running
        self.lines: list[str] = running.seen.splitlines()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.running.process.stderr is not None
        async for line in self.running.process.stderr:
            text = line.decode().rstrip("\n")
            if self.keeps_requests or '"event":"request"' not in text:
                self.lines.append(text)

    async def leave(self) -> None:
        """Reads no more."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def deafen(self) -> None:
        """Reads no more, and ends the pipe, so that whoever writes hears that nobody is there."""
        await self.leave()
        transport = self.running.process._transport.get_pipe_transport(2)  # type: ignore[attr-defined]  # asyncio closes it itself at the end only
        assert transport is not None
        transport.close()

    @staticmethod
    def shop(folder: Path) -> None:
        """A database with one row."""
        with sqlite3.connect(folder / "shop.sqlite") as connection:
            connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY NOT NULL, name TEXT)")
            connection.execute("INSERT INTO products VALUES ('A1', 'Rope')")
        connection.close()

    @property
    def pid(self) -> int:
        return self.running.process.pid

    @property
    def port(self) -> int:
        return urlsplit(self.running.address).port or 0

    def workers(self) -> set[int]:
        found = set()
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.pid and fields[0] != "Z":
                    found.add(int(path.parent.name))
        return found

    def events(self, name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines if f'"event":"{name}"' in line]

    async def until(self, holds: Callable[[], bool], late_s: float = FAR_S) -> None:
        async with asyncio.timeout(late_s):
            while not holds():  # noqa: ASYNC110  # other processes: there is nothing to await
                await asyncio.sleep(0.02)

    async def asked(self) -> object:
        caller = Caller("127.0.0.1", self.port)
        try:
            return (await caller.ask(QUERY))[1]
        finally:
            caller.leave()

    async def end(self, *sent: int) -> Ended:
        for number in sent or (signal.SIGTERM,):
            os.kill(self.pid, number)
        async with asyncio.timeout(FAR_S):
            await self.running.process.wait()
            await self._reading
        assert self.running.process.returncode is not None
        return Ended(self.running.process.returncode, "", "\n".join(self.lines))

    async def restarted(self, times: int) -> None:
        """Waits until so many rolling restarts are done."""
        await self.until(lambda: len(self.events("rolling_restart_done")) >= times, 600)

    async def readied(self, workers: int) -> None:
        """Waits until so many workers in all, those that are gone too, have become ready."""
        await self.until(lambda: len(self.events("worker_ready")) >= workers, 600)


class Supervising(Shell):
    """A shell whose supervisors are left before their processes are ended: two cannot read one pipe."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._supervised: list[Supervised] = []

    async def supervised(self, *arguments: str, **more: str) -> Supervised:
        made = Supervised(await self.serve(*arguments, **more))
        self._supervised.append(made)
        return made

    async def close(self) -> None:
        for each in self._supervised:
            await each.leave()
        await super().close()
