"""Calls to a source without a proxy: connections are made, kept for the next call, and left when they went wrong.

``connection.py`` says what is on the wire. A request is sent again only where that is safe; headers are the caller's.
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import ssl
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohappyeyeballs
from yarl import URL

from resolvers.bulkhead import Bulkhead
from resolvers.credentials import basic
from resolvers.errors import BadRequest, SourceBadResponse, SourceTimeout, SourceUnavailable
from resolvers.http.connection import Connection, Disconnected
from resolvers.http.exchange import AGE_S, CONNECT_S, KEEP_S, USER_AGENT, Reply, Request, Sockets, lost
from resolvers.http.names import Lookup, Names, system
from resolvers.http.sockets import watched
from resolvers.http.unpacking import ACCEPTED
from resolvers.network import refusal
from resolvers.time_limits import TimeLimits

_NEXT_ADDRESS_S = 0.25
"""After so many seconds the next address of a name is tried beside the first (RFC 8305 section 5)."""
_MOST_ORIGINS = 100
_MOST_SETS = 500
_LINE = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+ [!-~]+ HTTP/1\.1", re.ASCII)
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods whose request without a body says nothing of a length (RFC 9110 section 8.6)."""
_OURS = frozenset({"content-length", "transfer-encoding"})
"""What frames a request is said by what is sent, never by a header that somebody named."""


class _Unconnected(OSError):
    """No connection came about; the attributes are those that ``network.refusal`` looks at."""

    def __init__(self, error: Exception, *, tls: bool) -> None:
        super().__init__(str(error))
        self.os_error, self.ssl = error, tls


@dataclass(slots=True)
class _Origin:
    """Where connections lead to, and those that are idle, the one used last at the right end.

    ``headers``: name in lower case and line, of what a request says when its own headers do not. ``beside``: what that
    comes to beside headers of these names, in this order. ``forgotten``: nobody will look for a connection here again.
    """

    host: str
    port: int
    tls: bool
    headers: tuple[tuple[str, str], ...]
    beside: dict[tuple[str, ...], _Beside] = field(default_factory=dict)
    idle: deque[Connection] = field(default_factory=deque)
    forgotten: bool = False

    def besides(self, names: tuple[str, ...]) -> _Beside:
        """What goes along with headers of these names; the operations of a source name but a few sets of them."""
        lower = [name.lower() for name in names]
        if len(self.beside) >= _MOST_SETS:
            self.beside.clear()
        made = self.beside[names] = _Beside(
            [text for name, text in self.headers if name not in lower],
            frozenset(name for name in names if name.lower() in _OURS),
            typed="content-type" in lower,
        )
        return made


@dataclass(slots=True)
class _Beside:
    """``lines``: those that are ours. ``ours``: names that are not sent. ``typed``: the body has a media type."""

    lines: list[str]
    ours: frozenset[str]
    typed: bool


@dataclass(slots=True)
class _Wire:
    """How far a call has come. From ``connected`` on, a byte of it may have left us."""

    connected: bool = False
    reused: bool = False


