"""Calls through a proxy, by aiohttp: ``CONNECT``, tunnels and the answers of proxies are its business.

Calls without one go by ``direct.py``, which costs a third of it. Redirects are never followed, cookies never kept,
environment proxies never used.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from yarl import URL

from resolvers.credentials import basic
from resolvers.errors import ReplyTooLarge, SourceBadResponse, SourceTimeout, SourceUnavailable
from resolvers.http.exchange import CONNECT_S, USER_AGENT, Reply, Request, lost
from resolvers.http.names import Lookup, Names, system
from resolvers.http.sockets import watched
from resolvers.network import Network, refusal
from resolvers.time_limits import TimeLimits


class Proxied:
    """The connections of one source behind ``network.proxy``: ``concurrency`` at most; the rest is as for ``Direct``.

    The name that is looked up is the proxy's: it looks for those of the sources itself.
    """

    def __init__(
        self,
        network: Network,
        *,
        concurrency: int,
        max_reply_bytes: int,
        resends: bool = True,
        lookup: Lookup = system,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._network = network
        self._limit = concurrency
        self._max_bytes = max_reply_bytes
        self._resends = resends
        self._lookup = lookup
        self._connect_s = connect_s
        login = network.proxy_login
        self._proxy_headers = None if login is None else {"Proxy-Authorization": basic(*login)}
        self._session: aiohttp.ClientSession | None = None
        self._connector: _Connector | None = None
        self._limits = TimeLimits()

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """As ``Http.send``."""
        wire = _Wire()
        try:
            with self._limits.until(asyncio.get_running_loop().time() + timeout):
                try:
                    return await self._exchange(request, wire)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    if not (resendable and wire.reused and self._resends):
                        raise
                    return await self._exchange(request, wire)
        except SourceBadResponse as error:
            raise lost(error, may_repeat=resendable) from error
        except aiohttp.ClientProxyConnectionError as error:
            why = f"the proxy cannot be reached: {refusal(error) or 'check proxy'}"
            raise SourceUnavailable(why, sends=0, passing=not refusal(error)) from error
        except aiohttp.ClientConnectorError as error:
            never = refusal(error)
            raise SourceUnavailable(never or type(error).__name__, sends=0, passing=not never) from error
        except aiohttp.ClientHttpProxyError as error:
            raise _not_let_through(error.status) from error
        except TimeoutError as error:
            may_repeat = resendable or not wire.connected
            sends = int(wire.connected)
            late = SourceTimeout("no complete reply in time", sends=sends, passing=not sends)
            raise lost(late, may_repeat=may_repeat) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise lost(SourceBadResponse(type(error).__name__), may_repeat=resendable) from error
        except (aiohttp.ClientError, OSError) as error:
            gone = SourceUnavailable(refusal(error) or type(error).__name__, stale=wire.reused)
            raise lost(gone, may_repeat=resendable) from error

    @property
    def opened(self) -> int:
        """How many connections were ever made."""
        return 0 if self._connector is None else self._connector.opened

    async def _exchange(self, request: Request, wire: _Wire) -> Reply:
        session = self._open()
        _wire.set(wire)
        url, headers = request.url, request.headers
        if self._proxy_headers is not None and url.startswith("http:"):
            headers = {**headers, **self._proxy_headers}  # without a tunnel the proxy reads the request itself
        async with session.request(
            request.method,
            URL(url, encoded=True),
            data=request.body,
            headers=headers,
            allow_redirects=False,
            proxy_headers=self._proxy_headers,
        ) as reply:
            if reply.status == _PROXY_AUTHENTICATION and self._network.proxy is not None:
                raise _not_let_through(reply.status)
            length = reply.content_length
            if length is not None and length <= self._max_bytes and "Content-Encoding" not in reply.headers:
                return Reply(reply.status, reply.headers, await reply.read())
            chunks: list[bytes] = []
            size = 0
            async for chunk in reply.content.iter_any():
                size += len(chunk)
                if size > self._max_bytes:
                    raise ReplyTooLarge(f"the reply is larger than {self._max_bytes} bytes")
                chunks.append(chunk)
            return Reply(reply.status, reply.headers, b"".join(chunks))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._connector = _Connector(limit=self._limit, tls=self._network.tls, resolver=_Resolver(self._lookup))
            self._session = aiohttp.ClientSession(
                connector=self._connector,
                proxy=self._network.proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_s),
                headers={"User-Agent": USER_AGENT},
            )
            # aiohttp would send a PUT or DELETE again by itself; what may be sent twice is decided above.
            self._session._retry_connection = False  # noqa: SLF001  # no public switch; checked by a test
        return self._session

    async def close(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()


_KEEP_S = 4.0
"""How long a connection is kept, in seconds. What may not be sent again goes by it too, and many servers close theirs
after 5; a shorter time would cost a tunnel and two handshakes for most calls."""
_PROXY_AUTHENTICATION = 407
_PASSING = frozenset({502, 503, 504})


def _not_let_through(status: int) -> SourceUnavailable:
    """The proxy answered in place of the source, which heard nothing."""
    wants = ": it wants another user name or password" if status == _PROXY_AUTHENTICATION else ""
    why = f"the proxy answered {status}{wants}; set proxy, or ask its operator to let the host pass"
    return SourceUnavailable(why, sends=0, passing=status in _PASSING)


@dataclass(slots=True)
class _Wire:
    """How far a call has come. From ``connected`` on, a byte of it may have left us."""

    connected: bool = False
    reused: bool = False


_wire: ContextVar[_Wire] = ContextVar("wire")
"""Of the call that this task makes now."""


def _socket(info: Any) -> socket.socket:
    """A socket for an address (an entry of ``getaddrinfo``)."""
    family, kind, protocol = info[:3]
    made = socket.socket(family, kind, protocol)
    watched(made)
    return made


class _Resolver(AbstractResolver):
    """``Names``, as aiohttp asks for them."""

    def __init__(self, lookup: Lookup) -> None:
        self._names = Names(lookup)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.addresses(host, port)
        return [
            ResolveResult(hostname=host, host=address[0], port=port, family=each, proto=proto, flags=_NUMERIC)
            for each, _, proto, _, address in found
            if family in {socket.AF_UNSPEC, each}
        ]

    async def close(self) -> None:
        self._names.forget()


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class _Connector(aiohttp.TCPConnector):
    """Tells a call when it has a connection, and whether it was used before.

    aiohttp's own traces tell the same, and cost every call more than its request and its reply.
    """

    def __init__(self, *, limit: int, tls: ssl.SSLContext, resolver: AbstractResolver) -> None:
        super().__init__(
            limit=limit,
            keepalive_timeout=_KEEP_S,
            ssl=tls,
            resolver=resolver,
            use_dns_cache=False,  # the resolver has one
            socket_factory=_socket,
        )
        self._used: WeakSet[object] = WeakSet()
        self.opened = 0

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        wire = _wire.get()
        wire.connected, wire.reused = True, connection.protocol in self._used
        self.opened += not wire.reused
        self._used.add(connection.protocol)
        return connection
