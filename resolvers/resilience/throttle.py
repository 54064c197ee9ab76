"""``Throttle``: until when a source wants no calls, as its ``429`` said. It counts nothing and waits for nobody.

Where callers are known to the source, each has a throttle of its own: one who asked too much must not stop the others.
"""

from __future__ import annotations

_MOST = 1000
"""So many callers are remembered; of more, those whose word is oldest are forgotten, and may ask once too early."""
LONGEST_S = 60.0
"""No word of a source keeps us away for longer: after that one call asks again. A day by mistake would be an outage."""


class Throttle:
    """By caller, or of all of them under one name. Times are seconds of a clock that never goes back."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def __bool__(self) -> bool:
        return bool(self._until)

    def hold(self, who: str, now: float, seconds: float) -> None:
        """The source wants nothing from ``who`` for so many seconds."""
        until = now + min(seconds, LONGEST_S)
        if until > self._until.get(who, now):
            self._until.pop(who, None)
            self._until[who] = until
            if len(self._until) > _MOST:
                del self._until[next(iter(self._until))]

    def wait(self, who: str, now: float) -> float:
        """Seconds until ``who`` may ask; 0: now."""
        until = self._until.get(who)
        if until is None:
            return 0.0
        if until <= now:
            del self._until[who]
            return 0.0
        return until - now
