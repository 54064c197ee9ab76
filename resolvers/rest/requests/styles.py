"""The styles of OpenAPI parameters (OpenAPI 3.1 section 4.8.12.3, RFC 6570): one value becomes text on the wire.

An encoder is made once for each parameter; it is given values as JSON has them: scalars, lists, mappings. It knows
nothing of arguments, types and requests (``request.py``).

How parts are told apart: what joins the parts of a value is never found inside an encoded part. In paths and queries
percent-encoding sees to that; in headers, which have none, a part with a comma is refused; in ``label`` a part with a
dot. What the specification leaves open is sent as most senders do: a value inside a value as JSON, a list inside
``deepObject`` with indices (``filter[ids][0]=7``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from resolvers.errors import BadRequest
from resolvers.rest.requests.plain import plain, quoted, quoted_reserved, utf8
from resolvers.rest.shapes import Encoding, Parameter

Encode = Callable[[object], str]
Pairs = list[tuple[str, object]]

JSON = msgspec.json.Encoder(decimal_format="number")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
_COOKIE = Encoding("form")
MAX_DEPTH = 100


def as_json(value: object) -> bytes:
    """JSON (RFC 8259).

    Raises:
        BadRequest: the value holds something that JSON cannot say.
    """
    try:
        return JSON.encode(value)
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError) as error:
        raise BadRequest("a value that JSON cannot say") from error


def _text(value: object) -> object:
    """A part of a value: a scalar, or what lies deeper as JSON."""
    return as_json(value).decode() if isinstance(value, list | tuple | Mapping) else value


def parts(value: object) -> list[tuple[str | None, object]]:
    """The items of a list, without names, or the members of an object that are not null; of a scalar itself."""
    if isinstance(value, Mapping):
        return [(str(key), _text(item)) for key, item in value.items() if item is not None]
    if isinstance(value, list | tuple):
        return [(None, _text(item)) for item in value]
    return [(None, value)]


def deep(name: str, value: object, depth: int = 0) -> Pairs:
    """``deepObject``: a name with brackets for each scalar; lists by index."""
    if depth > MAX_DEPTH:
        raise BadRequest("a value is nested too deeply")
    if isinstance(value, Mapping):
        if any("[" in key or "]" in key for key in value):
            raise BadRequest("a name inside a value must not hold brackets")
        inner = [(f"{name}[{key}]", item) for key, item in value.items() if item is not None]
    elif isinstance(value, list | tuple):
        inner = [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    else:
        return [(name, value)]
    return [pair for key, item in inner for pair in deep(key, item, depth + 1)]


def named(name: str, value: object, encoding: Encoding) -> Pairs:
    """A value as pairs of a form or a query; a list in a pair holds the parts that the style's delimiter joins."""
    if not isinstance(value, list | tuple | Mapping):
        return [(name, value)]
    if encoding.style == "deepObject":
        return deep(name, value)
    found = parts(value)
    if encoding.explode:
        return [(name if key is None else key, item) for key, item in found]
    flat = [part for key, item in found for part in ((item,) if key is None else (key, item))]
    return [(name, flat)] if flat else []


def for_query(item: Parameter, others: frozenset[str]) -> Encode:
    """``name=value``, several joined by ``&``; an empty text where there is nothing to send.

    ``others``: further names of the query, which no member of an exploded object may take.
    """
    name = _key(item.name)
    spell = quoted_reserved if item.encoding.reserved else quoted
    if item.media:
        return lambda value: f"{name}={spell(_content(item.media, value))}"
    deeply = item.encoding.style == "deepObject"
    exploded = item.encoding.explode and not deeply
    between = f"&{name}=" if exploded else quote(_DELIMITERS.get(item.encoding.style, ","), safe=",")

    def encode(value: object) -> str:
        if isinstance(value, str | int):
            return f"{name}={spell(value)}"
        if value is None:
            return f"{name}="
        if isinstance(value, list) and not deeply and set(map(type, value)) == {int}:
            return f"{name}={between.join(map(str, value))}"  # the keys of a link, as a rule
        if exploded and isinstance(value, list):
            return "&".join([f"{name}={spell(part)}" for part in map(_text, value)])
        pairs = named(item.name, value, item.encoding)
        if exploded and isinstance(value, Mapping) and not others.isdisjoint(key for key, _ in pairs):
            raise BadRequest(f"a member of {item.argument} bears the name of another parameter")
        return "&".join([f"{_key(key)}={query_value(part, item.encoding)}" for key, part in pairs])

    return encode


def query_value(value: object, encoding: Encoding) -> str:
    """The value of one pair of ``named``, percent-encoded.

    Raises:
        BadRequest: a part holds the delimiter, where that is an encoded character itself and nobody could part them.
    """
    spell = quoted_reserved if encoding.reserved else quoted
    if not isinstance(value, list):
        return spell(value)
    joint = quote(_DELIMITERS.get(encoding.style, ","), safe=",")
    encoded = [spell(part).replace(",", "%2C") for part in value]
    if joint != "," and any(joint in part for part in encoded):
        raise BadRequest("a value holds the character that parts the values of its list")
    return joint.join(encoded)


