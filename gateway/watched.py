"""``Watched``: what is read from a file that others replace while the server runs, read again when it has changed.

What the content means is told by who reads it; a file that became unreadable leaves what was read last in force.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from gateway.telemetry import log

T = TypeVar("T")
LOOK_S = 2.0
"""How often files are looked at; what stands in them is in force twice as fast as anybody is promised."""
MAX_FILE_BYTES = 4_194_304


class Looked(Protocol):
    async def look(self) -> None:
        """Reads the file again where it has changed."""


class Watched(Generic[T]):
    """``value``: what ``parse`` made of the content, whole or not at all. ``event`` names a failure in the log."""

    def __init__(self, path: Path, parse: Callable[[bytes], T], event: str) -> None:
        """Reads the file.

        Raises:
            OSError: it cannot be read.
            ValueError: ``parse`` refused the content, or it is larger than MAX_FILE_BYTES.
        """
        self._path = path
        self._parse = parse
        self._event = event
        self._seen = self._now()
        self.value = self._read()

    async def look(self) -> None:
        now = self._now()
        if now == self._seen:
            return
        self._seen = now
        try:
            self.value = await asyncio.to_thread(self._read)
        except (OSError, ValueError) as error:
            log(self._event, level="error", file=self._path.name, reason=type(error).__name__)
        else:
            log("file_read_again", file=self._path.name)

    def _now(self) -> tuple[int, ...]:
        """What tells that a file is another: a write may keep its size, a replacement its time."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> T:
        with self._path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"it is larger than {MAX_FILE_BYTES} bytes")
        return self._parse(content)


async def watching(files: Sequence[Looked], every_s: float = LOOK_S) -> None:
    """Looks at files until it is cancelled, whatever goes wrong with one of them."""
    while files:
        await asyncio.sleep(every_s)
        for each in files:
            try:
                await each.look()
            except Exception as error:  # noqa: BLE001  # a watch that ended unseen would let in whoever is put out
                log("file_not_looked_at", level="error", exc_info=error)
