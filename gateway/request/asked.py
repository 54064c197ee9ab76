"""``Asked``: one request over HTTP as the endpoint sees it: its headers, its body, and who is at the other end.

Whichever server and framework it came through stays outside; nothing here knows GraphQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from gateway.request.connection import Connection, connection_of
from gateway.request.whole import Whole
from resolvers import Context, Trace
from schema import ANONYMOUS, Principal


class Headers(dict[str, str]):
    """Headers by their names in lower case, as ASGI has them; of those that came twice this is the first.

    Every request asks for ten of them: a mapping of ours cost a call of Python for each. ``several``: all values of
    those that came more than once.
    """

    __slots__ = ("several",)

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
        super().__init__(pairs)
        self.several: dict[str, list[str]] = {}
        if len(self) < len(pairs):
            for name, text in pairs:
                self.several.setdefault(name, []).append(text)
            self.several = {name: texts for name, texts in self.several.items() if len(texts) > 1}
            self.update((name, texts[0]) for name, texts in self.several.items())

    def getlist(self, name: str) -> list[str]:
        """All values of a header, in their order."""
        if name in self.several:
            return self.several[name]
        return [self[name]] if name in self else []


class Asked:
    """``query_string``: that of the URL, as it came. ``request_id``: that of the answer. ``peer``: who is connected.

    ``view``: the part of the graph that is asked by its name; empty: none is named. ``principal``: who asks, once that
    is known; ``context``: what the calls are told, once the operation is read; ``received``: bytes of the body.
    ``trace``: as ``Context.trace``. ``headers``: those of the scope, where they were read already.
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

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        whole: Whole | None = None,
        view: str = "",
        headers: Headers | None = None,
    ) -> None:
        self.view = view
        self.method: str = scope["method"]
        self.query_string: bytes = scope["query_string"]
        self.headers = Headers(scope["headers"]) if headers is None else headers
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
