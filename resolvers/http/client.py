"""``HttpClient``: the calls of one source, with what proves us, by whichever way leads there.

No credential leaves for a host that it was not given for.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec.structs import replace

from resolvers.credentials import NONE, Credentials
from resolvers.http.balanced import Balanced, Several
from resolvers.http.direct import Direct
from resolvers.http.exchange import CONNECT_S, Http, Reply, Request
from resolvers.http.names import Lookup, system
from resolvers.nearby import far_socket
from resolvers.network import Network

if TYPE_CHECKING:
    from resolvers.http.proxied import Proxied


class _Bounds(TypedDict):
    concurrency: int
    max_reply_bytes: int
    connect_s: float


class HttpClient:
    """The connections to one source.

    ``home``: the origin (``https://host/``) that ``credentials`` are for; no other host ever sees them.
    ``far``: no name may lead to this machine or its link; behind a proxy that is the proxy's to see to.
    ``several``: the replicas that its requests are sent to, the first of them at ``home``; they alone are sent what
    proves us, too. ``lookup``: what asks for addresses of hosts; ``connect_s``: longest time for a connection.
    ``resends``: whether reads are sent again here, over a new connection, when a kept one turned out to be closed.
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
        resends: bool = True,
        several: Several | None = None,
        lookup: Lookup = system,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._home = home
        self._credentials = None if credentials == NONE else credentials
        most: _Bounds = {"concurrency": concurrency, "max_reply_bytes": max_reply_bytes, "connect_s": connect_s}
        self._way: Direct | Proxied
        if network.proxy is None:
            self._way = Direct(network.tls, far_socket if far else None, resends=resends, lookup=lookup, **most)
        else:
            self._way = _proxied()(network, resends=resends, lookup=lookup, **most)
        self._sender: Http = self._way if several is None else Balanced(several, lambda _: self._way)

    def send(self, request: Request, *, timeout: float, resendable: bool) -> Coroutine[Any, Any, Reply]:
        """As ``Http.send``."""
        if self._credentials is not None and self.is_home(request.url):
            url, headers = self._credentials.on(request.url, request.headers)
            request = replace(request, url=url, headers=headers)
        return self._sender.send(request, timeout=timeout, resendable=resendable)

    @property
    def opened(self) -> int:
        """How many connections were ever made: the number of the one in use, where there is room for one alone."""
        return self._way.opened

    def is_home(self, url: str) -> bool:
        """True for an address at the host that credentials are for."""
        return url.startswith(self._home) or f"{url}/" == self._home

    async def close(self) -> None:
        """Closes every connection."""
        await self._way.close()


def _proxied() -> type[Proxied]:
    """What speaks through a proxy: its library takes a quarter of a second to import, and few need it."""
    from resolvers.http.proxied import Proxied  # noqa: PLC0415  # see above

    return Proxied
