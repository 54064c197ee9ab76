"""``Writer``: records wait in memory, within a bound, until a thread has written them; no request waits for that.

What cannot be written is tried again; what finds no room is counted, and told in the log and among the records.
"""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime

import orjson

from gateway.audit.sinks import Sink
from gateway.telemetry import log

_BATCH = 500
_AGAIN_S = 1.0
_GATHERED_S = 0.02
_LAST_S = 5.0
"""How long the end of the process waits for the records that are left, in seconds."""


class Writer:
    """``failing``: the last attempt to write did not succeed, or there is no room: a record may be lost."""

    def __init__(self, sink: Sink, most: int) -> None:
        self._sink = sink
        self._most = most
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._failed = False
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._reopening = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def failing(self) -> bool:
        return self._failed or len(self._waiting) >= self._most

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def put(self, record: bytes) -> None:
        """Keeps a record, one line of JSON without its end, until it is written; never waits and never fails."""
        if len(self._waiting) >= self._most:
            self._lost += 1
        else:
            self._waiting.append(record)
        self._wake.set()

    def reopen(self) -> None:
        """The next records go to a file that is opened anew."""
        self._reopening.set()
        self._wake.set()

    def close(self) -> None:
        """Waits until what is there is written, not for long. Blocks: not for the event loop."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_LAST_S)
        left = len(self._waiting)
        if left:
            log("audit_records_lost", level="error", count=left + self._lost)
        self._sink.close()

    def _run(self) -> None:
        while not (self._ending.is_set() and (self._failed or not (self._waiting or self._lost))):
            self._wake.wait()
            self._ending.wait(_AGAIN_S if self._failed else _GATHERED_S)
            self._wake.clear()
            if self._reopening.is_set():
                self._reopening.clear()
                self._sink.reopen()
            while (self._waiting or self._lost or self._failed) and self._write():
                pass
            if self._failed:
                self._wake.set()

    def _write(self) -> bool:
        """Writes one batch; whether all of it was written."""
        batch = [self._waiting[index] for index in range(min(_BATCH, len(self._waiting)))]
        lost = self._lost
        if lost:
            batch.append(_told_lost(lost))
        try:
            self._sink.write(batch)
        except (OSError, ValueError) as error:
            self._take(self._sink.written)
            if not self._failed:
                log("audit_not_written", level="error", reason=type(error).__name__)
            self._failed = True
            return False
        self._take(len(batch) - bool(lost))
        if lost:
            self._lost -= lost
            log("audit_records_lost", level="error", count=lost)
        if self._failed:
            self._failed = False
            log("audit_written_again")
        return True

    def _take(self, count: int) -> None:
        for _ in range(min(count, len(self._waiting))):
            self._waiting.popleft()


def _told_lost(count: int) -> bytes:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"time": now, "event": "lost", "count": count})
