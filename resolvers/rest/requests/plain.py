"""Scalars as text, and text as it may stand in a URL. It knows no parameters and no styles (``styles.py``)."""

from __future__ import annotations

import base64
import math
import re
from datetime import date, time
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

from resolvers.errors import BadRequest

_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+")
RESERVED = ":/?@!$'()*,=[]"
"""What ``allowReserved`` leaves as it is. ``& # + ;`` are encoded all the same: they would end the value, or be read
as something else."""


def plain(value: object) -> str:
    """A scalar as the text that stands in a path, a query or a header.

    Raises:
        BadRequest: it is a null, an object, or a number that is none.
    """
    if type(value) is str:
        return value
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


def quoted(value: object) -> str:
    """A scalar percent-encoded for a path or a query; most have nothing to encode."""
    text = plain(value)
    return text if _UNRESERVED.fullmatch(text) else quote(utf8(text), safe="")


def quoted_reserved(value: object) -> str:
    """The same for a query parameter that declares ``allowReserved``."""
    return quote(utf8(plain(value)), safe=RESERVED)


def utf8(text: str) -> bytes:
    """The bytes of a text.

    Raises:
        BadRequest: it holds a NUL or half of a surrogate pair.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise BadRequest("a text with half a character") from error
    if b"\0" in encoded:
        raise BadRequest("a text with a NUL character")
    return encoded
