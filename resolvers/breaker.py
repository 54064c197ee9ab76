"""``Breaker``: whether calls to something that fails are sent at all. A state machine that sends nothing itself.

It is told how calls ended and knows nothing of what they were: which errors are failures is said by who asks.

Closed, every call gets a permit, and verdicts are counted over the last calls and the last seconds, whichever are
fewer. Where enough of them failed or were slow it opens: nobody gets a permit for a while, of random length so that
several processes do not come back as one. Then it is half open: a few calls at a time are probes. One failed probe
opens it again, for longer; enough good ones close it. Each permit belongs to the spell that it was given in, and what
it says later than that is not heard: a call that began before the opening proves nothing about the time after it.

It cannot stick. A permit that is given back without a verdict frees its place, and one that is never given back holds
its place for ``_LENT_S`` only; so while calls come, a probe is sent at least every ``open_most_s + _LENT_S``.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from resolvers.tally import State

_log = logging.getLogger("isthmus.sources")
_LENT_S = 5.0
"""After so many seconds without a verdict another probe takes a probe's place. Together with the longest time open
that is less than the 15 seconds within which a source that is back must be asked again."""


class BreakerSettings(BaseModel):
    """When calls to a source, or to a replica of it, are no longer sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window_calls: int = Field(100, ge=1, le=10_000, description="How many of the last calls count.")
    window_s: float = Field(10.0, gt=0, le=3600, description="For how many seconds a call counts.")
    minimum_calls: int = Field(
        10, ge=1, le=10_000, description="With fewer calls nothing is judged; so many failures in a row always open it."
    )
    failure_share: float = Field(0.5, gt=0, le=1, description="It opens where this share of the calls failed, or more.")
    slow_s: float | None = Field(
        None, gt=0, description="A call that takes so many seconds is slow; none is when absent."
    )
    slow_share: float = Field(0.8, gt=0, le=1, description="It opens where this share of the calls was slow, or more.")
    open_s: float = Field(
        2.0,
        gt=0,
        le=600,
        description="Longest time that it is open at first, in seconds; each time a probe fails twice as long.",
    )
    open_most_s: float = Field(8.0, gt=0, le=600, description="Longest time that it is ever open, in seconds.")
    probes: int = Field(3, ge=1, le=3, description="Most calls at once while it is half open.")
    closes_after: int = Field(3, ge=1, le=100, description="So many good probes in a row close it.")

    @model_validator(mode="before")
    @classmethod
    def _stays(cls, given: object) -> object:
        if given is False:
            mend = "leave it out; or let it open late: { window_calls: 10000, minimum_calls: 10000 }"
            raise PydanticCustomError("breaker", "it cannot be switched off", {"mend": mend})
        return given

    @model_validator(mode="after")
    def _can_judge(self) -> BreakerSettings:
        if self.minimum_calls > self.window_calls:
            raise ValueError("minimum_calls cannot be more than window_calls")
        return self


DEFAULT = BreakerSettings()


class Told(Protocol):
    """What the state is written to: a tally."""

    state: State


