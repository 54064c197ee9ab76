"""Values of rows and values that are given, brought to one form in which they can be compared.

A value is compared as it would be shown: brought to the type of the given value it is compared with, which is the one
of the field's scalar. A text that says a number, a moment or a UUID is one. What a comparison says is decided in
``matching.py``; keys of links, which know the types of both sides, have rules of their own (``keys.py``).
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

Bring: TypeAlias = "Callable[[Any], Any]"
"""The comparable form of a value; ``None`` where it has none."""

_MAX_DIGITS = 1000
_MAX_BITS = 3000
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def bringing(given: object) -> Bring | None:
    """What brings values to the form in which they are compared with ``given``; ``None``: nothing is."""
    return _BRINGING.get(type(given))


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> int | Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) <= _MAX_DIGITS and _NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, float):
        # By its digits, as a Decimal shows it: 0.1 is not 0.1000000000000000055.
        value = Decimal(str(value))
    return value if isinstance(value, Decimal) and value.is_finite() else None


def _float(value: object) -> float | None:
    number = _number(value)
    try:
        made = None if number is None else float(number)
    except OverflowError:
        return None
    return made if made is not None and math.isfinite(made) else None


def text_of(value: object) -> str | None:
    if isinstance(value, str):
        return value
    # An ID may be a number; Python writes none of too many digits.
    numbered = isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= _MAX_BITS
    return str(value) if numbered else None


def _moment(value: object) -> datetime | None:
    """In UTC, where no zone is said: the one reading that does not hang on where a server stands."""
    try:
        if isinstance(value, str) and 10 < len(value) <= 64:  # a day, and more
            value = datetime.fromisoformat(value.upper())
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?", value, re.ASCII):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _clock(value: object) -> timedelta | None:
    """The time since midnight in UTC, where no zone is said."""
    if isinstance(value, str) and len(value) <= 32 and re.match(r"\d\d:\d\d", value, re.ASCII):
        try:
            value = time.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, time):
        return None
    passed = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return passed - (value.utcoffset() or timedelta())


def _uuid(value: object) -> uuid.UUID | None:
    if isinstance(value, str):
        return uuid.UUID(value) if _UUID.fullmatch(value) else None
    return value if isinstance(value, uuid.UUID) else None


def _bytes(value: object) -> bytes | None:
    if isinstance(value, str):
        try:
            return base64.b64decode("".join(value.split()), validate=True)
        except (binascii.Error, ValueError):
            return None
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else None


ORDERED: frozenset[Bring] = frozenset({_number, _float, text_of, _moment, _day, _clock})
_BRINGING: dict[type, Bring] = {
    bool: _boolean,
    int: _number,
    Decimal: _number,
    float: _float,
    str: text_of,
    datetime: _moment,
    date: _day,
    time: _clock,
    uuid.UUID: _uuid,
    bytes: _bytes,
}
