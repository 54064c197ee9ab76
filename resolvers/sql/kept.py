"""Values on their way into a row: what a column can keep exactly, and nothing that it would round, cut or wrap.

What a value is compared with is decided in ``values.py``; what a database stores otherwise in its own room.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from resolvers.model import Scalar
from resolvers.sql.column import SqlColumn, SqlType
from resolvers.sql.values import Unfit, coerce

_MICROSECOND_DIGITS = 6


def kept(column: SqlColumn, value: object) -> object:
    """The value in the Python type of this column's scalar; of an array a list, of JSON its text.

    Raises:
        Unfit: the column cannot keep it exactly; the message never repeats the value.
    """
    if not column.array:
        return _one(column, value)
    if not isinstance(value, list):
        raise Unfit("takes a list")
    return [None if item is None else _one(column, item) for item in value]


def json_text(value: object) -> str:
    """The text of a JSON value (RFC 8259).

    Raises:
        Unfit: it has text that no database takes.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("takes text without lone surrogates") from None
    return text


def _one(column: SqlColumn, value: object) -> object:
    if column.scalar is Scalar.JSON and column.enum is None:
        return json_text(value)
    made = coerce(column, value)
    if column.enum is None:
        _check(_declared(column.column.type), made)
    return made


def _declared(reflected: SqlType) -> Any:
    """The type of a value, under domains and arrays."""
    while True:
        inner = getattr(reflected, "data_type", None) or getattr(reflected, "item_type", None)
        if inner is None:
            return reflected
        reflected = inner


def _check(declared: Any, value: object) -> None:
    length = getattr(declared, "length", None)
    if isinstance(value, str) and length is not None and len(value) > length:
        raise Unfit(f"takes at most {length} characters")
    if isinstance(value, Decimal):
        _check_decimal(value, getattr(declared, "precision", None), getattr(declared, "scale", None))
    precision = getattr(declared, "precision", None)
    if isinstance(value, datetime | time) and precision is not None and precision < _MICROSECOND_DIGITS:
        check_fraction(value.microsecond, precision)


def check_fraction(microseconds: int, digits: int) -> None:
    """A second's fraction that a column of so many ``digits`` keeps.

    Raises:
        Unfit: it would be rounded.
    """
    if microseconds % 10 ** (_MICROSECOND_DIGITS - digits):
        raise Unfit(f"takes at most {digits} digits of a second's fraction")


def _check_decimal(value: Decimal, precision: int | None, scale: int | None) -> None:
    if precision is None:
        return
    scale = scale or 0
    if value != 0 and _fraction(value) > scale:
        raise Unfit(f"takes at most {scale} digits after the point")
    if value != 0 and value.adjusted() >= precision - scale:
        raise Unfit(f"takes at most {precision - scale} digits before the point")


def _fraction(value: Decimal) -> int:
    """How many digits after the point count."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    digits = str(int(value.scaleb(-exponent))) if exponent < 0 else ""
    return max(0, -exponent - (len(digits) - len(digits.rstrip("0"))))
