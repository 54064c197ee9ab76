"""``Injector``: a TCP proxy in front of a system, which lets the system fail in the ways that networks and peers fail.

What goes wrong is data (``Fault``), and may be changed at any time: it is looked up when a connection is accepted and
at the beginning of every exchange. Nothing here knows a protocol: an exchange is what a client sends after it was
answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Passes:
    """Nothing goes wrong."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Every answer begins so much later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Blackhole:
    """Connections are taken; nothing goes on, in neither direction."""


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """The system hears the request; of its answer nothing comes through, and no end either."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Answers come byte by byte, so many seconds apart."""

    gap_s: float = 0.05


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Answers come no faster than this."""

    bytes_per_s: int


@dataclass(frozen=True, slots=True)
class ResetOnAccept:
    """A connection is reset as soon as it is there; those that were there before stay."""


@dataclass(frozen=True, slots=True)
class ResetBeforeRequest:
    """The connection is reset when a request has come, which goes no further."""


@dataclass(frozen=True, slots=True)
class ResetAfterRequest:
    """The system has heard the request and answers; the connection is reset before a byte of that comes through."""


@dataclass(frozen=True, slots=True)
class ResetWithinAnswer:
    """So many bytes of the answer come through, then the connection is reset."""

    bytes: int = 10


@dataclass(frozen=True, slots=True)
class Truncated:
    """So many bytes of the answer come through, then the connection is ended politely."""

    bytes: int = 20


@dataclass(frozen=True, slots=True)
class Stalls:
    """So many bytes of the answer come through, then nothing more, and no end either: the other side is frozen."""

    bytes: int = 20


@dataclass(frozen=True, slots=True)
class Garbage:
    """The system is not asked; what answers is no answer of its protocol."""

    answer: bytes = b"\x00\xff not of this protocol\r\n\r\n"


@dataclass(frozen=True, slots=True)
class SlowAccept:
    """A new connection is not served for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ClosesIdle:
    """A connection on which nothing came for so long after an answer is ended by the system."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class CutsReused:
    """A connection that has carried an exchange is reset by the next request, which goes no further."""


@dataclass(frozen=True, slots=True)
class Flapping:
    """Before each exchange, and for each new connection, a coin with this chance decides whether ``fault`` is so."""

    fault: Fault
    chance: float = 0.5


Fault = (
    Passes | Latency | Blackhole | HalfOpen | Drip | Bandwidth | ResetOnAccept | ResetBeforeRequest | ResetAfterRequest
    | ResetWithinAnswer | Truncated | Stalls | Garbage | SlowAccept | ClosesIdle | CutsReused | Flapping
)  # fmt: skip
_PASSES = Passes()


@dataclass(eq=False)
class Injector:
    """``fault``: what goes wrong from now on. ``port``: where it listens.

    ``connections``: how many were made to it; ``open``: how many there are now; ``exchanges``: how many were begun;
    ``asked``: how many of those reached the system; ``request_bytes``: all that clients sent.
    """

    target: tuple[str, int]
    fault: Fault = _PASSES
    seed: int = 1
    port: int = 0
    connections: int = 0
    exchanges: int = 0
    asked: int = 0
    request_bytes: int = 0
    _server: asyncio.Server | None = None
    _links: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._coin = random.Random(self.seed)
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_listening(self) -> bool:
        return self._server is not None

    @property
    def open(self) -> int:
        return len(self._links)

    def choose(self, fault: Fault) -> None:
        """From the next exchange and the next connection on, this goes wrong."""
        self.fault = fault

    async def until_open(self, most: int) -> None:
        """Returns when no more connections than this are open."""
        while self.open > most:
            self._changed.clear()
            await self._changed.wait()

    async def start(self) -> None:
        """Listens; on the same port as before, if it did before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more: connections are refused, those that are open are reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop()

    async def drop(self) -> None:
        """Resets every connection there is."""
        links = [*self._links]
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    def _drawn(self) -> Fault:
        fault = self.fault
        while isinstance(fault, Flapping):
            fault = fault.fault if self._coin.random() < fault.chance else _PASSES
        return fault

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links[task] = writer
        self.connections += 1
        there: asyncio.StreamWriter | None = None
        try:
            fault = self._drawn()
            if isinstance(fault, ResetOnAccept):
                return
            if isinstance(fault, SlowAccept):
                await asyncio.sleep(fault.seconds)
            answers, there = await asyncio.open_connection(*self.target)
            await _Link(self, fault, (reader, writer), (answers, there)).run()
        except (OSError, _Ended, asyncio.CancelledError):
            pass  # who cancels means this connection, which ends here
        finally:
            _reset(writer)
            if there is not None:
                there.transport.abort()
            del self._links[task]
            self._changed.set()

    def begin(self) -> Fault:
        """An exchange begins: what goes wrong with it."""
        self.exchanges += 1
        return self._drawn()


