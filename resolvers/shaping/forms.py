"""Values in the one Python form of their type, whatever a source or a caller spells them. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from resolvers.model import Scalar

_MAX_DIGITS = 1000
PLAIN_WHOLE = re.compile(r"-?(0|[1-9]\d{0,999})", re.ASCII)
"""The one way in which a whole number is written."""
_DECIMAL = re.compile(r"[+-]?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})([eE][+-]?\d{1,3})?", re.ASCII)
_Moment = TypeVar("_Moment")


def text(raw: object) -> str:
    """A text, or a number as it is written. Raises: ValueError: it is none."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float | Decimal):
        return str(raw)
    raise ValueError("no text")


def integer(raw: object) -> int:
    """A whole number, or a text that is the one way of writing it. Raises: ValueError: it is none."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and len(raw) <= _MAX_DIGITS and PLAIN_WHOLE.fullmatch(raw):
        return int(raw)
    if isinstance(raw, float | Decimal):
        number = Decimal(str(raw)) if isinstance(raw, float) else raw
        if number.is_finite() and number.adjusted() < _MAX_DIGITS and number == number.to_integral_value():
            return int(number)
    raise ValueError("no whole number")


def decimal(raw: object) -> Decimal:
    """A number, or a text that says one; never an infinite one. Raises: ValueError: it is none."""
    if isinstance(raw, Decimal):
        number = raw
    elif isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        number = Decimal(raw)
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        try:
            number = Decimal(str(raw))
        except InvalidOperation as error:
            raise ValueError("no number") from error
    else:
        raise ValueError("no number")
    if not number.is_finite():
        raise ValueError("no finite number")
    return number


def real(raw: object) -> float:
    """As ``decimal``, in floating point. Raises: ValueError: it is none."""
    return float(decimal(raw))


def boolean(raw: object) -> bool:
    """A truth value, 1 and 0, or their words. Raises: ValueError: it is none."""
    if isinstance(raw, bool):
        return raw
    if raw == 1 or raw == "true":  # noqa: PLR1714  # 1 and a text are told apart by what they are
        return True
    if raw == 0 or raw == "false":  # noqa: PLR1714  # likewise
        return False
    raise ValueError("neither true nor false")


def _iso(read: Callable[[str], _Moment], text: str, what: str) -> _Moment:
    """What a text says; ``what``: that it says none, since the message of the reader itself repeats the text."""
    try:
        return read(text)
    except ValueError:
        raise ValueError(what) from None


def date_of(raw: object) -> date:
    """A day, or its text in ISO 8601. Raises: ValueError: it is none."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", raw, re.ASCII):
        return _iso(date.fromisoformat, raw, "no date")
    raise ValueError("no date")


def moment(raw: object) -> datetime:
    """A day with a time, or its text in ISO 8601. Raises: ValueError: it is none."""
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and re.match(r"\d{4}-\d\d-\d\d[Tt ]\d", raw, re.ASCII):
        return _iso(datetime.fromisoformat, raw.upper().replace(" ", "T", 1), "no date and time")
    raise ValueError("no date and time")


def time_of(raw: object) -> time:
    """A time of day, or its text in ISO 8601. Raises: ValueError: it is none."""
    if isinstance(raw, time):
        return raw
    if isinstance(raw, str) and re.match(r"\d\d:\d\d", raw, re.ASCII):
        return _iso(time.fromisoformat, raw, "no time")
    raise ValueError("no time")


def uuid_of(raw: object) -> uuid.UUID:
    """A UUID, or its text. Raises: ValueError: it is none."""
    return raw if isinstance(raw, uuid.UUID) else uuid.UUID(text(raw))


_MAKERS: Mapping[Scalar, Callable[[object], object]] = {
    Scalar.INT: integer,
    Scalar.BIG_INT: integer,
    Scalar.DECIMAL: decimal,
    Scalar.DATE: date_of,
    Scalar.DATE_TIME: moment,
    Scalar.TIME: time_of,
    Scalar.UUID: uuid_of,
}
"""Scalars whose values have several forms, and what makes one of them."""


def native(scalar: Scalar, value: object) -> object:
    """A value in the one form among those of its scalar that can be compared.

    Raises:
        ValueError: it is none.
    """
    found = _MAKERS.get(scalar)
    return value if found is None else found(value)


def alike(value: object) -> object:
    """A value as it is compared with others: a moment without its offset, which is UTC where there is none."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            return value.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return value
    return value
