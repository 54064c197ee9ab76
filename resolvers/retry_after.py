"""What a ``Retry-After`` says (RFC 9110 section 10.2.3), in seconds. Whether anybody waits is others' business."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate

from resolvers.errors import LONGEST_WAIT_S


def retry_after(value: str, wall: Callable[[], float] = time.time) -> float | None:
    """Seconds from now, from 0 to a day; ``None`` for what is neither a number of seconds nor a date of HTTP.

    A date that has passed means now, as does one that a source with a slow clock gives. ``wall``: seconds since 1970.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return LONGEST_WAIT_S if len(text) > 9 else min(float(text), LONGEST_WAIT_S)
    if len(text) > 64:
        return None
    try:
        parsed = parsedate(text)
        # All three forms of a date of HTTP are in GMT, whether or not they say so (section 5.6.7).
        at = None if parsed is None else datetime(*parsed[:6], tzinfo=UTC).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return None if at is None else min(max(0.0, at - wall()), LONGEST_WAIT_S)
