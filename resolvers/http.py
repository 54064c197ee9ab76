"""The narrow seam to HTTP sources: a request out, a reply back, one deadline, no state between callers.

The wire is aiohttp, whose calls cost a quarter of httpx's CPU; nothing else in the house knows that. Redirects are
never followed, cookies never kept, environment proxies never used.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from weakref import WeakSet

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from resolvers.errors import OutcomeUnknown, SourceBadResponse, SourceError, SourceTimeout, SourceUnavailable
from resolvers.settings import Auth, HttpSettings


@dataclass(frozen=True, slots=True)
class Request:
    """``url``: absolute and already encoded; it is sent as it stands."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """``headers``: found in whatever case. ``body``: decoded, complete, within the size allowed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """The connections to one source."""

    def __init__(self, settings: HttpSettings) -> None:
        self._limit = settings.concurrency
        self._max_bytes = settings.max_reply_bytes
        self._headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._query = ""
        if settings.auth is not None:
            self._authorize(settings.auth)
        self._session: aiohttp.ClientSession | None = None

    def _authorize(self, auth: Auth) -> None:
        if auth.bearer is not None:
            self._headers["Authorization"] = f"Bearer {auth.bearer.get_secret_value()}"
        elif auth.basic is not None:
            pair = f"{auth.basic.username}:{auth.basic.password.get_secret_value()}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif auth.api_key is not None:
            value = auth.api_key.value.get_secret_value()
            if auth.api_key.header is not None:
                self._headers[auth.api_key.header] = value
            elif auth.api_key.query is not None:
                self._query = f"{quote(auth.api_key.query, safe='')}={quote(value, safe='')}"

    async def send(self, request: Request, *, timeout: float, resendable: bool) -> Reply:  # noqa: ASYNC109  # whole call
        """Sends one request and reads its whole reply within ``timeout`` seconds.

        ``resendable``: a read; it is sent once more when a kept-alive connection turned out to be closed. Anything
        else is sent once, and when its answer is lost its outcome is unknown.

        Raises:
            SourceUnavailable: nothing was sent, or the connection of a read was lost.
            SourceTimeout: a read ran out of time, or anything else before it had a connection.
            OutcomeUnknown: anything but a read was sent and no answer came, or none that could be read.
            SourceBadResponse: the reply is truncated, too large or not HTTP.
        """
        wire = _Wire()
        try:
            async with asyncio.timeout(timeout):
                try:
                    return await self._exchange(request, wire)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    if not (resendable and wire.reused):
                        raise
                    return await self._exchange(request, wire)
        except SourceBadResponse as error:
            raise _lost(error, may_repeat=resendable) from error
        except aiohttp.ClientConnectorError as error:
            raise SourceUnavailable(type(error).__name__) from error
        except TimeoutError as error:
            may_repeat = resendable or not wire.connected
            raise _lost(SourceTimeout("no complete reply in time"), may_repeat=may_repeat) from error
        except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError) as error:
            raise _lost(SourceBadResponse(type(error).__name__), may_repeat=resendable) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _lost(SourceUnavailable(type(error).__name__), may_repeat=resendable) from error

    async def _exchange(self, request: Request, wire: _Wire) -> Reply:
        session = self._open()
        url = request.url
        if self._query:
            url = f"{url}{'&' if '?' in url else '?'}{self._query}"
        _wire.set(wire)
        async with session.request(
            request.method,
            URL(url, encoded=True),
            data=request.body,
            headers=self._merged(request.headers),
            allow_redirects=False,
        ) as reply:
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

    def _merged(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers of a call; what the configuration says stands, in whatever letters the call spells it."""
        if not self._headers:
            return headers
        ours = {name.lower() for name in self._headers}
        return {**{name: value for name, value in headers.items() if name.lower() not in ours}, **self._headers}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Connector(limit=self._limit, keepalive_timeout=15),
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


@dataclass(slots=True)
class _Wire:
    """How far a call has come. From ``connected`` on, a byte of it may have left us."""

    connected: bool = False
    reused: bool = False


_wire: ContextVar[_Wire] = ContextVar("wire")
"""Of the call that this task makes now."""


class _Connector(aiohttp.TCPConnector):
    """Tells a call when it has a connection, and whether it was used before.

    aiohttp's own traces tell the same, and cost every call more than its request and its reply.
    """

    def __init__(self, *, limit: int, keepalive_timeout: float) -> None:
        super().__init__(limit=limit, keepalive_timeout=keepalive_timeout)
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
