"""The closed union of field plans: what a field of the schema *is*, as data that resolvers and planners interpret.

A plan holds names, constants and key tuples; it never holds a connection, a request or a decision about a caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql import GraphQLField

from resolvers import TYPE_KEY, Column, KeyPart, Lifetime, Operation, Selection
from schema.extension import Batch
from schema.filters import Columns

PLAN = "isthmus"
"""The key of a field's ``extensions`` under which its plan stands."""
ORIGIN = "isthmus.origin"
"""The key under which stands the ``Origin`` of the rows that a field brings, where it brings any."""

Origin: TypeAlias = "tuple[str, str]"
"""Where rows come from: a source, and their type in its model, which may be an interface or a union."""
KEY_ALONE: Origin = ("", "")
"""The origin of rows that hold nothing but the key of an entity, by the names of its fields."""


@dataclass(frozen=True, slots=True)
class ReadKey:
    """The value lies in the parent's row under ``key``. ``written``: as what it is shown, where its source writes it in
    its own way.
    """

    key: str
    written: KeyPart | None = None

    def shown(self, values: Sequence[object]) -> Sequence[object]:
        """The values as the schema shows them."""
        part = self.written
        if part is None:
            return values
        return [value if part.canonical(value) is None else part.outgoing(value) for value in values]


@dataclass(frozen=True, slots=True)
class CallOperation:
    """The field calls an operation of a source; arguments arrive under the operation's own names.

    ``columns``: of one that changes rows, the fields of their type. ``lifetime``: for how long answers are kept, where
    that is said of the field.
    """

    source: str
    operation: Operation
    columns: Columns | None = None
    lifetime: Lifetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """The field joins to another operation: the parent's ``keys`` are matched with fields of the result.

    ``key_list``: the (single) parent key is a list, its results are concatenated. ``take``: the path of the one value
    of each result that the field shows.
    """

    column: Column
    keys: tuple[str, ...]
    key_list: bool = False
    take: str | None = None


@dataclass(frozen=True, slots=True)
class Strawberry:
    """A hand-written field. ``needs``: what of the parent's row it reads; for fields of generated types only.

    ``batch`` gives the values of a whole column of parents, where nothing else stands before the field.
    """

    needs: Selection = field(default_factory=Selection)
    batch: Batch | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The field's value is made of its arguments alone; no source is asked for it.

    ``unseen``: the same for callers for whom types of these names do not exist, where the arguments may name types.
    """

    value: Callable[[Mapping[str, object]], object]
    unseen: Callable[[frozenset[str]], Callable[[Mapping[str, object]], object]] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RowType:
    """The run-time type of a row of an interface or union; ``of``: the source's type name → the GraphQL type's.

    ``origin``: name of a GraphQL type → the origin of the rows that are of it.
    """

    of: Callable[[object], str | None]
    origin: Callable[[str], Origin]

    def __call__(self, row: object, _info: object, _abstract: object) -> str | None:
        return self.of(row.get(TYPE_KEY) if isinstance(row, Mapping) else None)


def is_row(value: object, _info: object) -> bool:
    """``is_type_of`` of every generated object type: its values are rows, whatever a source may have sent."""
    return isinstance(value, Mapping)


FieldPlan: TypeAlias = "ReadKey | CallOperation | Link | Strawberry | Made"

_HAND_WRITTEN = Strawberry()


def plan_of(definition: GraphQLField) -> FieldPlan:
    """The plan of a field; a field that carries none is hand-written."""
    extensions: Mapping[str, object] = definition.extensions
    plan = extensions.get(PLAN, _HAND_WRITTEN)
    assert isinstance(plan, ReadKey | CallOperation | Link | Strawberry | Made)
    return plan
