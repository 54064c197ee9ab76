"""Sums, means and the order of decimals for SQLite, which has none: functions that it calls for every row or group."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation


def order(value: object, other: str) -> int | None:
    """Whether a number, which may be a text, is less than another (-1), equal to it (0) or more (1)."""
    if not isinstance(value, int | float | str):
        return None
    try:
        number, limit = Decimal(str(value)), Decimal(other)
    except InvalidOperation:
        return None
    return (number > limit) - (number < limit)


_CONTEXT = Context(prec=1000)
_MEAN = Context(prec=34)
"""As many digits as IEEE 754 decimal128 has, more than the means of other databases."""


class Sum:
    """The sum of all values that are numbers, as text; null where there is none."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.count = 0

    def step(self, value: object) -> None:
        """Adds one value as SQLite stores it."""
        if isinstance(value, int | float | str):
            try:
                number = Decimal(str(value))
            except InvalidOperation:
                return
            if number.is_finite():
                self.total = _CONTEXT.add(self.total, number)
                self.count += 1

    def finalize(self) -> str | None:
        """The result."""
        return format(self.total, "f") if self.count else None


class Mean(Sum):
    """The arithmetic mean of all values that are numbers, as text."""

    def finalize(self) -> str | None:
        """The result."""
        return format(_MEAN.divide(self.total, Decimal(self.count)), "f") if self.count else None
