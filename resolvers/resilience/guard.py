"""``Guard``: what may be done about a call of one operation that failed. Read from settings once; it sends nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass

from resolvers.errors import Code, IsthmusError, OutcomeUnknown, SourceError
from resolvers.guards import RetrySettings
from resolvers.http_settings import HttpSettings
from resolvers.model import Effect, SourceModel
from resolvers.settings import SourceSettings

MOST_SENDS = 3
"""So often one call leaves us at most: one that is sent again at once with a new token has left us twice."""
_FIRST_S, _MOST_S = 0.05, 1.0
"""The longest pause before the first retry; each further one may be twice as long."""
_TOO_MANY = 429
_SAYS_NOTHING = frozenset({Code.SOURCE_UNAVAILABLE, Code.SOURCE_TIMEOUT, Code.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Guard:
    """``retries``: how often a call is made again at most. ``reads``: it changes nothing. ``repeatable``: to do it
    twice is to do it once. ``header``: where its source wants to find a key by which it knows repetitions; or empty.
    ``resent``: its client sends what was lost again by itself, and only what never left it is made again here.
    """

    retries: int
    reads: bool
    repeatable: bool
    header: str
    resent: bool
    statuses: frozenset[int]

    def may_repeat(self, error: IsthmusError, sends: int, made: int) -> bool:
        """Whether a call may be made again after ``error``; it has left us ``sends`` times, and was made again ``made``
        times before.
        """
        if not isinstance(error, SourceError) or sends >= MOST_SENDS or not self._passes(error):
            return False
        # A kept connection that was closed says nothing of the source: looking after connections is no retry.
        if made >= max(self.retries, int(error.stale and self.reads)):
            return False
        return sends == 0 or (self.repeatable and not self.resent)

    def _passes(self, error: SourceError) -> bool:
        if error.status is None:
            return error.passing
        return error.retry_after is not None if error.status == _TOO_MANY else error.status in self.statuses


def guard_of(operation: str, model: SourceModel, settings: SourceSettings) -> Guard:
    """The guard of an operation; one that the model does not know is never made again."""
    known = model.operations.get(operation)
    stated = settings.operations.get(operation)
    retries: RetrySettings = settings.retries
    most = retries.max if stated is None or stated.retries is None else stated.retries.max
    effect = Effect.WRITE if known is None else known.effect
    resent, header = True, ""
    if isinstance(settings, HttpSettings):
        # NTLM proves connections, and its client looks after them itself.
        resent = settings.auth is not None and settings.auth.ntlm is not None
    if isinstance(settings, HttpSettings) and known is not None and effect is not Effect.READ:
        own = None if stated is None else stated.idempotency_key
        header = (settings.idempotency_key if own is None else own) or ""
    return Guard(
        retries=most,
        reads=effect is Effect.READ,
        repeatable=effect is not Effect.WRITE or bool(header),
        header=header,
        resent=resent,
        statuses=frozenset(retries.statuses),
    )


def pause(made: int, error: SourceError) -> float:
    """Seconds before a call is made again for the ``made``-th time, from 0: anything up to a bound that doubles, so
    that those who failed together do not come back together; and never before the source wants it.
    """
    if error.stale and made == 0:
        return 0.0
    jitter = random.uniform(0, min(_MOST_S, _FIRST_S * 2.0**made))  # noqa: S311  # no secret
    return jitter + (error.retry_after or 0.0)


def outcome(errors: list[IsthmusError]) -> IsthmusError:
    """What a call came to that failed each time: the last word of the source.

    Where it has none, and an earlier sending may have been carried out, that is what the caller must know.
    """
    last = errors[-1]
    if last.code in _SAYS_NOTHING:
        return next((error for error in reversed(errors) if isinstance(error, OutcomeUnknown)), last)
    return last
