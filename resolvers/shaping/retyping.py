"""Values that are of another type than the description says: numbers that it takes for texts, and the like. Pure."""

from __future__ import annotations

import math

from resolvers.model import EnumType, Scalar
from resolvers.shaping.coding import NUMBERS, TEXTS, WHOLE, Base, Coding, Convert, NoCoding, strict
from resolvers.shaping.forms import (
    PLAIN_WHOLE,
    boolean,
    date_of,
    decimal,
    integer,
    moment,
    real,
    text,
    time_of,
    uuid_of,
)


def retyped(target: Scalar, base: Base) -> Coding:
    """The coding of values that are of another type than the description says.

    Raises:
        NoCoding: values of the one are never values of the other.
    """
    if isinstance(base, EnumType):
        made = of_text(target)
    elif base is target:
        raise NoCoding(f"the description says {target.value} already", "remove type")
    elif base in TEXTS or base is Scalar.JSON:
        made = of_text(target)
    elif base in NUMBERS:
        made = _of_number(target, base)
    else:
        made = None
    if made is None:
        shown = base.name if isinstance(base, EnumType) else base.value
        raise NoCoding(f"values of the type {shown} cannot be read as {target.value}")
    return made


def of_text(target: Scalar) -> Coding | None:
    """What a text is as another type; a source whose description lies may say the other type itself."""
    if target in WHOLE:
        return strict(Coding(target, integer, lambda value: str(integer(value))), "a whole number")
    ways: dict[Scalar, tuple[Convert, Convert]] = {
        Scalar.STRING: (text, text),
        Scalar.ID: (text, text),
        Scalar.DECIMAL: (decimal, lambda value: format(decimal(value), "f")),
        Scalar.FLOAT: (real, lambda value: repr(real(value))),
        Scalar.BOOLEAN: (boolean, lambda value: "true" if boolean(value) else "false"),
        Scalar.DATE: (date_of, lambda value: date_of(value).isoformat()),
        Scalar.DATE_TIME: (moment, lambda value: moment(value).isoformat()),
        Scalar.TIME: (time_of, lambda value: time_of(value).isoformat()),
        Scalar.UUID: (uuid_of, lambda value: str(uuid_of(value))),
    }
    if target not in ways:
        return None
    read, write = ways[target]
    return Coding(target, read, write, exact=target in _ONE_WAY, ordered=target in TEXTS | {Scalar.DATE})


_ONE_WAY = TEXTS | {Scalar.BOOLEAN, Scalar.DATE}
"""Types whose values have one spelling alone, as they are read here."""


def _of_number(target: Scalar, base: Scalar) -> Coding | None:
    back: Convert = integer if base in WHOLE else float if base is Scalar.FLOAT else decimal  # type: ignore[assignment]  # a number is given
    if target in WHOLE:
        return Coding(target, integer, back, ordered=True)
    if target in {Scalar.DECIMAL, Scalar.FLOAT}:
        read, whole = decimal if target is Scalar.DECIMAL else real, base in WHOLE
        return Coding(target, read, back, ordered=True, total=whole, floor=_floor if whole else None)
    if target in TEXTS and base in WHOLE:
        return Coding(
            target,
            lambda raw: str(integer(raw)),
            lambda value: integer(value) if _spelled(value) else value,
            total=True,
        )
    if target is Scalar.BOOLEAN and base in WHOLE:
        return Coding(target, boolean, lambda value: int(boolean(value)))
    return None


def _floor(value: object) -> int:
    return math.floor(decimal(value))


def _spelled(value: object) -> bool:
    """Whether a text is the one way in which a whole number is written.

    Raises:
        ValueError: it is not.
    """
    if PLAIN_WHOLE.fullmatch(str(value)) is None:
        raise ValueError("no whole number")
    return True
