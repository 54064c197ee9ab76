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

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: dict[str, float] = {}
        """Callers → until when they are held off; looked at for every call."""

    def hold(self, who: str, now: float, seconds: float) -> None:
        """The source wants nothing from ``who`` for so many seconds."""
        until = now + min(seconds, LONGEST_S)
        if until > self.held.get(who, now):
            self.held.pop(who, None)
            self.held[who] = until
            if len(self.held) > _MOST:
                del self.held[next(iter(self.held))]

    def wait(self, who: str, now: float) -> float:
        """Seconds until ``who`` may ask; 0: now."""
        until = self.held.get(who)
        if until is None:
            return 0.0
        if until <= now:
            del self.held[who]
            return 0.0
        return until - now
