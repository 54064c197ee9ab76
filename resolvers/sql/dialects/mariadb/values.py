"""Values of MariaDB and MySQL: what the driver takes, and what its values are in the neutral form."""

from __future__ import annotations

import json
import struct
import uuid
from datetime import UTC, datetime, time, timedelta

from sqlalchemy.dialects import mysql

from resolvers.model import Scalar
from resolvers.sql.column import Reader, SqlColumn
from resolvers.sql.dialects.scalars import shortest_single
from resolvers.sql.kept import check_fraction
from resolvers.sql.values import Unfit

_DAY = timedelta(days=1)
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)


def sent(column: SqlColumn, value: object) -> object:
    """A fitting value as the driver takes it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # the session's zone is UTC
    if isinstance(value, float) and isinstance(column.column.type, mysql.FLOAT):
        # A column of single precision is compared in double: 0.1 there is not the 0.1 of a double.
        single: float = struct.unpack("f", struct.pack("f", value))[0]
        return single
    return value


def stored(column: SqlColumn, value: object) -> object:
    """A value that fits, as the driver takes it to be kept.

    Raises:
        Unfit: a fraction of a second that the column would round.
    """
    reflected = column.column.type
    if isinstance(reflected, mysql.SET) and isinstance(value, list):
        if None in value or len(set(value)) < len(value):
            raise Unfit("takes each of its values once, and no null")
        return ",".join(value)
    if isinstance(value, datetime | time):
        check_fraction(value.microsecond, getattr(reflected, "fsp", None) or 0)
    return sent(column, value)


def reader(column: SqlColumn) -> Reader | None:
    """What turns the driver's value into that of the neutral form (``Spelling.reader``)."""
    reflected = column.column.type
    if isinstance(reflected, mysql.SET):
        return _members
    if isinstance(reflected, mysql.BIT):
        return _bit if column.scalar is Scalar.BOOLEAN else _bits
    if isinstance(reflected, mysql.FLOAT):
        return shortest_single
    if isinstance(reflected, mysql.TIMESTAMP):
        return _zoned
    return _READERS.get(column.scalar)


def _members(value: object) -> object:
    if isinstance(value, str):
        return value.split(",") if value else []
    return sorted(value) if isinstance(value, set) else value


def _bits(value: object) -> object:
    return int.from_bytes(value) if isinstance(value, bytes) else value


def _bit(value: object) -> object:
    return _boolean(_bits(value))


def _boolean(value: object) -> object:
    """Every number but 0 is true, as these databases have it."""
    return bool(value) if isinstance(value, int) else value


def _no_day(value: object) -> object:
    """A day that is all zeros is how these databases spell that there is none (they say it ``IS NULL``, too)."""
    return None if isinstance(value, str) and value.startswith("0000-00-00") else value


def _zoned(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else _no_day(value)


def _time(value: object) -> object:
    """A time of day; what is longer than a day or before its start is none, and handed on as it is."""
    if isinstance(value, timedelta):
        return (_MIDNIGHT + value).time() if timedelta() <= value < _DAY else str(value)
    return value


def _uuid(value: object) -> object:
    try:
        return uuid.UUID(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str | bytes) else value
    except ValueError:
        return value


_READERS: dict[Scalar, Reader] = {
    Scalar.BOOLEAN: _boolean,
    Scalar.DATE: _no_day,
    Scalar.DATE_TIME: _no_day,
    Scalar.TIME: _time,
    Scalar.UUID: _uuid,
    Scalar.JSON: _json,
}
