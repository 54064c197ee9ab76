"""Media types: how each is read and written, and which of several is chosen. Schemas and bytes are others'."""

from __future__ import annotations

from collections.abc import Iterable

from resolvers.rest.shapes import BodyKind, ReplyKind

_TEXTS = frozenset({
    "application/csv", "application/graphql", "application/javascript", "application/jwt", "application/sql",
    "application/toml", "application/x-javascript", "application/x-www-form-urlencoded", "application/x-yaml",
    "application/yaml", "image/svg+xml",
})  # fmt: skip
_LINES = frozenset({
    "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
    "application/json-seq", "application/x-json-stream", "application/jsonlines",
})  # fmt: skip
_ANY = frozenset({"*/*", "application/*"})
BINARY = "application/octet-stream"


def essence(media: str) -> str:
    """The type and subtype in lower case, without parameters (RFC 9110 section 8.3.1)."""
    return media.partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """RFC 6839 section 3.1 counts ``+json``; ``*/*`` is what documents say when they mean JSON and forgot to."""
    name = essence(media)
    return name in _ANY or name.endswith(("+json", "/json"))


def is_xml(media: str) -> bool:
    name = essence(media)
    return name in {"application/xml", "text/xml"} or (name.endswith("+xml") and name not in _TEXTS | {_XHTML})


_XHTML = "application/xhtml+xml"


def body_kind(media: str) -> BodyKind:
    name = essence(media)
    if name == "application/x-www-form-urlencoded":
        return "form"
    if name in {"multipart/form-data", "multipart/mixed", "multipart/related"}:
        return "multipart"
    found = reply_kind(media)
    return "text" if found == "lines" else "binary" if found == "none" else found


def reply_kind(media: str) -> ReplyKind:
    """How a reply of a media type is read; ``xml`` only says that it is XML."""
    name = essence(media)
    if is_json(name):
        return "json"
    if name in _LINES:
        return "lines"
    if is_xml(name):
        return "xml"
    return "text" if name.startswith("text/") or name in _TEXTS or name == _XHTML else "binary"


_ORDER = ("json", "form", "multipart", "lines", "xml", "text", "binary")


def best(offered: Iterable[str]) -> str | None:
    """The media type that says most: JSON, forms, lines of JSON, XML, text other than HTML, HTML, bytes."""
    return min(
        offered,
        key=lambda media: (_ORDER.index(body_kind(media)), "html" in media, "*" in media),
        default=None,
    )


def as_sent(media: str, *, otherwise: str) -> str:
    """The media type that goes onto the wire; a range (``image/*``) names none."""
    return otherwise if "*" in media else media.partition(";")[0].strip()
