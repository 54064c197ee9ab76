"""The commands as a person starts them: real processes, in an empty folder, with nothing of our environment."""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from gateway.demo.folder import trading_folder
from tests.commands.nursery import Nursery

SECRET = "a secret of more than thirty-two bytes"
FAR = 180
"""Seconds after which a process hangs; nothing waits so long."""


@dataclass
class Ended:
    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    here = str(Path(__file__).parents[2])
    return {
        "PYTHONPATH": here,
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "COLUMNS": "200",
        "TERM": "dumb",
        **more,
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "gateway", *arguments]


@dataclass
class Running:
    """A server command: ``address`` is what it printed, ``seen`` all that it printed until then."""

    process: asyncio.subprocess.Process
    address: str
    seen: str

    async def end(self, sent: signal.Signals) -> Ended:
        self.process.send_signal(sent)
        async with asyncio.timeout(FAR):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return Ended(self.process.returncode, out.decode(), err.decode())


@cache
def nursery() -> Nursery:
    """One for all tests of this process; it ends with them."""
    made = Nursery(environment())
    atexit.register(made.close)
    return made


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[asyncio.subprocess.Process] = []

    async def run(self, *arguments: str, **more: str) -> Ended:
        """Runs a command to its end: from an interpreter of its own where it serves or imports from elsewhere."""
        if "PYTHONPATH" in more or arguments[0] in {"serve", "demo"}:
            process = await self._start(arguments, more)
            async with asyncio.timeout(FAR):
                out, err = await process.communicate()
            assert process.returncode is not None
            ended = Ended(process.returncode, out.decode(), err.decode())
        else:
            ended = Ended(*await nursery().run(arguments, environment(**more), self.folder, FAR))
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    async def serve(self, *arguments: str, until: str = "Isthmus answers at", **more: str) -> Running:
        """Starts a server; ``until``: what its last line of greeting holds."""
        process = await self._start(arguments, more)
        stream = process.stdout if arguments[0] == "demo" else process.stderr
        assert stream is not None
        seen = ""
        async with asyncio.timeout(FAR):
            while until not in seen.rpartition("\n")[0]:
                line = await stream.readline()
                assert line, f"it ended: {seen}"
                seen += line.decode()
        found = re.search(r"answers at (http://\S+)/graphql", seen)
        assert found, seen
        return Running(process, found[1], seen)

    async def _start(self, arguments: tuple[str, ...], more: dict[str, str]) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *command(*arguments), cwd=self.folder, env=environment(**more),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._running.append(process)
        return process

    async def close(self) -> None:
        for process in self._running:
            if process.returncode is None:
                process.kill()
                await process.communicate()


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    made = Shell(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def trading(tmp_path: Path) -> Path:
    """The descriptions of the trading company, copied beside the empty folder's other files."""
    for path in trading_folder().iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A SQLite file with one table and two rows."""
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE products (sku TEXT PRIMARY KEY NOT NULL, name TEXT, weight INTEGER)")
        connection.execute("INSERT INTO products VALUES ('A1', 'Rope', 7), ('B2', 'Lamp', NULL)")
    connection.close()
    return path


WriteFile = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path, shop: Path) -> WriteFile:
    def made(text: str) -> Path:
        path = tmp_path / "isthmus.yaml"
        path.write_text(text, "utf-8")
        return path

    return made


SHOP_FILE = """\
sources:
  shop: { database: "sqlite:///shop.sqlite" }
access: { default: anonymous }
"""
