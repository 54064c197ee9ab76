"""What filters, orders and pages mean, in plain Python over rows in memory: the law that databases are held to.

Three-valued as SQL is: ``None`` is unknown. Texts are compared by their code points.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

Row = dict[str, Any]
Where = Mapping[str, Any]
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, other: bool(value == other),
    "ne": lambda value, other: bool(value != other),
    "gt": lambda value, other: bool(value > other),
    "gte": lambda value, other: bool(value >= other),
    "lt": lambda value, other: bool(value < other),
    "lte": lambda value, other: bool(value <= other),
    "contains": lambda value, other: other in value,
    "startsWith": lambda value, other: value.startswith(other),
    "endsWith": lambda value, other: value.endswith(other),
    "like": lambda value, other: _like(value, other, 0),
    "ilike": lambda value, other: _like(value, other, re.IGNORECASE | re.ASCII),
}


def _like(value: str, pattern: str, flags: int) -> bool:
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    made = {"%": ".*", "_": "."}
    text = "".join(re.escape(part[1]) if part[0] == "\\" else made.get(part, re.escape(part)) for part in parts)
    return re.fullmatch(text, value, flags | re.DOTALL) is not None


def _all(values: Sequence[bool | None]) -> bool | None:
    return False if False in values else None if None in values else True


def _any(values: Sequence[bool | None]) -> bool | None:
    return True if True in values else None if None in values else False


def _not(value: object) -> bool | None:
    return None if value is None else not value


@dataclass(frozen=True, slots=True)
class Tables:
    """``rows``: of every table. ``one``: (table, relation) → table and column of the key that leads to one row by id;
    ``many``: (table, relation) → table and column there that refers to this row's id. ``nulls_low``: where nulls stand.
    """

    rows: Mapping[str, Sequence[Row]]
    one: Mapping[tuple[str, str], tuple[str, str]]
    many: Mapping[tuple[str, str], tuple[str, str]]
    nulls_low: bool

    def to_one(self, table: str, row: Row, relation: str) -> tuple[str, Row | None]:
        target, column = self.one[table, relation]
        return target, next((each for each in self.rows[target] if each["id"] == row[column]), None)

    def to_many(self, table: str, row: Row, relation: str) -> tuple[str, list[Row]]:
        target, column = self.many[table, relation]
        return target, [each for each in self.rows[target] if each[column] == row["id"]]

    def holds(self, table: str, row: Row, where: Where) -> bool | None:
        """Whether a row fulfils a filter."""
        return _all([self._part(table, row, name, value) for name, value in where.items()])

    def _part(self, table: str, row: Row, name: str, value: Any) -> bool | None:
        if name == "and":
            return _all([self.holds(table, row, each) for each in value])
        if name == "or":
            return _any([self.holds(table, row, each) for each in value])
        if name == "not":
            return _not(self.holds(table, row, value))
        if (table, name) in self.one:
            target, found = self.to_one(table, row, name)
            return found is not None and self.holds(target, found, value) is True
        if (table, name) in self.many:
            target, several = self.to_many(table, row, name)
            return _all([self._quantified(target, several, *item) for item in value.items()])
        return _all([_compared(row[name], *item) for item in value.items()])

    def _quantified(self, table: str, rows: Sequence[Row], quantifier: str, where: Where) -> bool:
        fulfil = [self.holds(table, row, where) is True for row in rows]
        return any(fulfil) if quantifier == "some" else all(fulfil) if quantifier == "every" else not any(fulfil)

    def listed(self, table: str, rows: Sequence[Row], where: Where, order: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The rows that fulfil a filter, in order; equal ones in that of their ids."""
        found = sorted((row for row in rows if self.holds(table, row, where) is True), key=lambda row: int(row["id"]))
        for item in reversed(order):
            found.sort(key=cmp_to_key(lambda one, other, item=item: self._before(table, one, other, item)))  # type: ignore[misc]
        return found

    def distinct(self, rows: Sequence[Row], fields: Sequence[str]) -> list[Row]:
        """Of rows that are equal in the fields the first, a null being equal to a null."""
        found: dict[tuple[Any, ...], Row] = {}
        for row in rows:
            found.setdefault(tuple(row[name] for name in fields), row)
        return list(found.values()) if fields else list(rows)

    def fulfils(self, value: Any, conditions: Mapping[str, Any]) -> bool:
        """Whether what a group comes to fulfils conditions."""
        return _all([_compared(value, *item) for item in conditions.items()]) is True

    def _before(self, table: str, one: Row, other: Row, item: Mapping[str, Any]) -> int:
        direction, first = _direction(item)
        mine, theirs = self._value(table, one, item), self._value(table, other, item)
        if mine is None or theirs is None:
            low = self.nulls_low is not direction if first is None else first
            return 0 if mine is theirs else (-1 if (mine is None) is low else 1)
        return 0 if mine == theirs else (-1 if (mine < theirs) is not direction else 1)

    def _value(self, table: str, row: Row | None, item: Mapping[str, Any]) -> Any:
        ((name, value),) = item.items()
        if row is None or isinstance(value, str):
            return None if row is None else row[name]
        target, found = self.to_one(table, row, name)
        return self._value(target, found, value)


def _direction(item: Any) -> tuple[bool, bool | None]:
    """Whether downwards, and whether nulls come first where that is said."""
    while not isinstance(item, str):
        ((_, item),) = item.items()
    return item.startswith("DESC"), None if "NULLS" not in item else item.endswith("FIRST")


def _compared(value: Any, operator: str, other: Any) -> bool | None:
    if operator == "isNull":
        return (value is None) is other
    if operator in {"in", "nin"}:
        among = False if not other else None if value is None else value in other
        return among if operator == "in" else _not(among)
    return None if value is None else _COMPARISONS[operator](value, other)
