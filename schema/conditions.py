"""The values of ``where`` and ``orderBy`` as data: predicates and orders in the source's own names.

The input types stand in ``filters.py``; sources evaluate what is made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from resolvers import (
    And,
    BadRequest,
    Compare,
    Function,
    GroupCondition,
    Grouping,
    GroupOrder,
    In,
    IsNull,
    Join,
    Not,
    Operator,
    Or,
    Order,
    Predicate,
    Quantifier,
    Related,
    Search,
)
from schema.filters import SEARCH, Direction, Through

_MAX_PARTS = 200
_RELATED_COUNTS = 10
"""A condition on related rows costs a database as much as so many on columns."""
_MAX_RELATIONS = 5
"""A chain of relations may be so long."""


def predicate(where: Mapping[str, object]) -> Predicate | None:
    """The predicate of a coerced ``where``; ``None`` when it asks for nothing.

    Raises:
        BadRequest: a condition against null (``isNull`` says that), too many conditions or too long a chain of
            relations.
    """
    return _all(_Parts().of(where, 0))


class _Parts:
    """The conditions of one filter. ``left``: how many it may still have."""

    def __init__(self) -> None:
        self.left = _MAX_PARTS

    def of(self, where: Mapping[str, object], relations: int) -> list[Predicate]:
        """The parts that must all hold. ``relations``: how many lead here."""
        parts: list[Predicate] = []
        for name, value in where.items():
            self._spend(1)
            if value is None:
                raise BadRequest("a filter cannot be null: leave it out, or use isNull")
            if name == "$and":
                parts += [part for item in _list(value) for part in self.of(item, relations)]
            elif name == "$or":
                parts.append(Or(tuple(_all(self.of(item, relations)) or And(()) for item in _list(value))))
            elif name == "$not":
                parts.append(Not(_all(self.of(_mapping(value), relations)) or And(())))
            elif name == SEARCH:
                parts.append(Search(str(value)))
            elif isinstance(name, Through):
                several = _mapping(value) if name.many else {"some": value}
                parts += [
                    self._related(name.leads, cast("Quantifier", quantifier), inner, relations)
                    for quantifier, inner in several.items()
                ]
            else:
                parts += _conditions(name, _mapping(value))
        return parts

    def _related(self, join: Join, quantifier: Quantifier, value: object, relations: int) -> Predicate:
        if value is None:
            raise BadRequest("a filter cannot be null: leave it out, or use none")
        if relations == _MAX_RELATIONS:
            raise BadRequest(f"a filter may go through at most {_MAX_RELATIONS} relations, one after the other")
        self._spend(_RELATED_COUNTS)
        return Related(join, quantifier, _all(self.of(_mapping(value), relations + 1)) or And(()))

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BadRequest(
                f"a filter may have at most {_MAX_PARTS} conditions; one on related rows counts {_RELATED_COUNTS}"
            )


def _conditions(field: str, conditions: Mapping[str, object]) -> list[Predicate]:
    parts: list[Predicate] = []
    for operator, value in conditions.items():
        if value is None:
            raise BadRequest("a condition cannot be null: use isNull")
        if operator == "isNull":
            parts.append(IsNull(field) if value else Not(IsNull(field)))
        elif operator in {"in", "nin"}:
            assert isinstance(value, list)
            among = In((field,), tuple((item,) for item in value))
            parts.append(among if operator == "in" else Not(among))
        else:
            parts.append(Compare(field, cast("Operator", operator), value))
    return parts


def _all(parts: list[Predicate]) -> Predicate | None:
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _list(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


def order(order_by: object) -> tuple[Order, ...]:
    """The order of a coerced ``orderBy`` list.

    Raises:
        BadRequest: too long a chain of relations.
    """
    return tuple(_order(item) for item in cast("list[Mapping[str, object]]", order_by or []))


def _order(item: Mapping[str, object], through: tuple[Join, ...] = ()) -> Order:
    ((name, value),) = item.items()  # one of its fields, as the input type has it
    if isinstance(value, Direction):
        descending, nulls = value.value
        return Order(name, descending, nulls, through)
    if len(through) == _MAX_RELATIONS:
        raise BadRequest(f"an order may go through at most {_MAX_RELATIONS} relations, one after the other")
    assert isinstance(name, Through)
    return _order(_mapping(value), (*through, name.leads))


def grouping(group_by: object, having: object, order_by: object) -> Grouping:
    """What groups are asked for, by the coerced arguments.

    Raises:
        BadRequest: a condition against null, or an order through a relation.
    """
    return Grouping(
        tuple(dict.fromkeys(cast("list[str]", group_by or []))),
        _having(having),
        tuple(_group_order(item) for item in cast("list[Mapping[str, object]]", order_by or [])),
    )


def _having(having: object) -> tuple[GroupCondition, ...]:
    found: list[GroupCondition] = []
    for function, value in _mapping(having).items() if having is not None else ():
        if value is None:
            raise BadRequest("a condition on groups cannot be null: leave it out, or use isNull")
        of_fields = {"": value} if function == "count" else _mapping(value)
        for field, conditions in of_fields.items():
            if conditions is None:
                raise BadRequest("a condition on groups cannot be null: leave it out, or use isNull")
            made = _conditions(field, _mapping(conditions))
            found += [GroupCondition(cast("Function", function), field, each) for each in made]
    return tuple(found)


def _group_order(item: Mapping[str, object]) -> GroupOrder:
    ((function, value),) = item.items()
    if isinstance(value, Direction):
        return GroupOrder("count", "", *value.value)
    by = _order(_mapping(value))
    if by.through:
        raise BadRequest("groups cannot be ordered through a relation")
    return GroupOrder(cast("Function", function), by.field, by.descending, by.nulls)
