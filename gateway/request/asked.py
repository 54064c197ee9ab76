"""``Asked``: one request over HTTP as the endpoint sees it: its headers, its body, and who is at the other end.

Whichever server and framework it came through stays outside; nothing here knows GraphQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gateway.request.connection import Connection, connection_of
from gateway.request.whole import Whole
from resolvers import Context, Trace
from schema import ANONYMOUS, Principal


class Headers(Mapping[str, str]):
    """Headers by their names in lower case; of those that came twice ``get`` gives the first, ``getlist`` all.

    Every request asks for ten of them. Looking through a list of bytes for each cost more than to read them once.
    """

    __slots__ = ("_all", "_first")

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._first: dict[str, str] = {}
        self._all: dict[str, list[str]] = {}
        for name, value in raw:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            if key in self._first:
                self._all.setdefault(key, [self._first[key]]).append(text)
            else:
                self._first[key] = text

    def __getitem__(self, name: str) -> str:
        return self._first[name]

    def __contains__(self, name: object) -> bool:  # that of a Mapping raises an error inside where there is none
        return name in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def getlist(self, name: str) -> list[str]:
        """All values of a header, in their order."""
        several = self._all.get(name)
        if several is not None:
            return several
        found = self._first.get(name)
        return [] if found is None else [found]


class Asked:
    """``query_string``: that of the URL, as it came. ``request_id``: that of the answer. ``peer``: who is connected.

    ``view``: the part of the graph that is asked by its name; empty: none is named. ``principal``: who asks, once that
    is known; ``context``: what the calls are told, once the operation is read; ``received``: bytes of the body.
    ``trace``: as ``Context.trace``.
    """

    __slots__ = (
        "_receive",
        "_whole",
        "connection",
        "context",
        "headers",
        "method",
        "peer",
        "principal",
        "query_string",
        "received",
        "request_id",
        "trace",
        "view",
    )

    def __init__(self, scope: Scope, receive: Receive, whole: Whole | None = None, view: str = "") -> None:
        self.view = view
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.headers = Headers(scope["headers"])
        self.request_id: str = scope["state"]["request_id"]
        client = scope.get("client")
        self.peer: str | None = client[0] if client else None
        self.connection: Connection = connection_of(scope)
        self.principal: Principal = ANONYMOUS
        self.context: Context | None = None
        self.received = 0
        self.trace: Trace | None = None
        self._receive = receive
        self._whole = whole

    def body(self) -> bytes | None:
        """The body, where all of it is there; it can be taken but once."""
        body = None if self._whole is None else self._whole.body()
        if body is not None:
            self.received = len(body)
        return body

    async def stream(self) -> AsyncIterator[bytes]:
        """The parts of the body.

        Raises:
            ClientDisconnect: the caller left before its end.
        """
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            part: bytes = message.get("body", b"")
            self.received += len(part)
            yield part
