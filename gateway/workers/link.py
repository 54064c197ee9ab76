"""``Link``: what a worker and its supervisor tell each other, over a pair of sockets that ends with either of them.

The worker says that it is ready, that its loop moves and how much memory it holds, and what a person should read. The
supervisor says but one word, ``retire``: to end well while others serve. What follows is not decided here.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

RETIRE = b"retire\n"
BEAT_S = 0.5
LINGER_S = 6.0
"""So long a worker that retires waits for callers to leave by themselves: a second more than idle connections last."""


class Told(msgspec.Struct, omit_defaults=True):
    """One line of a worker. ``ready``: its address, from when on it answers. ``say``: words for a person.

    ``beat``: the loop moves; the figure is the resident memory in bytes, 0 where it is not known.
    """

    ready: str | None = None
    say: str | None = None
    beat: int | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Told)


class Link:
    """The worker's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._beating: asyncio.Task[None] | None = None

    def tell(self, told: Told) -> None:
        """Sends a line, if there is anybody left to read it."""
        with suppress(OSError):
            self._end.sendall(_encoder.encode(told) + b"\n")

    def write(self, text: str) -> int:
        """As a text stream: lines for a person go to the supervisor, who prints each but once."""
        if text.strip():
            self.tell(Told(say=text.rstrip("\n")))
        return len(text)

    def flush(self) -> None:
        """Nothing: each text was sent whole."""

    def start(self, retire: Callable[[], None], alone: Callable[[], None]) -> None:
        """Begins, on the running loop: ``retire`` is called when the word comes, ``alone`` when nobody supervises."""
        loop = asyncio.get_running_loop()

        def heard() -> None:
            try:
                word = self._end.recv(64, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                word = b""
            if word:
                retire()
            else:
                loop.remove_reader(self._end)
                alone()

        loop.add_reader(self._end, heard)
        self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            beat = _encoder.encode(Told(beat=_resident())) + b"\n"
            with suppress(OSError):  # a supervisor that was stopped reads later, or never
                self._end.send(beat, socket.MSG_DONTWAIT)
            await asyncio.sleep(BEAT_S)


class Heard:
    """The supervisor's end: lines as they come. ``ended``: the worker is gone, or closes."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.ended = False
        self._rest = b""

    def lines(self) -> list[Told]:
        """What came since; empty where nothing did."""
        try:
            data = self.end.recv(65_536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return []
        *whole, self._rest = (self._rest + data).split(b"\n")
        found = []
        for line in whole:
            with suppress(msgspec.MsgspecError):  # a worker that is being killed may send anything
                found.append(_decoder.decode(line))
        return found

    def retire(self) -> None:
        """Says the word."""
        with suppress(OSError):
            self.end.send(RETIRE, socket.MSG_DONTWAIT)

    def close(self) -> None:
        self.end.close()


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
