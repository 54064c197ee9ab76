"""Predicates and order over rows, as data: what ``where`` filters, keys of links and row rules are made of.

A source that can filter turns them into its own language (SQL); nothing here evaluates or encodes them. Field names
are the source's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Quantifier: TypeAlias = Literal["some", "every", "none"]
Operator: TypeAlias = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "like", "ilike", "contains", "startsWith", "endsWith"
]


@dataclass(frozen=True, slots=True)
class Compare:
    r"""One field against one value that is not null; a null field makes it false (three-valued logic of SQL).

    ``like``/``ilike`` take SQL patterns (``%``, ``_``, escaped by ``\\``); ``contains``, ``startsWith`` and
    ``endsWith`` take plain text, in which no character is special.
    """

    field: str
    operator: Operator
    value: object


@dataclass(frozen=True, slots=True)
class IsNull:
    field: str


@dataclass(frozen=True, slots=True)
class In:
    """The tuple of ``fields`` is among ``values``; every value is a tuple as long as ``fields``, without nulls."""

    fields: tuple[str, ...]
    values: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Predicate


@dataclass(frozen=True, slots=True)
class Search:
    """The texts of a row that its source searches have what ``text`` asks for; never unknown."""

    text: str


RELEVANCE = "$relevance"
"""Instead of a field of an ``Order``: how well a row fits what is searched for; no source has a field of this name."""


@dataclass(frozen=True, slots=True)
class Join:
    """The rows of ``operation``, a list of the same source, that belong to a row.

    ``match``: field of the row → field of those rows; all of them are equal, and none is null.
    """

    operation: str
    match: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Related:
    """``some`` of the rows that belong to a row fulfil ``part``, or ``every`` one or ``none`` of them does.

    True or false, never unknown: a row for which ``part`` is unknown does not fulfil it.
    """

    join: Join
    quantifier: Quantifier
    part: Predicate


Predicate: TypeAlias = "Compare | IsNull | In | And | Or | Not | Related | Search"


@dataclass(frozen=True, slots=True)
class Order:
    """``nulls``: where rows without a value stand; ``None`` leaves it to the source.

    ``through``: the joins, each to one row at most, that lead to the row whose ``field`` it is; where there is none,
    the field has no value.
    """

    field: str
    descending: bool = False
    nulls: Literal["first", "last"] | None = None
    through: tuple[Join, ...] = ()


Function: TypeAlias = Literal["key", "count", "countDistinct", "sum", "avg", "min", "max"]


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """How groups are ordered: by a function of a field; ``key`` is the field itself, ``count`` has none."""

    function: Function
    field: str = ""
    descending: bool = False
    nulls: Literal["first", "last"] | None = None


@dataclass(frozen=True, slots=True)
class GroupCondition:
    """A condition on what a function of a field comes to; ``count`` has no field, and ``key`` is never a function.

    ``condition``: a ``Compare``, ``In`` or ``IsNull`` on that one value, or what is not so.
    """

    function: Function
    field: str
    condition: Predicate


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows that are equal in the fields of ``by`` are one group; without any, all rows are. Of the groups those are
    left that fulfil all of ``having``.
    """

    by: tuple[str, ...] = ()
    having: tuple[GroupCondition, ...] = ()
    order: tuple[GroupOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    limit: int | None = None
    offset: int = 0
