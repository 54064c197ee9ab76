"""Facets of simple types (XML Schema part 2, section 4.3) held against texts that are about to be sent.

What a facet says and cannot be read in its type is not held against anyone: the description is wrong then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from resolvers.model import Scalar
from resolvers.soap.shapes import Facets, Simple

Check = Callable[[str], str]
"""What is wrong with a text, as a sentence that says what is allowed; empty where nothing is."""

_NUMBERS = frozenset({Scalar.INT, Scalar.BIG_INT, Scalar.DECIMAL, Scalar.FLOAT})


def checks(simple: Simple) -> Check | None:
    """The facets of a type; ``None`` where there are none to be held against anyone."""
    facets = simple.facets
    found = [check for check in (_lengths(simple, facets), _bounds(simple, facets), _digits(facets)) if check]
    if not found:
        return None

    def check(text: str) -> str:
        for one in found:
            complaint = one(text)
            if complaint:
                return complaint
        return ""

    return check


def _lengths(simple: Simple, facets: Facets) -> Check | None:
    least, most = facets.least_length, facets.most_length
    if (least is None and most is None) or simple.builtin in {"QName", "NOTATION"}:
        return None
    unit, measure = "characters", _letters
    if simple.scalar is Scalar.BASE64:
        unit, measure = "bytes", _bytes_of_base64
    elif simple.builtin == "hexBinary":
        unit, measure = "bytes", _bytes_of_hex

    def check(text: str) -> str:
        length = measure(text)
        if least is not None and length < least:
            return f"exactly {least} {unit} are needed" if least == most else f"at least {least} {unit} are needed"
        if most is not None and length > most:
            return f"exactly {most} {unit} are needed" if least == most else f"at most {most} {unit} are allowed"
        return ""

    return check


def _letters(text: str) -> int:
    return len(text)


def _bytes_of_base64(text: str) -> int:
    return len(text) // 4 * 3 - text.count("=", -2)


def _bytes_of_hex(text: str) -> int:
    return len(text) // 2


def _bounds(simple: Simple, facets: Facets) -> Check | None:
    if facets.least is None and facets.most is None:
        return None
    least, most = _order(simple.scalar, facets.least), _order(simple.scalar, facets.most)

    def check(text: str) -> str:
        value = _order(simple.scalar, text)
        low, high = _compared(value, least), _compared(value, most)
        if low is not None and (low < 0 or (low == 0 and facets.least_exclusive)):
            return f"more than {facets.least} is needed" if facets.least_exclusive else f"at least {facets.least}"
        if high is not None and (high > 0 or (high == 0 and facets.most_exclusive)):
            return f"less than {facets.most} is needed" if facets.most_exclusive else f"at most {facets.most}"
        return ""

    return check


def _order(scalar: Scalar, text: str | None) -> Decimal | dt.datetime | None:
    """What values of the type are compared by; ``None`` where they cannot be."""
    if text is None:
        return None
    try:
        if scalar in _NUMBERS:
            return Decimal(text)
        if scalar is Scalar.DATE:
            return dt.datetime.fromisoformat(f"{text[:10]}T00:00:00{text[10:]}")
        if scalar is Scalar.DATE_TIME:
            return dt.datetime.fromisoformat(text)
        if scalar is Scalar.TIME:
            return dt.datetime.fromisoformat(f"2000-01-01T{text}")
    except (ValueError, InvalidOperation):
        pass
    return None


def _compared(one: Decimal | dt.datetime | None, other: Decimal | dt.datetime | None) -> int | None:
    """Less, equal or more as -1, 0, 1; nothing between times of which only one has a zone (appendix E)."""
    if one is None or other is None:
        return None
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return (one > other) - (one < other)
    if isinstance(one, dt.datetime) and isinstance(other, dt.datetime) and bool(one.tzinfo) == bool(other.tzinfo):
        return (one > other) - (one < other)
    return None


def _digits(facets: Facets) -> Check | None:
    total, fraction = facets.total_digits, facets.fraction_digits
    if total is None and fraction is None:
        return None

    def check(text: str) -> str:
        whole, _, part = text.lstrip("+-").partition(".")
        whole, part = whole.lstrip("0"), part.rstrip("0")
        if fraction is not None and len(part) > fraction:
            return f"at most {fraction} digits after the point are allowed"
        if total is not None and len(whole) + len(part) > total:
            return f"at most {total} digits are allowed"
        return ""

    return check
