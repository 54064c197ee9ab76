"""``Sending``: a thread that sends spans, so that a collector that is slow or away is in nobody's way.

Finished requests wait in a queue of bounded length; what finds no room, or was not taken, is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any, Protocol

from gateway.telemetry import log
from gateway.tracing.finished import Finished

GATHER_S = 1.0
"""How long spans gather: a collector takes hundreds at once for the price of a few."""
BATCH = 256
"""Requests of which spans are sent at once."""
LAST_S = 3.0
"""How long the end of the process waits for what is left, in seconds."""


class Sender(Protocol):
    def of(self, each: Finished, /) -> Any: ...

    def send(self, spans: Sequence[Any], /) -> bool: ...

    def close(self) -> None: ...


class Sending:
    """``counts``: spans by what became of them: ``sent``, ``failed``; ``dropped`` counts requests without room."""

    def __init__(self, most: int) -> None:
        self.counts: Counter[str] = Counter()
        self._most = most
        self._waiting: deque[Any] = deque()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._sender: Sender | None = None
        self._failing = False

    def start(self, sender: Sender) -> None:
        self._sender = sender
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
        self._thread.start()

    def put(self, each: Any) -> None:
        """Keeps a ``Finished``, or a span, until the thread sends it."""
        if len(self._waiting) >= self._most:
            self.counts["dropped"] += 1
        else:
            self._waiting.append(each)
            if not self._wake.is_set():
                self._wake.set()

    async def close(self) -> None:
        """Sends what is left, ``LAST_S`` at most."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None and self._sender is not None:
            await asyncio.to_thread(self._thread.join, LAST_S)
            if self._thread.is_alive():
                self._sender.close()  # the thread is a daemon: the process need not wait for it
            self.counts["dropped"] += len(self._waiting)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._ending.wait(GATHER_S)
            self._wake.clear()
            while self._waiting:
                self._send([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])
            if self._ending.is_set():
                return

    def _send(self, batch: Sequence[Any]) -> None:
        assert self._sender is not None
        spans: list[Any] = []
        try:
            for each in batch:
                if isinstance(each, Finished):
                    spans += self._sender.of(each)
                else:
                    spans.append(each)
            taken = self._sender.send(spans)
        except Exception as error:  # noqa: BLE001  # whatever the library raises, requests are answered
            taken = False
            log("spans_not_made", level="warning", reason=type(error).__name__)
        self.counts["sent" if taken else "failed"] += len(spans)
        if taken == self._failing:  # of many failures one tells, and the first success after them
            self._failing = not taken
            log("spans_are_taken_again" if taken else "spans_not_taken", level="info" if taken else "warning")
