"""The parts of dates and times: how each number is written, and read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from resolvers.shaping.coding import NoCoding

PART = re.compile("CYY|YYYY|YY|MON|Mon|MM|DDD|DD|HH|hh|mm|ss|SSSSSS|SSS|M|D|H|h|A")
KINDS = (
    "year", "month", "yearday", "day", "half", "hour", "hour of twelve", "minute", "second", "fraction"
)  # fmt: skip
"""From the coarsest to the finest: texts whose parts stand in this order are ordered as what they say."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Part:
    """``kind``: which number it is. ``width``: how many letters it has; 0: as many as it needs. ``counts``: it is made
    of digits. ``ordered``: what is written is ordered as the numbers are. ``unit``: a fraction is a multiple of so many
    microseconds.
    """

    kind: str
    pattern: str
    width: int
    read: Callable[[str], int]
    write: Callable[[int], str]
    counts: bool = True
    ordered: bool = True
    unit: int = 1

    def coarsened(self, moment: datetime) -> datetime:
        """The moment without what is finer than this part says."""
        fine = {"minute": 1, "second": 2, "fraction": 3}.get(self.kind, 0)
        return moment.replace(
            minute=moment.minute if fine > 0 else 0,
            second=moment.second if fine > 1 else 0,
            microsecond=moment.microsecond // self.unit * self.unit if fine > 2 else 0,
        )


def _digits(kind: str, width: int, *, ordered: bool = True, before: int = 0) -> Part:
    """Digits of one width. ``before``: what is left out of the number."""
    return Part(
        kind,
        rf"\d{{{width}}}",
        width,
        lambda text: int(text) + before,
        lambda number: str(number - before).zfill(width),
        ordered=ordered,
    )


def _short(kind: str) -> Part:
    return Part(kind, r"\d{1,2}", 0, int, str, ordered=False)


def _fraction(width: int) -> Part:
    unit = 10 ** (6 - width)
    return Part(
        "fraction",
        rf"\d{{{width}}}",
        width,
        lambda text: int(text) * unit,
        lambda number: str(number // unit).zfill(width),
        unit=unit,
    )


def _words(kind: str, words: tuple[str, ...], first: int) -> Part:
    return Part(
        kind,
        "|".join(words),
        len(words[0]),
        lambda text: words.index(text) + first,
        lambda number: words[number - first],
        counts=False,
        ordered=False,
    )


PARTS = {
    "YYYY": _digits("year", 4),
    "CYY": _digits("year", 3, before=1900),
    "MM": _digits("month", 2),
    "M": _short("month"),
    "MON": _words("month", tuple(map(str.upper, _MONTHS)), 1),
    "Mon": _words("month", _MONTHS, 1),
    "DDD": _digits("yearday", 3),
    "DD": _digits("day", 2),
    "D": _short("day"),
    "HH": _digits("hour", 2),
    "H": _short("hour"),
    "hh": _digits("hour of twelve", 2, ordered=False),
    "h": _short("hour of twelve"),
    "A": _words("half", ("AM", "PM"), 0),
    "mm": _digits("minute", 2),
    "ss": _digits("second", 2),
    "SSS": _fraction(3),
    "SSSSSS": _fraction(6),
    "YY": _digits("year", 2),
}
"""How samples spell them. ``YY`` is whole by ``two_digits`` alone."""


def two_digits(pivot: int | None, text: str) -> Part:
    """Years of two digits. ``pivot``: the first year that they can mean, and those of a hundred years from there.

    Raises:
        NoCoding: nobody said which hundred years.
    """
    if pivot is None:
        mend = "say pivot: 1930, the first year that they can mean (30 is 1930 then, and 29 is 2029), or write YYYY"
        raise NoCoding(f'nothing says of which century "YY" in "{text}" is', mend)
    return Part(
        "year",
        r"\d{2}",
        2,
        lambda written: pivot + (int(written) - pivot) % 100,
        lambda year: str(year % 100).zfill(2),
        ordered=pivot % 100 == 0,
    )
