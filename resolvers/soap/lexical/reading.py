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
    try_to = _PARSERS[simple.scalar]
    complaint = f"not a value of xs:{simple.builtin}"

    def convert(text: str) -> object:
        value = try_to(text.strip(_BLANK))
        if value is None:
            raise SourceBadResponse(complaint)
        return value

    return convert


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


def _int(text: str) -> int | None:
    number = int(text) if INTEGER.fullmatch(text) else None
    return None if number is None or not -(2**31) <= number < 2**31 else number


def _float(text: str) -> float | None:
    real = float(text) if FLOAT.fullmatch(text) else math.inf
    return real if math.isfinite(real) else None


def _base64(text: str) -> str | None:
    joined = "".join(text.split())
    try:
        base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        return None
    return joined


def _dated(scalar: Scalar) -> Callable[[str], str | None]:
    form = DATES[scalar].fullmatch
    return lambda text: text if form(text) else None


_PARSERS: dict[Scalar, Callable[[str], object]] = {
    Scalar.BOOLEAN: _BOOLEANS.get,
    Scalar.INT: _int,
    Scalar.BIG_INT: lambda text: int(text) if INTEGER.fullmatch(text) else None,
    Scalar.DECIMAL: lambda text: Decimal(text) if DECIMAL.fullmatch(text) else None,
    Scalar.FLOAT: _float,
    Scalar.BASE64: _base64,
    **{scalar: _dated(scalar) for scalar in DATES},
    Scalar.ID: str,
    Scalar.UUID: str,
    Scalar.JSON: str,
}
