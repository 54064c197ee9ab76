"""``where`` and ``orderBy``: the input types of rows that a source can filter and order.

They carry the source's own names of fields and relations, so a coerced value needs nothing else to become data
(``conditions.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Self, cast

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from resolvers import RELEVANCE, Join, Scalar
from schema.scalars import SCALARS

MIRROR = "mirrors"
"""``extensions[MIRROR]`` of a field, an input field or an enum value is the ``Type.field`` whose values it can reveal,
or several of them;
that of a type, or of a field that changes rows, is the type whose rows it tells of as a whole: their rules hold here
too.
"""

APART = "apart"
"""``extensions[APART]`` of a union: rules on its types are asked at their fields alone and not of who asks for the
union, since naming one of them tells nothing.
"""

WHERE, ORDER_BY, LIMIT, OFFSET = "$where", "$orderBy", "$limit", "$offset"
DISTINCT = "$distinct"
SEARCH = "$search"
GROUP_BY, HAVING, GROUP_ORDER = "$groupBy", "$having", "$groupOrder"
"""How row arguments arrive among an operation's own; no source can have an argument of these names."""


class Through(str):
    """The name of a relation among the source's names of columns: what it joins, and whether to many rows.

    ``coordinate``: of the field that it is in the schema, where that is known.
    """

    __slots__ = ("coordinate", "leads", "many")
    leads: Join
    many: bool
    coordinate: str

    def __new__(cls, leads: Join, *, many: bool, coordinate: str = "") -> Self:
        made = super().__new__(cls, f"${leads.operation} {leads.match}")
        made.leads, made.many, made.coordinate = leads, many, coordinate
        return made


_TEXT = frozenset({Scalar.STRING, Scalar.ID})
_UNORDERED = frozenset({Scalar.BOOLEAN, Scalar.JSON, Scalar.BASE64, Scalar.UUID})


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


def operators_of(scalar: Scalar | None) -> tuple[str, ...]:
    """The conditions that values of a type can have; ``None`` for an enum."""
    operators: tuple[str, ...] = ("eq", "ne", "in", "nin", "isNull")
    if scalar is not None and scalar not in _UNORDERED:
        operators = (*operators, "gt", "gte", "lt", "lte")
    if scalar in _TEXT:
        operators = (*operators, "like", "ilike", "contains", "startsWith", "endsWith")
    return operators


class Filters:
    """The filter types of one schema: one per leaf type, shared by every field of that type."""

    def __init__(self) -> None:
        self._by_leaf: dict[str, GraphQLInputObjectType] = {}

    def types(self) -> list[GraphQLInputObjectType]:
        return list(self._by_leaf.values())

    def of_leaf(
        self, key: str, name: Callable[[], str], leaf: GraphQLInputType, scalar: Scalar | None
    ) -> GraphQLInputObjectType:
        """``{eq, ne, in, nin, isNull}`` and what its order and text allow. ``name`` is asked once for each ``key``."""
        known = self._by_leaf.get(key)
        if known is not None:
            return known
        many = GraphQLList(GraphQLNonNull(cast("GraphQLEnumType", leaf)))
        others: dict[str, GraphQLInputType] = {"in": many, "nin": many, "isNull": GraphQLBoolean}
        fields = {operator: GraphQLInputField(others.get(operator, leaf)) for operator in operators_of(scalar)}
        made = GraphQLInputObjectType(
            name(), fields, description=f"Conditions on a {leaf}; all that are given must hold."
        )
        self._by_leaf[key] = made
        return made

    def of_scalar(self, scalar: Scalar) -> GraphQLInputObjectType:
        return self.of_leaf(scalar.value, lambda: f"{scalar.value}Filter", SCALARS[scalar], scalar)

    def by_equality(self, scalar: Scalar, name: Callable[[], str]) -> GraphQLInputObjectType:
        """The conditions on values of a scalar of which the source knows no order."""
        if operators_of(scalar) == operators_of(None):
            return self.of_scalar(scalar)
        return self.of_leaf(f"{scalar.value} by equality", name, SCALARS[scalar], None)


Columns = Callable[[], Mapping[str, tuple[str, str]]]
"""GraphQL name → (source's name, mirrored coordinate), asked for when every name of the schema is settled."""


Relations = Callable[[], Mapping[str, tuple[str, GraphQLInputObjectType, str]]]
"""GraphQL name → (what the relation is, a ``Through`` or an ``Across``; the input type of what it leads to; mirrored
coordinate).
"""


