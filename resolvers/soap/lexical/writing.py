"""Values of callers become texts: a speller is made once for a simple type, its facets among it.

It knows single values, no elements; a value that is refused is never quoted. Patterns are not held against anyone.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import math
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from resolvers.errors import BadRequest, SourceBadResponse
from resolvers.model import Scalar
from resolvers.soap.lexical.facets import checks
from resolvers.soap.lexical.forms import DATES, DECIMAL, RANGES, TEXTS
from resolvers.soap.lexical.reading import reads
from resolvers.soap.shapes import Simple

Spell = Callable[[object], str]
"""A value in, its text out; raises ``Unfit``."""

# Everything outside of the Char production of XML 1.0, section 2.2.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Unfit(BadRequest):
    """A value that cannot be written. ``path``: where it stands among the arguments, filled while it rises."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.reason = reason
        self.path = path

    def under(self, name: str) -> Unfit:
        """The same, told from one step further out."""
        if not self.path:
            return Unfit(self.reason, name)
        return Unfit(self.reason, f"{name}{self.path}" if self.path.startswith("[") else f"{name}.{self.path}")


def legal(text: str) -> str:
    """``text`` itself, when XML 1.0 can carry it.

    Raises:
        Unfit: it has a character that XML has no way to write (NUL, a lone surrogate).
    """
    if not (text.isascii() and text.isprintable()) and _ILLEGAL.search(text):  # most need no search
        raise Unfit("the text has a character that XML cannot carry")
    return text


def takes_any_text(simple: Simple) -> bool:
    """Whether every text of which ``is_simple`` is true is a value of the type, spelled as it is."""
    return simple.scalar is Scalar.STRING and not (
        simple.many or simple.union or simple.values or simple.builtin in TEXTS or checks(simple) is not None
    )


def is_simple(text: str) -> bool:
    """Whether XML can carry a text without a look at its characters."""
    return text.isascii() and text.isprintable()


def written(simple: Simple, value: object, name: str) -> str:
    """The text of one value, for which no speller is kept; ``name`` is for the error's sentence."""
    try:
        return spells(simple)(value)
    except Unfit as error:
        raise error.under(name) from None


def spells(simple: Simple) -> Spell:
    """The speller of a type, as section 3 of XML Schema part 2 spells its values."""
    if simple.many:
        return _list(simple)
    plain = _union(simple) if simple.union else _plain(simple)
    check = checks(simple)
    values = frozenset(simple.values)
    if not values and check is None:
        return plain

    def spell(value: object) -> str:
        text = plain(value)
        if values and text not in values:
            raise Unfit(f"not one of the values that are allowed: {_told(simple.values)}")
        if check is not None:
            complaint = check(text)
            if complaint:
                raise Unfit(complaint)
        return text

    return spell


def _told(values: tuple[str, ...]) -> str:
    shown = ", ".join(values[:10])
    return f"{shown} and {len(values) - 10} more" if len(values) > 10 else shown


def _list(simple: Simple) -> Spell:
    """Items parted by a space (section 2.5.1.2); facets are those of an item."""
    one = spells(replace(simple, many=False))

    def spell(value: object) -> str:
        if not isinstance(value, list | tuple):
            raise Unfit("a list is expected")
        texts: list[str] = []
        for index, item in enumerate(value):
            try:
                text = one(item)
            except Unfit as error:
                raise error.under(f"[{index}]") from None
            if not text or text.split() != [text]:
                raise Unfit("an item of this list can be neither empty nor hold white space", f"[{index}]")
            texts.append(text)
        return " ".join(texts)

    return spell


def _union(simple: Simple) -> Spell:
    """The first type of the union that takes the value; a text may be the spelling of a value of another type."""
    spellers = [(spells(member), reads(member)) for member in simple.union]

    def spell(value: object) -> str:
        for one, read in spellers:
            try:
                return one(value)
            except Unfit:
                if not isinstance(value, str):
                    continue
            try:
                return one(read(value))
            except (Unfit, SourceBadResponse):
                continue
        raise Unfit("not a value of any of the types that are allowed")

    return spell


def _plain(simple: Simple) -> Spell:
    """Without facets."""
    if simple.scalar is Scalar.STRING:
        return _text_of(simple)
    scalar, least_most = simple.scalar, RANGES.get(simple.builtin)
    complaint = f"not a value of type {simple.scalar}"

    def spell(value: object) -> str:
        text = _spelled(scalar, value)
        if text is None:
            raise Unfit(complaint)
        if least_most is not None and isinstance(value, int):
            least, most = least_most
            if (least is not None and value < least) or (most is not None and value > most):
                raise Unfit(f"a whole number {_between(least, most)} is expected")
        return text

    return spell


def _between(least: int | None, most: int | None) -> str:
    if least is None:
        return f"of at most {most}"
    return f"of at least {least}" if most is None else f"from {least} to {most}"


def _text_of(simple: Simple) -> Spell:
    form, wanted = TEXTS.get(simple.builtin, (None, ""))

    def spell(value: object) -> str:
        if isinstance(value, str):
            if form is not None and not simple.values and not form.fullmatch(value):
                raise Unfit(f"{wanted} is expected")
            return legal(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, bytes) and simple.builtin == "hexBinary":
            return value.hex().upper()
        raise Unfit("not a value of type String")

    return spell


def _spelled(scalar: Scalar, value: object) -> str | None:  # noqa: C901, PLR0911 - a table of scalars
    match scalar, value:
        case Scalar.BOOLEAN, bool():
            return "true" if value else "false"
        case _, bool():
            return None
        case ((Scalar.INT | Scalar.BIG_INT | Scalar.ID), int()):
            return str(value)
        case Scalar.FLOAT, float() | int() | Decimal():
            return _real(value)
        case Scalar.DECIMAL, Decimal() | int():
            return format(Decimal(value), "f") if Decimal(value).is_finite() else None
        case Scalar.DECIMAL, str():
            return value if DECIMAL.fullmatch(value) else _without_exponent(value)
        case Scalar.DATE | Scalar.DATE_TIME | Scalar.TIME, dt.date() | dt.time():
            return value.isoformat()
        case Scalar.DATE | Scalar.DATE_TIME | Scalar.TIME, str():
            return _dated(scalar, value)
        case Scalar.BASE64, bytes():
            return base64.b64encode(value).decode("ascii")
        case Scalar.BASE64, str():
            return _base64(value)
        case ((Scalar.ID | Scalar.UUID | Scalar.JSON), str()):
            return legal(value)
        case _:
            return str(value) if scalar is Scalar.UUID and value is not None else None


def _real(value: float | Decimal) -> str | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    return repr(number) if math.isfinite(number) else None


def _dated(scalar: Scalar, text: str) -> str | None:
    """RFC 3339 allows a space or small letters where XML Schema does not."""
    upper = text.upper().replace(" ", "T", 1) if scalar is Scalar.DATE_TIME else text.upper()
    return upper if DATES[scalar].fullmatch(upper) else None


def _base64(text: str) -> str | None:
    joined = "".join(text.split())
    try:
        base64.b64decode(joined, validate=True)
    except ValueError:
        return None
    return joined


def _without_exponent(text: str) -> str | None:
    """A decimal with an exponent, which XML Schema does not know, without it."""
    try:
        number = Decimal(text)
    except decimal.InvalidOperation:
        return None
    return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 1000 else None
