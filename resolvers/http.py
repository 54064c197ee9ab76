"""The narrow seam to HTTP sources: a request out, a reply back, one deadline, no state between callers.

The wire is aiohttp, whose calls cost a quarter of httpx's CPU; nothing else in the house knows that. Redirects are
never followed, cookies never kept, environment proxies never used, and no credential leaves for a host that it was not
given for.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakSet

import aiohttp
import msgspec
from aiohttp.connector import Connection
from yarl import URL

from resolvers.credentials import NONE, Credentials, basic
from resolvers.errors import OutcomeUnknown, SourceBadResponse, SourceError, SourceTimeout, SourceUnavailable
from resolvers.nearby import far_socket
from resolvers.network import Network, refusal
from resolvers.time_limits import TimeLimits


class Request(msgspec.Struct, frozen=True):
    """``url``: absolute and already encoded; it is sent as it stands.

    ``owner``: the caller whose rights it is sent with; empty where the source cannot tell callers apart. It is not
    sent.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    owner: str = ""


class Reply(msgspec.Struct, frozen=True):
    """``headers``: found in whatever case. ``body``: decoded, complete, within the size allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http(Protocol):
    """What a source sends its calls by."""

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply: ...  # noqa: ASYNC109

    async def close(self) -> None: ...


class HttpClient:
    """The connections to one source.

    ``home``: the origin (``https://host/``) that ``credentials`` are for; no other host ever sees them.
    ``far``: no name may lead to this machine or its link; behind a proxy that is the proxy's to see to.
    """

    def __init__(
        self,
        network: Network,
        home: str,
        credentials: Credentials = NONE,
        *,
        concurrency: int = 20,
        max_reply_bytes: int = 10_485_760,
        far: bool = False,
    ) -> None:
        self._sockets = far_socket if far and network.proxy is None else None
        self._network = network
        self._home = home
        self._credentials = None if credentials == NONE else credentials
        self._limit = concurrency
        self._max_bytes = max_reply_bytes
        login = network.proxy_login
        self._proxy_headers = None if login is None else {"Proxy-Authorization": basic(*login)}
        self._session: aiohttp.ClientSession | None = None
        self._limits = TimeLimits()

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """Sends one request and reads its whole reply within ``timeout`` seconds.

        ``resendable``: a read; it is sent once more when a kept-alive connection turned out to be closed. Anything
        else is sent once, and when its answer is lost its outcome is unknown.

        Raises:
            SourceUnavailable: nothing was sent, or the connection of a read was lost; a handshake or a proxy refused.
            SourceTimeout: a read ran out of time, or anything else before it had a connection.
            OutcomeUnknown: anything but a read was sent and no answer came, or none that could be read.
            SourceBadResponse: the reply is truncated, too large or not HTTP.
        """
        wire = _Wire()
        try:
            with self._limits.until(asyncio.get_running_loop().time() + timeout):
                try:
                    return await self._exchange(request, wire)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    if not (resendable and wire.reused):
                        raise
                    return await self._exchange(request, wire)
        except SourceBadResponse as error:
            raise _lost(error, may_repeat=resendable) from error
        except aiohttp.ClientProxyConnectionError as error:
            raise SourceUnavailable(f"the proxy cannot be reached: {refusal(error) or 'check proxy'}") from error
        except aiohttp.ClientConnectorError as error:
            near = str(error.os_error) if self._sockets is not None and "allowed_servers" in str(error.os_error) else ""
            raise SourceUnavailable(refusal(error) or near or type(error).__name__) from error
        except aiohttp.ClientHttpProxyError as error:
            raise _not_let_through(error.status) from error
        except TimeoutError as error:
            may_repeat = resendable or not wire.connected
            raise _lost(SourceTimeout("no complete reply in time"), may_repeat=may_repeat) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise _lost(SourceBadResponse(type(error).__name__), may_repeat=resendable) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(SourceUnavailable(refusal(error) or type(error).__name__), may_repeat=resendable) from error

    def is_home(self, url: str) -> bool:
        """True for an address at the host that credentials are for."""
        return url.startswith(self._home) or f"{url}/" == self._home

    async def _exchange(self, request: Request, wire: _Wire) -> Reply:
        session = self._open()
        _wire.set(wire)
        url, headers = request.url, request.headers
        if self._credentials is not None and self.is_home(url):
            url, headers = self._credentials.on(url, headers)
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
                    raise SourceBadResponse(f"the reply is larger than {self._max_bytes} bytes")
                chunks.append(chunk)
            return Reply(reply.status, reply.headers, b"".join(chunks))

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(
                    limit=self._limit, keepalive_timeout=15, tls=self._network.tls, sockets=self._sockets
                ),
                proxy=self._network.proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": "isthmus"},
            )
            # aiohttp would send a PUT or DELETE again by itself; what may be sent twice is decided above.
            self._session._retry_connection = False  # noqa: SLF001  # no public switch; checked by a test
        return self._session

    async def close(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()


_PROXY_AUTHENTICATION = 407


def _not_let_through(status: int) -> SourceUnavailable:
    """The proxy answered in place of the source, which heard nothing."""
    wants = ": it wants another user name or password" if status == _PROXY_AUTHENTICATION else ""
    return SourceUnavailable(f"the proxy answered {status}{wants}; set proxy, or ask its operator to let the host pass")


@dataclass(slots=True)
class _Wire:
    """How far a call has come. From ``connected`` on, a byte of it may have left us."""

    connected: bool = False
    reused: bool = False


Sockets = Callable[[Any], socket.socket]
"""Makes the socket for an address that a name was resolved to."""

_wire: ContextVar[_Wire] = ContextVar("wire")
"""Of the call that this task makes now."""


class _Connector(aiohttp.TCPConnector):
    """Tells a call when it has a connection, and whether it was used before.

    aiohttp's own traces tell the same, and cost every call more than its request and its reply.
    """

    def __init__(self, *, limit: int, keepalive_timeout: float, tls: ssl.SSLContext, sockets: Sockets | None) -> None:
        super().__init__(limit=limit, keepalive_timeout=keepalive_timeout, ssl=tls, socket_factory=sockets)
        self._used: WeakSet[object] = WeakSet()

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        wire = _wire.get()
        wire.connected, wire.reused = True, connection.protocol in self._used
        self._used.add(connection.protocol)
        return connection


def _lost(error: SourceError, *, may_repeat: bool) -> SourceError:
    """What a lost answer means: for a write that may have arrived, that nobody knows its outcome."""
    return error if may_repeat else OutcomeUnknown(error.detail)
