"""A TCP proxy that can go away, hang, and come back on the same port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Proxy:
    """Forwards every connection to ``target`` (host, port). ``sent``: all that clients sent through it.

    ``accepted``: how many connections were made to it. Where a client sends ``lost_at``, that goes no further and the
    connection is reset; where it sends ``answer_lost_at``, the target hears it and nobody hears the answer;
    ``hangs_at``: from then on it hangs.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0
        self.sent = bytearray()
        self.accepted = 0
        self.lost_at = self.answer_lost_at = self.hangs_at = b""
        self._deaf = False

    def lead(self, host: str, port: int) -> None:
        """New connections lead elsewhere; those that are open stay."""
        self._target = (host, port)

    async def start(self) -> None:
        """Listens; on the same port as before, if it did before."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuses new connections and resets those that are open."""
        assert self._server is not None
        self._server.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def hang(self) -> None:
        """From now on, nothing is forwarded in either direction; connections stay open."""
        self._flows.clear()

    def flow(self) -> None:
        """Ends ``hang``."""
        self._flows.set()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        task.add_done_callback(self._tasks.discard)
        there: asyncio.StreamWriter | None = None
        try:
            answers, there = await asyncio.open_connection(*self._target)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, there, note=True))
                both.create_task(self._forward(answers, writer))
        except* RuntimeError:
            pass
        finally:
            writer.transport.abort()
            if there is not None:
                there.transport.abort()

    def _heard(self, data: bytes) -> None:
        self.sent += data
        if self.lost_at and self.lost_at in data:
            raise RuntimeError("lost, as was told")
        if self.answer_lost_at and self.answer_lost_at in data:
            self._deaf = True
        if self.hangs_at and self.hangs_at in data:
            self.hang()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, note: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if note:
                    self._heard(data)
                elif self._deaf:
                    raise ConnectionResetError
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()


@contextlib.asynccontextmanager
async def proxy(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy that forwards until the block ends."""
    made = Proxy((host, port))
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
