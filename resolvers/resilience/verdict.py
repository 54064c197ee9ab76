"""``say``: what the end of a call tells a breaker about its source. Whether calls are sent then is the breaker's word.

What the source answered, however unwelcome, shows that it is there; what nobody answered is held against it, unless it
was given less time than it may take.
"""

from __future__ import annotations

from resolvers.breaker import Permit
from resolvers.errors import (
    BreakerOpen,
    OutcomeUnknown,
    SourceBusy,
    SourceError,
    SourceTimeout,
    SourceUnavailable,
)

_AWAY = frozenset({502, 503, 504})
"""What stands before a source says so of it, or it of itself."""
_FAIR = 0.5
"""Who waits for less than this share of ``timeout_s`` cannot say that the source was late."""


def say(permit: Permit, error: BaseException, seconds: float, given_s: float, timeout_s: float) -> None:
    """Tells the breaker how a call ended that took ``seconds`` of the ``given_s`` that it had."""
    if not isinstance(error, SourceError) or error.stale or isinstance(error, SourceBusy | BreakerOpen):
        permit.release()  # a caller's mistake, or ours, or nobody waits any more
    elif error.status is not None:
        permit.failed() if error.status in _AWAY else permit.succeeded(seconds)
    elif isinstance(error, SourceUnavailable):
        permit.failed()
    elif not isinstance(error, SourceTimeout | OutcomeUnknown) or error.answered:
        permit.succeeded(seconds)
    elif seconds >= given_s and given_s < _FAIR * timeout_s:
        permit.release()
    else:
        permit.failed()
