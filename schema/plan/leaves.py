"""Leaf columns: the values of a scalar or enum field for all parents at once (GraphQL specification section 6.4.3).

The types that occur in a column are looked at once. Only a column with something unexpected in it is coerced value by
value, by the type's own rules, so both ways give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, cast
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from resolvers import Scalar
from schema.scalars import SCALARS

_NONE = type(None)
_SMALLEST, _LARGEST = -(2**31), 2**31 - 1

Passes = Callable[[Sequence[object]], bool]


def _always(_values: Sequence[object]) -> bool:
    return True


def _fit_int(values: Sequence[object]) -> bool:
    numbers = cast("Sequence[int]", values)
    return min(numbers) >= _SMALLEST and max(numbers) <= _LARGEST


def _finite(values: Sequence[object]) -> bool:
    return all(map(isfinite, cast("Sequence[float]", values)))


_PASSING: dict[GraphQLLeafType, tuple[frozenset[type], Passes]] = {
    GraphQLString: (frozenset({str}), _always),
    GraphQLID: (frozenset({str}), _always),
    GraphQLBoolean: (frozenset({bool}), _always),
    GraphQLInt: (frozenset({int}), _fit_int),
    GraphQLFloat: (frozenset({float}), _finite),
}
"""Python types whose values are already what the scalar would make of them, and a test of their size."""


def passes(leaf: GraphQLLeafType, values: Sequence[object], kinds: set[type], *, nullable: bool) -> bool:
    """True when every value may go into the response as it is. ``kinds``: the types that occur among the values."""
    known = _PASSING.get(leaf)
    if known is None:
        return False
    allowed, test = known
    if kinds <= allowed:
        return not kinds or test(values)
    if nullable and _NONE in kinds and kinds - {_NONE} <= allowed:
        present = [value for value in values if value is not None]
        return not present or test(present)
    return False


def _moderate(values: Sequence[Any]) -> bool:
    return all(map(Decimal.is_finite, values)) and all(abs(value.adjusted()) < _PLAIN_DIGITS for value in values)


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _short(values: Sequence[Any]) -> bool:
    numbers = cast("Sequence[int]", values)
    return max(numbers) < _LONGEST and min(numbers) > -_LONGEST


_PLAIN_DIGITS = 100
_LONGEST: int = 10**_PLAIN_DIGITS
_SPELLED: dict[object, tuple[type, Passes, Callable[[Any], str]]] = {
    SCALARS[Scalar.DECIMAL]: (Decimal, _moderate, _plain),
    SCALARS[Scalar.BIG_INT]: (int, _short, str),
    SCALARS[Scalar.DATE_TIME]: (datetime, _always, datetime.isoformat),
    SCALARS[Scalar.DATE]: (date, _always, date.isoformat),
    SCALARS[Scalar.UUID]: (UUID, _always, str),
}
"""The type of a column whose values the scalar would all spell by one function, and a test of their size."""


def spelled(
    leaf: GraphQLLeafType, values: Sequence[object], kinds: set[type], *, nullable: bool
) -> list[object] | None:
    """The texts of a column of values that are all of the type a database's driver gives; otherwise ``None``."""
    known = _SPELLED.get(leaf)
    if known is None:
        return None
    kind, test, spell = known
    if kinds == {kind}:
        return list(map(spell, values)) if test(values) else None
    if nullable and kinds == {kind, _NONE} and test([value for value in values if value is not None]):
        return [None if value is None else spell(value) for value in values]
    return None


def coerce(leaf: GraphQLLeafType, value: object) -> object:
    """One value of the response, as graphql-core's executor would complete it.

    Raises:
        Exception: whatever the type raises; ``TypeError`` when it gives nothing.
    """
    coerced = leaf.coerce_output_value(value)
    if coerced is Undefined or coerced is None:
        raise TypeError(
            f"Expected `{inspect(leaf)}.coerce_output_value({inspect(value)})` to return non-nullable value,"
            f" returned: {inspect(coerced)}"
        )
    return coerced


def enum_names(leaf: GraphQLLeafType, values: Sequence[object], kinds: set[type]) -> list[object] | None:
    """The names of a column of enum values that are all strings and all known; otherwise ``None``."""
    if not isinstance(leaf, GraphQLEnumType) or kinds != {str}:
        return None
    names = {value: coerced for value in set(values) if (coerced := _name(leaf, value)) is not None}
    return [names[value] for value in values] if all(value in names for value in values) else None


def _name(leaf: GraphQLEnumType, value: object) -> str | None:
    try:
        return leaf.coerce_output_value(value)
    except Exception:  # noqa: BLE001  # the exact way words the error
        return None
