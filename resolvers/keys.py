"""Keys: how the value on one side of a join becomes comparable with the value on the other side.

A key is a tuple with one part for each matched field. Both sides are brought to the same canonical form before they
are compared; what cannot be brought there matches nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from resolvers.model import Comparison, Scalar

Canonical: TypeAlias = "tuple[object, ...]"

_INTEGERS = frozenset({Scalar.INT, Scalar.BIG_INT})
_NUMBERS = _INTEGERS | {Scalar.FLOAT, Scalar.DECIMAL}
_TEXTS = frozenset({Scalar.STRING, Scalar.ID})
_INTEGER, _TEXT = {int}, {str}
_MAX_DIGITS = 100
"""Before or after the point: ``1e999999999`` is short to write, and long to work with."""
_NEVER_KEYS = frozenset({Scalar.JSON, Scalar.BASE64, Scalar.FLOAT, Scalar.BOOLEAN})


def agree(parent: Scalar, target: Scalar, compare: frozenset[Comparison]) -> bool:
    """Whether values of the two types can be the same key.

    ``7`` and ``"7"`` are the same only where one side is an ID, or the target compares by number. A UUID is a text with
    a form of its own: a text that has it not is no key there.
    """
    if parent in _NEVER_KEYS or target in _NEVER_KEYS:
        return False
    if parent is target or (parent in _NUMBERS and target in _NUMBERS):
        return True
    if "number" in compare:
        return {parent, target} <= _NUMBERS | {Scalar.STRING, Scalar.ID}
    if {parent, target} <= _TEXTS | {Scalar.UUID}:
        return Scalar.ID in {parent, target} or Scalar.UUID in {parent, target}
    return Scalar.ID in {parent, target} and {parent, target} <= _INTEGERS | {Scalar.STRING, Scalar.ID, Scalar.UUID}


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One matched field: its type on the target's side, and how that system compares."""

    target: Scalar
    compare: frozenset[Comparison] = frozenset()

    def is_canonical(self, kinds: set[type]) -> bool:
        """True when values of these types are comparable as they are; an integer equals its ``Decimal``."""
        if self.target in _NUMBERS or "number" in self.compare:
            return kinds == _INTEGER
        return kinds == _TEXT and not self.compare and self.target is not Scalar.UUID

    def canonical_column(self, values: Sequence[object]) -> Sequence[object | None]:
        """The comparable forms of many values."""
        if self.is_canonical(set(map(type, values))):
            return values
        return [self.canonical(value) for value in values]

    def is_outgoing(self, kinds: set[type]) -> bool:
        """True when the target takes values of these types as they are."""
        if self.target in _INTEGERS:
            return kinds == _INTEGER
        return self.target in _TEXTS and kinds == _TEXT and "trim" not in self.compare

    def outgoing_column(self, values: Sequence[object]) -> Sequence[object]:
        """Many values as the target wants to receive them; each has a canonical form."""
        if self.is_outgoing(set(map(type, values))):
            return values
        return [self.outgoing(value) for value in values]

    def canonical(self, value: object) -> object | None:
        """The comparable form of a value of either side; ``None`` when it is null or cannot be a key."""
        if self.is_canonical({type(value)}):
            return value
        if value is None or isinstance(value, bool | float | bytes | Mapping | list | Exception):
            return None
        if "number" in self.compare or self.target in _NUMBERS:
            number = _number(value)
            whole = number is None or self.target not in _INTEGERS or number == number.to_integral_value()
            return number if whole else None
        if isinstance(value, datetime | date | time):
            text = value.isoformat()
        elif self.target is Scalar.UUID and isinstance(value, str):
            try:
                text = str(uuid.UUID(value.strip() if "trim" in self.compare else value))
            except ValueError:
                return None
        else:
            text = str(value)
        if "trim" in self.compare:
            text = text.strip()
        elif "padded" in self.compare:
            text = text.rstrip(" ")
        return text.casefold() if "casefold" in self.compare else text

    def outgoing(self, value: object) -> object:
        """The value as the target wants to receive it; only called for values that have a canonical form."""
        if self.target in _INTEGERS:
            return value if isinstance(value, int) else int(Decimal(str(value).strip()))
        if self.target in _TEXTS and not isinstance(value, str):
            return str(value)
        if self.target is Scalar.UUID and isinstance(value, str):
            return self.canonical(value)
        return value.strip() if "trim" in self.compare and isinstance(value, str) else value


def _number(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) <= _MAX_DIGITS else None


def canonical_keys(parts: Sequence[KeyPart], columns: Sequence[Sequence[object]]) -> list[Canonical | None]:
    """Canonical tuples from one column of values for each part; ``None`` where any part is null.

    A key with a null part joins nothing.
    """
    made = [part.canonical_column(values) for part, values in zip(parts, columns, strict=True)]
    keys: list[Canonical | None] = list(zip(*made, strict=True))
    if any(None in column for column in made):
        return [None if key is None or None in key else key for key in keys]
    return keys
