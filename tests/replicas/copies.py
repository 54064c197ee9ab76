"""One REST source on several replicas: real servers, each behind an injector of faults, and what they heard."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resolvers import Tally, open_all, settings_of
from resolvers.source import Call, Context, Source
from tests.faults.injector import Injector, injected
from tests.network.crm import ADA, ROW, document
from tests.raw_server import Answer, Heard, RawServer, raw_server, reply, says

WRITE = Call("renameCustomer", {"id": "7"})
FAST = {"open_s": 0.2, "open_most_s": 0.4}
"""A breaker that need not be waited for."""


@dataclass(eq=False)
class Copy:
    """One replica. ``answer``: how it answers from now on; ``fault``: what goes wrong between us and it."""

    server: RawServer
    injector: Injector
    answer: Answer

    @property
    def url(self) -> str:
        return self.injector.url

    @property
    def calls(self) -> int:
        return len(self.server.heard)

    def count(self, method: str) -> int:
        return sum(heard.method == method for heard in self.server.heard)


@contextlib.asynccontextmanager
async def copies(number: int) -> AsyncIterator[list[Copy]]:
    """So many replicas, which answer well at first."""
    every: list[Copy] = []
    async with contextlib.AsyncExitStack() as stack:
        for place in range(number):

            async def answer(heard: Heard, writer: asyncio.StreamWriter, place: int = place) -> None:
                await every[place].answer(heard, writer)

            server = await stack.enter_async_context(raw_server(answer))
            injector = await stack.enter_async_context(injected("127.0.0.1", server.port))
            every.append(Copy(server, injector, says(reply(ADA))))
        yield every


@contextlib.asynccontextmanager
async def over(
    folder: Path, urls: Sequence[object], described: dict[str, object] | None = None, **settings: object
) -> AsyncIterator[tuple[Source, Tally]]:
    """The source as the gateway has it, and where it counts."""
    (folder / "crm.json").write_text(json.dumps(described or document()))
    stated = {"openapi": "crm.json", "url": [*urls], "writes": True, "timeout_s": 5, **settings}
    tallies: dict[str, Tally] = {}
    model = settings_of("openapi").model_validate(stated)
    opened = await open_all({"crm": ("openapi", model)}, folder, tallies=tallies)
    assert not opened.failed, opened.failed
    try:
        yield opened.sources["crm"], tallies["crm"]
    finally:
        for source in opened.sources.values():
            await source.close()


def context(seconds: float = 10.0, who: str = "anonymous") -> Context:
    return Context(asyncio.get_running_loop().time() + seconds, "request", credential_class=who)


_numbers = itertools.count()


def read() -> Call:
    """A read that nobody made before."""
    return Call("customer", {"id": f"{next(_numbers)}"})


async def reads(source: Source, number: int, at_once: int = 1) -> None:
    """So many good reads, ``at_once`` of them under way at a time."""
    left = number

    async def reader() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            assert await source.execute(read(), context()) == ROW

    await asyncio.gather(*(reader() for _ in range(at_once)))
