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

    __slots__ = ("_timer", "first_at", "loop", "open")

    def __init__(self) -> None:
        self.open: set[Until] = set()
        """For blocks: those that are under way."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """For blocks: where the timer runs."""
        self.first_at = float("inf")
        """For blocks: when the timer rings; never, while none is set."""
        self._timer: asyncio.TimerHandle | None = None

    def until(self, at: float) -> Until:
        """A block that ends with ``TimeoutError`` when the running loop's clock shows ``at``, wherever it waits."""
        return Until(self, at)

    def begin(self, block: Until) -> None:
        """For blocks that are due before all others, or in another loop: sets the timer for one."""
        loop = asyncio.get_running_loop()
        if loop is not self.loop:
            self.loop, self._timer = loop, None
            self.open.clear()
        elif self._timer is not None:
            self._timer.cancel()
        self.open.add(block)
        self._set(block.at)

    def _set(self, at: float) -> None:
        assert self.loop is not None
        self.first_at = at
        self._timer = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        assert self.loop is not None
        self._timer, self.first_at = None, float("inf")
        now = self.loop.time() + _EARLY_S
        for block in [block for block in self.open if block.at <= now]:
            self.open.discard(block)
            block.interrupt()
        if self.open:
            self._set(min(block.at for block in self.open))


class Until:
    """The manager of a block. ``at``: when it must have ended."""

    __slots__ = ("_before", "_interrupted", "_limits", "_task", "at")

    def __init__(self, limits: TimeLimits, at: float) -> None:
        self._limits = limits
        self.at = at

    def __enter__(self) -> Self:
        loop, limits = asyncio.get_running_loop(), self._limits
        task = asyncio.current_task(loop)
        assert task is not None, "only what runs in a task can be interrupted"
        self._task, self._before, self._interrupted = task, task.cancelling(), False
        if loop is limits.loop and self.at >= limits.first_at:  # nearly always; each call passes here three times
            limits.open.add(self)
        else:
            limits.begin(self)
        return self

    def interrupt(self) -> None:
        """Ends the block as if its time were over; nothing happens when it has been interrupted before."""
        if not self._interrupted:
            self._interrupted = True
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._limits.open.discard(self)
        # Another's cancellation that came beside ours goes on, as with asyncio.timeout.
        if self._interrupted and self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error
