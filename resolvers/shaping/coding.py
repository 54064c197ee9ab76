"""``Coding``: how one value of a source is written there, and what it is. Code tables are made in ``codes.py``, types
that descriptions do not say in ``retyping.py``, dates, numbers and flags in ``formats``.

Pure. Where a value stands, and what is done with one that is not written so, is nobody's business here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from resolvers.model import EnumType, Scalar
from resolvers.shaping.forms import alike, native

TEXTS = frozenset({Scalar.STRING, Scalar.ID})
WHOLE = frozenset({Scalar.INT, Scalar.BIG_INT})
NUMBERS = WHOLE | {Scalar.FLOAT, Scalar.DECIMAL}
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


class NoOffset(ValueError):
    """A moment was given without its offset, so that nobody knows which one it is."""


class Beyond(ValueError):
    """A value is greater than all that the source can say (``above``), or less."""

    def __init__(self, *, above: bool) -> None:
        super().__init__("beyond all that the source can say")
        self.above = above


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
    floor: Convert | None = None
    """What the source says for the greatest of its values that is not above a value, of which some cannot be said;
    raises as ``write``. Only where it orders them.
    """
    total: bool = False
    """Whether all that the source can hold there is a value."""
    note: str = ""
    """What readers of the schema should know of how values are meant."""

    def back(self, value: object) -> object:
        """What is written for a value in any form that its scalar has (``Scalar``).

        Raises:
            ValueError: the source cannot say it; for it, that means nothing.
        """
        written = self.bound(value)
        if self.nulls and alike(written) in map(alike, self.nulls):
            raise ValueError("it means nothing")
        return written

    def bound(self, value: object) -> object:
        """As ``back``, of a value that others are less or greater than: no value need be equal to it."""
        return self.write(value if self.words else native(self.scalar, value))

    def under(self, value: object) -> object:
        """What is written for the greatest value that is not above this one.

        Raises:
            Beyond: all of the source's values are on one side of it.
            ValueError: the source has none, or nobody knows.
        """
        if self.floor is None:
            raise ValueError("the source cannot say it")
        return self.floor(native(self.scalar, value))


def texts_only(text: str, base: Scalar) -> None:
    """Raises ``NoCoding`` where no texts are written as ``text``."""
    if base not in TEXTS | {Scalar.JSON}:
        raise NoCoding(f'values of the type {base.value} are not written as "{text}"', "remove format")


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
