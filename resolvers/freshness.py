"""What RFC 9111 says of a reply: whether it may be kept, for how long it is fresh, what changes by a 304. Pure.

Nothing is guessed: a reply that does not say how long it is fresh is never given without asking (no heuristics,
section 4.2.2), and a stale one is never given at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from multidict import CIMultiDict

from resolvers.http import Reply, Request

STORABLE = frozenset({200, 203, 204, 404, 410})
"""Statuses whose meaning does not hang on more than the reply itself (section 3)."""
_BYPASSING = frozenset({
    "cache-control", "pragma", "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    "if-range",
})  # fmt: skip
_DIRECTIVE = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?\s*(?:,|$)')
_SECONDS = re.compile(r"0*([0-9]+)")
_MOST = 2**31
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What no header of ours may hold (RFC 9110 section 5.5), though one of a source got through with it."""
_OF_THE_CONNECTION = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade",
    "content-length", "content-encoding", "content-range",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply in the store. ``until``: it is fresh before that time, in seconds of the store's clock.

    ``validators``: the headers that ask whether it still holds; empty where it cannot be asked.
    """

    reply: Reply
    until: float
    validators: Mapping[str, str]


def may_be_asked(request: Request) -> bool:
    """True for a request that a kept reply can answer: a GET without conditions or directives of its own."""
    return request.method == "GET" and not any(name.lower() in _BYPASSING for name in request.headers)


def kept(reply: Reply, *, shared: bool, now: float, asked: float, wall: float) -> Kept | None:
    """The reply as it may be kept, or ``None``.

    ``shared``: it would serve several callers. ``now``: of the store's clock, as ``asked``, when its request was
    sent; ``wall``: seconds since 1970.
    """
    headers = reply.headers
    said = directives(_all(headers, "cache-control"))
    if reply.status not in STORABLE or "no-store" in said or (shared and "private" in said):
        return None
    if "*" in _all(headers, "vary"):
        return None
    left = 0.0
    if "no-cache" not in said:
        left = _lifetime(headers, said, shared=shared, wall=wall) - _age(headers, now - asked, wall)
    asking = _validators(headers) if reply.status == 200 else {}
    if left <= 0 and not asking:
        return None
    return Kept(reply, now + left, asking)


def renewed(
    old: Kept, reply: Reply, *, shared: bool, now: float, asked: float, wall: float
) -> tuple[Reply, Kept | None]:
    """What a 304 makes of a kept reply (section 4.3.4): the reply to give, and what of it is kept."""
    headers = CIMultiDict(old.reply.headers.items())
    new = [(name, value) for name, value in reply.headers.items() if name.lower() not in _OF_THE_CONNECTION]
    for name in {"age", *(name.lower() for name, _ in new)}:
        headers.popall(name, None)
    headers.extend(new)
    whole = Reply(old.reply.status, headers, old.reply.body)
    return whole, kept(whole, shared=shared, now=now, asked=asked, wall=wall)


def directives(text: str) -> Mapping[str, str]:
    """The directives of a ``Cache-Control`` header by lower-case names (section 5.2).

    One that is said twice with different arguments has an argument that is none, so that it counts as stale.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _DIRECTIVE.match(text, at)
        if match is None:  # what cannot be read ends at the next comma
            comma = text.find(",", at)
            at = len(text) if comma < 0 else comma + 1
            continue
        at = match.end()
        name, value = match[1].lower(), match[2] if match[2] is not None else match[3] or ""
        found[name] = value if found.get(name, value) == value else "?"
    return found


def _lifetime(headers: Mapping[str, str], said: Mapping[str, str], *, shared: bool, wall: float) -> float:
    """Seconds that the reply is fresh from its making (section 4.2.1); a directive that cannot be read: none."""
    for name in ("s-maxage", "max-age") if shared else ("max-age",):
        if name in said:
            return _seconds(said[name]) or 0.0
    if "expires" in headers:
        expires, made = _time(headers["expires"]), _time(headers.get("date", ""))
        return 0.0 if expires is None else expires - (wall if made is None else made)
    return 0.0


def _age(headers: Mapping[str, str], delay: float, wall: float) -> float:
    """How old the reply is when it comes, in seconds (section 4.2.3)."""
    made = _time(headers.get("date", ""))
    apparent = max(0.0, wall - made) if made is not None else 0.0
    stated = headers.get("age", "").strip()
    seconds = _seconds(stated) if stated else 0.0
    return float(_MOST) if seconds is None else max(apparent, seconds + delay)


def _seconds(text: str) -> float | None:
    """A number of seconds (section 1.2.2), ``None`` for anything else; one of many digits is never worked out."""
    found = _SECONDS.fullmatch(text)
    if found is None:
        return None
    return float(min(int(found[1]), _MOST)) if len(found[1]) <= 10 else float(_MOST)


def _validators(headers: Mapping[str, str]) -> Mapping[str, str]:
    asking = {}
    if headers.get("etag"):
        asking["If-None-Match"] = headers["etag"]
    if headers.get("last-modified") and _time(headers["last-modified"]) is not None:
        asking["If-Modified-Since"] = headers["last-modified"]
    return {name: value for name, value in asking.items() if not _UNSENDABLE.search(value)}


def _all(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, its lines joined (RFC 9110 section 5.3)."""
    return ", ".join(value for header, value in headers.items() if header.lower() == name)


def _time(text: str) -> float | None:
    try:
        made = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (made if made.tzinfo is not None else made.replace(tzinfo=UTC)).timestamp()
