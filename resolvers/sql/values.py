"""Values on their way in: brought to a column's type before a driver sees them.

A value that a column cannot hold is refused here, so no driver ever complains about one and shows its SQL.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from resolvers.model import Scalar
from resolvers.sql.column import SqlColumn

_MAX_DIGITS = 1000
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_REAL_MAX = 3.4e38


class Unfit(ValueError):
    """The column can hold no such value. ``malformed``: no column of any database could."""

    def __init__(self, reason: str, *, malformed: bool = False) -> None:
        super().__init__(reason)
        self.malformed = malformed


def coerce(column: SqlColumn, value: object) -> object:
    """The value in the Python type of this column's scalar.

    Raises:
        Unfit: the column cannot hold it; the message says what it takes and never repeats the value.
    """
    if column.enum is not None:
        if not isinstance(value, str) or value not in column.enum.enums:
            raise Unfit("takes one of its declared values")
        return value
    coercer = _COERCERS.get(column.scalar)
    if coercer is None:
        raise Unfit("cannot be compared")
    return coercer(column, value)


def _integer(column: SqlColumn, value: object) -> int:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("takes a whole number")
    least, most = (0, 1 << column.bits) if column.unsigned else (-(1 << column.bits - 1), 1 << column.bits - 1)
    if not least <= value < most:
        raise Unfit(f"takes whole numbers of {column.bits} bits")
    return value


def _float(column: SqlColumn, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Unfit("takes a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or (type(column.bound_as).__name__ == "REAL" and abs(number) > _REAL_MAX):
        raise Unfit("takes a finite number")
    return number


def _decimal(_column: SqlColumn, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Unfit("takes a number")
    try:
        number = Decimal(str(value) if isinstance(value, float | str) else value)
    except (InvalidOperation, ValueError):
        raise Unfit("takes a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS or len(number.as_tuple().digits) > _MAX_DIGITS:
        raise Unfit("takes a finite number of at most a thousand digits")
    return number


def _boolean(_column: SqlColumn, value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("takes true or false")
    return value


def _string(column: SqlColumn, value: object) -> str:
    if not isinstance(value, str):
        raise Unfit("takes text")
    if "\0" in value or not (value.isascii() or _LONE_SURROGATE.search(value) is None):
        raise Unfit("takes text without NUL and lone surrogates", malformed=True)
    return value.rstrip(" ") if column.padded else value


def _date_time(column: SqlColumn, value: object) -> datetime:
    try:
        made = datetime.fromisoformat(value.upper()) if isinstance(value, str) and len(value) > 10 else value
        if isinstance(made, datetime):
            # A value or a column without a zone is in UTC: the one reading that does not hang on where a server stands.
            zoned = made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)
            return zoned if column.has_zone else zoned.replace(tzinfo=None)
    except (ValueError, OverflowError):
        pass
    raise Unfit("takes a date and time")


def _date(_column: SqlColumn, value: object) -> date:
    try:
        made = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        made = None
    if not isinstance(made, date) or isinstance(made, datetime):
        raise Unfit("takes a date")
    return made


def _time(column: SqlColumn, value: object) -> time:
    try:
        made = time.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        made = None
    if not isinstance(made, time):
        raise Unfit("takes a time of day")
    if column.has_zone:
        return made if made.tzinfo is not None else made.replace(tzinfo=UTC)
    if made.tzinfo is not None:
        raise Unfit("takes a time of day without a zone")
    return made


def _uuid(_column: SqlColumn, value: object) -> uuid.UUID:
    try:
        made = uuid.UUID(value) if isinstance(value, str) else value
    except ValueError:
        made = None
    if not isinstance(made, uuid.UUID):
        raise Unfit("takes a UUID")
    return made


def _bytes(_column: SqlColumn, value: object) -> bytes:
    try:
        made = base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except (binascii.Error, ValueError):
        made = None
    if not isinstance(made, bytes):
        raise Unfit("takes bytes in base64")
    return made


_COERCERS: dict[Scalar, Callable[[SqlColumn, object], object]] = {
    Scalar.INT: _integer,
    Scalar.BIG_INT: _integer,
    Scalar.FLOAT: _float,
    Scalar.DECIMAL: _decimal,
    Scalar.BOOLEAN: _boolean,
    Scalar.STRING: _string,
    Scalar.DATE_TIME: _date_time,
    Scalar.DATE: _date,
    Scalar.TIME: _time,
    Scalar.UUID: _uuid,
    Scalar.BASE64: _bytes,
}


def unpadded(value: object) -> object:
    """Text without its trailing spaces."""
    return value.rstrip(" ") if isinstance(value, str) else value