class Direct:
    """The connections of one source: ``concurrency`` at most. ``sockets`` makes them, where not any address will do.

    ``resends``: whether a read is sent again here when a kept connection turned out to be closed; else whoever asked
    is told, and decides. ``lookup``: what asks for the addresses of a host. ``connect_s``: longest time for that, for
    the connection and its handshake.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        sockets: Sockets | None,
        *,
        concurrency: int,
        max_reply_bytes: int,
        resends: bool = True,
        lookup: Lookup = system,
        connect_s: float = CONNECT_S,
    ) -> None:
        self.opened = 0
        """How many connections were ever made."""
        self._tls = tls
        self._sockets = sockets
        self._most = max_reply_bytes
        self._resends = resends
        self._origins: dict[str, _Origin] = {}
        self._names = Names(lookup)
        self._connect_s = connect_s
        self._most_idle = concurrency
        self._places = Bulkhead(concurrency, sys.maxsize)
        self._limits = TimeLimits()
        self._busy: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``Http.send``."""
        wire = _Wire()
        loop = asyncio.get_running_loop()
        try:
            with self._limits.until(loop.time() + timeout):
                if not self._places.enter():
                    await self._places.wait()
                try:
                    return await self._exchange(request, wire, loop, sure=not resendable)
                except Disconnected:
                    if not (resendable and wire.reused and self._resends):
                        raise
                    return await self._exchange(request, wire, loop, fresh=True)
                finally:
                    self._places.leave()
        except SourceBadResponse as error:
            raise lost(error, may_repeat=resendable) from error
        except TimeoutError as error:
            may_repeat = resendable or not wire.connected
            sends = int(wire.connected)
            raise lost(
                SourceTimeout("no complete reply in time", sends=sends, passing=not sends), may_repeat=may_repeat
            ) from error
        except Disconnected as error:
            raise lost(
                SourceUnavailable(refusal(error) or "the connection was closed", stale=wire.reused),
                may_repeat=resendable,
            ) from error
        except _Unconnected as error:
            inner = error.os_error
            near = str(inner) if self._sockets is not None and "allowed_servers" in str(inner) else ""
            never = refusal(error) or near
            raise SourceUnavailable(never or type(inner).__name__, sends=0, passing=not never) from error

    async def _exchange(
        self,
        request: Request,
        wire: _Wire,
        loop: asyncio.AbstractEventLoop,
        *,
        fresh: bool = False,
        sure: bool = False,
    ) -> Reply:
        """``sure``: it cannot be sent again, and goes by no connection that may be closed at its other end."""
        origin, target = self._split(request.url)
        head = _head(request, origin, target)
        connection = None if fresh else _idle(origin, loop.time(), sure=sure)
        wire.reused = connection is not None
        if connection is None:
            connection = await self._connect(origin, loop)
        wire.connected = True
        self._busy.add(connection)
        try:
            return await connection.ask(head, bare=request.method == "HEAD")
        finally:
            self._busy.discard(connection)
            if not connection.is_free() or origin.forgotten:
                connection.abort()
            else:
                self._keep(origin, connection, loop)

    def _keep(self, origin: _Origin, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        now = connection.idle_since = loop.time()
        if now >= connection.old_at:
            connection.close()
            return
        origin.idle.append(connection)
        if len(origin.idle) > self._most_idle:
            origin.idle.popleft().close()
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEEP_S, self._sweep)

    def _split(self, url: str) -> tuple[_Origin, str]:
        """The origin of an address, and what is asked of it; a fragment is never sent (RFC 9110 section 7.1)."""
        if "#" in url:
            url = url.partition("#")[0]
        scheme, _, rest = url.partition("://")
        authority, slash, path = rest.partition("/")
        if "?" in authority:
            authority, _, query = rest.partition("?")
            slash, path = "/?", query
        name = f"{scheme}://{authority}"
        origin = self._origins.get(name)
        if origin is None:
            if len(self._origins) >= _MOST_ORIGINS:
                self._forget()
            origin = self._origins[name] = _origin(name)
        return origin, f"{slash or '/'}{path}"

    async def _connect(self, origin: _Origin, loop: asyncio.AbstractEventLoop) -> Connection:
        """A new connection.

        Raises:
            _Unconnected: the name is not known, nobody listens, or the handshake failed.
        """
        try:
            async with asyncio.timeout(self._connect_s):
                connection = await self._open(origin, loop)
        except (OSError, UnicodeError) as error:
            self._names.doubt(origin.host, origin.port)
            raise _Unconnected(error, tls=origin.tls) from error
        # A reset that lies there already shows that nothing was heard; in TLS what lies there may be tickets.
        if not (connection.is_free() if origin.tls else connection.is_quiet()):
            connection.abort()
            raise _Unconnected(ConnectionResetError(), tls=False)
        self.opened += 1
        return connection

    async def _open(self, origin: _Origin, loop: asyncio.AbstractEventLoop) -> Connection:
        found = await self._names.addresses(origin.host, origin.port)
        try:
            opened = await self._reach(found, loop)
        except OSError:
            self._names.doubt(origin.host, origin.port)
            now = await self._names.addresses(origin.host, origin.port)
            if [info[4] for info in now] == [info[4] for info in found]:
                raise
            opened = await self._reach(now, loop)  # it has moved
        # Not all at the same time: those that were opened together would be opened again together.
        old_at = loop.time() + AGE_S * random.uniform(0.8, 1.0)  # noqa: S311  # no secret
        _, connection = await loop.create_connection(
            lambda: Connection(loop, self._most, opened, old_at),
            sock=opened,
            ssl=self._tls if origin.tls else None,
            server_hostname=origin.host.rstrip(".") if origin.tls else None,
        )
        return connection

    async def _reach(self, found: Sequence[Any], loop: asyncio.AbstractEventLoop) -> socket.socket:
        reached = await aiohappyeyeballs.start_connection(
            found, happy_eyeballs_delay=_NEXT_ADDRESS_S, interleave=1, loop=loop, socket_factory=self._sockets
        )
        watched(reached)
        return reached

    def _sweep(self) -> None:
        """Closes what was idle for too long; looks again while anything is idle."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        left = False
        for origin in self._origins.values():
            for _ in range(len(origin.idle)):
                connection = origin.idle.popleft()
                if connection.may_be_used(now):
                    origin.idle.append(connection)
                else:
                    connection.close()
            left = left or bool(origin.idle)
        self._sweeping = loop.call_later(KEEP_S, self._sweep) if left else None

    def _forget(self) -> None:
        for origin in self._origins.values():
            origin.forgotten = True
            while origin.idle:
                origin.idle.pop().close()
        self._origins.clear()
        self._names.forget()

    async def close(self) -> None:
        """Closes every connection."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._forget()
        for connection in tuple(self._busy):
            connection.abort()


