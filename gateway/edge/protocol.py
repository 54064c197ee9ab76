"""HTTP/1.1 as we speak it: uvicorn's protocol, with bounds on headers, on connections, and on patience with peers.

What becomes of a request that is whole and well-formed is the application's business.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.overload.shedding import Shedding
from gateway.request.addresses import NOBODY, Networks
from gateway.request.connection import Connection
from gateway.request.limits import Connections, LimitSettings
from gateway.request.transport import GatheringTransport
from gateway.request.whole import Whole
from gateway.tally import EdgeTally
from gateway.telemetry import log, request_id

BAD = b"400 Bad Request"
LATE = b"408 Request Timeout"
TOO_LONG = b"414 URI Too Long"
TOO_LARGE = b"431 Request Header Fields Too Large"
FULL = b"503 Service Unavailable\r\nretry-after: 1"
_TOLD = {BAD: "malformed", LATE: "late", TOO_LONG: "head", TOO_LARGE: "head", FULL: "connections"}
"""What metrics call these refusals."""
_TELLING = frozenset({b"host", b"transfer-encoding", b"expect"})
HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


def protocol(  # noqa: C901  # one class, made for its limits
    limits: LimitSettings,
    most: int,
    trusted: Networks,
    tally: EdgeTally | None = None,
    shedding: Shedding | None = None,
) -> type[HttpToolsProtocol]:
    """Uvicorn's HTTP/1.1 protocol that also bounds connections, headers, and the time to receive headers and body.

    ``most``: how many connections the process can have; ``trusted``: which addresses may have any number of those.
    ``shedding``: who refuses requests that there is no time for; absent: nobody here.
    """
    connections = Connections(min(limits.max_connections, most), limits.max_connections_per_address, trusted)

    class BoundedProtocol(HttpToolsProtocol):
        _gathering: GatheringTransport
        _connection: Connection
        _timer: asyncio.TimerHandle | None = None
        _due: float | None = None
        _stalled: asyncio.TimerHandle | None = None
        _in_head = True
        _head_bytes = 0
        _url_bytes = 0
        _packet = 0
        _reach = 0
        """No head that is being read is longer: bytes since the packet in which the message before it ended."""
        _hosts = 0
        _sound = True
        _parted = False
        _offer: bytes | None = None
        """The head that offers to change protocols, without that: to be read again."""
        _behind = 0
        """Bytes of the packets since the last that held some of the body."""
        _trailers = 0
        _trailer_bytes = 0
        _refused: bytes | None = None
        """What is said when earlier requests are answered; nothing that comes behind is looked at."""
        _counted: str | None = None

        def connection_made(self, transport: Any) -> None:
            self._gathering = GatheringTransport(transport)
            secured = transport.get_extra_info("ssl_object")
            self._connection = Connection(None if secured is None else secured.getpeercert(True))
            super().connection_made(cast("asyncio.Transport", self._gathering))
            address = self.client[0] if self.client else NOBODY
            if connections.take(address):
                self._counted = address
                self._arm(limits.header_timeout_s)
            else:
                self._refuse(FULL)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._counted is not None:
                connections.give(self._counted)
                self._counted = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            super().connection_lost(exc)
            self._connection.close()

        def data_received(self, data: bytes) -> None:
            if self._refused is not None or self.transport.is_closing():
                return
            if shedding is not None and shedding.overloaded and self._shed(shedding, data):
                return
            self._packet = size = len(data)
            self._reach += size
            if self._in_head:
                self._head_bytes += size
                if self._due is None:
                    self._arm(limits.header_timeout_s)
            else:
                self._behind += size
            self._unset_keepalive_if_required()
            self._parse(data)
            if self._in_head:
                if self._head_bytes > limits.max_header_bytes:
                    self._refuse(TOO_LONG if self._url_bytes > limits.max_url_bytes else TOO_LARGE)
            elif self._behind > limits.max_header_bytes:
                self._refuse(TOO_LARGE)

        def _parse(self, data: bytes) -> None:
            """An offer to change protocols is not taken: its request is one as any other (RFC 9110 section 7.8).

            The parser ends such a message with its head and would take the body for the next request. So the head is
            parsed again without the offer, and what follows it is its body.
            """
            rest: bytes | memoryview = data
            try:
                while True:
                    try:
                        return self.parser.feed_data(rest)
                    except HttpParserUpgrade as stop:
                        rest = memoryview(rest)[stop.args[0] :]
                    if self._offer is None:
                        return None  # refused
                    head, self._offer = self._offer, None
                    socket = self._get_upgrade() == b"websocket"
                    self.parser = HttpRequestParser(self)  # the old one has ended where the connection was to close
                    self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
                    self.parser.feed_data(head)
                    if socket and self._refused is None:
                        self.cycle.keep_alive = False  # nobody opens a socket to go on with requests
            except (HttpParserError, HttpParserUpgrade):
                self._refuse(BAD)

        def _without_offer(self) -> bytes:
            line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
            kept = (b"\r\n%b: %b" % pair for pair in self.headers if pair[0] != b"upgrade")
            return line + b"".join(kept) + b"\r\n\r\n"

        def _shed(self, shedding: Shedding, data: bytes) -> bool:
            """Whether what came was refused; nothing but it is under way then."""
            if not self._in_head or self._head_bytes or self._answering:
                return False
            answer = shedding.answer(data, self.server_state.default_headers)
            if answer is None:
                return False
            if tally is not None:
                tally.requests[503] += 1
                tally.turned_away("busy")
            self._disarm()
            self._unset_keepalive_if_required()
            self._gathering.write_whole(answer, b"")
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
            return True

        def on_message_begin(self) -> None:
            self._url_bytes = self._hosts = 0
            self._sound, self._parted = True, False
            super().on_message_begin()
            self._connection.put_in(cast("Scope", self.scope))

        def on_url(self, url: bytes) -> None:
            self._url_bytes += len(url)
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            """As uvicorn's, and looks at what frames a request while it is there."""
            if not self._in_head:
                self._pass_over(name, value)
                return
            name = name.lower()
            self.headers.append((name, value))
            if name in _TELLING:
                if name == b"host":
                    self._hosts += 1
                    self._sound = self._sound and HOST.fullmatch(value) is not None
                elif name == b"transfer-encoding":
                    self._parted = True
                elif value.lower() == b"100-continue":
                    self.expect_100_continue = True

        def _pass_over(self, name: bytes, value: bytes) -> None:
            """A trailer: what decides on a request is in its head (RFC 9110 section 6.5.1)."""
            self._trailers += 1
            self._trailer_bytes += len(name) + len(value) + 4
            if self._trailers > limits.max_headers or self._trailer_bytes > limits.max_header_bytes:
                self._refuse(TOO_LARGE)

        def _is_well_formed(self) -> bool:
            """RFC 9112 section 3.2; a target with a host of its own is for proxies."""
            if self.url[:1] != b"/" or not self._sound:
                return False
            if self._hosts == 1 and not self._parted:
                return True
            old = self.parser.get_http_version() == "1.0"
            # Section 6.1: who speaks 1.0 may part the stream elsewhere.
            return (self._hosts == 1 or (old and not self._hosts)) and not (old and self._parted)

        def _is_large(self) -> bool:
            size = self._url_bytes + sum(len(name) + len(value) + 4 for name, value in self.headers)
            return size > limits.max_header_bytes

        def on_headers_complete(self) -> None:
            if self._refused is not None:
                return
            if self._url_bytes > limits.max_url_bytes:
                self._refuse(TOO_LONG)
            elif (self._reach > limits.max_header_bytes and self._is_large()) or len(self.headers) > limits.max_headers:
                self._refuse(TOO_LARGE)
            elif not self._is_well_formed():
                self._refuse(BAD)
            elif self.parser.should_upgrade():
                self._offer = self._without_offer()
            else:
                super().on_headers_complete()
                self._in_head, self._head_bytes = False, 0
                self._behind = self._trailers = self._trailer_bytes = 0
                self._arm(limits.body_timeout_s)
                Whole(self.cycle, self._gathering).put_in(cast("Scope", self.scope))  # its task has not begun

        def on_message_complete(self) -> None:
            if self._refused is None and self._offer is None:
                self._in_head, self._reach = True, self._packet
                self._disarm()
                super().on_message_complete()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._wait_for_reader(self._gathering.get_write_buffer_size())

        def _wait_for_reader(self, unsent: int) -> None:
            """Drops a caller who takes nothing for ``send_timeout_s``; one who reads slowly may go on."""
            self._stalled = self.loop.call_later(limits.send_timeout_s, self._look_at_reader, unsent)

        def _look_at_reader(self, unsent: int) -> None:
            left = self._gathering.get_write_buffer_size()
            if left < unsent:
                self._wait_for_reader(left)
            else:
                self._gathering.abort()

        def resume_writing(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None
            super().resume_writing()

        def on_response_complete(self) -> None:
            self._gathering.flush()
            waiting = bool(self.pipeline)
            super().on_response_complete()
            if self._refused is not None and not waiting:
                self._end()

        def on_body(self, body: bytes) -> None:
            if self._refused is None:
                self._behind = 0
                super().on_body(body)

        def _arm(self, seconds: float) -> None:
            """What is being received must be there in so many seconds; what was armed before no longer counts.

            A timer that runs already is left to run and looks again when it ends: requests come and go faster.
            """
            self._due = self.loop.time() + seconds
            if self._timer is None:
                self._timer = self.loop.call_later(seconds, self._look)
            elif self._timer.when() > self._due:
                self._timer.cancel()
                self._timer = self.loop.call_later(seconds, self._look)

        def _disarm(self) -> None:
            self._due = None

        def _look(self) -> None:
            self._timer = None
            if self._due is None:
                return
            left = self._due - self.loop.time()
            if left > 0:
                self._timer = self.loop.call_later(left, self._look)
            else:
                self._refuse(LATE)

        @property
        def _answering(self) -> bool:
            """Between two requests: true while the answer to an earlier one is still to come."""
            return not getattr(self.cycle, "response_complete", True)  # no cycle before the first request

        def _refuse(self, status: bytes) -> None:
            """Ends the connection behind the answers that earlier requests wait for: none is lost, none is forged."""
            if self._refused is not None or self.transport.is_closing():
                return
            given = request_id(())
            log("refused", request_id=given, level="warning", status=int(status[:3]))
            if tally is not None:
                tally.turned_away(_TOLD[status])
            end = b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            self._refused = b"HTTP/1.1 " + status + b"\r\nx-request-id: " + given.encode() + end
            self._disarm()
            if self._in_head:
                if not self._answering:
                    self._end()
            elif self.pipeline:
                self.pipeline.popleft()  # its own body is what is refused
            elif self.cycle.response_started:
                self.transport.close()  # there is an answer already
            else:
                self._end()
                self.cycle.disconnected = True  # or the application could answer as well
                self.cycle.message_event.set()

        def _end(self) -> None:
            if not self.transport.is_closing():
                self.transport.write(self._refused or b"")
                self.transport.close()

    return BoundedProtocol
