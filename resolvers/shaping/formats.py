"""Formats: what a sample such as ``YYYYMMDD``, ``1.234,56`` or ``Y/N`` says of how values are written.

Pure. A value is read only where it is written exactly so; whoever allows more loses filters, for the source would no
longer find what is equal.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise

from resolvers.model import Scalar
from resolvers.shaping.coding import TEXTS, WHOLE, Base, Coding, NoCoding, strict

_PART = re.compile(r"YYYY|MM|DD|HH|mm|ss|SSSSSS|SSS|M|D|H")
_DATES, _TIMES = ("YYYY", "MM", "M", "DD", "D"), ("HH", "H", "mm", "ss", "SSS", "SSSSSS")
_SIZE = {"YYYY": 4, "MM": 2, "DD": 2, "HH": 2, "mm": 2, "ss": 2, "SSS": 3, "SSSSSS": 6}
_RANK = {"YYYY": 0, "MM": 1, "M": 1, "DD": 2, "D": 2, "HH": 3, "H": 3, "mm": 4, "ss": 5, "SSS": 6, "SSSSSS": 6}
_NUMBER = re.compile(r"(?P<front>-?)(?P<head>[\d.,' \u00a0\u202f]*\d)(?P<back>-?)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"unix": timedelta(seconds=1), "unix-ms": timedelta(milliseconds=1)}
_SAMPLES = 'write a sample: YYYYMMDD, "DD.MM.YYYY HH:mm:ss", unix, "1.234,56" or Y/N'


def formatted(text: str, base: Base, *, loose: bool = False) -> Coding:
    """The coding that a format says. ``loose``: numbers may have fewer or more digits behind their mark, and none of
    the marks between thousands.

    Raises:
        NoCoding: it is no format, or values of the description are not written so.
    """
    if not isinstance(base, Scalar) or base not in TEXTS | WHOLE | {Scalar.JSON, Scalar.DECIMAL, Scalar.FLOAT}:
        shown = base.value if isinstance(base, Scalar) else base.name
        raise NoCoding(f"values of the type {shown} have no format", "remove format")
    if text in _UNITS:
        return _since_epoch(_UNITS[text], base)
    if re.search("YY|[^A-Za-z]DD|[Hh]:|[Hh]{2}", text):
        made = _calendar(text, base)
    elif text.count("/") == 1:
        made = _words(text, base)
    elif re.fullmatch("00+", text):
        made = _padded(text, base)
    elif re.search(r"\d", text):
        made = _number(text, base, loose=loose)
        return made if loose else strict(made, text)
    else:
        raise NoCoding(f'"{text}" is no format', _SAMPLES)
    if loose:
        raise NoCoding("only numbers can be written loosely", "remove loose")
    return strict(made, text)


def _texts_only(text: str, base: Base) -> None:
    if base not in TEXTS | {Scalar.JSON}:
        assert isinstance(base, Scalar)
        raise NoCoding(f'values of the type {base.value} are not written as "{text}"', "remove format")


def _since_epoch(unit: timedelta, base: Base) -> Coding:
    """Seconds, or thousandths of them, since the beginning of 1970 in UTC."""
    as_text = base in TEXTS

    def read(raw: object) -> object:
        whole = Decimal(_written(raw)) if isinstance(raw, str | int | float | Decimal) and raw is not True else None
        if whole is None or not whole.is_finite() or abs(whole) > _MOST_UNITS:
            raise ValueError("no number of seconds")
        return _EPOCH + timedelta(microseconds=int(whole * (unit // _MICROSECOND)))

    def write(value: object) -> object:
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError("no moment")
        units, rest = divmod(value - _EPOCH, unit)
        if rest:
            raise ValueError("finer than the source can say")
        return str(units) if as_text else units

    return Coding(Scalar.DATE_TIME, read, write, exact=not as_text and base in WHOLE, ordered=base in WHOLE)


_MICROSECOND = timedelta(microseconds=1)
_MOST_UNITS = Decimal(10) ** 14


def _written(raw: object) -> str:
    text = str(raw)
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        raise ValueError("no number")
    return text


def _calendar(text: str, base: Base) -> Coding:
    parts = _PART.findall(text)
    rest = _PART.sub("\0", text)
    scalar = _kind(text, parts, rest)
    zulu = rest.endswith("\0Z")
    digits = base in WHOLE
    if digits and set(rest) != {"\0"}:
        raise NoCoding(f'whole numbers are not written as "{text}"', "write digits alone, as YYYYMMDD")
    if base in {Scalar.DECIMAL, Scalar.FLOAT}:
        raise NoCoding(f'numbers are not written as "{text}"', "remove format")
    literals = rest.split("\0")
    pattern = "".join(
        re.escape(literal) + (rf"(\d{{{_SIZE[part]}}})" if part in _SIZE else r"(\d{1,2})")
        for literal, part in zip(literals, parts, strict=False)
    ) + re.escape(literals[-1])
    found = re.compile(pattern, re.ASCII)
    width = sum(_SIZE.get(part, 2) for part in parts)

    def read(raw: object) -> object:
        if type(raw) is int:
            raw = str(raw).zfill(width)  # as a number it has no zeros at its front
        match = found.fullmatch(raw) if isinstance(raw, str) else None
        if match is None:
            raise ValueError(f"not written as {text}")
        given = {_RANK[part]: number for part, number in zip(parts, match.groups(), strict=True)}
        try:
            return _moment(given, scalar, zulu=zulu)
        except ValueError:  # a thirteenth month, whose own message may say which
            raise ValueError(f"not written as {text}") from None

    def write(value: object) -> object:
        moment = _broken_down(value, scalar, zulu=zulu)
        numbers = {0: moment.year, 1: moment.month, 2: moment.day, 3: moment.hour, 4: moment.minute, 5: moment.second}
        told = [
            _fraction(part, moment) if _RANK[part] == 6 else str(numbers[_RANK[part]]).zfill(_SIZE.get(part, 1))
            for part in parts
        ]
        written = "".join(map("".join, zip(literals, told, strict=False))) + literals[-1]
        if read(written) != value:
            raise ValueError("finer than the source can say")
        return int(written) if digits else written

    ranks = [_RANK[part] for part in parts]
    falls = all(before < after for before, after in pairwise(ranks)) and all(part in _SIZE for part in parts)
    return Coding(scalar, read, write, ordered=falls)


def _kind(text: str, parts: list[str], rest: str) -> Scalar:
    """What values of a format are.

    Raises:
        NoCoding: the format leaves out or repeats something, or has letters that mean nothing.
    """
    strange = re.search(r"[A-Za-z]+", rest.removesuffix("Z").replace("\0T\0", "\0\0"))
    if strange:
        mend = "YYYY, MM, DD, HH, mm, ss and SSS are known"
        mend = "write the year with its century, YYYY" if strange[0] in {"YY", "yy"} else mend
        raise NoCoding(f'"{strange[0]}" in "{text}" says nothing', mend)
    ranks = [_RANK[part] for part in parts]
    if len(set(ranks)) < len(ranks):
        raise NoCoding(f'"{text}" says one thing twice', "minutes are mm, months are MM")
    dated = {0, 1, 2} & set(ranks)
    timed = {3, 4, 5, 6} & set(ranks)
    if dated and dated != {0, 1, 2}:
        raise NoCoding(f'"{text}" is no whole date', "name YYYY, MM and DD")
    if timed and timed not in ({3}, {3, 4}, {3, 4, 5}, {3, 4, 5, 6}):
        raise NoCoding(f'"{text}" is no whole time', "name HH, then mm, ss and SSS")
    loose = [(one, other) for one, other in pairwise(parts) if one not in _SIZE]
    if any(f"{one}{other}" in text for one, other in loose):
        raise NoCoding(f'"{text}" can be read in several ways', "give each part its full width")
    if "Z" in rest and not (dated and timed):
        raise NoCoding(f'"{text}" has a zone and is no moment', "remove the Z")
    return Scalar.DATE_TIME if dated and timed else Scalar.DATE if dated else Scalar.TIME


def _moment(given: dict[int, str], scalar: Scalar, *, zulu: bool) -> object:
    fraction = int(given.get(6, "0").ljust(6, "0"))
    clock = time(int(given.get(3, 0)), int(given.get(4, 0)), int(given.get(5, 0)), fraction)
    if scalar is Scalar.TIME:
        return clock
    day = date(int(given[0]), int(given[1]), int(given[2]))
    if scalar is Scalar.DATE:
        return day
    return datetime.combine(day, clock, UTC if zulu else None)


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


def _fraction(part: str, moment: datetime) -> str:
    return f"{moment.microsecond:06}"[: _SIZE[part]]


def _words(text: str, base: Base) -> Coding:
    """Two words, the first for true. The second may be empty, as where a flag is set or is not."""
    yes, _, no = text.partition("/")
    if yes == no or not yes:
        raise NoCoding(f'"{text}" does not say what is true and what is false', "write two words, as Y/N")
    spelled: dict[object, bool] = {yes: True, no: False}
    if base in WHOLE:
        if not (yes.isdecimal() and no.isdecimal()):
            raise NoCoding(f'whole numbers are not written as "{text}"', "write two numbers, as 1/0")
        spelled = {int(yes): True, int(no): False}
    else:
        _texts_only(text, base)
    back = {truth: word for word, truth in spelled.items()}

    def read(raw: object) -> object:
        if isinstance(raw, bool | list | dict) or raw not in spelled:
            raise ValueError(f"not written as {text}")
        return spelled[raw]

    def write(value: object) -> object:
        if not isinstance(value, bool):
            raise TypeError("neither true nor false")
        return back[value]

    return Coding(Scalar.BOOLEAN, read, write, known=tuple(spelled))


def _padded(text: str, base: Base) -> Coding:
    """Whole numbers of one width, filled up with zeros at the front."""
    _texts_only(text, base)
    width = len(text)

    def read(raw: object) -> object:
        if not isinstance(raw, str) or re.fullmatch(rf"\d{{{width}}}", raw, re.ASCII) is None:
            raise ValueError(f"not written as {text}")
        return int(raw)

    def write(value: object) -> object:
        if not isinstance(value, int) or not 0 <= value < 10**width:
            raise ValueError("a number of another width")
        return str(value).zfill(width)

    return Coding(Scalar.INT if width <= 9 else Scalar.BIG_INT, read, write, ordered=True)


def _number(text: str, base: Base, *, loose: bool) -> Coding:
    """A number with marks of its own; how many digits stand behind the last of them is part of the sample."""
    _texts_only(text, base)
    match = _NUMBER.fullmatch(text)
    if match is None or (match["front"] and match["back"]):
        raise NoCoding(f'"{text}" is no number', _SAMPLES)
    behind = bool(match["back"])
    thousands, mark, decimals = _marks(text, match["head"])
    digits = r"\d{1,3}(?:" + re.escape(thousands) + r"\d{3})*" if thousands else r"\d+"
    if thousands and loose:
        digits = rf"(?:{digits}|\d+)"
    tail = rf"(?:{re.escape(mark)}\d+)?" if loose and mark else rf"{re.escape(mark)}\d{{{decimals}}}" if mark else ""
    form = re.compile(rf"({digits}{tail})(-?)" if behind else rf"(-?)({digits}{tail})", re.ASCII)

    def read(raw: object) -> object:
        found = form.fullmatch(raw) if isinstance(raw, str) and len(raw) <= _LONGEST else None
        if found is None:
            raise ValueError(f"not written as {text}")
        number, sign = (found[1], found[2]) if behind else (found[2], found[1])
        plain = number.replace(thousands, "") if thousands else number
        return Decimal(sign + (plain.replace(mark, ".") if mark else plain))

    def write(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
            raise TypeError("no number")
        number = Decimal(value)
        if not number.is_finite() or number.adjusted() > _LONGEST:
            raise ValueError("no number of a moderate size")
        written = f"{abs(number):.{decimals}f}"
        if Decimal(written) != abs(number):
            raise ValueError("finer than the source can say")
        whole, _, fraction = written.partition(".")
        grouped = f"{int(whole):,}".replace(",", thousands) if thousands else whole
        sign = "-" if number < 0 else ""
        shown = grouped + (mark + fraction if mark else "")
        return shown + sign if behind else sign + shown

    return Coding(Scalar.DECIMAL, read, write, exact=not loose)


_LONGEST = 200


def _marks(text: str, head: str) -> tuple[str, str, int]:
    """The mark between thousands, the one before the decimals, and how many of these there are.

    Raises:
        NoCoding: the sample does not say which mark is which.
    """
    marks = re.sub(r"\d", "", head)
    kinds = set(marks)
    groups = re.split(r"[^\d]", head)
    grouped = all(len(group) == 3 for group in groups[1:]) and 1 <= len(groups[0]) <= 3
    if not kinds:
        return "", "", 0
    if len(kinds) == 1 and len(marks) == 1:
        if grouped and marks in ".,":
            raise NoCoding(f'"{text}" may be a thousand or a fraction', 'write a longer sample, as "1.234,56"')
        return (marks, "", 0) if grouped else ("", marks, len(groups[-1]))
    last = marks[-1]
    if len(kinds) == 1 and grouped:
        return last, "", 0
    if len(kinds) == 2 and marks.count(last) == 1 and all(len(group) == 3 for group in groups[1:-1]):
        return marks[0], last, len(groups[-1])
    raise NoCoding(f'"{text}" is no number', _SAMPLES)
