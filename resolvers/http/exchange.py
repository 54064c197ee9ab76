"""What passes through the seam: ``Request``, ``Reply``, and ``Http``, by which a source sends its calls.

How bytes travel is the business of ``direct.py`` and ``proxied.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from resolvers.errors import OutcomeUnknown, SourceError

Sockets = Callable[[Any], Any]
"""Makes the socket for an address that a name was resolved to (an entry of ``getaddrinfo``)."""

USER_AGENT = "isthmus"
KEEP_S = 15.0
"""How long a connection is kept for the next read, in seconds, where the source does not say how long it keeps it."""
SURE_S = 1.5
"""How long it is used for anything else, which cannot be sent again: the shortest that common servers keep it is 2."""
KEEP_MOST_S = 60.0
"""How long it is kept at most, whatever the source says: what stands between forgets it at some time."""
MARGIN_S = 1.0
"""So much sooner than the source says a connection is left: its clock began earlier, and bytes need their time."""
AGE_S = 300.0
"""After so many seconds a connection is not used again, so that a name that leads elsewhere by now is followed."""
CONNECT_S = 3.0
"""Longest time for a connection where nothing else is said: a host that is there answers the first or second packet."""


class Request(msgspec.Struct, frozen=True):
    """``url``: absolute and already encoded; it is sent as it stands.

    ``owner``: the caller whose rights it is sent with; empty where the source cannot tell callers apart.
    ``subject_token``: the caller's own token, where one is to be got for it (RFC 8693). Neither is sent.
    ``tried``: the replicas that failed to answer it when it was sent before; those that fail now are added.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    owner: str = ""
    subject_token: str = ""
    tried: list[str] | None = None


class Reply(msgspec.Struct, frozen=True):
    """``headers``: found in whatever case. ``body``: decoded, complete, within the size allowed. ``sends``: how often
    the request left us for it, which is more than once where a token was refused.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    sends: int = 1


class Http(Protocol):
    """What a source sends its calls by."""

    def send(self, request: Request, *, timeout: float, resendable: bool) -> Coroutine[Any, Any, Reply]:
        """Sends one request and reads its whole reply within ``timeout`` seconds.

        ``resendable``: a read, whose answer may be lost without harm: whoever asked may send it again. Of anything else
        the outcome is unknown then.

        Raises:
            SourceUnavailable: nothing was sent, or the connection of a read was lost; a handshake or a proxy refused.
            SourceTimeout: a read ran out of time, or anything else before it had a connection.
            OutcomeUnknown: anything but a read was sent and no answer came, or none that could be read.
            SourceBadResponse: the reply is truncated, too large or not HTTP.
        """

    async def close(self) -> None:
        """Closes every connection."""


def keyed(request: Request, header: str, key: str) -> Request:
    """The request with a key of ours in ``header``; one that the caller's own argument put there stays."""
    if header.lower() in {name.lower() for name in request.headers}:
        return request
    return msgspec.structs.replace(request, headers={**request.headers, header: key})


def lost(error: SourceError, *, may_repeat: bool) -> SourceError:
    """What a lost answer means: for a write that may have arrived, that nobody knows its outcome."""
    return error if may_repeat else OutcomeUnknown.after(error)
