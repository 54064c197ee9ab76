"""A token in its compact form (RFC 7515 section 7.1): its header and claims as JSON values, nothing of them believed.

Which issuer, key and time they must fit is ``issuer.py``'s.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.request.body import strict_json
from resolvers import BadRequest, Unauthenticated

MAX_TOKEN_BYTES = 8192
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Compact:
    """``text`` is the whole token, whose signature is not verified yet."""

    text: str = field(repr=False)
    header: Mapping[str, object]
    claims: Mapping[str, object] = field(repr=False)


def taken_apart(text: str) -> Compact:
    """The parts of a token.

    Raises:
        Unauthenticated: it is no signed token in the one spelling that RFC 7515 gives it.
    """
    segments = text.split(".")
    if len(segments) != 3:
        raise Unauthenticated("not a signed token")
    header, claims, _ = (_decoded(segment) for segment in segments)
    return Compact(text, _object(header), _object(claims))


def _decoded(text: str) -> bytes:
    if not _SEGMENT.fullmatch(text):
        raise Unauthenticated("a segment is not base64url")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Unauthenticated("a segment is not base64url") from None
    # Bits of the last letter that belong to no byte: one token must not have several spellings.
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode():
        raise Unauthenticated("a segment is not base64url in its only spelling")
    return data


def _object(data: bytes) -> dict[str, object]:
    try:
        value = strict_json(data)
    except BadRequest:
        raise Unauthenticated("a segment is not JSON") from None
    if not isinstance(value, dict):
        raise Unauthenticated("a segment is no object")
    return value
