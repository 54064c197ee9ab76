"""Decimals that are not written but implied: ``0012345`` is 123.45 where the scale is 2, and so are 12345 cents."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from resolvers.model import EnumType, Scalar
from resolvers.shaping.coding import TEXTS, WHOLE, Base, Coding, NoCoding
from resolvers.shaping.forms import decimal, integer
from resolvers.shaping.retyping import of_text


def counted(base: Base) -> Coding:
    """The coding of numbers that are what the description says, or that it takes for texts.

    Raises:
        NoCoding: there are no whole numbers.
    """
    if base in WHOLE:
        assert isinstance(base, Scalar)
        return Coding(base, integer, integer, ordered=True, total=True)
    if base is Scalar.DECIMAL:
        return Coding(base, decimal, decimal, ordered=True, total=True)
    if base in TEXTS or base is Scalar.JSON:
        made = of_text(Scalar.BIG_INT)
        assert made is not None, "whole numbers can be texts"
        return made
    shown = base.name if isinstance(base, EnumType) else base.value
    raise NoCoding(f"values of the type {shown} imply no decimals", "remove scale", told="scale")


def scaled(coding: Coding, scale: int) -> Coding:
    """The numbers of a coding with their last ``scale`` digits behind the point.

    Raises:
        NoCoding: they have a point already, or are none.
    """
    if coding.scalar not in WHOLE | {Scalar.DECIMAL} or (coding.scalar is Scalar.DECIMAL and not coding.total):
        mend = 'write scale beside a format of zeros ("0000000"), or alone'
        raise NoCoding("scale is said of whole numbers", mend, told="scale")
    inner, whole = coding, coding.scalar in WHOLE

    def read(raw: object) -> object:
        return _moved(decimal(inner.read(raw)), -scale)

    def write(value: object) -> object:
        number = _moved(decimal(value), scale)
        return inner.write(integer(number) if whole else number)

    def floor(value: object) -> object:
        return (inner.floor or inner.write)(math.floor(_moved(decimal(value), scale)))

    steps = coding.ordered and whole
    return replace(coding, scalar=Scalar.DECIMAL, read=read, write=write, floor=floor if steps else None)


def _moved(number: Decimal, places: int) -> Decimal:
    """The number with its point moved to the right, to the last digit exact."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "only finite numbers are read"
    return Decimal((sign, digits, exponent + places))
