"""``Uses``: how many requests a snapshot still has, so that what it alone needs is closed when the last one has ended.

It counts and calls back once; what is closed then is the holder's business.
"""

from __future__ import annotations

from collections.abc import Callable


class Uses:
    """Requests that began and did not end yet. All of it happens on one loop, so nothing is locked."""

    __slots__ = ("_ended", "count")

    def __init__(self) -> None:
        self.count = 0
        self._ended: Callable[[], None] | None = None

    def begin(self) -> None:
        self.count += 1

    def end(self) -> None:
        """Ends one; the last one of what was retired tells so."""
        self.count -= 1
        if not self.count and self._ended is not None:
            self._ended()

    def retire(self, ended: Callable[[], None]) -> None:
        """No more begin: ``ended`` is called once, when the last one has ended, or now."""

        def once() -> None:
            self._ended = None
            ended()

        if self.count:
            self._ended = once
        else:
            ended()
