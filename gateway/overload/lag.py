"""``Lag``: how late the event loop runs, asked by a timer; a thread of its own tells what a loop does that is stuck.

What follows from lateness is decided by ``admission.py``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.overload.admission import WINDOW_S, Admission
from gateway.overload.settings import OverloadSettings
from gateway.telemetry import log

TICK_S = 0.005
"""Between two looks while requests come: fine enough for a queue of 25 ms, and 200 timers a second cost 0.2 % CPU."""
IDLE_TICK_S = 0.05
_LOOK_S = 0.25


@dataclass(slots=True)
class Stalls:
    """Since the process started: how often nothing moved for ``stall_s``, for how long in all and at most."""

    count: int = 0
    seconds: float = 0.0
    longest_s: float = 0.0


class Lag:
    """``lag_s``: lateness of the last look. ``stalls``: see there. ``ticked_at``: when the loop moved last."""

    def __init__(self, settings: OverloadSettings, admission: Admission) -> None:
        self._settings = settings
        self._admission = admission
        self._stalled = threading.Event()
        self._ended = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._least = 0.0
        self._window_began = 0.0
        self._seen = -1
        self._known = False
        self.lag_s = 0.0
        self.stalls = Stalls()
        self.ticked_at = 0.0

    def start(self) -> None:
        """Begins, on the running loop and in its thread."""
        self._loop = asyncio.get_running_loop()
        self._busy = Busyness()
        self.ticked_at = self._window_began = time.monotonic()
        self._arm(self.ticked_at, TICK_S)
        self._least = 1e9
        watch = threading.Thread(target=self._watch, args=(threading.get_ident(),), name="watchdog", daemon=True)
        watch.start()

    def stop(self) -> None:
        """Ends; called once, on the same loop."""
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()
        self._busy.close()

    @contextmanager
    def known(self, what: str) -> Iterator[None]:
        """Around what is known to stop the loop, and to end: it is told by its name, and nobody looks for a fault.

        It counts as a stall, for callers wait as long as for any other.
        """
        self._known = True
        began = time.monotonic()
        try:
            yield
        finally:
            self.ticked_at = time.monotonic()
            self._known = False
        if self.ticked_at - began >= self._settings.stack_after_s:
            log("event_loop_held", what=what, seconds=round(self.ticked_at - began, 1))

    def _arm(self, now: float, seconds: float) -> None:
        self._due = now + seconds
        self._timer = self._loop.call_later(seconds, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        late = max(0.0, now - self._due)
        since, self.ticked_at, self.lag_s = now - self.ticked_at, now, late
        if late > self._settings.stall_s:
            self.stalls.count += 1
            self.stalls.seconds += late
            self.stalls.longest_s = max(self.stalls.longest_s, late)
        admission = self._admission
        admission.tick(now, since)
        self._least = min(self._least, late)
        window = now - self._window_began
        if window >= WINDOW_S:
            admission.look(now, window, self._least, *self._busy.shares())
            self._window_began, self._least = now, 1e9
        active = admission.overloaded or admission.counts.begun != self._seen
        self._seen = admission.counts.begun
        self._arm(now, TICK_S if active else IDLE_TICK_S)

    def _watch(self, thread: int) -> None:
        """Runs in a thread of its own: a loop that is stuck cannot tell so itself."""
        told = 0.0
        while not self._ended.wait(_LOOK_S):
            last = self.ticked_at
            stuck = time.monotonic() - last - IDLE_TICK_S
            if told and last != told:
                log("event_loop_goes_on", seconds=round(last - told, 1))
                told = 0.0
            if stuck < self._settings.stack_after_s or told == last or self._known:
                continue
            told = last
            frame = sys._current_frames().get(thread)  # noqa: SLF001  # there is no other way to see another thread
            stack = traceback.format_stack(frame) if frame is not None else []
            if self.ticked_at == last:  # it went on meanwhile: that is another stack
                log("event_loop_stuck", level="error", seconds=round(stuck, 1), stack="".join(stack))


class Busyness:
    """How much of its time a thread ran, and how much it ran or would have run on a machine with a core to spare.

    Linux tells the second in ``/proc/thread-self/schedstat``; elsewhere only the first is known, and the second counts
    double of it: a saturated thread that shares its core gets less than all of it.
    """

    def __init__(self) -> None:
        try:
            self._file = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:
            self._file = -1
        self._wall = time.monotonic()
        self._ran, self._wanted = self._read()

    def shares(self) -> tuple[float, float]:
        """The two shares since this was asked last; the second is never the less."""
        wall, (ran, wanted) = time.monotonic(), self._read()
        seconds = max(1e-9, wall - self._wall)
        found = ((ran - self._ran) / seconds, (wanted - self._wanted) / seconds)
        self._wall, self._ran, self._wanted = wall, ran, wanted
        return found

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read(self) -> tuple[float, float]:
        if self._file < 0:
            ran = time.thread_time()
            return ran, 2 * ran
        ran_ns, waited_ns, *_ = os.pread(self._file, 128, 0).split()
        return int(ran_ns) / 1e9, (int(ran_ns) + int(waited_ns)) / 1e9
