"""Texts of replies become values: a converter is made once for a simple type. It knows single texts, no elements.

Facets beyond enumerations are not held against a source: what it sends within its type is told as it is.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from resolvers.errors import SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.lexical.forms import DATES, DECIMAL, FLOAT, HEX, INTEGER, KEPT, SPACES
from resolvers.soap.shapes import Simple

Convert = Callable[[str], object]
"""A text in, a value out; raises ``SourceBadResponse``, whose detail never quotes the text."""

_BLANK = " \t\r\n"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def reads(simple: Simple) -> Convert:
    """The converter of a type; dates and times are handed on as they stand."""
    if simple.many:
        one = reads(replace(simple, many=False))
        return lambda text: [one(item) for item in text.split()]
    if simple.values:
        return _enumerated(simple)
    if simple.union:
        return _any_of(simple)
    if simple.scalar is Scalar.STRING:
        return _texts(simple)
    return _typed(simple)


def value_of(simple: Simple, text: str, name: str) -> object:
    """The value of one text, for which no converter is kept.

    Raises:
        SourceBadResponse: the text is not of the type; its detail begins with ``name``.
    """
    try:
        return reads(simple)(text)
    except SourceBadResponse as error:
        raise SourceBadResponse(f"{name}: {error.detail}") from None


def _enumerated(simple: Simple) -> Convert:
    values = frozenset(simple.values)
    complaint = f"not one of the values of {simple.name or 'its enumeration'}"

    def convert(text: str) -> object:
        if text in values:
            return text
        stripped = text.strip(_BLANK)
        if stripped in values:
            return stripped
        raise SourceBadResponse(complaint)

    return convert


def _any_of(simple: Simple) -> Convert:
    """A value of any of the types of a union; as text where the union is served as text."""
    converters = [reads(member) for member in simple.union]
    plain = simple.scalar is Scalar.STRING

    def convert(text: str) -> object:
        for one in converters:
            try:
                value = one(text)
            except SourceBadResponse:
                continue
            return value if not plain or isinstance(value, str) else text.strip(_BLANK)
        raise SourceBadResponse("not a value of any type of its union")

    return convert


def _texts(simple: Simple) -> Convert:
    match simple.builtin:
        case kept if kept in KEPT:
            return str
        case "normalizedString":
            return lambda text: SPACES.sub(" ", text)
        case "hexBinary":
            return _hex
        case _:
            return lambda text: " ".join(text.split())


def _hex(text: str) -> object:
    stripped = text.strip(_BLANK)
    if HEX.fullmatch(stripped):
        return stripped
    raise SourceBadResponse("not a value of xs:hexBinary")


def _typed(simple: Simple) -> Convert:
    """A value of a form. Most senders write it without outer space, so that is taken away only where it has to be."""
    matches, made = _FORMS[simple.scalar]
    complaint = f"not a value of xs:{simple.builtin}"

    def convert(text: str) -> object:
        if not matches(text):
            text = text.strip(_BLANK)
            if not matches(text):
                raise SourceBadResponse(complaint)
        value = made(text)
        if value is None:
            raise SourceBadResponse(complaint)
        return value

    common = _COMMON.get(simple.scalar)
    return convert if common is None else common(convert)


# The most common spellings, for which no form need be matched; whatever is not one of them goes the whole way.


def _common_whole(convert: Convert, limit: int) -> Convert:
    return lambda text: int(text) if len(text) < limit and text.isdecimal() and text.isascii() else convert(text)


def _common_decimal(convert: Convert) -> Convert:
    return lambda text: Decimal(text) if text.isascii() and text.replace(".", "", 1).isdecimal() else convert(text)


def _common_boolean(convert: Convert) -> Convert:
    return lambda text: True if text == "true" else False if text == "false" else convert(text)


_COMMON: dict[Scalar, Callable[[Convert], Convert]] = {
    Scalar.INT: lambda convert: _common_whole(convert, 10),
    Scalar.BIG_INT: lambda convert: _common_whole(convert, 1000),
    Scalar.DECIMAL: _common_decimal,
    Scalar.BOOLEAN: _common_boolean,
}


def _int(text: str) -> int | None:
    number = int(text)
    return number if -(2**31) <= number < 2**31 else None


def _float(text: str) -> float | None:
    real = float(text)
    return real if math.isfinite(real) else None


def _base64(text: str) -> str | None:
    joined = "".join(text.split())
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return None
    return joined


def _anything(_: str) -> bool:
    return True


_FORMS: dict[Scalar, tuple[Callable[[str], object], Callable[[str], object]]] = {
    Scalar.BOOLEAN: (_BOOLEANS.__contains__, _BOOLEANS.get),
    Scalar.INT: (INTEGER.fullmatch, _int),
    Scalar.BIG_INT: (INTEGER.fullmatch, int),
    Scalar.DECIMAL: (DECIMAL.fullmatch, Decimal),
    Scalar.FLOAT: (FLOAT.fullmatch, _float),
    Scalar.BASE64: (_anything, _base64),
    **{scalar: (form.fullmatch, str) for scalar, form in DATES.items()},
    **dict.fromkeys((Scalar.ID, Scalar.UUID, Scalar.JSON), (_anything, str)),
}
"""Whether a text has the form of a scalar, and what is made of it."""
