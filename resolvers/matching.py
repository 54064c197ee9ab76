"""Whether a row fulfils a predicate, for rows that their source could not filter: the counterpart of a WHERE.

It follows the three-valued logic of SQL and looks at one row alone; conditions on related rows belong to the source
that has them.

How values become comparable is said in ``comparable.py``. Of one that cannot, everything is unknown: neither a
condition on it holds nor its ``Not``.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from resolvers.comparable import ORDERED, Bring, bringing, text_of
from resolvers.errors import IsthmusError
from resolvers.patterns import like
from resolvers.predicate import And, Compare, In, IsNull, Not, Operator, Or, Predicate, Related, Search
from resolvers.rows import value_of

Matcher: TypeAlias = "Callable[[object], bool | None]"
Test: TypeAlias = "Callable[[Any], bool]"

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}
_TEXTS: dict[str, Callable[[str], Test]] = {
    "like": like,
    "ilike": lambda pattern: like(pattern, ignore_case=True),
    "contains": lambda part: lambda text: part in text,
    "startsWith": lambda start: lambda text: text.startswith(start),
    "endsWith": lambda end: lambda text: text.endswith(end),
}


def matches(predicate: Predicate, row: object) -> bool | None:
    """Whether ``row``, a mapping or a ``Row``, fulfils a predicate; ``None`` where that is unknown.

    Raises: as ``matcher``, and what it gives.
    """
    return matcher(predicate)(row)


def matcher(predicate: Predicate) -> Matcher:
    """The same for many rows: what can be done once is done here. What it gives takes a row, and raises the
    ``IsthmusError`` that stands in place of a value it has to look at.

    Raises:
        BadRequest: a pattern that is none.
        ValueError: a condition on related rows.
    """
    match predicate:
        case And(parts):
            return _every([matcher(part) for part in parts])
        case Or(parts):
            return _any([matcher(part) for part in parts])
        case Not(part):
            inner = matcher(part)
            return lambda row: None if (held := inner(row)) is None else not held
        case IsNull(field):
            return lambda row: _value(row, field) is None
        case In(fields, values):
            return _among(fields, values)
        case Compare():
            return _compared(predicate)
        case Related():
            raise ValueError("related rows are known to their source alone")
        case Search():
            raise ValueError("what a text has is known to the source that searches it")


def fields_of(predicate: Predicate) -> tuple[str, ...]:
    """The fields of a row that a predicate looks at, each once."""
    match predicate:
        case And(parts) | Or(parts):
            found = [field for part in parts for field in fields_of(part)]
        case Not(part):
            found = list(fields_of(part))
        case In(fields):
            found = list(fields)
        case IsNull(field) | Compare(field):
            found = [field]
        case Related(join):
            found = [mine for mine, _ in join.match]
    return tuple(dict.fromkeys(found))


def _value(row: object, field: str) -> object:
    value = row.get(field) if type(row) is dict else value_of(row, field)
    if isinstance(value, IsthmusError):
        raise value
    return value


def _every(parts: Sequence[Matcher]) -> Matcher:
    def held(row: object) -> bool | None:
        unknown = False
        for part in parts:
            one = part(row)
            if one is False:
                return False
            unknown = unknown or one is None
        return None if unknown else True

    return held


def _any(parts: Sequence[Matcher]) -> Matcher:
    def held(row: object) -> bool | None:
        unknown = False
        for part in parts:
            one = part(row)
            if one is True:
                return True
            unknown = unknown or one is None
        return None if unknown else False

    return held


def _compared(compare: Compare) -> Matcher:
    field, bring = compare.field, bringing(compare.value)
    other = None if bring is None else bring(compare.value)
    test = None if bring is None or other is None else _test(compare.operator, bring, other)
    if bring is None or test is None:
        return lambda _: None

    same = type(other) if type(other) in {int, str} else None

    def held(row: object) -> bool | None:
        value = _value(row, field)
        if type(value) is not same:  # the most are of one type, and then they are compared as they are
            value = bring(value)
        return None if value is None else test(value)

    return held


def _test(operator: Operator, bring: Bring, other: Any) -> Test | None:
    """``None`` where values of this form are not compared so."""
    if operator == "eq":
        return lambda value: bool(value == other)
    if operator == "ne":
        return lambda value: bool(value != other)
    if operator in _ORDERS:
        order = _ORDERS[operator]
        return (lambda value: order(value, other)) if bring in ORDERED else None
    return _TEXTS[operator](other) if bring is text_of else None


def _among(fields: tuple[str, ...], values: tuple[tuple[object, ...], ...]) -> Matcher:
    """Found by hash: values of one type in each part are one set, brought to one form."""
    if not values:
        return lambda _: False
    sets: dict[tuple[Bring | None, ...], set[tuple[object, ...]]] = {}
    doubtful: dict[tuple[Bring | None, ...], set[tuple[object, ...]]] = {}
    for key in values:
        brings = tuple(bringing(part) for part in key)
        brought = tuple(None if bring is None else bring(part) for bring, part in zip(brings, key, strict=True))
        sets.setdefault(brings, set()).add(brought)
        if None in brought:
            doubtful.setdefault(brings, set()).add(brought)

    def held(row: object) -> bool | None:
        mine = [_value(row, field) for field in fields]
        unknown = False
        for brings, keys in sets.items():
            key = tuple(None if bring is None else bring(part) for bring, part in zip(brings, mine, strict=True))
            if None not in key and key in keys:
                return True
            unknown = unknown or _may_be(key, keys if None in key else doubtful.get(brings, ()))
        return None if unknown else False

    return held


def _may_be(key: tuple[object, ...], keys: Iterable[tuple[object, ...]]) -> bool:
    """Whether a key may be one of ``keys``: no part that is known of both says that it is not."""
    return any(
        all(mine is None or theirs is None or mine == theirs for mine, theirs in zip(key, each, strict=True))
        for each in keys
    )
