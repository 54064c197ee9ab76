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
"""How long a connection is kept for the next call, in seconds: most servers keep it longer."""


class Request(msgspec.Struct, frozen=True):
    """``url``: absolute and already encoded; it is sent as it stands.

    ``owner``: the caller whose rights it is sent with; empty where the source cannot tell callers apart.
    ``subject_token``: the caller's own token, where one is to be got for it (RFC 8693). Neither is sent.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    owner: str = ""
    subject_token: str = ""


class Reply(msgspec.Struct, frozen=True):
    """``headers``: found in whatever case. ``body``: decoded, complete, within the size allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """What a source sends its calls by."""

    def send(self, request: Request, *, timeout: float, resendable: bool) -> Coroutine[Any, Any, Reply]:
        """Sends one request and reads its whole reply within ``timeout`` seconds.

        ``resendable``: a read; it is sent once more when a kept-alive connection turned out to be closed. Anything
        else is sent once, and when its answer is lost its outcome is unknown.

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