class Permit:
    """One call may be sent. The first thing said of it counts, the rest is not heard; leaving its block gives it back.

    Saying nothing of a call that was cancelled, or that a caller's own mistake ended, is right: it proves nothing.
    """

    __slots__ = ("_breaker", "_spell")

    def __init__(self, breaker: Breaker, spell: int) -> None:
        self._breaker = breaker
        self._spell = spell

    def succeeded(self, seconds: float) -> None:
        """It was answered, however: a refusal (4xx, 429) is an answer."""
        if self._spell == self._breaker.well and seconds < self._breaker.slow_s:
            self._spell = 0
            self._breaker.went_well()
        else:
            self._end(failed=False, seconds=seconds)

    def failed(self) -> None:
        """It was not answered, or by an error that is none of the caller's."""
        self._end(failed=True, seconds=0.0)

    def release(self) -> None:
        """Nothing is known of how it would have ended."""
        spell, self._spell = self._spell, 0
        if spell:
            self._breaker.released(self)

    def _end(self, *, failed: bool, seconds: float) -> None:
        spell, self._spell = self._spell, 0
        if spell:
            self._breaker.ended(self, spell, failed=failed, seconds=seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Breaker:
    """Of one source or one replica; ``told`` is where its state is read. Used by one event loop.

    ``called``: how the log calls what it guards; it says nothing where that is empty. ``clock`` never goes back, in
    seconds. ``chance``: a random number from 0 to 1.
    """

    def __init__(
        self,
        settings: BreakerSettings,
        told: Told,
        *,
        called: str = "",
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._told = told
        self._called = called
        self._clock = clock
        self._chance = chance
        self.slow_s = float("inf") if settings.slow_s is None else settings.slow_s
        """For permits: a call that took so long was slow."""
        self._state: State = "closed"
        self._spell = 1
        """Counts changes of state; no permit has 0."""
        self.well = self._spell
        """For permits: the spell, while it is closed and no call of the window failed or was slow; otherwise -1."""
        self._window: deque[tuple[float, bool, bool]] = deque(maxlen=settings.window_calls + 1)
        """When a call ended, whether it failed, whether it was slow."""
        self._failures = self._slow = self._in_a_row = 0
        self._openings = 0
        self._until = 0.0
        self._probes: dict[Permit, float] = {}
        self._good = 0
        told.state = "closed"

    @property
    def state(self) -> State:
        """As it was at the last call; time alone changes it only when somebody asks for a permit."""
        return self._state

    def permit(self) -> Permit | None:
        """Leave to send one call, to be given back; ``None``: it is refused."""
        if self._state == "closed":
            return Permit(self, self._spell)
        now = self._clock()
        if self._state == "open":
            if now < self._until:
                return None
            self._good = 0
            self._change("half_open")
        if len(self._probes) >= self._settings.probes:
            eldest = next(iter(self._probes))
            if now - self._probes[eldest] < _LENT_S:
                return None
            del self._probes[eldest]  # its verdict still counts, if it ever comes
        permit = Permit(self, self._spell)
        self._probes[permit] = now
        return permit

    def would_permit(self) -> bool:
        """Whether ``permit`` would give one now; nothing changes by asking."""
        if self._state == "closed":
            return True
        now = self._clock()
        if self._state == "open":
            return now >= self._until
        return len(self._probes) < self._settings.probes or now - next(iter(self._probes.values())) >= _LENT_S

    @property
    def wait_s(self) -> float:
        """Seconds until a permit may be had again, as far as is known; 0 unless it is open."""
        return max(0.0, self._until - self._clock()) if self._state == "open" else 0.0

    def released(self, permit: Permit) -> None:
        """For permits: one comes back without a verdict."""
        self._probes.pop(permit, None)

    def ended(self, permit: Permit, spell: int, *, failed: bool, seconds: float) -> None:
        """For permits: one comes back with a verdict, and the spell that it belongs to."""
        if spell != self._spell:
            return
        slow = seconds >= self.slow_s
        if self._state == "closed":
            self._count(failed=failed, slow=slow)
            if self._state == "closed":
                self.well = -1 if self._failures or self._slow else self._spell
            return
        self._probes.pop(permit, None)
        if failed or slow:
            self._open("a probe was slow" if slow else "a probe failed")
            return
        self._good += 1
        if self._good >= self._settings.closes_after:
            self._openings = 0
            self._change("closed")

    def went_well(self) -> None:
        """For permits: a call ended well and soon where all of the window did. What is too old or too much in it is
        looked at when there is something to judge.
        """
        self._window.append((self._clock(), False, False))

    def _count(self, *, failed: bool, slow: bool) -> None:
        now, window, settings = self._clock(), self._window, self._settings
        window.append((now, failed, slow))
        self._failures += failed
        self._slow += slow
        self._in_a_row = self._in_a_row + 1 if failed else 0
        oldest = now - settings.window_s
        while window and (window[0][0] <= oldest or len(window) > settings.window_calls):
            _, was_failed, was_slow = window.popleft()
            self._failures -= was_failed
            self._slow -= was_slow
        calls = len(window)
        if failed and self._in_a_row >= settings.minimum_calls:
            self._open(f"{self._in_a_row} calls in a row failed")
        elif calls < settings.minimum_calls:
            return
        elif failed and self._failures >= settings.failure_share * calls:
            self._open(f"{self._failures} of {calls} calls failed")
        elif slow and self._slow >= settings.slow_share * calls:
            self._open(f"{self._slow} of {calls} calls were slow")

    def _open(self, why: str) -> None:
        settings = self._settings
        longest = min(settings.open_most_s, settings.open_s * 2.0 ** min(self._openings, 30))
        self._openings += 1
        spell = longest * (0.5 + 0.5 * self._chance())
        self._until = self._clock() + spell
        self._change("open")
        if self._called:
            _log.warning("%s is not asked for %.1f s: %s", self._called, spell, why)

    def _change(self, state: State) -> None:
        """Enters a state with nothing that the last one counted."""
        if state == "closed" and self._called:
            _log.warning("%s answers again", self._called)
        self._state = self._told.state = state
        self._spell += 1
        self.well = self._spell if state == "closed" else -1
        self._probes.clear()
        self._window.clear()
        self._failures = self._slow = self._in_a_row = 0
