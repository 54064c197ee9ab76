"""Counts from a day that is stated: seconds or thousandths of them since 1970, days since any day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from resolvers.model import Scalar
from resolvers.shaping.coding import TEXTS, WHOLE, Coding, NoCoding, strict
from resolvers.shaping.forms import date_of, integer

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_UNITS = Decimal(10) ** 14
UNITS = {"unix": timedelta(seconds=1), "unix-ms": timedelta(milliseconds=1)}


def since_epoch(unit: timedelta, base: Scalar) -> Coding:
    """Seconds, or thousandths of them, since the beginning of 1970 in UTC."""
    as_text = base in TEXTS

    def read(raw: object) -> object:
        whole = Decimal(_written(raw)) if isinstance(raw, str | int | float | Decimal) and raw is not True else None
        if whole is None or not whole.is_finite() or abs(whole) > _MOST_UNITS:
            raise ValueError("no number of seconds")
        return _EPOCH + timedelta(microseconds=int(whole * (unit // _MICROSECOND)))

    def units(value: object) -> tuple[int, timedelta]:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("no moment")
        return divmod(value - _EPOCH, unit)

    def write(value: object) -> object:
        whole, rest = units(value)
        if rest:
            raise ValueError("finer than the source can say")
        return str(whole) if as_text else whole

    whole_numbers = base in WHOLE
    return Coding(
        Scalar.DATE_TIME,
        read,
        write,
        exact=whole_numbers,
        ordered=whole_numbers,
        floor=(lambda value: units(value)[0]) if whole_numbers else None,
    )


def _written(raw: object) -> str:
    text = str(raw)
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        raise ValueError("no number")
    return text


def days_since(day: str, base: Scalar) -> Coding:
    """Whole days since a day, which is 0: 1970-01-01 of Unix, 1899-12-30 of spreadsheets, 1600-12-31 of COBOL.

    Raises:
        NoCoding: it is no day of the calendar.
    """
    try:
        first = date.fromisoformat(day)
    except ValueError:
        raise NoCoding(f'"{day}" is no day', "write the day that is 0, as 1970-01-01") from None
    as_text = base in TEXTS

    def read(raw: object) -> object:
        return first + timedelta(days=integer(raw))

    def write(value: object) -> object:
        days = (date_of(value) - first).days
        return str(days) if as_text else days

    form = f"days since {day}"
    ordered = base in WHOLE | {Scalar.DECIMAL, Scalar.FLOAT}
    return strict(Coding(Scalar.DATE, read, write, exact=base is not Scalar.JSON, ordered=ordered), form)
