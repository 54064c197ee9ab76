"""``deadline_of``: when a request must have been answered; its caller may say that it should be sooner, never later.

What a deadline does to calls that are under way is not decided here.
"""

from __future__ import annotations

import re

from gateway.request.asked import Headers
from resolvers import BadRequest

HEADER = "x-request-timeout"
_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s)?")
_UNITS = {"": 1.0, "s": 1.0, "ms": 0.001}


def deadline_of(headers: Headers, now: float, most_s: float) -> float:
    """``now`` and what the caller gives it, ``most_s`` at most: seconds (``1.5``, ``1.5s``) or ``1500ms``.

    Raises:
        BadRequest: it is no such time, none at all, or stated twice. Whoever waits that long must not be waited for
            longer than he thinks.
    """
    if HEADER not in headers:
        return now + most_s
    several = headers.getlist(HEADER)
    stated = _TIME.fullmatch(several[0].strip()) if len(several) == 1 else None
    seconds = float(stated[1]) * _UNITS[stated[2] or ""] if stated is not None else 0.0
    if seconds <= 0:
        raise BadRequest("X-Request-Timeout is one time greater than 0, such as 1.5, 1.5s or 1500ms")
    return now + min(seconds, most_s)