def _origin(name: str) -> _Origin:
    """What ``scheme://authority`` says.

    Raises:
        SourceUnavailable: nothing can be called there by HTTP.
    """
    try:
        url = URL(name)
    except ValueError as error:
        raise SourceUnavailable("the address cannot be read", sends=0, passing=False) from error
    if url.scheme not in {"http", "https"} or not url.raw_host or url.port is None:
        raise SourceUnavailable("the address is not one of HTTP", sends=0, passing=False)
    headers = [
        ("host", f"Host: {url.host_port_subcomponent}"),
        ("accept", "Accept: */*"),
        ("accept-encoding", f"Accept-Encoding: {ACCEPTED}"),
        ("user-agent", f"User-Agent: {USER_AGENT}"),
    ]
    if url.user is not None:
        headers.append(("authorization", f"Authorization: {basic(url.user, url.password or '')}"))
    return _Origin(url.raw_host, url.port, url.scheme == "https", tuple(headers))


def _idle(origin: _Origin, now: float, *, sure: bool) -> Connection | None:
    """The connection used last that may still be used."""
    while origin.idle:
        connection = origin.idle.pop()
        if not connection.may_be_used(now):
            connection.close()
        elif not sure:
            return connection
        elif not connection.is_surely_open(now):
            origin.idle.append(connection)  # good enough for a read
            return None
        elif connection.is_quiet():
            return connection
        else:
            connection.abort()
    return None


def _head(request: Request, origin: _Origin, target: str) -> bytes:
    """The bytes of a request (RFC 9112 section 3).

    Raises:
        BadRequest: something that HTTP cannot carry.
    """
    line = f"{request.method} {target} HTTP/1.1"
    if not _LINE.fullmatch(line):
        line = f"{request.method} {quote(target, safe=_PRINTABLE)} HTTP/1.1"
        if not _LINE.fullmatch(line):
            raise BadRequest("a method that HTTP cannot carry")
    names = tuple(request.headers)
    beside = origin.beside.get(names) or origin.besides(names)
    lines = [line]
    for name, value in request.headers.items():
        if name not in beside.ours:
            lines.append(f"{name}: {value}")
    lines += beside.lines
    body = request.body
    if body is not None:
        if not beside.typed:
            lines.append("Content-Type: application/octet-stream")
        lines.append(f"Content-Length: {len(body)}")
    elif request.method not in _WITHOUT_BODY:
        lines.append("Content-Length: 0")
    head = "\r\n".join(lines)
    breaks = len(lines) - 1
    if head.count("\r") != breaks or head.count("\n") != breaks or "\0" in head:
        raise BadRequest("a header that HTTP cannot carry")
    try:
        sent = f"{head}\r\n\r\n".encode()
    except UnicodeEncodeError as error:
        raise BadRequest("a header with half a character") from error
    return sent if body is None else sent + body
