"""``Lines``: where the log is written without ever holding up a request.

A full disk or a reader that has stopped must not stop the gateway. Lines wait in memory, a thread writes them, and
what finds no room is counted and told when there is room again.
"""

from __future__ import annotations

import atexit
import threading
from collections import deque
from collections.abc import Iterator
from typing import TextIO

_MOST = 10_000
_AT_ONCE = 4096
"""Workers write to one pipe, and only so many bytes are written in one piece (PIPE_BUF): lines would run together."""
_LAST_S = 1.0
"""How long the end of the process waits for the lines that are left, in seconds."""
_GATHERED_S = 0.02
"""How long the thread lets lines gather: to wake it for each would cost a request more than the line itself."""


class Lines:
    """A text stream; ``write`` takes whole lines or parts of them, and never waits or fails."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._wake = threading.Event()
        self._empty = threading.Event()
        self._empty.set()
        self._ending = threading.Event()
        threading.Thread(target=self._run, name="log", daemon=True).start()
        atexit.register(self.drain)

    def write(self, text: str) -> int:
        """Keeps the text until the thread has written it."""
        if len(self._waiting) >= _MOST:
            self._dropped += 1
        else:
            self._waiting.append(text)
            if not self._wake.is_set():
                self._empty.clear()
                self._wake.set()
        return len(text)

    def flush(self) -> None:
        """Nothing: the thread flushes."""

    def drain(self) -> None:
        """Waits until everything is written, not for long; the process ends."""
        self._ending.set()
        self._empty.wait(_LAST_S)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._ending.wait(_GATHERED_S)
            self._wake.clear()
            texts = []
            while self._waiting:
                texts.append(self._waiting.popleft())
            if self._dropped:
                texts.append(f'{{"event": "lines of the log were dropped", "count": {self._dropped}}}\n')
                self._dropped = 0
            for together in _whole(texts):
                try:
                    self._stream.write("".join(together))
                    self._stream.flush()
                except (OSError, ValueError):
                    self._dropped += len(together)
            if not self._waiting:
                self._empty.set()


def _whole(texts: list[str]) -> Iterator[list[str]]:
    """The texts in groups that are written in one piece; one that is longer is a group by itself."""
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > _AT_ONCE:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group
