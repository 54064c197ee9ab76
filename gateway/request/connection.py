"""``Connection``: what the requests of one HTTP connection share: the caller's certificate, and that he has left.

The protocol says so the moment it knows. Asking ASGI's ``receive`` would take a task for every request, and with
pipelined requests it tells only the newest.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope

_NAME = "isthmus.connection"


class Connection:
    """Open until ``close``, which the protocol calls.

    ``certificate``: that which the caller showed and the handshake verified, as DER; ``None`` where he showed none.
    """

    __slots__ = ("_closed", "_waiting", "certificate")

    def __init__(self, certificate: bytes | None = None) -> None:
        self.certificate = certificate
        self._closed = False
        self._waiting: list[Callable[[], None]] = []

    def is_closed(self) -> bool:
        """True once the caller has left."""
        return self._closed

    def watch(self, leaves: Callable[[], None]) -> None:
        """From now on calls ``leaves`` when the caller leaves."""
        self._waiting.append(leaves)

    def unwatch(self, leaves: Callable[[], None]) -> None:
        """No longer calls it."""
        self._waiting.remove(leaves)

    def close(self) -> None:
        """The caller has left."""
        self._closed = True
        for leaves in list(self._waiting):
            leaves()

    def put_in(self, scope: Scope) -> None:
        """Makes the connection known to the application."""
        scope["extensions"] = {_NAME: self}


def connection_of(scope: Scope) -> Connection:
    """The connection of a request; where the server tells of none, one that is never closed."""
    found = scope.get("extensions", {}).get(_NAME)
    return found if isinstance(found, Connection) else Connection()
