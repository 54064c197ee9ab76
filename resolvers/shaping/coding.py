"""``Coding``: how one value of a source is written there, and what it is. Code tables and corrected types are made
here; formats of dates, numbers and words for true and false in ``formats.py``.

Pure. Where a value stands, and what is done with one that is not written so, is nobody's business here.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from resolvers.model import EnumType, Scalar

TEXTS = frozenset({Scalar.STRING, Scalar.ID})
WHOLE = frozenset({Scalar.INT, Scalar.BIG_INT})
_NUMBERS = WHOLE | {Scalar.FLOAT, Scalar.DECIMAL}
_MAX_DIGITS = 1000
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,999})", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,1000}(\.\d{0,1000})?|\.\d{1,1000})([eE][+-]?\d{1,3})?", re.ASCII)

_Moment = TypeVar("_Moment")
UNREADABLE = (ValueError, TypeError, ArithmeticError)
"""What is raised for a value that is not written so, or cannot be."""
Convert = Callable[[object], object]
Base = Scalar | EnumType
"""What the description says of a value."""


class NoCoding(ValueError):
    """Values of the description cannot be read so. ``mend``: how else it could be said; ``key``: of the table, or the
    value that is meant; ``told``: the setting, if it is not the one that says how values are written.
    """

    def __init__(self, what: str, mend: str = "", key: str | float | None = None, told: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.key = key
        self.told = told


@dataclass(frozen=True, slots=True)
class Coding:
    """``scalar``: what a value is; a word of ``words`` where there are any. ``read``: what the source says → what it
    is; ``write``: the way back. Both raise ``ValueError``, and neither is given a null.

    ``exact``: a value is written in one way only, so that the source finds those that are equal. ``ordered``: as the
    source orders what is written, the values are ordered.
    """

    scalar: Scalar
    read: Convert
    write: Convert
    exact: bool = True
    ordered: bool = False
    words: tuple[str, ...] = ()
    known: tuple[object, ...] = ()
    """All that can be written, where that can be told; a row with anything else fulfils no condition."""
    one_way: str = ""
    """The word that is written in several ways, so that there is no way back from it."""
    nulls: tuple[object, ...] = ()
    """What the source says where it means nothing, and can be asked for and given; ``read`` gives ``None`` for it."""
    plain: bool = False
    """Whether values are what the description says, but for what means nothing."""
    as_sent: bool = True
    """Whether ``read`` takes what was sent, whatever the description takes it for."""

    def back(self, value: object) -> object:
        """What is written for a value in any form that its scalar has (``Scalar``).

        Raises:
            ValueError: the source cannot say it; for it, that means nothing.
        """
        written = self.bound(value)
        if self.nulls and written in self.nulls:
            raise ValueError("it means nothing")
        return written

    def bound(self, value: object) -> object:
        """As ``back``, of a value that others are less or greater than: no value need be equal to it."""
        return self.write(value if self.words else native(self.scalar, value))


def strict(coding: Coding, form: str) -> Coding:
    """The coding, which reads what it would write itself and nothing else: so equal values are written alike. ``form``:
    how values are written, for whoever reads of one that is not.

    What the source says as another type than it would be written in (a number for a text) is what it is.
    """
    read, write = coding.read, coding.write

    def exactly(raw: object) -> object:
        value = read(raw)
        written = write(value)
        if type(raw) is type(written) and raw != written:
            raise ValueError(f"not written as {form}")
        return value

    return replace(coding, read=exactly)


def remembering(coding: Coding) -> Coding:
    """The coding, which has the values at hand that it read before: those of a column are seldom all different."""
    read, known = coding.read, dict[object, object]()

    def remembered(raw: object) -> object:
        if type(raw) is not str or len(raw) > _LONG:
            return read(raw)
        found = known.get(raw, known)
        if found is known:
            found = read(raw)
            if len(known) >= _MOST:
                known.clear()
            known[raw] = found
        return found

    return replace(coding, read=remembered)


_LONG, _MOST = 64, 2000


def table(values: Mapping[str | int, str], base: Base) -> Coding:
    """A code table: what the source says → the word that stands for it.

    Raises:
        NoCoding: the description says that there are no such codes.
    """
    known: dict[object, str] = {_code(code, base): word for code, word in values.items()}
    back: dict[str, object] = {}
    twice = ""
    for code, word in known.items():
        twice = twice or (word if word in back else "")
        back.setdefault(word, code)
    as_text = isinstance(base, Scalar) and base in TEXTS
    as_number = isinstance(base, Scalar) and base in WHOLE

    def read(raw: object) -> object:
        if as_text and type(raw) is int:
            raw = str(raw)
        elif as_number and isinstance(raw, str):
            raw = _integer(raw)
        if isinstance(raw, bool | list | dict) or raw not in known:
            raise ValueError("the table has no such code")
        return known[raw]

    def write(word: object) -> object:
        if word not in back or word == twice:
            raise ValueError("the table has no such word")
        return back[str(word)]

    return Coding(Scalar.STRING, read, write, exact=not twice, words=tuple(back), known=tuple(known), one_way=twice)


def _code(code: str | int, base: Base) -> object:
    if isinstance(base, EnumType):
        found = next((each.value for each in base.values if str(each.value) == str(code)), None)
        if found is None:
            raise NoCoding(f'the description knows no value "{code}"', key=code)
        return found
    if base in TEXTS:
        return str(code)
    if base in WHOLE:
        if isinstance(code, int) or _WHOLE.fullmatch(code):
            return int(code)
        raise NoCoding(f'the values are whole numbers, and "{code}" is none', key=code)
    if base is Scalar.JSON:
        return code
    raise NoCoding(f"values of the type {base.value} are no codes", "remove values")


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
    elif base in _NUMBERS:
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
        return strict(Coding(target, _integer, lambda value: str(_integer(value))), "a whole number")
    ways: dict[Scalar, tuple[Convert, Convert]] = {
        Scalar.STRING: (_text, _text),
        Scalar.ID: (_text, _text),
        Scalar.DECIMAL: (_decimal, lambda value: format(_decimal(value), "f")),
        Scalar.FLOAT: (_float, lambda value: repr(_float(value))),
        Scalar.BOOLEAN: (_boolean, lambda value: "true" if _boolean(value) else "false"),
        Scalar.DATE: (_date, lambda value: _date(value).isoformat()),
        Scalar.DATE_TIME: (_date_time, lambda value: _date_time(value).isoformat()),
        Scalar.TIME: (_time, lambda value: _time(value).isoformat()),
        Scalar.UUID: (_uuid, lambda value: str(_uuid(value))),
    }
    if target not in ways:
        return None
    read, write = ways[target]
    return Coding(target, read, write, exact=target in _ONE_WAY, ordered=target in TEXTS | {Scalar.DATE})


_ONE_WAY = TEXTS | {Scalar.BOOLEAN, Scalar.DATE}
"""Types whose values have one spelling alone, as they are read here."""


def _of_number(target: Scalar, base: Scalar) -> Coding | None:
    back: Convert = _integer if base in WHOLE else float if base is Scalar.FLOAT else _decimal  # type: ignore[assignment]  # a number is given
    if target in WHOLE:
        return Coding(target, _integer, back, ordered=True)
    if target is Scalar.DECIMAL:
        return Coding(target, _decimal, back, ordered=True)
    if target is Scalar.FLOAT:
        return Coding(target, _float, back, ordered=True)
    if target in TEXTS and base in WHOLE:
        return Coding(
            target, lambda raw: str(_integer(raw)), lambda value: _integer(value) if _spelled(value) else value
        )
    if target is Scalar.BOOLEAN and base in WHOLE:
        return Coding(target, _boolean, lambda value: int(_boolean(value)))
    return None


def _spelled(value: object) -> bool:
    """Whether a text is the one way in which a whole number is written.

    Raises:
        ValueError: it is not.
    """
    if _WHOLE.fullmatch(str(value)) is None:
        raise ValueError("no whole number")
    return True


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float | Decimal):
        return str(raw)
    raise ValueError("no text")


def _integer(raw: object) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and len(raw) <= _MAX_DIGITS and _WHOLE.fullmatch(raw):
        return int(raw)
    if isinstance(raw, float | Decimal):
        number = Decimal(str(raw)) if isinstance(raw, float) else raw
        if number.is_finite() and number.adjusted() < _MAX_DIGITS and number == number.to_integral_value():
            return int(number)
    raise ValueError("no whole number")


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, Decimal):
        number = raw
    elif isinstance(raw, str) and _DECIMAL.fullmatch(raw):
        number = Decimal(raw)
    elif isinstance(raw, int | float) and not isinstance(raw, bool):
        try:
            number = Decimal(str(raw))
        except InvalidOperation as error:
            raise ValueError("no number") from error
    else:
        raise ValueError("no number")
    if not number.is_finite():
        raise ValueError("no finite number")
    return number


def _float(raw: object) -> float:
    return float(_decimal(raw))


def _boolean(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw == 1 or raw == "true":  # noqa: PLR1714  # 1 and a text are told apart by what they are
        return True
    if raw == 0 or raw == "false":  # noqa: PLR1714  # likewise
        return False
    raise ValueError("neither true nor false")


def _iso(read: Callable[[str], _Moment], text: str, what: str) -> _Moment:
    """What a text says; ``what``: that it says none, since the message of the reader itself repeats the text."""
    try:
        return read(text)
    except ValueError:
        raise ValueError(what) from None


def _date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", raw, re.ASCII):
        return _iso(date.fromisoformat, raw, "no date")
    raise ValueError("no date")


def _date_time(raw: object) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, str) and re.match(r"\d{4}-\d\d-\d\d[Tt ]\d", raw, re.ASCII):
        return _iso(datetime.fromisoformat, raw.upper().replace(" ", "T", 1), "no date and time")
    raise ValueError("no date and time")


def _time(raw: object) -> time:
    if isinstance(raw, time):
        return raw
    if isinstance(raw, str) and re.match(r"\d\d:\d\d", raw, re.ASCII):
        return _iso(time.fromisoformat, raw, "no time")
    raise ValueError("no time")


def _uuid(raw: object) -> uuid.UUID:
    return raw if isinstance(raw, uuid.UUID) else uuid.UUID(_text(raw))


_NATIVE: Mapping[Scalar, Convert] = {
    Scalar.INT: _integer,
    Scalar.BIG_INT: _integer,
    Scalar.DECIMAL: _decimal,
    Scalar.DATE: _date,
    Scalar.DATE_TIME: _date_time,
    Scalar.TIME: _time,
    Scalar.UUID: _uuid,
}
"""Scalars whose values have several forms, and what makes one of them."""


def native(scalar: Scalar, value: object) -> object:
    """A value in the one form among those of its scalar that can be compared.

    Raises:
        ValueError: it is none.
    """
    found = _NATIVE.get(scalar)
    return value if found is None else found(value)
