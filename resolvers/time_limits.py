"""``TimeLimits``: bounds on the time of blocks, at a fraction of what ``asyncio.timeout`` costs.

A gateway bounds every request and every call, and nearly none of them runs out of time. So blocks share one timer: it
is set for the block that is due first, and left to run when that block ends in time.
"""

from __future__ import annotations

import asyncio
from typing import Self

_EARLY_S = 0.001
"""A loop may call a timer so much too early, in seconds."""


def leaves() -> bool:
    """Whether the task that runs is being cancelled.

    Asked here, since a frame that keeps its own task, and whose traceback the task's error keeps, is a circle.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class TimeLimits:
    """The blocks of one owner that are under way; all of them in one event loop."""

    __slots__ = ("_at", "_loop", "_open", "_timer")

    def __init__(self) -> None:
        self._open: set[Until] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0

    def until(self, at: float) -> Until:
        """A block that ends with ``TimeoutError`` when the running loop's clock shows ``at``, wherever it waits."""
        return Until(self, at)

    def begin(self, block: Until, at: float) -> None:
        """Watches a block."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._timer = loop, None
            self._open.clear()
        self._open.add(block)
        if self._timer is None:
            self._set(at)
        elif at < self._at:
            self._timer.cancel()
            self._set(at)

    def end(self, block: Until) -> None:
        """Watches it no longer."""
        self._open.discard(block)

    def _set(self, at: float) -> None:
        assert self._loop is not None
        self._at = at
        self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        assert self._loop is not None
        self._timer = None
        now = self._loop.time() + _EARLY_S
        for block in [block for block in self._open if block.at <= now]:
            self._open.discard(block)
            block.interrupt()
        if self._open:
            self._set(min(block.at for block in self._open))


class Until:
    """The manager of a block. ``at``: when it must have ended."""

    __slots__ = ("_before", "_interrupted", "_limits", "_task", "at")

    def __init__(self, limits: TimeLimits, at: float) -> None:
        self._limits = limits
        self.at = at

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "only what runs in a task can be interrupted"
        self._task, self._before, self._interrupted = task, task.cancelling(), False
        self._limits.begin(self, self.at)
        return self

    def interrupt(self) -> None:
        """Ends the block as if its time were over; nothing happens when it has been interrupted before."""
        if not self._interrupted:
            self._interrupted = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._limits.end(self)
        # Another's cancellation that came beside ours goes on, as with asyncio.timeout.
        if self._interrupted and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error
