"""Values of a source that mean nothing: ``""``, ``00000000``, ``0`` where a date, a code or a number is not there.

Pure. What conditions become of it is decided in ``conditions.py``, what is written instead of null in ``calls.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, time
from decimal import Decimal

from resolvers.model import EnumType, Scalar
from resolvers.shaping.coding import NUMBERS, TEXTS, UNREADABLE, WHOLE, Base, Coding, NoCoding
from resolvers.shaping.forms import alike, native
from resolvers.shaping.retyping import of_text

Nothing = str | int | float
"""How the file writes such a value."""
_LEAVES = (str, int, float, Decimal, date, time)
_CLOCKS = frozenset({Scalar.DATE, Scalar.DATE_TIME, Scalar.TIME})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_LONG = 100
_PLAIN = TEXTS | NUMBERS | _CLOCKS | {Scalar.JSON}


def plain(base: Base) -> Coding:
    """The coding of values that are what the description says, but for those that mean nothing.

    Raises:
        NoCoding: nothing else can be told of such values.
    """
    if isinstance(base, EnumType):
        raise NoCoding(f"{base.name} is an enum", "say it in values, with null for what means nothing", told="nulls")
    if base not in _PLAIN:
        raise NoCoding(f"values of the type {base.value} all mean something", "remove nulls", told="nulls")
    return Coding(base, _same, _same, ordered=True, plain=True)


def nulled(coding: Coding, given: Sequence[Nothing], base: Base, *, tables: bool) -> Coding:
    """The coding that knows what means nothing. ``tables``: such values can only be of the type of a column.

    Raises:
        NoCoding: the source has no such value.
    """
    sayable, others = _apart(given, base, tables=tables)
    for value in sayable:
        if value in coding.known:
            raise NoCoding(f'"{value}" stands for a word and for nothing', "say one of the two", told="nulls")
    if coding.plain:
        coding = replace(coding, as_sent=bool(others))
        if others:  # what is no value of the type comes through only where readers do not check it
            assert isinstance(base, Scalar)
            made = of_text(base)
            assert made is not None, "JSON has all texts"
            coding = replace(coding, read=made.read)
    read, nulls = coding.read, frozenset(map(alike, sayable))

    def read_or_nothing(raw: object) -> object:
        if isinstance(raw, _LEAVES) and not isinstance(raw, bool) and (raw in others or _plainly(raw, base) in nulls):
            return None
        return read(raw)

    return replace(coding, read=read_or_nothing, nulls=tuple(sayable))


def _apart(given: Sequence[Nothing], base: Base, *, tables: bool) -> tuple[list[object], frozenset[str]]:
    """The values that are of the source's type, and the texts that are not.

    Raises:
        NoCoding: there can be no such value, or it is said twice.
    """
    sayable, others = list[object](), set[str]()
    for value in given:
        try:
            sayable.append(_of_base(value, base))
        except UNREADABLE:
            if tables or not isinstance(value, str):
                shown = base.name if isinstance(base, EnumType) else base.value
                raise NoCoding(f'no value of the type {shown} is "{value}"', key=value, told="nulls") from None
            others.add(value)
    if len(set(map(str, sayable))) + len(others) < len(given):
        raise NoCoding("one value stands there twice", "write each once", told="nulls")
    return sayable, frozenset(others)


def _plainly(raw: object, base: Base) -> object:
    """A value as the source's type has it, however it was sent: XML has texts alone."""
    if base in TEXTS:
        return str(raw)
    if base in NUMBERS and isinstance(raw, str):
        return Decimal(raw) if len(raw) < _LONG and _NUMBER.fullmatch(raw) else raw
    try:
        return alike(native(base, raw)) if isinstance(base, Scalar) and base in _CLOCKS else raw
    except UNREADABLE:
        return raw


def _of_base(value: Nothing, base: Base) -> object:
    """The value as the source has it.

    Raises:
        ValueError: it has no such value.
    """
    if isinstance(base, EnumType):
        return next(_among(value, base))
    if base in TEXTS:
        return str(value)
    if base is Scalar.JSON:
        return value
    if base in WHOLE | _CLOCKS | {Scalar.DECIMAL}:
        return native(base, value)
    if base is Scalar.FLOAT and not isinstance(value, str):
        return float(value)
    raise ValueError("it cannot be compared")


def _among(value: Nothing, base: EnumType) -> Iterator[object]:
    for each in base.values:
        if str(each.value) == str(value):
            yield each.value
    raise ValueError("no value of the enum")


def _same(value: object) -> object:
    return value