def where_type(
    name: str,
    columns: Columns,
    filters: Mapping[str, GraphQLInputObjectType],
    relations: Relations,
    searched: Sequence[str] = (),
) -> GraphQLInputObjectType:
    """The ``where`` of a row type: ``filters`` by source's name, relations, and ``and``, ``or``, ``not``.
    ``searched``: the fields that the source searches, by its names.
    """

    def thunk() -> dict[str, GraphQLInputField]:
        several = GraphQLList(GraphQLNonNull(made))
        own = columns()
        return {
            **{
                field: GraphQLInputField(filters[key], out_name=key, extensions={MIRROR: mirror})
                for field, (key, mirror) in own.items()
                if key in filters
            },
            **_related(relations),
            **_searched(own, searched, "search", GraphQLString),
            "and": GraphQLInputField(several, out_name="$and"),
            "or": GraphQLInputField(several, out_name="$or"),
            "not": GraphQLInputField(made, out_name="$not"),
        }

    made = GraphQLInputObjectType(name, thunk, description="Which rows; all conditions that are given must hold.")
    return made


def list_where_type(name: str, where: GraphQLInputObjectType) -> GraphQLInputObjectType:
    """The conditions on the rows of a relation to many."""
    said = {
        "some": "At least one of the related rows fulfils this.",
        "every": "Every related row fulfils this; where there is none, that is so.",
        "none": "No related row fulfils this.",
    }
    return GraphQLInputObjectType(
        name,
        {quantifier: GraphQLInputField(where, description=words) for quantifier, words in said.items()},
        description="Conditions on related rows; all that are given must hold.",
    )


def _related(relations: Relations) -> dict[str, GraphQLInputField]:
    return {
        field: GraphQLInputField(typed, out_name=key, extensions={MIRROR: mirror})
        for field, (key, typed, mirror) in relations().items()
    }


def _searched(
    columns: Mapping[str, tuple[str, str]], searched: Sequence[str], wanted: str, typed: GraphQLInputType
) -> dict[str, GraphQLInputField]:
    """What searches rows or orders them by a search. It tells of all texts that are searched: their rules hold, and
    where one of them is hidden nothing is searched.
    """
    coordinates = dict(columns.values())
    if not searched or not coordinates.keys() >= set(searched):
        return {}
    while wanted in columns:
        wanted += "_"
    said = {
        "search": 'Words that are found in the texts of a row; "words in a row", -without, or.',
        "relevance": "How well rows fit the search of where.",
    }
    key = SEARCH if typed is GraphQLString else RELEVANCE
    mirrors = tuple(coordinates[each] for each in searched)
    words = said[wanted.rstrip("_")]
    return {wanted: GraphQLInputField(typed, out_name=key, description=words, extensions={MIRROR: mirrors})}


def order_type(
    name: str, columns: Columns, orderable: frozenset[str], relations: Relations, searched: Sequence[str] = ()
) -> GraphQLInputObjectType:
    """The ``orderBy`` of a row type. ``orderable``: source's names; ``relations``: those to one row."""
    return GraphQLInputObjectType(
        name,
        lambda: {
            **{
                field: GraphQLInputField(DIRECTION, out_name=key, extensions={MIRROR: mirror})
                for field, (key, mirror) in columns().items()
                if key in orderable
            },
            **_related(relations),
            **_searched(columns(), searched, "relevance", DIRECTION),
        },
        is_one_of=True,
        description="One field to order by; a list of them orders by the first, then the second, and so on.",
    )


def column_type(name: str, columns: Columns, groupable: frozenset[str]) -> GraphQLEnumType:
    """The fields that rows can be grouped by, or told apart by. ``groupable``: source's names."""
    return GraphQLEnumType(
        name,
        lambda: {
            field: GraphQLEnumValue(key, extensions={MIRROR: mirror})
            for field, (key, mirror) in columns().items()
            if key in groupable
        },
        description="A field of these rows.",
    )


def group_order_type(name: str, order: GraphQLInputObjectType | None) -> GraphQLInputObjectType:
    """The ``orderBy`` of groups. ``order``: that of their rows."""
    fields = {"count": GraphQLInputField(DIRECTION)}
    if order is not None:
        fields |= {
            function: GraphQLInputField(order) for function in ("key", "countDistinct", "sum", "avg", "min", "max")
        }
    said = "One value to order groups by; a list of them orders by the first, then the second, and so on."
    return GraphQLInputObjectType(name, fields, is_one_of=True, description=said)


Measures = Callable[[], Mapping[str, tuple[str, GraphQLInputObjectType, tuple[str, ...]]]]
"""GraphQL name → (what it is in the source, the conditions on it, mirrored coordinates)."""


def having_type(name: str, measures: Measures, description: str) -> GraphQLInputObjectType:
    """The conditions on groups, or on what one function of their fields comes to."""
    return GraphQLInputObjectType(
        name,
        lambda: {
            field: GraphQLInputField(typed, out_name=key, extensions={MIRROR: mirror})
            for field, (key, typed, mirror) in measures().items()
        },
        description=description,
    )
