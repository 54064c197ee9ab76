"""``where`` and ``orderBy``: the input types of rows that a source can filter and order, and their values as data.

The input types carry the source's own field names, so a coerced value needs nothing else to become data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

from resolvers import And, BadRequest, Compare, In, IsNull, Not, Operator, Or, Order, Predicate, Scalar
from schema.scalars import SCALARS

MIRROR = "mirrors"
"""An input field's ``extensions[MIRROR]`` is the ``Type.field`` whose values it can reveal: its rules hold here too."""

WHERE, ORDER_BY, LIMIT, OFFSET = "$where", "$orderBy", "$limit", "$offset"
"""How row arguments arrive among an operation's own; no source can have an argument of these names."""

_TEXT = frozenset({Scalar.STRING, Scalar.ID})
_UNORDERED = frozenset({Scalar.BOOLEAN, Scalar.JSON, Scalar.BASE64, Scalar.UUID})
_MAX_PARTS = 200


class Direction(Enum):
    """How rows are ordered by one field, and where rows without a value stand."""

    ASC = (False, None)
    DESC = (True, None)
    ASC_NULLS_FIRST = (False, "first")
    ASC_NULLS_LAST = (False, "last")
    DESC_NULLS_FIRST = (True, "first")
    DESC_NULLS_LAST = (True, "last")


DIRECTION = GraphQLEnumType(
    "OrderDirection",
    {member.name: GraphQLEnumValue(member) for member in Direction},
    description="Ascending or descending, and where rows without a value stand.",
)


class Filters:
    """The filter types of one schema: one per leaf type, shared by every field of that type."""

    def __init__(self) -> None:
        self._by_leaf: dict[str, GraphQLInputObjectType] = {}

    def of_leaf(
        self, key: str, name: Callable[[], str], leaf: GraphQLInputType, scalar: Scalar | None
    ) -> GraphQLInputObjectType:
        """``{eq, ne, in, nin, isNull}`` and what its order and text allow. ``name`` is asked once for each ``key``."""
        known = self._by_leaf.get(key)
        if known is not None:
            return known
        many = GraphQLList(GraphQLNonNull(cast("GraphQLEnumType", leaf)))
        fields = {"eq": GraphQLInputField(leaf), "ne": GraphQLInputField(leaf)}
        fields |= {"in": GraphQLInputField(many), "nin": GraphQLInputField(many)}
        fields["isNull"] = GraphQLInputField(GraphQLBoolean)
        if scalar is not None and scalar not in _UNORDERED:
            fields |= {operator: GraphQLInputField(leaf) for operator in ("gt", "gte", "lt", "lte")}
        if scalar in _TEXT:
            operators = ("like", "ilike", "contains", "startsWith", "endsWith")
            fields |= {operator: GraphQLInputField(leaf) for operator in operators}
        made = GraphQLInputObjectType(
            name(), fields, description=f"Conditions on a {leaf}; all that are given must hold."
        )
        self._by_leaf[key] = made
        return made

    def of_scalar(self, scalar: Scalar) -> GraphQLInputObjectType:
        return self.of_leaf(scalar.value, lambda: f"{scalar.value}Filter", SCALARS[scalar], scalar)


Columns = Callable[[], Mapping[str, tuple[str, str]]]
"""GraphQL name → (source's name, mirrored coordinate), asked for when every name of the schema is settled."""


def where_type(name: str, columns: Columns, filters: Mapping[str, GraphQLInputObjectType]) -> GraphQLInputObjectType:
    """The ``where`` of a row type: ``filters`` by source's name, and ``and``, ``or``, ``not``."""

    def thunk() -> dict[str, GraphQLInputField]:
        several = GraphQLList(GraphQLNonNull(made))
        return {
            **{
                field: GraphQLInputField(filters[key], out_name=key, extensions={MIRROR: mirror})
                for field, (key, mirror) in columns().items()
                if key in filters
            },
            "and": GraphQLInputField(several, out_name="$and"),
            "or": GraphQLInputField(several, out_name="$or"),
            "not": GraphQLInputField(made, out_name="$not"),
        }

    made = GraphQLInputObjectType(name, thunk, description="Which rows; all conditions that are given must hold.")
    return made


def order_type(name: str, columns: Columns, orderable: frozenset[str]) -> GraphQLInputObjectType:
    """The ``orderBy`` of a row type. ``orderable``: source's names."""
    return GraphQLInputObjectType(
        name,
        lambda: {
            field: GraphQLInputField(DIRECTION, out_name=key, extensions={MIRROR: mirror})
            for field, (key, mirror) in columns().items()
            if key in orderable
        },
        is_one_of=True,
        description="One field to order by; a list of them orders by the first, then the second, and so on.",
    )


def predicate(where: Mapping[str, object]) -> Predicate | None:
    """The predicate of a coerced ``where``; ``None`` when it asks for nothing.

    Raises:
        BadRequest: a condition against null (``isNull`` says that), or too many conditions.
    """
    budget = [_MAX_PARTS]
    return _all(_parts(where, budget))


def _parts(where: Mapping[str, object], budget: list[int]) -> list[Predicate]:
    parts: list[Predicate] = []
    for name, value in where.items():
        budget[0] -= 1
        if budget[0] < 0:
            raise BadRequest(f"a filter may have at most {_MAX_PARTS} conditions")
        if value is None:
            raise BadRequest("a filter cannot be null: leave it out, or use isNull")
        if name == "$and":
            parts += [part for item in _list(value) for part in _parts(item, budget)]
        elif name == "$or":
            parts.append(Or(tuple(_all(_parts(item, budget)) or And(()) for item in _list(value))))
        elif name == "$not":
            inner = _all(_parts(_mapping(value), budget))
            parts.append(Not(inner if inner is not None else And(())))
        else:
            parts += _conditions(name, _mapping(value))
    return parts


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
    """The order of a coerced ``orderBy`` list."""
    return tuple(
        Order(name, *direction.value)
        for item in cast("list[Mapping[str, Direction]]", order_by or [])
        for name, direction in item.items()
    )
