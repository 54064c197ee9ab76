"""Dates and times by the parts of a sample: ``YYYYMMDD``, ``DD.MM.YYYY HH:mm``, ``CYYDDD``, ``M/D/YYYY h:mm A``.

What parts there are, and how each is written, is decided in ``parts.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from resolvers.model import Scalar
from resolvers.shaping.coding import WHOLE, Coding, NoCoding
from resolvers.shaping.formats.parts import KINDS, PART, PARTS, Part, two_digits

_DAYS = ({"year", "month", "day"}, {"year", "yearday"})


def calendar(text: str, base: Scalar, pivot: int | None) -> Coding:
    """The coding of dates, times or both that are written as ``text``. ``pivot``: as of ``two_digits``.

    Raises:
        NoCoding: the sample leaves out or repeats something, or the source has no such values.
    """
    spelled = PART.findall(text)
    rest = PART.sub("\0", text)
    parts = [PARTS[each] if each != "YY" else two_digits(pivot, text) for each in spelled]
    scalar = _kind(text, spelled, parts, rest)
    digits = base in WHOLE
    if digits and (set(rest) != {"\0"} or any(not part.counts for part in parts)):
        raise NoCoding(f'whole numbers are not written as "{text}"', "write digits alone, as YYYYMMDD")
    if base in {Scalar.DECIMAL, Scalar.FLOAT}:
        raise NoCoding(f'numbers are not written as "{text}"', "remove format")
    made = _Calendar(text, parts, rest.split("\0"), scalar, zulu=rest.endswith("\0Z"), digits=digits)
    ranks = [KINDS.index(part.kind) for part in parts]
    falls = all(before < after for before, after in pairwise(ranks)) and all(part.ordered for part in parts)
    steps = falls and scalar is not Scalar.DATE
    return Coding(scalar, made.read, made.write, ordered=falls, floor=made.floor if steps else None)


class _Calendar:
    """``literals``: what stands before, between and behind the parts. ``zulu``: values are in UTC, and say so.
    ``digits``: they are whole numbers.
    """

    def __init__(
        self, text: str, parts: Sequence[Part], literals: Sequence[str], scalar: Scalar, *, zulu: bool, digits: bool
    ) -> None:
        self._text = text
        self._parts = parts
        self._literals = literals
        self._scalar = scalar
        self._zulu = zulu
        self._digits = digits
        self._width = sum(part.width or 2 for part in parts)
        self._finest = max(parts, key=lambda part: KINDS.index(part.kind))
        pieces = zip(literals, parts, strict=False)
        form = "".join(f"{re.escape(literal)}({part.pattern})" for literal, part in pieces) + re.escape(literals[-1])
        self._form = re.compile(form, re.ASCII)

    def read(self, raw: object) -> object:
        """What is written. Raises: ValueError: nothing is, in this way."""
        if type(raw) is int:
            raw = str(raw).zfill(self._width)  # as a number it has no zeros at its front
        match = self._form.fullmatch(raw) if isinstance(raw, str) else None
        if match is None:
            raise ValueError(f"not written as {self._text}")
        pieces = zip(self._parts, match.groups(), strict=True)
        given = {part.kind: part.read(written) for part, written in pieces}
        try:
            return _moment(given, self._scalar, zulu=self._zulu)
        except ValueError:  # a thirteenth month, whose own message may say which
            raise ValueError(f"not written as {self._text}") from None

    def write(self, value: object) -> object:
        """How a value is written. Raises: ValueError: it cannot be."""
        made = self._written(_broken_down(value, self._scalar, zulu=self._zulu))
        if self.read(made) != value:
            raise ValueError("finer than the source can say")
        return int(made) if self._digits else made

    def floor(self, value: object) -> object:
        """As ``Coding.floor``. A year that cannot be written is out of reach either way."""
        whole = self._finest.coarsened(_broken_down(value, self._scalar, zulu=self._zulu))
        made = self._written(whole)
        if _broken_down(self.read(made), self._scalar, zulu=self._zulu) != whole:
            raise ValueError("the source cannot say it")
        return int(made) if self._digits else made

    def _written(self, moment: datetime) -> str:
        told = [part.write(_number(part.kind, moment)) for part in self._parts]
        return "".join(map("".join, zip(self._literals, told, strict=False))) + self._literals[-1]


def _kind(text: str, spelled: Sequence[str], parts: Sequence[Part], rest: str) -> Scalar:
    """What values of a format are.

    Raises:
        NoCoding: the format leaves out or repeats something, or has letters that mean nothing.
    """
    strange = re.search(r"[A-Za-z]+", rest.removesuffix("Z").replace("\0T\0", "\0\0"))
    if strange:
        mend = "YYYY, CYY, YY, MM, MON, DDD, DD, HH, hh, mm, ss, SSS and A are known"
        raise NoCoding(f'"{strange[0]}" in "{text}" says nothing', mend)
    kinds = [part.kind for part in parts]
    if len(set(kinds)) < len(kinds):
        raise NoCoding(f'"{text}" says one thing twice', "minutes are mm, months are MM")
    dated = {"year", "month", "day", "yearday"} & set(kinds)
    timed = {"hour", "hour of twelve", "minute", "second", "fraction"} & set(kinds)
    if dated and dated not in _DAYS:
        raise NoCoding(f'"{text}" is no whole date', "name YYYY, MM and DD, or YYYY and DDD")
    _check_clock(text, timed, half="half" in kinds)
    loose = [(one, other) for one, other in pairwise(spelled) if not PARTS[one].width]
    if any(f"{one}{other}" in text for one, other in loose):
        raise NoCoding(f'"{text}" can be read in several ways', "give each part its full width")
    if "Z" in rest and not (dated and timed):
        raise NoCoding(f'"{text}" has a zone and is no moment', "remove the Z")
    return Scalar.DATE_TIME if dated and timed else Scalar.DATE if dated else Scalar.TIME


def _check_clock(text: str, timed: set[str], *, half: bool) -> None:
    """Raises ``NoCoding`` for what is no whole time of day."""
    if ("hour of twelve" in timed) is not half:
        mend = "write A where AM or PM stands" if not half else "hours up to twelve are hh or h"
        raise NoCoding(f'"{text}" does not say which half of the day it is', mend)
    plain = {each.replace("hour of twelve", "hour") for each in timed}
    whole = ["hour", "minute", "second", "fraction"]
    if len(plain) < len(timed) or (timed and plain != set(whole[: len(plain)])):
        raise NoCoding(f'"{text}" is no whole time', "name HH, then mm, ss and SSS")


def _moment(given: Mapping[str, int], scalar: Scalar, *, zulu: bool) -> object:
    hour = given["hour of twelve"] % 12 + 12 * given["half"] if "half" in given else given.get("hour", 0)
    clock = time(hour, given.get("minute", 0), given.get("second", 0), given.get("fraction", 0))
    if scalar is Scalar.TIME:
        return clock
    if "yearday" in given:
        day = date(given["year"], 1, 1) + timedelta(days=given["yearday"] - 1)
        if day.year != given["year"]:
            raise ValueError("the year has no such day")
    else:
        day = date(given["year"], given["month"], given["day"])
    if scalar is Scalar.DATE:
        return day
    return datetime.combine(day, clock, UTC if zulu else None)


def _number(kind: str, moment: datetime) -> int:
    match kind:
        case "yearday":
            return moment.timetuple().tm_yday
        case "hour of twelve":
            return (moment.hour - 1) % 12 + 1
        case "half":
            return moment.hour // 12
        case "fraction":
            return moment.microsecond
    return int(getattr(moment, kind))


def _broken_down(value: object, scalar: Scalar, *, zulu: bool) -> datetime:
    if scalar is Scalar.TIME and isinstance(value, time) and value.tzinfo is None:
        return datetime.combine(date(2000, 1, 1), value)
    if scalar is Scalar.DATE and isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if scalar is Scalar.DATE_TIME and isinstance(value, datetime):
        if zulu is not (value.tzinfo is not None):
            raise ValueError("the source says the zone, or says none")
        return value.astimezone(UTC) if zulu else value
    raise ValueError("of another type")
