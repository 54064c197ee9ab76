"""``Connection``: one connection to a source that carries one exchange of HTTP/1.1 (RFC 9112) at a time.

httptools reads the bytes. What is counted here is what a source may send: heads, bodies, and nothing after its reply.
"""

from __future__ import annotations

import asyncio
import re
import socket
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict

from resolvers.errors import ReplyTooLarge, SourceBadResponse
from resolvers.http.exchange import KEEP_MOST_S, KEEP_S, MARGIN_S, SURE_S, Reply
from resolvers.http.sockets import is_quiet
from resolvers.http.unpacking import unpacked

MAX_HEAD_BYTES = 65_536
"""Most bytes of a reply that carry no body: status line and headers, or trailers, or the frame of a chunk."""


class Disconnected(Exception):
    """The connection ended before the head of the reply was there."""


class Connection(asyncio.Protocol):
    """``most``: the largest body, in bytes, packed and unpacked. ``old_at``: when it is not kept again."""

    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int, opened: socket.socket, old_at: float) -> None:
        self.old_at = old_at
        self._loop = loop
        self._socket = opened
        self._most = most
        self._parser = _parser(self)
        self._answer: asyncio.Future[Reply] | None = None
        self._usable = True
        self.idle_since = 0.0
        self._keep_s = KEEP_S
        self._sure_s = SURE_S
        self._first = True

    def ask(self, request: bytes, *, bare: bool) -> asyncio.Future[Reply]:
        """Sends the bytes of a request; gives its reply. ``bare``: it will have no body (HEAD).

        Raises (the future): Disconnected. SourceBadResponse: the reply is truncated, too large or not HTTP.
        """
        self._answer = answer = self._loop.create_future()
        self._headers: list[tuple[str, str]] = []
        self._body: bytes | bytearray = b""
        self._quiet = 0
        self._bare = bare
        self._in_head = True
        self._transport.write(request)
        return answer

    def is_free(self) -> bool:
        """True when the next exchange may use it: the last one ended as it should."""
        transport = self._transport
        return (
            self._usable
            and self._answer is None
            and not transport.is_closing()
            and transport.get_write_buffer_size() == 0  # or it answered before it had heard all
        )

    def may_be_used(self, now: float) -> bool:
        """True for one that is free and that its other end has not been closing while it was idle."""
        return now - self.idle_since < self._keep_s and self.is_free()

    def is_surely_open(self, now: float) -> bool:
        """True for one that no common server, or not this one as it says, closes so soon."""
        return now - self.idle_since < self._sure_s

    def is_quiet(self) -> bool:
        """True when its other end has not ended it, nor said anything, that the event loop will tell only later."""
        return self.is_free() and is_quiet(self._socket)

    def abort(self) -> None:
        """Ends it at once."""
        self._usable = False
        self._transport.abort()

    def close(self) -> None:
        """Ends it politely; only for one that is free."""
        self._usable = False
        self._transport.close()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.abort()  # nobody asked: what came would answer the next caller
            return
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail("the reply switches to another protocol")
        except HttpParserError as error:
            self._fail(f"the reply is not HTTP/1.1 ({type(error).__name__})")
        if self._quiet > MAX_HEAD_BYTES:
            self._fail(f"the head of the reply is larger than {MAX_HEAD_BYTES} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        self._usable = False
        self._lost(exc)
        del self._parser  # each knows the other

    def _lost(self, exc: Exception | None) -> None:
        answer = self._answer
        if answer is None:
            return
        if self._in_head:
            self._answer = None
            if not answer.done():
                gone = Disconnected()
                gone.__cause__ = exc  # with TLS 1.3 a refusal of our certificate comes only now
                answer.set_exception(gone)
        elif exc is None and not any(name.lower() in _FRAMES for name, _ in self._headers):
            self._finish()  # a body without a length ends with its connection (RFC 9112 section 6.3)
        else:
            self._fail("the reply is truncated")

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._answer is None:
            self._usable = False  # what follows a reply answers nobody

    def on_header(self, name: bytes, value: bytes) -> None:
        if b"\0" in value:
            self._fail("a header of the reply holds a NUL")
        if self._in_head:  # or it is a trailer
            self._headers.append((name.decode("latin-1"), value.rstrip(b" \t").decode("utf-8", "surrogateescape")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status == 101:
            self._fail("the reply switches to another protocol")
        if self._answer is None or status < 200:
            return
        self._in_head = False
        if not self._parser.should_keep_alive():
            self._usable = False
        if self._bare:
            self._parser = _parser(self)  # this one waits for the body that a GET would have
            self._finish(status)

    def on_body(self, body: bytes) -> None:
        if self._answer is None:
            self._usable = False  # a body where none is allowed (HEAD): the rest of it would answer the next caller
            return
        self._quiet = 0
        if len(self._body) + len(body) > self._most:
            self._fail(f"the reply is larger than {self._most} bytes", ReplyTooLarge)
        elif not self._body:
            self._body = body  # the whole of it, mostly
        elif isinstance(self._body, bytearray):
            self._body += body  # never a list of pieces: those of two bytes would need thirty times their size
        else:
            self._body = bytearray(self._body + body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200:
            self._finish(status)
        else:  # an interim answer (RFC 9110 section 15.2), before the final one
            self._headers.clear()
            self._quiet = 0

    def _finish(self, status: int | None = None) -> None:
        answer = self._answer
        if answer is None or answer.done():
            return
        headers = CIMultiDict(self._headers)
        body = bytes(self._body)
        if body and "content-encoding" in headers:
            try:
                body = unpacked(body, headers["content-encoding"], self._most)
            except SourceBadResponse as error:
                self._fail(error.detail, type(error))
                return
        if self._first:
            self._first = False
            self._heed(headers.get("keep-alive", ""))
        self._answer = None
        answer.set_result(Reply(self._parser.get_status_code() if status is None else status, headers, body))

    def _heed(self, said: str) -> None:
        """What the source says of how long it keeps the connection (RFC 2068 section 19.7.1.1, as servers still do)."""
        found = _TIMEOUT.search(said)
        if found is not None:
            self._keep_s = self._sure_s = min(max(0.0, int(found[1]) - MARGIN_S), KEEP_MOST_S)

    def _fail(self, detail: str, kind: type[SourceBadResponse] = SourceBadResponse) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(kind(detail))
        self.abort()


def _parser(connection: Connection) -> HttpResponseParser:
    """A parser as forgiving as browsers are: an odd byte in a header that nobody reads must not cost the reply."""
    parser = HttpResponseParser(connection)
    parser.set_dangerous_leniencies(
        lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
    )
    return parser


_TIMEOUT = re.compile(r"(?:^|[,;\s])timeout\s*=\s*([0-9]{1,9})(?![0-9])", re.IGNORECASE)
_FRAMES = frozenset({"content-length", "transfer-encoding"})
