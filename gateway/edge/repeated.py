"""``idempotency_of``: the key by which a caller says that a request is one that it has sent before.

What becomes of it is the business of the sources that take keys; nothing is remembered here.
"""

from __future__ import annotations

from gateway.request.asked import Headers
from resolvers import IDEMPOTENCY_KEY, BadRequest, Idempotency, key_of


def idempotency_of(headers: Headers) -> Idempotency | None:
    """The caller's key, if one came.

    Raises:
        BadRequest: it is none (draft-ietf-httpapi-idempotency-key-header section 2.1), or there are several. Who relies
            on a key must not have a request carried out without it.
    """
    if IDEMPOTENCY_KEY not in headers:
        return None
    several = headers.getlist(IDEMPOTENCY_KEY)
    key = key_of(several[0]) if len(several) == 1 else None
    if key is None:
        raise BadRequest("Idempotency-Key is one text of 1 to 255 visible characters, in double quotes or without")
    return Idempotency(key)
