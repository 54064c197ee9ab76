"""The values of ``where`` and ``orderBy`` as data: predicates and orders in the source's own names.

The input types stand in ``filters.py``; sources evaluate what is made here. What a filter asks of other sources is
told by ``elsewhere``, and stands in the predicate once they have answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from schema.across import Across, Lookup
from schema.filters import SEARCH, Direction, Through

_MAX_PARTS = 200
_RELATED_COUNTS = 10
"""A condition on related rows costs a database as much as so many on columns."""
_MAX_RELATIONS = 5
"""A chain of relations may be so long."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A part of a filter that another source has to answer: ``where`` holds of ``quantifier`` of the rows there.

    ``rows``: the list whose rows are filtered. ``base``: what else those of them fulfil that it matters for.
    """

    lookup: Lookup
    quantifier: Quantifier
    where: Mapping[str, object]
    rows: str
    base: Predicate | None


def predicate(where: Mapping[str, object], answers: Sequence[Predicate] = ()) -> Predicate | None:
    """The predicate of a coerced ``where``; ``None`` when it asks for nothing. ``answers``: to all that ``elsewhere``
    gives, in its order.

    Raises:
        BadRequest: a condition against null (``isNull`` says that), too many conditions or too long a chain of
            relations.
    """
    return _all(_Parts(iter(answers)).of(where, 0))


def elsewhere(where: Mapping[str, object], rows: str, base: Predicate | None = None) -> list[Elsewhere]:
    """What a coerced ``where`` asks of other sources; the whole of it is checked first.

    ``rows``: the list that it filters. ``base``: what else is known of the rows that are wanted.

    Raises:
        BadRequest: as ``predicate``.
    """
    if not crosses(where):
        return []
    parts = _Parts(iter(()), rows, base)
    parts.of(where, 0)
    return parts.asked


def crosses(value: object) -> bool:
    """Whether a coerced filter, or a part of one, asks anything of other sources."""
    if isinstance(value, Mapping):
        return any(isinstance(name, Across) or crosses(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(crosses, value))


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation of a filter. ``asked``: what is asked of its rows, once for each quantifier; ``inside``: relations
    of those. ``elsewhere``: another source is asked, once, whatever rows there are here.
    """

    coordinate: str
    many: bool
    elsewhere: bool
    asked: int
    inside: tuple[Relation, ...]


def relations(value: object) -> tuple[Relation, ...]:
    """The relations that a coerced filter goes through, each as often as it is written."""
    if isinstance(value, list):
        return tuple(found for item in value for found in relations(item))
    found: list[Relation] = []
    for name, inner in value.items() if isinstance(value, Mapping) else ():
        if isinstance(name, Through | Across):
            there = isinstance(name, Across)
            many = name.lookup.many if isinstance(name, Across) else name.many
            coordinate = name.lookup.coordinate if isinstance(name, Across) else name.coordinate
            asked = len(inner) if many and isinstance(inner, Mapping) else 1
            below = inner.values() if many and isinstance(inner, Mapping) else [inner]
            inside = tuple(each for part in below for each in relations(part))
            found.append(Relation(coordinate, many, there, asked, inside))
        else:
            found += relations(inner)
    return tuple(found)


def depth(found: Iterable[Relation]) -> int:
    """How many relations to many rows stand inside each other."""
    return max((int(each.many) + depth(each.inside) for each in found), default=0)


class _Parts:
    """The conditions of one filter. ``left``: how many it may still have. ``rows``, ``base``: of the place that is
    looked at; ``sure``: a row is out of the question there as soon as one of the conditions beside is not true.
    """

    def __init__(self, answers: Iterator[Predicate], rows: str = "", base: Predicate | None = None) -> None:
        self.left = _MAX_PARTS
        self.asked: list[Elsewhere] = []
        self._answers = answers
        self._rows = rows
        self._base = base
        self._sure = True

    def of(self, where: Mapping[str, object], relations: int) -> list[Predicate]:
        """The parts that must all hold. ``relations``: how many lead here."""
        above = self._base
        if self._rows and self._sure and crosses(where):
            self._base = _all([part for part in (above, _own(where)) if part is not None])
        try:
            return self._of(where, relations)
        finally:
            self._base = above

    def _of(self, where: Mapping[str, object], relations: int) -> list[Predicate]:
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
                parts.append(self._opposite(_mapping(value), relations))
            elif name == SEARCH:
                parts.append(Search(str(value)))
            elif isinstance(name, Through):
                several = _mapping(value) if name.many else {"some": value}
                parts += [
                    self._related(name.leads, cast("Quantifier", quantifier), inner, relations)
                    for quantifier, inner in several.items()
                ]
            elif isinstance(name, Across):
                several = _mapping(value) if name.lookup.many else {"some": value}
                parts += [
                    self._elsewhere(name.lookup, cast("Quantifier", quantifier), inner, relations)
                    for quantifier, inner in several.items()
                ]
            else:
                parts += _conditions(name, _mapping(value))
        return parts

    def _opposite(self, where: Mapping[str, object], relations: int) -> Predicate:
        sure, self._sure = self._sure, False  # what is unknown beside a condition may matter now
        try:
            return Not(_all(self.of(where, relations)) or And(()))
        finally:
            self._sure = sure

    def _elsewhere(self, lookup: Lookup, quantifier: Quantifier, value: object, relations: int) -> Predicate:
        where = self._further(value, relations)
        checked = _Parts(iter(()))
        checked.left = self.left
        checked.of(where, relations + 1)
        self.left = checked.left
        if self._rows:
            self.asked.append(Elsewhere(lookup, quantifier, where, self._rows, self._base))
        return next(self._answers, And(()))

    def _further(self, value: object, relations: int) -> Mapping[str, object]:
        """The filter on related rows, one relation further on."""
        if value is None:
            raise BadRequest("a filter cannot be null: leave it out, or use none")
        if relations == _MAX_RELATIONS:
            raise BadRequest(f"a filter may go through at most {_MAX_RELATIONS} relations, one after the other")
        self._spend(_RELATED_COUNTS)
        return _mapping(value)

    def _related(self, join: Join, quantifier: Quantifier, value: object, relations: int) -> Predicate:
        where = self._further(value, relations)
        here = self._rows, self._base, self._sure
        self._rows, self._base, self._sure = (join.operation if self._rows else ""), None, True
        try:
            return Related(join, quantifier, _all(self.of(where, relations + 1)) or And(()))
        finally:
            self._rows, self._base, self._sure = here

    def _spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise BadRequest(
                f"a filter may have at most {_MAX_PARTS} conditions; one on related rows counts {_RELATED_COUNTS}"
            )


def _own(where: Mapping[str, object]) -> Predicate | None:
    """Those of the conditions that ask nothing of other sources."""
    return _all(_Parts(iter(())).of({name: value for name, value in where.items() if not _asks(name, value)}, 0))


def _asks(name: str, value: object) -> bool:
    return isinstance(name, Across) or crosses(value)


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
