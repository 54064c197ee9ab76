"""Another value that is like a value: an address for an address, a day for a day, a number with as many digits.

Pure: which one it is follows from the digest that is given. Whether a value is to be replaced is decided elsewhere.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

EMAIL = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_DATE = re.compile(
    r"(?:\d{4}(?=[-/.])|(?:1[89]|2[01])\d{2})([-/.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?!\d(?!\d{5}(?!\d)))"
)
"""Year first, as ISO 8601 has it, and as systems write it that leave the signs out; a time may follow."""
_DAY_FIRST = re.compile(r"\d{2}([-/.])\d{2}\1\d{4}(?!\d)")
_FEWEST_DIGITS = 3


def text_like(text: str, digest: bytes, *, shaped: bool = True) -> str:
    """A text that looks like another. ``shaped``: one that is neither address nor day may keep its digits' places."""
    number = _number(digest)
    if EMAIL.fullmatch(text):
        return f"person{number % 1_000_000}@example.org"
    if is_iban(text):
        return _iban(text, digest)
    for pattern in (_DATE, _DAY_FIRST):
        written = pattern.match(text)
        if written is not None:
            return _day(number, written[1], first=pattern is _DAY_FIRST) + text[written.end() :]
    digits = sum(letter.isascii() and letter.isdigit() for letter in text)
    letters = any(letter.isalpha() for letter in text)
    if shaped and ((digits and not letters) or (digits >= _FEWEST_DIGITS and " " not in text)):
        return _shaped(text, digest)
    return f"Name{number % 1_000_000}"


def value_like(value: object, digest: bytes, *, near: bool) -> object:  # noqa: PLR0911  # one for each kind of value
    """A value of the same type, as fine as it is. ``near``: of the years about it, where a source has no others.

    Raises:
        ValueError: there is none like it.
    """
    number = _number(digest)
    match value:
        case date():  # with a time or without
            year = value.year + number % 21 - 10 if near else 1950 + number % 50
            return value.replace(year=year, month=1 + number // 50 % 12, day=1 + number // 600 % 28)
        case time():
            return value.replace(hour=number % 24, minute=number // 24 % 60 if value.minute else 0)
        case int():
            return int(_shaped(str(value), digest))
        case Decimal():
            return Decimal(_shaped(format(value, "f"), digest))
        case float():
            return float(_shaped(repr(value), digest))
        case UUID():
            return UUID(bytes=digest[:16], version=4)
        case str():
            return text_like(value, digest)
    raise ValueError("of no type that has others")


def spellings(value: object) -> tuple[str, ...]:
    """How callers write a value, the usual way first."""
    match value:
        case datetime():
            usual = value.isoformat()
            return (usual, usual.replace("+00:00", "Z")) if usual.endswith("+00:00") else (usual,)
        case date() | time():
            return (value.isoformat(),)
        case Decimal():
            return (format(value, "f"),)
        case bool():
            return ()
        case int() | float() | str() | UUID():
            return (str(value),)
    return ()


def spelled_as(value: object, text: str) -> object:
    """What a text says that is written as ``spellings`` writes a value.

    Raises:
        ValueError, ArithmeticError: nothing of its type.
    """
    match value:
        case datetime() | date() | time():
            return type(value).fromisoformat(text)
        case int() | float() | Decimal() | str() | UUID():
            return type(value)(text)
    raise ValueError("of no type that is written")


def like(value: object, instead: str) -> object:
    """What stands instead, as text or as number as the value is, with the spaces around it."""
    if isinstance(value, str):
        return value.replace(value.strip(), instead) if value.strip() else value
    with suppress(ValueError):
        return int(instead) if isinstance(value, int) else float(instead)
    return 0


def is_iban(text: str) -> bool:
    """ISO 13616: the number with its first four characters at the end, letters as numbers, is 1 modulo 97."""
    plain = text.replace(" ", "")
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:8])


def _day(number: int, sign: str, *, first: bool) -> str:
    """A day in another's way of writing; where the year is last, one that is read either way round."""
    year, month = f"{1950 + number % 50}", f"{1 + number // 50 % 12:02}"
    if first:
        return sign.join((f"{1 + number // 600 % 12:02}", month, year))
    return sign.join((year, month, f"{1 + number // 600 % 28:02}"))


def _shaped(text: str, digest: bytes) -> str:
    """The same text with other digits and letters of the same kinds; signs and places stay."""
    made = []
    begun = False
    for place, letter in enumerate(text):
        byte = digest[place % len(digest)] + place
        if letter.isdigit():
            made.append(str(1 + byte % 9 if not begun and letter != "0" else byte % 10) if letter.isascii() else letter)
            begun = True
        elif letter.isascii() and letter.isalpha() and len(text) > 12:  # an id, not a short code
            hexadecimal = letter.lower() in "abcdef"
            made.append(chr((97 if letter.islower() else 65) + byte % (6 if hexadecimal else 26)))
        else:
            made.append(letter)
    return "".join(made)


def _iban(text: str, digest: bytes) -> str:
    plain = text.replace(" ", "")
    inner = "".join(str(digest[place % 32] % 10) for place in range(len(plain) - 4))
    rest = int("".join(str(int(letter, 36)) for letter in f"{inner}{plain[:2]}00")) % 97
    made = f"{plain[:2]}{98 - rest:02}{inner}"
    return " ".join(made[at : at + 4] for at in range(0, len(made), 4)) if " " in text else made
