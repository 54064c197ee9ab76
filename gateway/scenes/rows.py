"""Values of rows as a driver gives them, written as JSON and read again. What JSON has no value for is an object of one
member whose name begins with ``$``.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_READ: Mapping[str, Callable[[Any], object]] = {
    "$decimal": Decimal,
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$seconds": lambda text: timedelta(seconds=float(text)),
    "$uuid": uuid.UUID,
    "$bytes": base64.b64decode,
    "$object": lambda given: {name: from_plain(item) for name, item in given.items()},
}


def to_plain(value: object) -> Any:  # noqa: C901, PLR0911  # one for each kind of value
    """A value as JSON has it."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case time():
            return {"$time": value.isoformat()}
        case timedelta():
            return {"$seconds": str(value.total_seconds())}
        case uuid.UUID():
            return {"$uuid": str(value)}
        case bytes() | bytearray() | memoryview():
            return {"$bytes": base64.b64encode(bytes(value)).decode()}
        case list() | tuple():
            return [to_plain(item) for item in value]
        case Mapping():
            return {"$object": {str(name): to_plain(item) for name, item in value.items()}}
    return str(value)


def from_plain(value: object) -> object:
    """What ``to_plain`` wrote.

    Raises:
        ValueError, ArithmeticError: it did not write this.
    """
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if isinstance(value, dict) and len(value) == 1:
        ((name, inner),) = value.items()
        read = _READ.get(name)
        if read is not None:
            return read(inner)
    return value
