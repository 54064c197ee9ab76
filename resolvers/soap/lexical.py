"""Values to the text of XML Schema part 2 and back, exactly. It knows single values, no elements."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import math
import re
from decimal import Decimal

from resolvers.errors import BadRequest, SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.shapes import Simple

_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
_FORMS = {
    Scalar.DATE: re.compile(rf"-?\d{{4,}}-\d\d-\d\d{_ZONE}", re.ASCII),
    Scalar.DATE_TIME: re.compile(rf"-?\d{{4,}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?{_ZONE}", re.ASCII),
    Scalar.TIME: re.compile(rf"\d\d:\d\d:\d\d(?:\.\d+)?{_ZONE}", re.ASCII),
}
_INTEGER = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*", re.ASCII)
# Everything outside of the Char production of XML 1.0, section 2.2.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KEPT = frozenset({"string", "normalizedString"})
"""Types whose white space is part of the value."""


def legal(text: str, name: str) -> str:
    """``text`` itself, when XML 1.0 can carry it.

    Raises:
        BadRequest: it has a character that XML has no way to write (NUL, a lone surrogate).
    """
    if _ILLEGAL.search(text):
        raise BadRequest(f"{name}: the text has a character that XML cannot carry")
    return text


def written(simple: Simple, value: object, name: str) -> str:
    """The text of a value as section 3 of XML Schema part 2 spells it. ``name`` is for the error's sentence.

    Raises:
        BadRequest: the value is not of the type, or XML cannot carry it.
    """
    if simple.many:
        if not isinstance(value, list | tuple):
            raise BadRequest(f"{name}: a list is expected")
        items = [_one(simple, item, name) for item in value]
        if any(not item or item.split() != [item] for item in items):
            raise BadRequest(f"{name}: an item of this list can be neither empty nor hold white space")
        return " ".join(items)
    return _one(simple, value, name)


def _one(simple: Simple, value: object, name: str) -> str:
    text = value if simple.scalar is Scalar.STRING and isinstance(value, str) else _spelled(simple.scalar, value)
    if text is None:
        raise BadRequest(f"{name}: not a value of type {simple.scalar}")
    if simple.values and text not in simple.values:
        raise BadRequest(f"{name}: not one of the values that are allowed")
    return legal(text, name)


def _spelled(scalar: Scalar, value: object) -> str | None:  # noqa: PLR0911 - a table of scalars
    match scalar, value:
        case Scalar.BOOLEAN, bool():
            return "true" if value else "false"
        case _, bool():
            return None
        case ((Scalar.INT | Scalar.BIG_INT | Scalar.STRING), int()):
            return str(value)
        case Scalar.FLOAT, float() | int() | Decimal():
            number = float(value)
            return repr(number) if math.isfinite(number) else None
        case Scalar.DECIMAL, Decimal() | int():
            return format(Decimal(value), "f") if Decimal(value).is_finite() else None
        case Scalar.DECIMAL, str():
            return value if _DECIMAL.fullmatch(value) else _plain(value)
        case Scalar.DATE | Scalar.DATE_TIME | Scalar.TIME, dt.date() | dt.time():
            return value.isoformat()
        case Scalar.BASE64, bytes():
            return base64.b64encode(value).decode("ascii")
        case ((Scalar.STRING | Scalar.DATE | Scalar.DATE_TIME | Scalar.TIME | Scalar.BASE64), str()):
            return value
        case _:
            return None


def _plain(text: str) -> str | None:
    """A decimal with an exponent, which XML Schema does not know, without it."""
    try:
        number = Decimal(text)
    except decimal.InvalidOperation:
        return None
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 1000 else None


def value_of(simple: Simple, text: str, name: str) -> object:
    """The value that a reply's text stands for; dates and times are handed on as they stand.

    Raises:
        SourceBadResponse: the text is not of the type; its detail names the place, never the text.
    """
    if simple.many:
        return [_read(simple, item, name) for item in text.split()]
    return _read(simple, text, name)


def _read(simple: Simple, text: str, name: str) -> object:
    if simple.scalar is Scalar.STRING and not simple.values and simple.builtin in KEPT:
        return text
    stripped = text.strip(" \t\r\n")
    if simple.values:
        for candidate in (text, stripped):
            if candidate in simple.values:
                return candidate
        raise SourceBadResponse(f"{name}: not one of the values of {simple.name or 'its enumeration'}")
    value = _parsed(simple, stripped)
    if value is None:
        raise SourceBadResponse(f"{name}: not a value of xs:{simple.builtin}")
    return value


def _parsed(simple: Simple, text: str) -> object:  # noqa: PLR0911 - a table of scalars
    match simple.scalar:
        case Scalar.BOOLEAN:
            return {"true": True, "1": True, "false": False, "0": False}.get(text)
        case Scalar.INT | Scalar.BIG_INT:
            number = int(text) if _INTEGER.fullmatch(text) else None
            narrow = simple.scalar is Scalar.INT
            return None if number is None or (narrow and not -(2**31) <= number < 2**31) else number
        case Scalar.DECIMAL:
            return Decimal(text) if _DECIMAL.fullmatch(text) else None
        case Scalar.FLOAT:
            real = float(text) if _FLOAT.fullmatch(text) else math.inf
            return real if math.isfinite(real) else None
        case Scalar.DATE | Scalar.DATE_TIME | Scalar.TIME:
            return text if _FORMS[simple.scalar].fullmatch(text) else None
        case Scalar.BASE64:
            joined = "".join(text.split())
            try:
                base64.b64decode(joined, validate=True)
            except (binascii.Error, ValueError):
                return None
            return joined
        case _ if simple.builtin == "hexBinary":
            return text if _HEX.fullmatch(text) else None
        case _:
            return text
