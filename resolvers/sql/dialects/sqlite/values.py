"""Values of SQLite, which stores numbers, text and bytes and no more."""

from __future__ import annotations

import base64
import json
import math
import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation

from resolvers.model import Scalar
from resolvers.sql.column import Reader, SqlColumn
from resolvers.sql.values import Unfit


def stored(value: object) -> object:
    """A value as SQLite stores it, which has neither times nor UUIDs nor decimals."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date | time) else value


def exact(value: object) -> object:
    """A value as SQLite keeps it in a row.

    Raises:
        Unfit: SQLite would keep another one: its numbers have 64 bits.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    if not isinstance(value, Decimal):
        return stored(value)
    if value == value.to_integral_value() and -(1 << 63) <= value < 1 << 63:
        return int(value)
    number = float(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        raise Unfit("takes at most 15 digits in this database")
    return number


def loose(value: object) -> object:
    """A value for a column without a type, which keeps numbers and text as they come.

    Raises:
        Unfit: it is neither, or a number beyond 64 bits.
    """
    if isinstance(value, str) and "\0" not in value:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("takes text or a number")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise Unfit("takes whole numbers of 64 bits")
    return value


def _read_decimal(value: object) -> object:
    if isinstance(value, int | float | str):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return value
    return value


def _read_boolean(value: object) -> object:
    return bool(value) if value in (0, 1) else value


def _lenient(parse: Callable[[str], object]) -> Reader:
    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except ValueError:
            return value

    return read


def _day(text: str) -> date:
    # Loaders of dumps like to write a day as midnight.
    return date.fromisoformat(re.sub(r"[ T]00:00:00(\.0+)?$", "", text))


def _read_json(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _read_stored_json(value: object) -> object:
    return _lenient(json.loads)(value) if isinstance(value, str) else _read_json(value)


_READERS: dict[Scalar, Reader] = {
    Scalar.DECIMAL: _read_decimal,
    Scalar.BOOLEAN: _read_boolean,
    Scalar.DATE_TIME: _lenient(datetime.fromisoformat),
    Scalar.DATE: _lenient(_day),
    Scalar.TIME: _lenient(time.fromisoformat),
    Scalar.UUID: _lenient(uuid.UUID),
    Scalar.JSON: _read_stored_json,
}


def reader(column: SqlColumn) -> Reader | None:
    """What turns a stored value into that of the neutral form (``Spelling.reader``)."""
    return _read_json if column.degraded else _READERS.get(column.scalar)