def form_value(value: object, encoding: Encoding) -> str:
    """The same without percent-encoding, as a part of a multipart body holds it."""
    if not isinstance(value, list):
        return plain(value)
    joint = _DELIMITERS.get(encoding.style, ",")
    found = [plain(part) for part in value]
    if any(joint in part for part in found):
        raise BadRequest("a value holds the character that parts the values of its list")
    return joint.join(found)


def _key(name: str) -> str:
    return quote(utf8(name), safe="[]")


def for_path(item: Parameter) -> Encode:
    """One segment of a path, or a part of it, with the prefix of its style; never empty."""
    style, explode, name = item.encoding.style, item.encoding.explode, quoted(item.name)

    def encode(value: object) -> str:
        if item.media:
            value = _content(item.media, value)
        if isinstance(value, str | int):
            if style != "matrix":  # one text or number, as nearly always
                part = quoted(value)
                if not part:
                    raise BadRequest(f"{item.argument} must not be empty")
                return f".{part}" if style == "label" else part
            found: list[tuple[str | None, object]] = [(None, value)]
        else:
            found = parts(value)
        if value is None or not found:
            raise BadRequest(f"{item.argument} is required")
        if style == "matrix":
            return _matrix(name, value, found, explode=explode)
        encoded = [(None if key is None else quoted(key), quoted(part)) for key, part in found]
        if any(not part or key == "" for key, part in encoded):
            raise BadRequest(f"{item.argument} must not be empty")
        joint = "." if style == "label" and explode else ","
        if joint == "." and len(encoded) > 1 and any("." in (key or "") + part for key, part in encoded):
            raise BadRequest(f"a part of {item.argument} must not hold a dot")
        text = joint.join(
            part if key is None else f"{key}={part}" if explode else f"{key},{part}" for key, part in encoded
        )
        return f".{text}" if style == "label" else text

    return encode


def _matrix(name: str, value: object, found: list[tuple[str | None, object]], *, explode: bool) -> str:
    if explode or not isinstance(value, list | tuple | Mapping):
        pairs = [(name if key is None else quoted(key), quoted(part)) for key, part in found]
        return "".join(f";{key}={part}" if part else f";{key}" for key, part in pairs)
    flat = [quoted(part) for key, item in found for part in ((item,) if key is None else (key, item))]
    if not all(flat):
        raise BadRequest(f"a part of {name} must not be empty")
    return f";{name}={','.join(flat)}"


def for_header(item: Parameter) -> Encode:
    """The value of a header; an empty text where there is nothing to send."""
    explode = item.encoding.explode

    def encode(value: object) -> str:
        if item.media:
            text = _content(item.media, value, ascii_only=True)
        elif isinstance(value, list | tuple | Mapping):
            text = ",".join([_header_part(item, key, part, explode=explode) for key, part in parts(value)])
            if not parts(value):
                return ""
        else:
            text = plain(value)
        if not _HEADER_VALUE.fullmatch(text):
            raise BadRequest(f"{item.argument} has characters that a header cannot carry")
        return text

    return encode


def _header_part(item: Parameter, key: str | None, value: object, *, explode: bool) -> str:
    text = plain(value)
    if "," in f"{key or ''}{text}" or (key is not None and explode and "=" in key):
        raise BadRequest(f"a value of {item.argument} must not hold a comma")
    if not text or text != text.strip() or key == "" or (key or "").strip() != (key or ""):
        raise BadRequest(f"a value of {item.argument} must not be empty, nor begin or end with a space")
    return text if key is None else f"{key}={text}" if explode else f"{key},{text}"


def for_cookie(item: Parameter, others: frozenset[str]) -> Encode:
    """``name=value``, several joined by ``; ``; an empty text where there is nothing to send."""

    def encode(value: object) -> str:
        if item.media:
            return f"{item.name}={quoted(_content(item.media, value))}"
        pairs = named(item.name, value, item.encoding)
        if item.encoding.explode and isinstance(value, Mapping):
            for key, _ in pairs:
                if key in others or not _COOKIE_NAME.fullmatch(key):
                    raise BadRequest(f"a member of {item.argument} cannot be the name of a cookie here")
        return "; ".join([f"{key}={query_value(part, _COOKIE)}" for key, part in pairs])

    return encode


def _content(media: str, value: object, *, ascii_only: bool = False) -> str:
    """The value of a parameter that is described by ``content``: JSON, or plain text."""
    if not media.endswith("json"):
        return plain(value)
    text = as_json(value).decode()
    # A header takes ASCII: JSON has an escape for everything else, and its numbers are not touched by that.
    return re.sub(r"[^\x00-\x7f]", _escape, text) if ascii_only else text


def _escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
