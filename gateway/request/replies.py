"""The replies of the HTTP layer: bytes of a media type, and refusals in GraphQL's shape.

Who is refused what, and why, is decided by whoever raises a ``Refusal``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from resolvers import Code
from schema import Answer

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
BUSY = "The server cannot take the request now."
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (GRAPHQL, JSON)}
_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
_LINES = {
    media: b"".join(b"%b: %b\r\n" % pair for pair in [*_HEADERS, (b"content-type", kind)]) + b"content-length: %d\r\n"
    for media, kind in _CONTENT_TYPES.items()
}


@dataclass(eq=False)
class Refusal(Exception):
    """An answer of the HTTP layer itself."""

    status: int
    code: Code
    message: str
    headers: tuple[tuple[str, str], ...] = ()


def errors_of(code: Code, message: str, **extensions: object) -> dict[str, object]:
    """A response map of one error (GraphQL specification section 7.1)."""
    return {"errors": [{"message": message, "extensions": {**extensions, "code": code}}]}


class Reply(Response):
    """Bytes of a media type, in UTF-8, taken for nothing else; kept by nobody (RFC 9111) unless a header says so."""

    def __init__(self, content: bytes, status: int, headers: Mapping[str, str], media: str) -> None:
        self.status_code, self.background = status, None
        self.body = self.content = content
        self._said, self._media = headers, media

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:  # type: ignore[override]  # Starlette only reads them
        """As ASGI has them."""
        said = self._said
        return [
            *(_HEADERS if "cache-control" not in said else _HEADERS[1:]),
            (b"content-type", _CONTENT_TYPES[self._media]),
            (b"content-length", b"%d" % len(self.body)),
            *((name.encode(), value.encode()) for name, value in said.items()),
        ]

    @property
    def lines(self) -> bytes:
        """The same as HTTP/1.1 has them, without what is said of the connection."""
        if not self._said:
            return _LINES[self._media] % len(self.body)
        return b"".join(b"%b: %b\r\n" % pair for pair in self.raw_headers if pair[0] != b"connection")

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return "connection" in self._said


def encoded(body: dict[str, object], request_id: str) -> bytes:
    """A response map as JSON; each of its errors bears the id of the request."""
    errors = body.get("errors")
    if isinstance(errors, list):
        body["errors"] = [
            {**error, "extensions": {**error.get("extensions", {}), "requestId": request_id}} for error in errors
        ]
    return Answer("data", body).encode()


def retry_after(answer: Answer) -> Mapping[str, str]:
    """When to come back (RFC 9110 section 10.2.3), where nothing was answered and each error says when it may be."""
    data, errors = answer.held.get("data"), answer.held.get("errors")
    if isinstance(data, Mapping) and any(value is not None for value in data.values()):
        return {}
    found = [error.get("extensions", {}).get("retryAfter") for error in errors] if isinstance(errors, list) else []
    seconds = [each for each in found if isinstance(each, int)]
    return {"retry-after": str(max(seconds))} if seconds and len(seconds) == len(found) else {}
