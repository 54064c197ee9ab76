"""``Whole``: a body that is already there, and an answer sent at once, without ASGI's messages between.

Nearly every request is one packet and so is its answer. uvicorn keeps what it knows of them in a cycle; this looks into
it and leaves it as uvicorn's own ``receive`` and ``send`` would. What does not go at once goes by those.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from http import HTTPStatus

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.request.transport import GatheringTransport

_NAME = "isthmus.whole"


class Whole:
    """One request and its answer."""

    __slots__ = ("_cycle", "_transport")

    def __init__(self, cycle: RequestResponseCycle, transport: GatheringTransport) -> None:
        self._cycle = cycle
        self._transport = transport

    def body(self) -> bytes | None:
        """The body, once; ``None`` where it is to be received."""
        cycle = self._cycle
        if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        body, cycle.body = bytes(cycle.body), bytearray()
        return body

    def answer(self, status: int, lines: bytes, body: bytes, *, close: bool = False) -> bool:
        """Sends all of an answer, the lines of whose head say the length of its body and nothing of its connection;
        false where it must be sent in parts. ``close``: the connection ends with it.
        """
        cycle = self._cycle
        if cycle.disconnected or cycle.response_started or cycle.flow.write_paused:
            return False
        if close:
            cycle.keep_alive = False
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        self._transport.write_whole(_status_line(status) + _ours(cycle.default_headers) + lines + end, body)
        cycle.message_event.set()
        if not cycle.keep_alive:
            self._transport.close()
        cycle.on_response()
        return True

    def put_in(self, scope: Scope) -> None:
        """Makes it known to the application."""
        scope["extensions"][_NAME] = self


def taken_from(scope: Scope) -> Whole | None:
    """That of a request, which the scope then holds no more; ``None`` where another server is asked, or another HTTP.

    It knows uvicorn's cycle, which knows the scope: left there, each request would be garbage in a circle, and the
    search for such stops everybody for 50 ms at a time.
    """
    found = scope.get("extensions", {}).pop(_NAME, None)
    return found if isinstance(found, Whole) else None


class _Latest:
    """What uvicorn says in every answer: a list that it makes anew each second, for the date."""

    headers: Sequence[tuple[bytes, bytes]] = ()
    lines = b""


def _ours(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    if headers is not _Latest.headers:
        _Latest.headers, _Latest.lines = headers, b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return _Latest.lines


@lru_cache(maxsize=64)
def _status_line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
