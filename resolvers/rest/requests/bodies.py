"""Request bodies by media type (OpenAPI 3.1 sections 4.8.14 and 4.8.15): a value becomes bytes and their content type.

A writer is made once for each operation; it is given values as JSON has them, with bytes as bytes. It knows nothing of
arguments and types (``request.py``).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping

from resolvers.errors import BadRequest
from resolvers.rest.requests.plain import plain, utf8
from resolvers.rest.requests.styles import as_json, form_value, named, query_value
from resolvers.rest.shapes import Body, Encoding
from resolvers.upload import File

Write = Callable[[object], tuple[str, bytes]]

_FORM = Encoding()
_BINARY = "application/octet-stream"
_MEDIA = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")


def body_writer(body: Body) -> Write:
    """The writer of a body: a value in, the content type and the bytes out. It raises ``BadRequest``."""
    match body.kind:
        case "form":
            return lambda value: (body.media, _form(value, body.encoding))
        case "multipart":
            return lambda value: _multipart(value, body)
        case "text":
            return lambda value: (f"{body.media}; charset=utf-8", utf8(_told(value)))
        case "xml":
            return _xml_writer(body)
        case "binary":
            return lambda value: (_media_of(value, body.media), _bytes(value))
        case _:
            return lambda value: (body.media, as_json(value))


def _xml_writer(body: Body) -> Write:
    from resolvers.rest.requests.xml_values import to_xml  # noqa: PLC0415  # lxml is for sources that speak XML

    shape = body.xml
    assert shape is not None
    return lambda value: (body.media, to_xml(value, shape))


def _members(value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise BadRequest("a form is an object")
    return ((str(name), item) for name, item in value.items() if item is not None)


def _form(value: object, encoding: Mapping[str, Encoding]) -> bytes:
    """``application/x-www-form-urlencoded`` (WHATWG URL section 5.2), a space as ``%20``."""
    pairs: list[str] = []
    for name, item in _members(value):
        how = encoding.get(name)
        if how is not None and not how.media:
            pairs += [f"{_name(key)}={query_value(part, how)}" for key, part in named(name, item, how)]
        elif how is not None and how.media.endswith("json"):
            pairs.append(f"{_name(name)}={query_value(as_json(item).decode(), _FORM)}")
        else:
            listed = item if isinstance(item, list | tuple) else (item,)
            pairs += [f"{_name(name)}={query_value(_told(part), _FORM)}" for part in listed]
    return "&".join(pairs).encode()


def _name(text: str) -> str:
    return query_value(text, _FORM).replace("%5B", "[").replace("%5D", "]")


def _multipart(value: object, body: Body) -> tuple[str, bytes]:
    """``multipart/form-data`` (RFC 7578)."""
    boundary = f"isthmus-{secrets.token_hex(16)}"
    pieces: list[bytes] = []
    for name, item in _members(value):
        how = body.encoding.get(name)
        if how is not None and not how.media:
            found = [(key, form_value(part, how), "") for key, part in named(name, item, how)]
        else:
            listed = item if isinstance(item, list | tuple) else (item,)
            found = [(name, part, how.media if how else "") for part in listed]
        for key, part, media in found:
            headers, content = _part(key, part, media)
            pieces += [f"--{boundary}\r\n{headers}\r\n\r\n".encode(), content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return f"{body.media}; boundary={boundary}", b"".join(pieces)


def _part(name: str, value: object, media: str) -> tuple[str, bytes]:
    disposition = f'Content-Disposition: form-data; name="{_escaped(name)}"'
    if isinstance(value, bytes):
        filename = value.filename if isinstance(value, File) and value.filename else name
        disposition += f'; filename="{_escaped(filename)}"'
        return f"{disposition}\r\nContent-Type: {_media_of(value, media or _BINARY)}", bytes(value)
    if isinstance(value, Mapping | list | tuple) or media.partition(";")[0].endswith("json"):
        return f"{disposition}\r\nContent-Type: {media or 'application/json'}", as_json(value)
    content = utf8(plain(value))
    return (f"{disposition}\r\nContent-Type: {media}" if media else disposition), content


def _escaped(name: str) -> str:
    """A name or a file's name inside quotes (WHATWG HTML, multipart/form-data encoding algorithm)."""
    text = utf8(name).decode()
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _media_of(value: object, declared: str) -> str:
    """The content type of bytes: what the description says, and where it leaves that open, what came with the file."""
    concrete = "*" not in declared and declared != _BINARY
    if concrete:
        return declared
    given = value.media if isinstance(value, File) and _MEDIA.fullmatch(value.media) else ""
    return given or (_BINARY if "*" in declared else declared)


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return bytes(value)
    raise BadRequest("the body takes bytes")


def _told(value: object) -> str:
    """A scalar as it is, anything else as JSON."""
    return as_json(value).decode() if isinstance(value, Mapping | list | tuple) or value is None else plain(value)