class _Ended(Exception):
    """The connection is over, as the fault will have it."""


class _Link:
    """One connection to the system; ``fault`` is that of the exchange under way."""

    def __init__(
        self,
        injector: Injector,
        fault: Fault,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        system: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._injector = injector
        self._asks, self._client = client
        self._answers, self._system = system
        self._fault = fault  # that of the connection, for systems that speak first
        self._asking = False
        self._exchanges = 0
        self._answered = 0  # bytes that came through of the answer to the exchange under way
        self._idle: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Until either side ends, or the fault does."""
        up, down = asyncio.create_task(self._up()), asyncio.create_task(self._down())
        try:
            done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            if self._idle is not None:
                self._idle.cancel()
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _up(self) -> None:
        while data := await self._asks.read(65_536):
            self._injector.request_bytes += len(data)
            if self._idle is not None:
                self._idle.cancel()
                self._idle = None
            if not self._asking:
                self._begin()
            fault = self._fault
            if isinstance(fault, Blackhole):
                continue
            if isinstance(fault, Garbage):
                self._client.write(fault.answer)
                await self._client.drain()
                self._client.close()
                raise _Ended
            self._system.write(data)
            await self._system.drain()

    def _begin(self) -> None:
        self._asking, self._answered = True, 0
        self._exchanges += 1
        self._fault = fault = self._injector.begin()
        if isinstance(fault, ResetBeforeRequest) or (isinstance(fault, CutsReused) and self._exchanges > 1):
            raise _Ended
        if not isinstance(fault, Blackhole | Garbage):
            self._injector.asked += 1

    async def _down(self) -> None:
        while data := await self._answers.read(65_536):
            fault = self._fault
            if isinstance(fault, Blackhole | HalfOpen):
                continue
            first, self._asking = self._asking, False
            if self._exchanges == 0:
                await self._give(data)  # a greeting is no answer
                continue
            match fault:
                case ResetAfterRequest():
                    raise _Ended
                case Latency(seconds) if first:
                    await asyncio.sleep(seconds)
                    await self._give(data)
                case Drip() | Bandwidth():
                    await self._pour(data, fault)
                case ResetWithinAnswer() | Truncated() | Stalls():
                    await self._cut(data, fault)
                case ClosesIdle(seconds):
                    await self._give(data)
                    self._idle = asyncio.get_running_loop().call_later(seconds, self._client.close)
                case _:
                    await self._give(data)
        if isinstance(self._fault, HalfOpen | Blackhole):
            await asyncio.Event().wait()  # nobody hears of the end

    async def _pour(self, data: bytes, fault: Drip | Bandwidth) -> None:
        step, gap_s = (1, fault.gap_s) if isinstance(fault, Drip) else (max(1, fault.bytes_per_s // 20), 0.05)
        for begin in range(0, len(data), step):
            await self._give(data[begin : begin + step])
            await asyncio.sleep(gap_s)

    async def _cut(self, data: bytes, fault: ResetWithinAnswer | Truncated | Stalls) -> None:
        await self._give(data[: max(0, fault.bytes - self._answered)])
        if self._answered >= fault.bytes:
            if isinstance(fault, Stalls):
                await asyncio.Event().wait()  # what is frozen stays so, whatever is chosen meanwhile
            if isinstance(fault, Truncated):
                self._client.close()
            raise _Ended

    async def _give(self, data: bytes) -> None:
        self._answered += len(data)
        self._client.write(data)
        await self._client.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    if writer.is_closing():
        return
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


@contextlib.asynccontextmanager
async def injected(host: str, port: int, *, seed: int = 1) -> AsyncIterator[Injector]:
    """A proxy in front of what listens there, until the block ends."""
    made = Injector((host, port), seed=seed)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
