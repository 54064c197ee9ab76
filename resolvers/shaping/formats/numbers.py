"""Numbers that are written with marks of their own, or filled up with zeros to one width."""

from __future__ import annotations

import re
from decimal import Decimal

from resolvers.model import Scalar
from resolvers.shaping.coding import Coding, NoCoding, texts_only

_NUMBER = re.compile(r"(?P<front>-?)(?P<head>[\d.,' \u00a0\u202f]*\d)(?P<back>-?)", re.ASCII)
_LONGEST = 200
SAMPLES = 'write a sample: YYYYMMDD, "DD.MM.YYYY HH:mm:ss", unix, "1.234,56" or Y/N'


def padded(text: str, base: Scalar) -> Coding:
    """Whole numbers of one width, filled up with zeros at the front. A minus in the sample may stand there, in front
    or behind; where there is a plus, each number has one of the two.

    Raises:
        NoCoding: the source has no texts, or the sample two signs.
    """
    texts_only(text, base)
    front, back, width = text[:1] in "+-", text[-1:] in "+-", text.count("0")
    if front and back:
        raise NoCoding(f'"{text}" has two signs', "leave one of them")
    signs = r"[+-]" if "+" in text else "-?" if "-" in text else ""
    form = re.compile(
        rf"(?P<sign>{signs})(?P<digits>\d{{{width}}})" if not back else rf"(?P<digits>\d{{{width}}})(?P<sign>{signs})",
        re.ASCII,
    )
    most, least = 10**width - 1, -(10**width) + 1 if signs else 0

    def read(raw: object) -> object:
        found = form.fullmatch(raw) if isinstance(raw, str) else None
        if found is None:
            raise ValueError(f"not written as {text}")
        return -int(found["digits"]) if found["sign"] == "-" else int(found["digits"])

    def write(value: object) -> object:
        if not isinstance(value, int) or not least <= value <= most:
            raise ValueError("a number of another width")
        sign = "-" if value < 0 else "+" if "+" in text else ""
        digits = str(abs(value)).zfill(width)
        return digits + sign if back else sign + digits

    def floor(value: object) -> object:
        return write(min(value, most) if isinstance(value, int) else value)

    scalar = Scalar.INT if width <= 9 else Scalar.BIG_INT
    return Coding(scalar, read, write, ordered=not signs, floor=None if signs else floor)


def number(text: str, base: Scalar, *, loose: bool) -> Coding:
    """A number with marks of its own; how many digits stand behind the last of them is part of the sample.

    Raises:
        NoCoding: the sample does not say which mark is which, or the source has no texts.
    """
    texts_only(text, base)
    match = _NUMBER.fullmatch(text)
    if match is None or (match["front"] and match["back"]):
        raise NoCoding(f'"{text}" is no number', SAMPLES)
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
    raise NoCoding(f'"{text}" is no number', SAMPLES)
