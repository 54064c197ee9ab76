"""What the process itself is like: memory, files, time of the processor, garbage, and how late its event loop is.

Names and meanings are those that Prometheus' own clients use, where they have one.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.metrics.families import Family, counter, gauge, histogram
from resolvers import Latencies

EVERY_S = 0.25
"""How often the loop is asked whether it is in time: seldom enough to cost nothing, often enough to meet a stall."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_SELF = Path("/proc/self")


class Process:
    """Watches the running loop and the search for garbage from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self.lag = Latencies()
        self._started = time.time()
        self._collecting = 0.0
        self._began = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + EVERY_S
        self._timer = loop.call_at(self._due, self._look, loop)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            gc.callbacks.remove(self._collected)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self.lag.add(max(0.0, now - self._due))
        self._due = now + EVERY_S
        self._timer = loop.call_at(self._due, self._look, loop)

    def _collected(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        elif self._began:
            self._collecting += time.perf_counter() - self._began

    def families(self) -> Iterator[Family]:
        """As of now."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        alone: tuple[str, ...] = ()
        yield counter(
            "process_cpu_seconds_total", "Time of the processor that was used.",
            {alone: usage.ru_utime + usage.ru_stime},
        )  # fmt: skip
        yield gauge(
            "process_start_time_seconds", "When the process began, in seconds since 1970.", {alone: self._started},
            each=True,
        )  # fmt: skip
        yield gauge("process_resident_memory_bytes", "Memory that the process holds.", _resident(), each=True)
        yield gauge("process_open_fds", "Files and sockets that are open.", _files(), each=True)
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield gauge("process_max_fds", "The most that may be open.", {alone: float(max(most, 0))}, each=True)
        yield gauge("isthmus_tasks", "Tasks of the event loop.", {alone: len(asyncio.all_tasks())}, each=True)
        yield histogram("isthmus_loop_lag_seconds", "How late the event loop was, four times a second.", {
            alone: self.lag
        })  # fmt: skip
        runs = {(str(number),): float(each["collections"]) for number, each in enumerate(gc.get_stats())}
        yield counter("python_gc_collections_total", "Searches for garbage.", runs, "generation")
        yield counter("isthmus_gc_seconds_total", "Time that searches for garbage took.", {alone: self._collecting})


def _resident() -> dict[tuple[str, ...], float]:
    """Nothing where the machine has no /proc."""
    try:
        return {(): float((_SELF / "statm").read_text().split()[1]) * _PAGE}
    except (OSError, IndexError, ValueError):
        return {}


def _files() -> dict[tuple[str, ...], float]:
    try:
        return {(): float(len(os.listdir(_SELF / "fd")))}  # noqa: PTH208  # the names alone
    except OSError:
        return {}
