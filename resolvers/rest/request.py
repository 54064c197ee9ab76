"""Arguments become an HTTP request (OpenAPI 3.1 sections 4.8.10 to 4.8.14). Pure: nothing here opens a socket.

The host is the configuration's or the document's, never a value's: whatever a caller hands in is one segment of the
path, one value of the query, one header or a part of the JSON body, and the target that comes out is checked against
its template once more.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote
from uuid import UUID

import msgspec

from resolvers.errors import BadRequest
from resolvers.http import Request
from resolvers.model import InputType, ListRef, NamedRef, TypeRef
from resolvers.rest.shapes import Location, Parameter, RequestShape

_JSON = msgspec.json.Encoder(decimal_format="number")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")
_LITERAL = "/:@!$&'()*+,;=~%"
_HEADER_VALUE = re.compile(r"[\x21-\x7e\xa0-\xff](?:[\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?")


@dataclass(frozen=True, slots=True)
class Inputs:
    """The input types of a source, and which of their fields (type, field) are numbers that travel as strings."""

    types: Mapping[str, InputType]
    texts: frozenset[tuple[str, str]] = frozenset()


def encode(shape: RequestShape, server: str, arguments: Mapping[str, object], inputs: Inputs) -> Request:
    """The request that asks for an operation; ``server`` is the address that the path is put behind.

    Raises:
        BadRequest: a value that a path, a header or JSON cannot carry, or a required one that is missing.
    """
    target = _path(shape, arguments)
    query = [pair for item in _given(shape, "query", arguments) for pair in _pairs(item, arguments[item.argument])]
    if query:
        target = f"{target}?{'&'.join(query)}"
    headers = {"Accept": shape.accept}
    for item in _given(shape, "header", arguments):
        headers[item.name] = _header(item, arguments[item.argument])
    cookies = [
        f"{item.name}={quote(plain(arguments[item.argument]), safe='')}" for item in _given(shape, "cookie", arguments)
    ]
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    body = None
    if shape.body is not None and "body" in arguments:
        headers["Content-Type"] = shape.body.media
        body = _body(_wire(arguments["body"], shape.body.type, inputs, as_text=shape.body.text))
    elif shape.body is not None and shape.body.required:
        raise BadRequest("the body is required")
    return Request(shape.method, server.rstrip("/") + target, headers, body)


def _given(shape: RequestShape, location: Location, arguments: Mapping[str, object]) -> list[Parameter]:
    """The parameters of a location that have a value; a null is a value not given, since no text says null."""
    return [item for item in shape.parameters if item.location == location and arguments.get(item.argument) is not None]


def _path(shape: RequestShape, arguments: Mapping[str, object]) -> str:
    by_name = {item.name: item for item in shape.parameters if item.location == "path"}

    def fill(match: re.Match[str]) -> str:
        item = by_name[match[1]]
        value = arguments.get(item.argument)
        if value is None or value == []:
            raise BadRequest(f"{item.argument} is required")
        values = value if isinstance(value, list | tuple) else [value]
        encoded = [_quoted(part) for part in values]
        if any(not part for part in encoded):
            raise BadRequest(f"{item.argument} must not be empty")
        return item.separator.join(encoded)

    segments = []
    for template in shape.path.split("/"):
        pieces = _PLACEHOLDER.split(template)
        pieces[::2] = [quote(piece, safe=_LITERAL) for piece in pieces[::2]]
        literal = "".join(piece if index % 2 == 0 else f"{{{piece}}}" for index, piece in enumerate(pieces))
        segments.append(_PLACEHOLDER.sub(fill, literal))
    path = "/".join(segments)
    if any(segment in {".", ".."} for segment in segments) or not _template(shape.path).fullmatch(path):
        raise BadRequest("a value in the path would lead to another address")
    return path


@lru_cache(maxsize=4096)
def _template(path: str) -> re.Pattern[str]:
    """What a filled template must look like: no value reaches beyond its own segment."""
    pieces = _PLACEHOLDER.split(path)
    pieces[::2] = [re.escape(quote(piece, safe=_LITERAL)) for piece in pieces[::2]]
    pieces[1::2] = [r"[A-Za-z0-9_.~%,-]+"] * (len(pieces) // 2)
    return re.compile("".join(pieces))


def _pairs(item: Parameter, value: object) -> list[str]:
    name = quote(item.name, safe="[]")
    values = value if isinstance(value, list | tuple) else [value]
    encoded = list(map(str, values)) if set(map(type, values)) == {int} else [_quoted(part) for part in values]
    if not item.separator:
        return [f"{name}={part}" for part in encoded]
    return [f"{name}={item.separator.join(encoded)}"] if encoded else []


def _quoted(value: object) -> str:
    """A value percent-encoded for a path or a query; most have nothing to encode."""
    text = plain(value)
    return text if _UNRESERVED.fullmatch(text) else quote(_utf8(text), safe="")


def _header(item: Parameter, value: object) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    parts = [plain(part) for part in values]
    if isinstance(value, list | tuple) and any("," in part for part in parts):
        raise BadRequest(f"a value of {item.argument} must not hold a comma")
    text = ",".join(parts)
    if not _HEADER_VALUE.fullmatch(text):
        raise BadRequest(f"{item.argument} has characters that a header cannot carry")
    return text


def plain(value: object) -> str:
    """A scalar as the text that stands in a path, a query or a header.

    Raises:
        BadRequest: it is a null, an object, or a number that is none.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | UUID():
            return str(value)
        case float() | Decimal() if math.isfinite(value):
            return format(value, "f") if isinstance(value, Decimal) else repr(value)
        case date() | time():
            return value.isoformat().replace("+00:00", "Z")
        case bytes():
            return base64.b64encode(value).decode()
    raise BadRequest("a value that cannot be written as text")


def _utf8(text: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("a text with half a character") from error
    if b"\0" in encoded:
        raise BadRequest("a text with a NUL character")
    return encoded


def _wire(value: object, ref: TypeRef, inputs: Inputs, *, as_text: bool) -> object:
    """The value as JSON says it; decimals and big integers as strings where their schema has strings."""
    if value is None:
        return None
    if isinstance(ref, ListRef) and isinstance(value, list | tuple):
        return [_wire(item, ref.item, inputs, as_text=as_text) for item in value]
    if isinstance(ref, NamedRef) and isinstance(value, Mapping):
        fields = inputs.types[ref.name].fields
        return {
            name: _wire(item, fields[name].type, inputs, as_text=(ref.name, name) in inputs.texts)
            if name in fields
            else item
            for name, item in value.items()
        }
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise BadRequest("JSON has no infinite numbers")
    if as_text and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return plain(value)
    return value


def _body(value: object) -> bytes:
    try:
        return _JSON.encode(value)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError) as error:
        raise BadRequest("the body holds a value that JSON cannot say") from error
