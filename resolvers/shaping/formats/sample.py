"""Which kind of format a sample is; what each kind says is decided in the files beside this one."""

from __future__ import annotations

import re

from resolvers.model import Scalar
from resolvers.shaping.coding import TEXTS, WHOLE, Base, Coding, NoCoding, strict
from resolvers.shaping.formats.calendar import calendar
from resolvers.shaping.formats.epochs import UNITS, days_since, since_epoch
from resolvers.shaping.formats.numbers import SAMPLES, number, padded
from resolvers.shaping.formats.words import words

_DATED = re.compile("YY|[^A-Za-z]DD|[Hh]:|[Hh]{2}")
_TWO_DIGITS = re.compile("(?<![CY])YY(?!Y)")
_PADDED = re.compile("[+-]?00+[+-]?")
_DAYS = re.compile(r"days since (\d{4}-\d\d-\d\d)", re.ASCII)
_PICTURE = re.compile(r"[+-]?S?[9ZX]*[9ZX]\(\d+\).*|S?9*S?V9+|S9+")


def formatted(text: str, base: Base, *, loose: bool = False, pivot: int | None = None) -> Coding:
    """The coding that a format says. ``loose``: numbers may have fewer or more digits behind their mark, and none of
    the marks between thousands. ``pivot``: the first of the hundred years that two digits can mean.

    Raises:
        NoCoding: it is no format, or values of the description are not written so.
    """
    if not isinstance(base, Scalar) or base not in TEXTS | WHOLE | {Scalar.JSON, Scalar.DECIMAL, Scalar.FLOAT}:
        shown = base.value if isinstance(base, Scalar) else base.name
        raise NoCoding(f"values of the type {shown} have no format", "remove format")
    made = _kind(text, base, loose=loose, pivot=pivot)
    if loose and made.scalar is not Scalar.DECIMAL:
        raise NoCoding("only numbers can be written loosely", "remove loose")
    if pivot is not None and not _TWO_DIGITS.search(text):
        raise NoCoding("pivot is said of years of two digits", "remove pivot", told="pivot")
    return made


def _kind(text: str, base: Scalar, *, loose: bool, pivot: int | None) -> Coding:
    _refuse(text)
    if text in UNITS:
        return since_epoch(UNITS[text], base)
    days = _DAYS.fullmatch(text)
    if days is not None:
        return days_since(days[1], base)
    if _DATED.search(text):
        made = calendar(text, base, pivot)
    elif text.count("/") == 1:
        made = words(text, base)
    elif _PADDED.fullmatch(text):
        made = padded(text, base)
    elif re.search(r"\d", text):
        made = number(text, base, loose=loose)
        return made if loose else strict(made, text)
    else:
        raise NoCoding(f'"{text}" is no format', SAMPLES)
    return strict(made, text)


def _refuse(text: str) -> None:
    """Raises ``NoCoding`` for ways of writing that are known, and that are not read."""
    if _PICTURE.fullmatch(text):
        mend = 'write as many zeros as it has digits, as "0000000", and the decimals that it implies as scale: 2'
        raise NoCoding(f'"{text}" is a picture of COBOL', mend)
    if re.search(r"[{}]", text) and re.search(r"\d", text):
        what = f'the last digit of "{text}" holds a sign (overpunch), and is none in every other character set'
        raise NoCoding(what, "let the source write signs of their own, and type: String until then")
    if re.search("[Hh]{2}", text) and re.search(r"[+-]00:?00|[+-]HH:?mm|ZZ|XX", text):
        what = f'with an offset, as in "{text}", one moment is written in several ways'
        raise NoCoding(what, "say type: DateTime, which reads ISO 8601 with offsets and is not filtered by")
