"""The gateway as a process of its own, as it is run: what a recorded run asks, kills and measures."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[2]
_ANSWERS_AT = re.compile(rb"answers at (http://\S+)/graphql")


@dataclass(frozen=True, slots=True)
class Served:
    """``address``: without a path."""

    address: str
    process: asyncio.subprocess.Process

    async def ask(
        self, client: aiohttp.ClientSession, query: str, headers: Mapping[str, str] | None = None, **variables: object
    ) -> str:
        """The code of the first error of an answer; empty where there is none, or what became of the connection."""
        body = {"query": query, "variables": variables}
        try:
            async with client.post(f"{self.address}/graphql", json=body, headers=headers) as answer:
                errors = (await answer.json(content_type=None)).get("errors")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
        return str(errors[0]["extensions"]["code"]) if errors else ""


@contextlib.asynccontextmanager
async def served(folder: Path, environment: Mapping[str, str], log: Path | None = None) -> AsyncIterator[Served]:
    """``isthmus serve`` over the file of a folder, until the block ends."""
    with (log or folder / "log").open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "serve", "isthmus.yaml", "--port", "0",
            cwd=folder, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
            stdout=out, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        said = b""
        while (found := _ANSWERS_AT.search(said)) is None:
            line = await process.stderr.readline()
            assert line, said.decode()
            said += line
        drained = asyncio.create_task(_copied(process.stderr, out.name))
        try:
            yield Served(found[1].decode(), process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await process.wait()
            await drained


async def _copied(stream: asyncio.StreamReader, name: str) -> None:
    with Path(name).with_suffix(".err").open("wb") as out:
        while line := await stream.readline():
            out.write(line)
